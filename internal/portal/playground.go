package portal

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/kvitto/kvitto/internal/lab"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
)

// playgroundPage has the controls of one merchant.
type playgroundPage struct {
	Merchants  []string
	Merchant   string // "" when there is none
	Clock      time.Time
	Advanced   string // how far it was moved; empty for not at all
	Moves      []choice
	Outcomes   []choice
	Primed     []lab.Primed
	Presets    []preset
	FaultKinds []choice
	Operations []choice
	Faults     []lab.Fault
	Held       bool
	Done       string
}

// moves are how far a button moves the clock.
var moves = []choice{{"10m", "10 minutes"}, {"61m", "61 minutes: past a token"}, {"24h", "a day"}, {"48h1m", "48 hours: past a session"}}

// outcomes are what the next call of a browser can end as.
var outcomes = []choice{
	{"approve", "approve"}, {"deny", "deny"}, {"refer", "refer: order PENDING"}, {"accept_later", "PENDING, accepted after 6 hours"}, {"reject_later", "PENDING, rejected after 6 hours"}, {"finalize_required", "ask for finalize"},
	{"invalid_fields", "invalid e-mail"}, {"cancel", "customer closes"}, {"error", "technical error"},
}

func (p *portal) playground(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	shown := playgroundPage{Merchant: r.URL.Query().Get("merchant"), Moves: moves, Outcomes: outcomes,
		Presets: presets, FaultKinds: faultChoices, Operations: faultOperations(), Done: doneText(r.URL.Query().Get("done"))}
	all, err := p.merchants(ctx)
	if err != nil {
		return err
	}
	shown.Merchants = all
	if shown.Merchant == "" && len(all) > 0 {
		// Whoever called last is whom one works on.
		newest, err := p.Log.Search(ctx, requestlog.Query{AllMerchants: true, Limit: searchFew})
		if err != nil {
			return err
		}
		shown.Merchant = all[0]
		if at := slices.IndexFunc(newest.Exchanges, func(e requestlog.Exchange) bool { return slices.Contains(all, e.MerchantID) }); at >= 0 {
			shown.Merchant = newest.Exchanges[at].MerchantID
		}
	}
	if shown.Merchant != "" {
		advanced, err := p.Clock.Advanced(ctx, shown.Merchant)
		if errors.Is(err, store.ErrNotFound) {
			return unknownMerchant(shown.Merchant)
		} else if err != nil {
			return err
		}
		if advanced > 0 {
			shown.Advanced = span(advanced)
		}
		if shown.Clock, err = p.Clock.Now(ctx, shown.Merchant); err != nil {
			return err
		}
		if shown.Held, err = p.Callbacks.CallbacksHeld(ctx, shown.Merchant); err != nil {
			return err
		}
		shown.Primed, shown.Faults = p.Next.List(shown.Merchant), p.Faults.List(shown.Merchant)
	}
	return p.show(w, http.StatusOK, "playground", page{Title: "Playground", Current: "playground", Body: &shown})
}

func (p *portal) advanceClock(w http.ResponseWriter, r *http.Request) error {
	merchant, _, err := p.merchantOf(r)
	if err != nil {
		return err
	}
	by, err := time.ParseDuration(r.PostFormValue("advance"))
	if err != nil {
		return back(w, r, merchant, "duration")
	}
	err = p.Clock.Advance(r.Context(), merchant, by)
	if errors.Is(err, lab.ErrAdvance) {
		return back(w, r, merchant, "backwards")
	} else if err != nil {
		return err
	}
	return back(w, r, merchant, "advanced")
}

func (p *portal) primeNext(w http.ResponseWriter, r *http.Request) error {
	merchant, _, err := p.merchantOf(r)
	if err != nil {
		return err
	}
	outcome := r.PostFormValue("outcome")
	_, known := lab.Decide(outcome, nil, 0)
	if !known {
		return back(w, r, merchant, "outcome")
	}
	err = p.Next.Prime(merchant, lab.Primed{Outcome: lab.Name(outcome), Standing: r.PostFormValue("standing") != ""})
	if errors.Is(err, lab.ErrPrimedFull) {
		return back(w, r, merchant, "full")
	} else if err != nil {
		return err
	}
	return back(w, r, merchant, "primed")
}

func (p *portal) clearNext(w http.ResponseWriter, r *http.Request) error {
	merchant, _, err := p.merchantOf(r)
	if err != nil {
		return err
	}
	p.Next.Clear(merchant)
	return back(w, r, merchant, "cleared")
}
