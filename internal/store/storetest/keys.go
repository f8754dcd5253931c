package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/store"
)

// keyRules are about merchants an operator adds, and their keys.
var keyRules = []rule{
	{"a merchant that was added is listed and has a clock", func(t *testing.T, engine store.Engine) {
		merchant := addMerchant(t, engine)
		mustList(t, engine, merchant)
		mustTell(t, engine, merchant.ID, 0)
	}},
	{"merchants are listed by id", func(t *testing.T, engine store.Engine) {
		for range 5 {
			addMerchant(t, engine)
		}
		merchants, err := engine.Merchants(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range merchants[1:] {
			if merchants[i].ID >= merchants[i+1].ID {
				t.Errorf("%q before %q", merchants[i].ID, merchants[i+1].ID)
			}
		}
	}},
	{"the id of a merchant is taken once", func(t *testing.T, engine store.Engine) {
		merchant := addMerchant(t, engine)
		other := store.Merchant{ID: merchant.ID, Name: "another", CreatedAt: dawn.Add(time.Hour)}
		if err := engine.AddMerchant(t.Context(), other); !errors.Is(err, store.ErrConflict) {
			t.Errorf("AddMerchant again: %v, want ErrConflict", err)
		}
		if err := engine.EnsureMerchant(t.Context(), merchant.ID, dawn.Add(time.Hour)); err != nil {
			t.Errorf("EnsureMerchant: %v", err)
		}
		mustList(t, engine, merchant)
	}},
	{"a merchant is disabled and enabled again", func(t *testing.T, engine store.Engine) {
		merchant := addMerchant(t, engine)
		for _, at := range []time.Time{dawn.Add(time.Minute), dawn.Add(time.Hour), {}} {
			if err := engine.SetMerchantDisabled(t.Context(), merchant.ID, at); err != nil {
				t.Fatalf("SetMerchantDisabled: %v", err)
			}
			merchant.DisabledAt = at
			mustList(t, engine, merchant)
		}
		if err := engine.SetMerchantDisabled(t.Context(), newID(), dawn); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown merchant: %v, want ErrNotFound", err)
		}
	}},
	{"several keys of a merchant live, the oldest first", func(t *testing.T, engine store.Engine) {
		merchant := addMerchant(t, engine)
		first := addKey(t, engine, merchant.ID, dawn)
		third := addKey(t, engine, merchant.ID, dawn.Add(2*time.Second))
		second := addKey(t, engine, merchant.ID, dawn.Add(time.Second))
		mustHaveKeys(t, engine, merchant.ID, first, second, third)
		mustHaveKeys(t, engine, addMerchant(t, engine).ID)
	}},
	{"a user name is taken once in the whole store", func(t *testing.T, engine store.Engine) {
		one, two := addMerchant(t, engine), addMerchant(t, engine)
		key := addKey(t, engine, one.ID, dawn)
		for _, merchant := range []string{one.ID, two.ID} {
			again := store.Key{Username: key.Username, MerchantID: merchant, Hash: []byte("other"), CreatedAt: dawn}
			if err := engine.AddKey(t.Context(), again); !errors.Is(err, store.ErrConflict) {
				t.Errorf("AddKey again: %v, want ErrConflict", err)
			}
		}
		mustOpen(t, engine, key, one)
		mustHaveKeys(t, engine, two.ID)
	}},
	{"an unknown merchant has no keys and gets none", func(t *testing.T, engine store.Engine) {
		key := store.Key{Username: newID(), MerchantID: newID(), Hash: []byte{1}, CreatedAt: dawn}
		if err := engine.AddKey(t.Context(), key); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("AddKey: %v, want ErrNotFound", err)
		}
		mustNotFind(t, "keys of merchant", engine.Keys, key.MerchantID)
		mustNotOpen(t, engine, key.Username)
	}},
	{"a key is revoked once and stays listed", func(t *testing.T, engine store.Engine) {
		merchant := addMerchant(t, engine)
		gone, kept := addKey(t, engine, merchant.ID, dawn), addKey(t, engine, merchant.ID, dawn.Add(time.Second))
		for _, at := range []time.Time{dawn.Add(time.Hour), dawn.Add(2 * time.Hour)} {
			if err := engine.RevokeKey(t.Context(), gone.Username, at); err != nil {
				t.Fatalf("RevokeKey: %v", err)
			}
		}
		gone.RevokedAt = dawn.Add(time.Hour)
		mustHaveKeys(t, engine, merchant.ID, gone, kept)
		mustOpen(t, engine, gone, merchant)
		mustOpen(t, engine, kept, merchant)
		if err := engine.RevokeKey(t.Context(), newID(), dawn); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an unknown key: %v, want ErrNotFound", err)
		}
	}},
	{"a credential tells that its merchant is disabled", func(t *testing.T, engine store.Engine) {
		merchant := addMerchant(t, engine)
		key := addKey(t, engine, merchant.ID, dawn)
		if err := engine.SetMerchantDisabled(t.Context(), merchant.ID, dawn.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		merchant.DisabledAt = dawn.Add(time.Minute)
		mustOpen(t, engine, key, merchant)
	}},
	{"an unknown user name opens nothing", func(t *testing.T, engine store.Engine) {
		mustNotOpen(t, engine, newID())
		mustNotOpen(t, engine, "")
	}},
}

func addMerchant(t *testing.T, engine store.Engine) store.Merchant {
	t.Helper()
	merchant := store.Merchant{ID: newID(), Name: "Skor & söner", CreatedAt: dawn}
	if err := engine.AddMerchant(t.Context(), merchant); err != nil {
		t.Fatalf("AddMerchant: %v", err)
	}
	return merchant
}

func addKey(t *testing.T, engine store.Engine, merchantID string, at time.Time) store.Key {
	t.Helper()
	key := store.Key{Username: "K_" + newID(), MerchantID: merchantID, Hash: []byte{0, 255, 7}, CreatedAt: at}
	if err := engine.AddKey(t.Context(), key); err != nil {
		t.Fatalf("AddKey: %v", err)
	}
	return key
}

// mustList expects the merchant among all of them: the store may be shared.
func mustList(t *testing.T, engine store.Engine, want store.Merchant) {
	t.Helper()
	merchants, err := engine.Merchants(t.Context())
	if err != nil {
		t.Fatalf("Merchants: %v", err)
	}
	for _, got := range merchants {
		if got.ID == want.ID {
			if diff := cmp.Diff(want, got, exactly); diff != "" {
				t.Errorf("the merchant differs (-written +read):\n%s", diff)
			}
			return
		}
	}
	t.Errorf("merchant %s is not listed", want.ID)
}

func mustHaveKeys(t *testing.T, engine store.Engine, merchantID string, want ...store.Key) {
	t.Helper()
	got, err := engine.Keys(t.Context(), merchantID)
	if err != nil {
		t.Fatalf("Keys: %v", err)
	}
	if diff := cmp.Diff(want, got, exactly); diff != "" {
		t.Errorf("the keys differ (-written +read):\n%s", diff)
	}
}

func mustOpen(t *testing.T, engine store.Engine, wantKey store.Key, wantMerchant store.Merchant) {
	t.Helper()
	key, merchant, err := engine.Credential(t.Context(), wantKey.Username)
	if err != nil {
		t.Fatalf("Credential: %v", err)
	}
	if diff := cmp.Diff(wantKey, key, exactly) + cmp.Diff(wantMerchant, merchant, exactly); diff != "" {
		t.Errorf("the credential differs (-written +read):\n%s", diff)
	}
}

func mustNotOpen(t *testing.T, engine store.Engine, username string) {
	t.Helper()
	if key, _, err := engine.Credential(t.Context(), username); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("user name %q: %+v, %v; want ErrNotFound", username, key, err)
	}
}
