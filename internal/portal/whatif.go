package portal

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// Replays decide stored assessments again by other rules.
type Replays interface {
	// Replay takes the turn, of which there is one. Run or GiveUp must follow.
	Replay(question service.ReplayQuestion) (*service.Replaying, error)
}

// Replay implements Replays. What the viewer looks through is written down.
func (s scope) Replay(question service.ReplayQuestion) (*service.Replaying, error) {
	if !s.viewer.OfOperator() {
		return nil, store.ErrNotFound
	}
	turn, err := s.all.Replays.Replay(question)
	if err != nil {
		return nil, err
	}
	if err := s.all.Door.Acts(s.request, s.viewer, "tried other rules on assessments", "", question.MerchantID); err != nil {
		turn.GiveUp()
		return nil, err
	}
	return turn, nil
}

// whatIfPage asks for rules and which assessments they are tried on.
type whatIfPage struct {
	Merchant  string // "" for all
	Merchants []string
	From, To  string
	Rules     string
	Problems  []string
	Max       int // bytes of a rule file
}

func (p *portal) whatIf(w http.ResponseWriter, r *http.Request) error {
	shown := whatIfPage{Merchant: r.URL.Query().Get("merchant")}
	found, err := p.riskFor(r.Context(), shown.Merchant)
	if err != nil {
		return err
	}
	if len(found.Versions) > 0 {
		shown.Rules = found.Versions[0].Text
	}
	return p.showWhatIf(w, r, http.StatusOK, &shown)
}

func (p *portal) showWhatIf(w http.ResponseWriter, r *http.Request, status int, shown *whatIfPage) (err error) {
	if shown.Merchants, err = p.merchants(r.Context()); err != nil {
		return err
	}
	shown.Max = risk.SentFileMax
	return p.show(w, status, "whatif", page{Title: "What if other rules decided", Current: "risk", Body: shown})
}

// tryForm reads the form. The file that was chosen comes before the text.
func tryForm(r *http.Request) (shown whatIfPage, question service.ReplayQuestion) {
	shown = whatIfPage{Merchant: r.PostFormValue("merchant"), From: r.PostFormValue("from"), To: r.PostFormValue("to")}
	// Browsers send lines of a form with CRLF; the version is of the file's own bytes.
	shown.Rules = strings.ReplaceAll(r.PostFormValue("rules"), "\r\n", "\n")
	if file, _, err := r.FormFile("file"); err == nil {
		text, err := io.ReadAll(file)
		if err = errors.Join(err, file.Close()); err == nil && len(text) > 0 {
			shown.Rules = string(text)
		}
	}
	question.MerchantID = shown.Merchant
	for _, problem := range []string{readFormTime(shown.From, &question.From), readFormTime(shown.To, &question.To)} {
		if problem != "" {
			shown.Problems = append(shown.Problems, problem)
		}
	}
	switch {
	case r.PostForm == nil || len(r.PostForm) == 0:
		shown.Problems = append(shown.Problems, "The form did not arrive: it is too large, or was cut off.")
	case len(shown.Rules) > risk.SentFileMax:
		shown.Problems = append(shown.Problems, "The rule file is too large: "+count(len(shown.Rules), "byte")+". Here it may have "+count(risk.SentFileMax, "byte")+"; kvitto rules replay takes a larger one.")
		shown.Rules = ""
	}
	return shown, question
}

// tryRules replays stored assessments by the rules of the form and answers while it
// does so: a page that grows needs no script.
func (p *portal) tryRules(w http.ResponseWriter, r *http.Request) error {
	shown, question := tryForm(r)
	if _, err := p.riskFor(r.Context(), shown.Merchant); err != nil {
		return err
	}
	if len(shown.Problems) > 0 {
		return p.showWhatIf(w, r, http.StatusUnprocessableEntity, &shown)
	}
	turn, err := p.Replays.Replay(question)
	var refusal *checkout.Refusal
	if errors.As(err, &refusal) {
		shown.Problems = []string{heading(refusal.Reason) + "."}
		return p.showWhatIf(w, r, http.StatusConflict, &shown)
	}
	if err != nil {
		return err
	}
	set, err := risk.ParseWith([]byte(shown.Rules), func(_, path string) ([]byte, error) { return p.Rules.RuleList(shown.Merchant, path) })
	if err != nil {
		turn.GiveUp()
	}
	var invalid *risk.Invalid
	if errors.As(err, &invalid) {
		shown.Problems = problemLines(invalid)
		return p.showWhatIf(w, r, http.StatusUnprocessableEntity, &shown)
	}
	if err != nil {
		return err
	}
	return p.growing(w, r, &shown, set, turn)
}

// triedPage is the answer, around what is written while the replay runs.
type triedPage struct {
	Merchant, From, To string
	Name, Version      string
	Lines              string // stands where the lines are written
}

const (
	growPatience = 30 * time.Second // for a browser to take a line
	growPace     = 250 * time.Millisecond
)

// growing writes a page whose middle comes while a replay runs. It begins with its
// status: what goes wrong later is said in it.
func (p *portal) growing(w http.ResponseWriter, r *http.Request, shown *whatIfPage, set *risk.RuleSet, turn *service.Replaying) error {
	runs := false
	defer func() {
		if !runs {
			turn.GiveUp()
		}
	}()
	mark := rand.Text() // nobody knows it before
	whole := page{Title: "What if other rules decided", Current: "risk", Viewer: p.viewer, Playground: p.Next != nil, Reviews: p.open(),
		Body: triedPage{shown.Merchant, shown.From, shown.To, set.Name, set.Version, mark}}
	text, err := p.pages.text("tried", "layout", whole)
	if err != nil {
		return err
	}
	before, after, _ := bytes.Cut(text, []byte(mark))
	w.Header().Set("Content-Type", htmlType)
	control := http.NewResponseController(w)
	write := func(part []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(growPatience)) // a recorder in a test has none
		if _, err := w.Write(part); err != nil {
			return err
		}
		return control.Flush()
	}
	if err := write(before); err != nil {
		return nil // who has gone away is not told
	}
	runs = true
	var last time.Time
	found, err := turn.Run(r.Context(), set, func(progress service.ReplayProgress) error {
		if now := time.Now(); now.Sub(last) < growPace {
			return r.Context().Err()
		} else {
			last = now
		}
		line, err := p.pages.text("tried", "progress", progress)
		if err != nil {
			return err
		}
		return write(line)
	})
	end, err := p.tried(r.Context(), set, &found, err)
	if err != nil && r.Context().Err() == nil {
		p.Logger.Error("cannot show the end of a replay", "rules", set.String(), "cause", err)
		if end, err = p.pages.text("tried", "broken", nil); err != nil {
			return nil // the page ends early, and the log has why
		}
	}
	_ = write(append(end, after...))
	return nil
}

// triedResult is what a replay found.
type triedResult struct {
	*service.Replayed
	Problem string // why it did not come to its end
	Rows    []triedChange
	ByRule  []triedRule
	Found   []triedExample
}

type triedChange struct {
	risk.Change
	Count int64
	Same  bool
}

type triedRule struct {
	Rule  string // "" is none
	Count int64
}

type triedExample struct {
	risk.ReplayExample
	There bool // the session is kept
}

// tried is the end of the page, with the end of what its lines are in.
func (p *portal) tried(ctx context.Context, set *risk.RuleSet, found *service.Replayed, failure error) ([]byte, error) {
	result := triedResult{Replayed: found}
	var refusal *checkout.Refusal
	switch {
	case failure == nil:
	case errors.Is(failure, service.ErrReplayStopped):
		result.Problem = "The server is stopping. Try again when it is back."
	case errors.As(failure, &refusal) && refusal.Kind != checkout.KindInternal:
		p.Logger.Error("a replay ended early", "rules", set.String(), "cause", failure)
		result.Problem = heading(refusal.Reason) + ". Try again."
	case ctx.Err() != nil:
		return nil, nil // nobody reads it
	default:
		p.Logger.Error("a replay ended early", "rules", set.String(), "cause", failure)
		result.Problem = "The server met a fault of its own; its log says which."
	}
	if found.Replay == nil {
		result.Replayed = &service.Replayed{Replay: risk.NewReplay(set), ReplayProgress: found.ReplayProgress}
	}
	for change, n := range result.Changes {
		result.Rows = append(result.Rows, triedChange{change, n, change.Was == change.WouldBe})
	}
	slices.SortFunc(result.Rows, func(a, b triedChange) int {
		return cmp.Or(cmp.Compare(a.Was, b.Was), cmp.Compare(a.WouldBe, b.WouldBe))
	})
	for _, rule := range slices.Sorted(maps.Keys(result.Rules)) {
		result.ByRule = append(result.ByRule, triedRule{rule, result.Rules[rule]})
	}
	for _, example := range result.Examples {
		// To look at it is to look at its merchant's things, which is written down.
		_, err := p.Sessions.Session(ctx, example.SessionID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		result.Found = append(result.Found, triedExample{example, err == nil})
	}
	return p.pages.text("tried", "result", &result)
}

// large tells whether a form may be larger than others: a rule file is in it.
func large(r *http.Request) bool {
	return r.Method == http.MethodPost && path.Clean(r.URL.Path) == Path+"/risk/what-if"
}
