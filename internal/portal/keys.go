package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/store"
)

// Keys are the credentials of merchants' servers.
type Keys interface {
	Keys(ctx context.Context, merchantID string) ([]admin.Key, error)
	// CreateKey makes one; its password is told now and never again.
	CreateKey(ctx context.Context, merchantID string) (admin.Key, error)
	// RevokeKey ends a key of the merchant. store.ErrNotFound for another's.
	RevokeKey(ctx context.Context, merchantID, username string) error
}

// Secrets are what callbacks are signed with.
type Secrets interface {
	// CallbackSecret is a merchant's, as receivers are given it. store.ErrNotFound.
	CallbackSecret(ctx context.Context, merchantID string) (string, error)
}

// Keys implements Keys. store.ErrNotFound.
func (s scope) Keys(ctx context.Context, merchantID string) ([]admin.Key, error) {
	if !s.viewer.Sees(merchantID) {
		return nil, store.ErrNotFound
	}
	if err := s.looked(merchantID); err != nil {
		return nil, err
	}
	return s.all.Keys.Keys(ctx, merchantID)
}

// CreateKey implements Keys. store.ErrNotFound.
func (s scope) CreateKey(ctx context.Context, merchantID string) (admin.Key, error) {
	if !s.viewer.Sees(merchantID) {
		return admin.Key{}, store.ErrNotFound
	}
	key, err := s.all.Keys.CreateKey(ctx, merchantID)
	if err != nil {
		return admin.Key{}, err
	}
	// It has its name only now; one that cannot be written down opens nothing.
	if err := s.all.Door.Acts(s.request, s.viewer, "made an API key", key.Username, merchantID); err != nil {
		return admin.Key{}, errors.Join(err, s.all.Keys.RevokeKey(context.WithoutCancel(ctx), merchantID, key.Username))
	}
	return key, nil
}

// RevokeKey implements Keys.
func (s scope) RevokeKey(ctx context.Context, merchantID, username string) error {
	// What is written down names a key that is there.
	all, err := s.Keys(ctx, merchantID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(k admin.Key) bool { return k.Username == username }) {
		return store.ErrNotFound
	}
	if err := s.all.Door.Acts(s.request, s.viewer, "revoked an API key", username, merchantID); err != nil {
		return err
	}
	return s.all.Keys.RevokeKey(ctx, merchantID, username)
}

// CallbackSecret implements Secrets.
func (s scope) CallbackSecret(ctx context.Context, merchantID string) (string, error) {
	if !s.viewer.Sees(merchantID) {
		return "", store.ErrNotFound
	}
	if err := s.all.Door.Acts(s.request, s.viewer, "looked at the callback secret", "", merchantID); err != nil {
		return "", err
	}
	return s.all.Secrets.CallbackSecret(ctx, merchantID)
}

// keysPage lists the keys of a merchant.
type keysPage struct {
	merchantPage
	Open      bool // any credentials work: there are no keys
	Live      []admin.Key
	Revoked   []admin.Key
	Truncated bool
	Done      string
}

// keysShown bounds a list: the newest.
const keysShown = 200

func (p *portal) keys(w http.ResponseWriter, r *http.Request) error {
	shown := keysPage{Open: p.Keys == nil, Done: doneText(r.URL.Query().Get("done"))}
	var err error
	if shown.merchantPage, err = p.settingsOf(r.Context(), r.URL.Query().Get("merchant")); err != nil {
		return err
	}
	if !shown.Open && shown.Merchant != "" {
		all, err := p.Keys.Keys(r.Context(), shown.Merchant)
		if err != nil {
			return err
		}
		slices.Reverse(all) // the newest first
		if shown.Truncated = len(all) > keysShown; shown.Truncated {
			all = all[:keysShown]
		}
		for _, key := range all {
			if key.RevokedAt.IsZero() {
				shown.Live = append(shown.Live, key)
			} else {
				shown.Revoked = append(shown.Revoked, key)
			}
		}
	}
	return p.show(w, http.StatusOK, "keys", page{Title: "API keys", Current: "keys", Body: &shown})
}

// makeKey answers with the password, which stands in no address and is not shown
// again.
func (p *portal) makeKey(w http.ResponseWriter, r *http.Request) error {
	merchant := r.PostFormValue("merchant")
	if err := p.mustKnow(r.Context(), merchant); err != nil {
		return err
	}
	key, err := p.Keys.CreateKey(r.Context(), merchant)
	if err != nil {
		return err
	}
	return p.show(w, http.StatusOK, "key", page{Title: "A new API key", Current: "keys", Body: &key})
}

// confirmRevoke asks once more: a revoked key stops a shop.
func (p *portal) confirmRevoke(w http.ResponseWriter, r *http.Request) error {
	merchant, username := r.URL.Query().Get("merchant"), r.PathValue("username")
	if err := p.mustKnow(r.Context(), merchant); err != nil {
		return err
	}
	all, err := p.Keys.Keys(r.Context(), merchant)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(k admin.Key) bool { return k.Username == username })
	if at < 0 {
		return noKey(username)
	}
	if !all[at].RevokedAt.IsZero() {
		return backToKeys(w, r, merchant, "revoked")
	}
	others := 0
	for _, key := range all {
		if key.RevokedAt.IsZero() {
			others++
		}
	}
	return p.show(w, http.StatusOK, "revoke", page{Title: "Revoke an API key", Current: "keys", Body: &revokePage{all[at], others - 1}})
}

// revokePage asks whether a key is to end.
type revokePage struct {
	admin.Key
	Others int // keys of the merchant that go on to work
}

func noKey(username string) error {
	return &missing{What: "key", ID: username, Advice: "The list of a merchant's keys has all of them, also those that were revoked."}
}

func (p *portal) revokeKey(w http.ResponseWriter, r *http.Request) error {
	merchant, username := r.PostFormValue("merchant"), r.PathValue("username")
	if err := p.mustKnow(r.Context(), merchant); err != nil {
		return err
	}
	all, err := p.Keys.Keys(r.Context(), merchant)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(k admin.Key) bool { return k.Username == username }) {
		return noKey(username)
	}
	if err := p.Keys.RevokeKey(r.Context(), merchant, username); err != nil {
		return err
	}
	return backToKeys(w, r, merchant, "revoked")
}

func backToKeys(w http.ResponseWriter, r *http.Request, merchant, done string) error {
	http.Redirect(w, r, Path+"/settings/keys?"+url.Values{"merchant": {merchant}, "done": {done}}.Encode(), http.StatusSeeOther)
	return nil
}

// webhooksPage is about what signs a merchant's callbacks.
type webhooksPage struct {
	merchantPage
	Secret string // "" until it is asked for
}

func (p *portal) webhooks(w http.ResponseWriter, r *http.Request) error {
	return p.showWebhooks(w, r, r.URL.Query().Get("merchant"), false)
}

// revealSecret answers with the secret, which stands in no address.
func (p *portal) revealSecret(w http.ResponseWriter, r *http.Request) error {
	return p.showWebhooks(w, r, r.PostFormValue("merchant"), true)
}

func (p *portal) showWebhooks(w http.ResponseWriter, r *http.Request, merchant string, reveal bool) (err error) {
	var shown webhooksPage
	if shown.merchantPage, err = p.settingsOf(r.Context(), merchant); err != nil {
		return err
	}
	if reveal && shown.Merchant == "" {
		return unknownMerchant("")
	}
	if reveal {
		if shown.Secret, err = p.Secrets.CallbackSecret(r.Context(), shown.Merchant); err != nil {
			return err
		}
	}
	return p.show(w, http.StatusOK, "webhooks", page{Title: "Callback secret", Current: "webhooks", Body: &shown})
}
