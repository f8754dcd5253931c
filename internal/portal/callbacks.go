package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kvitto/kvitto/internal/notify"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
)

// callbackRow is a callback and what the shop answered.
type callbackRow struct {
	store.Callback
	Answer  notify.Answer
	Says    string
	Class   string
	Waiting bool
}

// Failed tells that the newest attempt was not taken.
func (c *callbackRow) Failed() bool {
	return !c.Answer.At.IsZero() && c.State != store.CallbackDelivered
}

// stepButton is a button for one callback.
type stepButton struct {
	ID, Merchant, Step, Label string
	Narrowed                  bool // the list is of one merchant
}

func stepOf(c callbackRow, step, label, narrowed string) stepButton {
	return stepButton{c.ID, c.MerchantID, step, label, narrowed != ""}
}

const callbacksShown = 100

func callbackRows(found []store.Callback) ([]callbackRow, error) {
	rows := make([]callbackRow, len(found))
	for i := range found {
		answer, err := notify.DecodeAnswer(found[i].Answer)
		if err != nil {
			return nil, err
		}
		rows[i] = callbackRow{Callback: found[i], Answer: answer, Says: answerText(&answer), Class: callbackClasses[found[i].State], Waiting: found[i].State == store.CallbackWaiting}
	}
	return rows, nil
}

var callbackClasses = map[store.CallbackState]string{
	store.CallbackWaiting: "waiting", store.CallbackDelivered: "good", store.CallbackFailed: "refused", store.CallbackDropped: "lost",
}

// answerText is what became of the newest attempt.
func answerText(a *notify.Answer) string {
	switch {
	case a.At.IsZero():
		return "not tried yet"
	case a.Status == 0:
		return a.Error
	default:
		return timeline.ValueText(int64(a.Status), true) + " " + statusMeaning(a.Status) + " after " + took(a.Duration.Round(time.Microsecond))
	}
}

// callbacksPage lists the newest callbacks.
type callbacksPage struct {
	Merchants []string
	Merchant  string // "" for all
	State     string
	States    []store.CallbackState
	Rows      []callbackRow
	Held      []string // merchants whose callbacks are held
	Done      string
	Truncated bool
}

// merchantsAsked bounds for how many merchants a page asks the store.
const merchantsAsked = 200

func (p *portal) callbacks(w http.ResponseWriter, r *http.Request) error {
	ctx, query := r.Context(), r.URL.Query()
	shown := callbacksPage{Merchant: query.Get("merchant"), State: query.Get("state"), Done: doneText(query.Get("done")),
		States: []store.CallbackState{store.CallbackWaiting, store.CallbackDelivered, store.CallbackFailed, store.CallbackDropped}}
	all, err := p.merchants(ctx)
	if err != nil {
		return err
	}
	shown.Merchants = all
	asked := all
	if shown.Merchant != "" {
		asked = []string{shown.Merchant}
	}
	for _, merchant := range asked {
		held, err := p.Callbacks.CallbacksHeld(ctx, merchant)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if held {
			shown.Held = append(shown.Held, merchant)
		}
		found, err := p.Callbacks.Callbacks(ctx, store.CallbackFilter{MerchantID: merchant, State: store.CallbackState(shown.State), Limit: callbacksShown})
		if err != nil {
			return err
		}
		rows, err := callbackRows(found)
		if err != nil {
			return err
		}
		shown.Rows = append(shown.Rows, rows...)
	}
	slices.SortStableFunc(shown.Rows, func(a, b callbackRow) int { return strings.Compare(b.ID, a.ID) }) // ids begin with their time
	if len(shown.Rows) > callbacksShown {
		shown.Rows, shown.Truncated = shown.Rows[:callbacksShown], true
	}
	return p.show(w, http.StatusOK, "callbacks", page{Title: "Callbacks", Current: "callbacks", Body: &shown})
}

// merchants are the ids of those that are known, at most merchantsAsked.
func (p *portal) merchants(ctx context.Context) (ids []string, err error) {
	all, err := p.Sessions.Merchants(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range all[:min(len(all), merchantsAsked)] {
		ids = append(ids, m.ID)
	}
	return ids, nil
}

func (p *portal) holdCallbacks(w http.ResponseWriter, r *http.Request) error {
	hold := r.PostFormValue("hold") == "true"
	merchant, _, err := p.merchantOf(r)
	if err == nil {
		err = p.Callbacks.HoldCallbacks(r.Context(), merchant, hold)
	}
	if err != nil {
		return err
	}
	done := "released"
	if hold {
		done = "held"
	}
	return back(w, r, merchant, done)
}

func (p *portal) stepCallback(w http.ResponseWriter, r *http.Request) error {
	step := store.CallbackStep(r.PathValue("step"))
	if step != store.CallbackRelease && step != store.CallbackReplay && step != store.CallbackDrop {
		return errUnknownPage
	}
	merchant, now, err := p.merchantOf(r)
	if err == nil {
		err = p.Callbacks.StepCallback(r.Context(), merchant, r.PathValue("callback_id"), step, now)
	}
	switch {
	case errors.Is(err, store.ErrConflict):
		return back(w, r, merchant, "late")
	case errors.Is(err, store.ErrNotFound):
		return &missing{What: "callback", ID: r.PathValue("callback_id"), Advice: "A callback goes with its session when that is deleted."}
	case err != nil:
		return err
	}
	return back(w, r, merchant, string(step))
}

// merchantOf is the merchant that a form is about, and the time there.
func (p *portal) merchantOf(r *http.Request) (merchantID string, now time.Time, err error) {
	merchantID = r.PostFormValue("merchant")
	now, err = p.Clock.Now(r.Context(), merchantID)
	if errors.Is(err, store.ErrNotFound) {
		err = unknownMerchant(merchantID)
	}
	return merchantID, now, err
}

func unknownMerchant(merchantID string) error {
	return &missing{What: "merchant", ID: merchantID, Advice: "Its id stands in the lists of merchants here, and beside each exchange."}
}

// doneTexts say what a button did, by the word for it in an address: nothing
// else of an address is shown as the portal's own words.
var doneTexts = map[string]string{
	"held": "The callbacks of this merchant are held from now on.", "released": "The callbacks of this merchant go out again.",
	"release": "The callback goes out now.", "replay": "The callback is sent again.", "drop": "The callback was dropped.",
	"late":     "That came too late: the callback is in another state by now.",
	"advanced": "The clock was moved.", "backwards": "A clock only moves forward, by at most ten years in all.", "duration": "That is no duration such as 48h1m.",
	"primed": "The next call ends like that.", "cleared": "Nothing is primed any more.", "full": "Too much is primed already: take it back first.",
	"revoked": "The key is revoked. Every server knows within two seconds.",
	"outcome": "There is no such outcome.",
	"fault":   "It will happen, and the log will say that it was meant to.", "faultscleared": "Nothing is to go wrong any more.", "faultsfull": "Too many faults wait already: take them back first.",
	"nofault": "That is no fault: it is for 1 to 1000 calls, and a wait is at most 60 seconds.",
}

func doneText(word string) string { return doneTexts[word] }

// back leads to the page that the form was on, with a word for what was done.
func back(w http.ResponseWriter, r *http.Request, merchant, done string) error {
	place := "/callbacks"
	if r.PostFormValue("back") == "playground" {
		place = "/playground"
	}
	values := url.Values{"done": {done}}
	if merchant != "" && (place == "/playground" || r.PostFormValue("narrowed") != "") {
		values.Set("merchant", merchant)
	}
	http.Redirect(w, r, Path+place+"?"+values.Encode(), http.StatusSeeOther)
	return nil
}
