package storetest

import (
	"context"
	"time"

	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/store"
)

// drawTime is a time of the model's history; now and then none.
func drawTime(t *rapid.T) time.Time {
	if seconds := rapid.IntRange(0, 5).Draw(t, "seconds"); seconds > 0 {
		return dawn.Add(time.Duration(seconds) * time.Second)
	}
	return time.Time{}
}

func (p *row) addMerchant(t *rapid.T) {
	merchant := store.Merchant{ID: pick(t, "merchant", p.merchants), Name: rapid.StringMatching(`[ -~åß漢]{0,12}`).Draw(t, "name"), CreatedAt: dawn, DisabledAt: drawTime(t)}
	p.tell(t, "AddMerchant", func(e store.Engine) error { return e.AddMerchant(t.Context(), merchant) })
}

func (p *row) disable(t *rapid.T) {
	merchant, at := pick(t, "merchant", p.merchants), drawTime(t)
	p.tell(t, "SetMerchantDisabled", func(e store.Engine) error { return e.SetMerchantDisabled(t.Context(), merchant, at) })
}

func (p *row) addKey(t *rapid.T) {
	key := store.Key{
		Username: pick(t, "user name", p.usernames), MerchantID: pick(t, "merchant", p.merchants),
		Hash: rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "hash"), CreatedAt: dawn, RevokedAt: drawTime(t),
	}
	p.tell(t, "AddKey", func(e store.Engine) error { return e.AddKey(t.Context(), key) })
}

func (p *row) revokeKey(t *rapid.T) {
	username, at := pick(t, "user name", p.usernames), dawn.Add(time.Hour)
	p.tell(t, "RevokeKey", func(e store.Engine) error { return e.RevokeKey(t.Context(), username, at) })
}

// tell gives both sides the same command.
func (p *row) tell(t *rapid.T, what string, command func(store.Engine) error) {
	compare(t, what, p, func(e store.Engine) (struct{}, error) { return struct{}{}, command(e) })
}

// opened by a user name.
type opening struct {
	Key      store.Key
	Merchant store.Merchant
}

func credential(engine store.Engine, ctx context.Context, username string) (opening, error) {
	key, merchant, err := engine.Credential(ctx, username)
	return opening{key, merchant}, err
}
