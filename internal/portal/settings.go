package portal

import (
	"context"
	"net/http"
	"time"

	"github.com/kvitto/kvitto/internal/account"
)

// Kept is something that the server keeps for a time.
type Kept struct {
	What    string        // in words
	For     time.Duration // zero is for ever, or until Until
	Until   string        // what ends it besides or instead, in words; empty for nothing
	Setting string        // of the configuration; empty where it is fixed
	// Now is how much there is at present, such as "1204, 3.1 MiB"; empty where nobody
	// counts. It is about all merchants.
	Now string
}

// Retention tells how long things are kept.
type Retention interface {
	// Kept lists what is kept; counted asks how much there is too, which takes the
	// store some time.
	Kept(ctx context.Context, counted bool) ([]Kept, error)
}

// Kept implements Retention. How much there is of all merchants is for who sees all.
func (s scope) Kept(ctx context.Context, counted bool) ([]Kept, error) {
	return s.all.Retention.Kept(ctx, counted && s.viewer.OfOperator())
}

// settings leads to the first of the settings that the viewer may see.
func (p *portal) settings(w http.ResponseWriter, r *http.Request) error {
	to := Path + "/settings/retention"
	if p.viewer.May(account.ManageKeys) || p.Keys == nil {
		to = Path + "/settings/keys"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// retentionPage says how long things are kept.
type retentionPage struct {
	Kept     []Kept
	Operator bool // who can change it
}

// Spell is how long it is kept, in words.
func (k Kept) Spell() string {
	switch {
	case k.For > 0 && k.Until != "":
		return span(k.For) + ", or " + k.Until
	case k.For > 0:
		return span(k.For)
	case k.Until != "":
		return k.Until
	default:
		return "for ever"
	}
}

func (p *portal) retention(w http.ResponseWriter, r *http.Request) error {
	kept, err := p.Retention.Kept(r.Context(), true)
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "retention", page{Title: "Retention", Current: "retention", Body: &retentionPage{kept, p.viewer.OfOperator()}})
}

// merchantPage is what the pages of a merchant's settings have in common.
type merchantPage struct {
	Merchants []string // there is a choice when there are several
	Merchant  string   // "" while none is chosen
}

// settingsOf is the merchant of the address or form: the viewer's own, or the one
// that was chosen. An unknown one is refused.
func (p *portal) settingsOf(ctx context.Context, chosen string) (m merchantPage, err error) {
	if m.Merchants, err = p.merchants(ctx); err != nil {
		return m, err
	}
	if m.Merchant = chosen; m.Merchant == "" && len(m.Merchants) == 1 {
		m.Merchant = m.Merchants[0]
	}
	if m.Merchant == "" {
		return m, nil
	}
	return m, p.mustKnow(ctx, m.Merchant)
}
