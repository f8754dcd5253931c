package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
)

// Erasing erases people.
type Erasing interface {
	// Begin refuses what the question may not ask, and writes down that it is asked.
	// store.ErrNotFound for a merchant that is not known. run then erases or counts: it
	// takes as long as it takes, and what was erased before an error stays erased.
	Begin(ctx context.Context, question service.ErasureQuestion) (run Erasure, err error)
}

// Erasure erases a person or counts, and tells how far it is.
type Erasure func(ctx context.Context, tell func(step string, done int64)) (service.Erased, error)

// erasureJob is what somebody asked for. It outlives the request: an erasure looks
// at everything there is.
type erasureJob struct {
	Number   int64
	DryRun   bool
	Merchant string // "" is every merchant
	Step     string
	Done     int64
	Ended    bool
	Erased   service.Erased
	Problem  string

	question service.ErasureQuestion // of a count, until it is done; then nobody
	at       time.Time
}

// Found tells that something would be erased.
func (j erasureJob) Found() bool {
	return j.Erased != service.Erased{}
}

// Whose says who was named, for the one who named them; "" when it is known no more.
func (j erasureJob) Whose() string {
	q := &j.question
	named := slices.Concat(q.Emails, q.Phones)
	if payment := q.SessionID + q.OrderID; payment != "" {
		named = append(named, "the payer of "+payment)
	}
	if len(named) == 0 {
		return ""
	}
	whose := "with every merchant"
	if j.Merchant != "" {
		whose = "with " + j.Merchant
	}
	return strings.Join(named, ", ") + ", " + whose
}

// erasures are the jobs of this process, one for each person who asks. What they
// named is in memory only, and not for long.
type erasures struct {
	mu     sync.Mutex
	number int64
	jobs   map[string]*erasureJob
}

const (
	erasureKept = 15 * time.Minute // after it ended
	erasureJobs = 32               // at a time; one works, others wait to be confirmed
)

// of is a copy of somebody's job; nil without one.
func (e *erasures) of(who string, now time.Time) *erasureJob {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, job := range e.jobs {
		if job.Ended && now.Sub(job.at) > erasureKept {
			delete(e.jobs, key)
		}
	}
	job := e.jobs[who]
	if job == nil {
		return nil
	}
	seen := *job
	return &seen
}

// start lets a job run in the place of an earlier one; false while that runs.
func (e *erasures) start(who string, question service.ErasureQuestion, run Erasure, now func() time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.jobs[who]
	if before != nil && !before.Ended || before == nil && len(e.jobs) >= erasureJobs {
		return false
	}
	e.number++
	job := &erasureJob{Number: e.number, DryRun: question.DryRun, Merchant: question.MerchantID, question: question, at: now()}
	e.jobs[who] = job
	go func() {
		erased, err := run(context.Background(), func(step string, done int64) {
			e.mu.Lock()
			defer e.mu.Unlock()
			job.Step, job.Done = step, done
		})
		e.mu.Lock()
		defer e.mu.Unlock()
		job.Ended, job.Erased, job.Problem, job.at = true, erased, erasureProblem(err), now()
		if err != nil || !job.DryRun {
			job.question = service.ErasureQuestion{}
		}
	}()
	return true
}

func erasureProblem(err error) string {
	var refusal *checkout.Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal) && refusal.Kind == checkout.KindOverloaded:
		return "the server is busy; try again in a few minutes" // with whose person is no other's business
	case errors.As(err, &refusal) && refusal.Kind != checkout.KindUnavailable:
		return refusal.Reason
	default:
		return "the store did not answer; what was erased stays erased, and asking for the same again does the rest"
	}
}

// erasePage is the form and what became of it.
type erasePage struct {
	Merchants             []string // an operator chooses; empty for others
	Merchant              string
	Email, Phone, Payment string
	Problem               string
	Job                   *erasureJob
}

// everyMerchant is the choice of all merchants.
const everyMerchant = "*"

func (p *portal) erase(w http.ResponseWriter, r *http.Request) error {
	return p.showErase(w, r, http.StatusOK, erasePage{Job: p.erasures.of(p.eraser(), p.Now())})
}

// eraser is who asks: nobody sees what another one named.
func (p *portal) eraser() string { return p.viewer.MerchantID + "\x00" + p.viewer.PersonID }

func (p *portal) showErase(w http.ResponseWriter, r *http.Request, status int, shown erasePage) error {
	if p.viewer.OfOperator() {
		var err error
		if shown.Merchants, err = p.merchants(r.Context()); err != nil {
			return err
		}
	}
	return p.show(w, status, "erase", page{Title: "Erase a person", Current: "erase", Body: &shown})
}

// startErase counts what a form names, and erases what was counted.
func (p *portal) startErase(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("job") != "" {
		return p.confirmErase(w, r)
	}
	shown := erasePage{Merchant: r.PostFormValue("merchant"), Email: strings.TrimSpace(r.PostFormValue("email")),
		Phone: strings.TrimSpace(r.PostFormValue("phone")), Payment: strings.TrimSpace(r.PostFormValue("payment"))}
	question := service.ErasureQuestion{DryRun: true, MerchantID: shown.Merchant}
	switch {
	case shown.Email == "" && shown.Phone == "" && shown.Payment == "":
		shown.Problem = "Name somebody: by an e-mail address, a phone number, or a payment of theirs."
	case p.viewer.OfOperator() && shown.Merchant == "":
		shown.Problem = "Say whose data: of one merchant, or of all."
	}
	switch {
	case !p.viewer.OfOperator():
		question.MerchantID = p.viewer.MerchantID
	case shown.Merchant == everyMerchant:
		question.MerchantID = ""
	}
	if shown.Email != "" {
		question.Emails = []string{shown.Email}
	}
	if shown.Phone != "" {
		question.Phones = []string{shown.Phone}
	}
	if _, problem := checkout.NewPerson(question.Emails, question.Phones); problem != "" && shown.Problem == "" {
		shown.Problem = strings.ToUpper(problem[:1]) + problem[1:] + "."
	}
	if shown.Problem != "" {
		return p.showErase(w, r, http.StatusUnprocessableEntity, shown)
	}
	if shown.Payment != "" {
		question.SessionID = shown.Payment
		if _, err := p.Sessions.SessionOfOrder(r.Context(), shown.Payment); err == nil {
			question.SessionID, question.OrderID = "", shown.Payment
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return p.runErase(w, r, question)
}

// confirmErase erases what the sender's own job counted.
func (p *portal) confirmErase(w http.ResponseWriter, r *http.Request) error {
	job := p.erasures.of(p.eraser(), p.Now())
	if job == nil || strconv.FormatInt(job.Number, 10) != r.PostFormValue("job") || !job.Ended || !job.DryRun || job.Problem != "" {
		return p.showErase(w, r, http.StatusConflict, erasePage{Problem: "What was counted is not here any more. Name the person again."})
	}
	if r.PostFormValue("sure") == "" {
		return p.showErase(w, r, http.StatusUnprocessableEntity, erasePage{Job: job, Problem: "Say that you know that it cannot be undone."})
	}
	question := job.question
	question.DryRun = false
	return p.runErase(w, r, question)
}

func (p *portal) runErase(w http.ResponseWriter, r *http.Request, question service.ErasureQuestion) error {
	question.By = "the operator"
	if !p.viewer.OfOperator() {
		question.By = "an admin of the merchant"
	}
	late := func(job *erasureJob) error {
		return p.showErase(w, r, http.StatusConflict, erasePage{Job: job, Problem: "The one before has not ended yet."})
	}
	if job := p.erasures.of(p.eraser(), p.Now()); job != nil && !job.Ended {
		return late(job)
	}
	run, err := p.Erasing.Begin(r.Context(), question)
	if errors.Is(err, store.ErrNotFound) {
		return &missing{What: "merchant", ID: question.MerchantID, Advice: "Choose one of the list."}
	} else if err != nil {
		return err
	}
	logged := func(ctx context.Context, tell func(string, int64)) (service.Erased, error) {
		erased, err := run(ctx, tell)
		p.Logger.Info("an erasure ended", "counted_only", question.DryRun, "merchant", question.MerchantID,
			"sessions", erased.Sessions, "exchanges", erased.Exchanges, "cause", err)
		return erased, err
	}
	if !p.erasures.start(p.eraser(), question, logged, p.Now) {
		return late(p.erasures.of(p.eraser(), p.Now()))
	}
	http.Redirect(w, r, Path+"/erase", http.StatusSeeOther)
	return nil
}

// Begin implements Erasing. Whom it is about is written down nowhere.
func (s scope) Begin(ctx context.Context, question service.ErasureQuestion) (Erasure, error) {
	if !s.viewer.OfOperator() {
		question.MerchantID = s.viewer.MerchantID
	} else if question.MerchantID != "" {
		if err := s.knows(ctx, question.MerchantID); err != nil {
			return nil, err
		}
	}
	action := "began to erase a person"
	if question.DryRun {
		action = "counted what is stored of a person"
	}
	if err := s.all.Door.Acts(s.request, s.viewer, action, "", question.MerchantID); err != nil {
		return nil, err
	}
	return s.all.Erasing.Begin(ctx, question)
}
