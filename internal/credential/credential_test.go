package credential_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

func TestKeysHaveTheirForm(t *testing.T) {
	t.Parallel()
	usernames := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	passwords := regexp.MustCompile(`^kvitto_api_[A-Za-z0-9_-]{43}$`) // 43 characters of 6 bits hold 256
	merchants := regexp.MustCompile(`^M[a-z2-7]{16}$`)
	seen := map[string]bool{}
	for range 1000 {
		username, password := credential.New()
		merchant := credential.NewMerchantID()
		if !usernames.MatchString(username) || !passwords.MatchString(password) || !merchants.MatchString(merchant) {
			t.Fatalf("%q %q %q", username, password, merchant)
		}
		for _, text := range []string{username, password, merchant} {
			if seen[text] {
				t.Fatalf("%q came twice", text)
			}
			seen[text] = true
		}
	}
}

// counting is a store that counts questions and may fail.
type counting struct {
	store.Tenants
	asked atomic.Int64
	fails atomic.Bool
	hold  chan struct{} // when not nil, each answer waits for a value
}

var errStore = errors.New("the store is away")

func (c *counting) Credential(ctx context.Context, username string) (store.Key, store.Merchant, error) {
	c.asked.Add(1)
	if c.hold != nil {
		<-c.hold
	}
	if c.fails.Load() {
		return store.Key{}, store.Merchant{}, errStore
	}
	return c.Tenants.Credential(ctx, username)
}

// door is an Authenticator over a store with one merchant and one key.
type door struct {
	*credential.Authenticator
	t                            *testing.T
	tenants                      *counting
	merchant, username, password string
	now                          atomic.Int64 // nanoseconds, the clock of the caches
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, tenants: &counting{Tenants: memstore.New()}, merchant: credential.NewMerchantID()}
	var err error
	d.Authenticator, err = credential.NewAuthenticator(d.tenants, func() time.Time { return time.Unix(1, d.now.Load()) })
	if err == nil {
		err = d.tenants.AddMerchant(t.Context(), store.Merchant{ID: d.merchant, Name: "Shoes", CreatedAt: time.Unix(1, 0)})
	}
	if err != nil {
		t.Fatal(err)
	}
	d.username, d.password = d.addKey()
	return d
}

func (d *door) addKey() (username, password string) {
	d.t.Helper()
	username, password = credential.New()
	key := store.Key{Username: username, MerchantID: d.merchant, Hash: credential.Hash(password), CreatedAt: time.Unix(1, 0)}
	if err := d.tenants.AddKey(d.t.Context(), key); err != nil {
		d.t.Fatal(err)
	}
	return username, password
}

func (d *door) pass(by time.Duration) { d.now.Add(int64(by)) }

// expect tries the key; a want of "" is a refusal.
func (d *door) expect(username, password, want string) {
	d.t.Helper()
	got, err := d.Authenticate(d.t.Context(), username, password)
	if want == "" && !errors.Is(err, credential.ErrRefused) {
		d.t.Errorf("%s: merchant %q, %v; want a refusal", username, got, err)
	}
	if want != "" && (err != nil || got != want) {
		d.t.Errorf("%s: merchant %q, %v; want %q", username, got, err, want)
	}
}

func TestAKeyOpensTheDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.expect(d.username, d.password, d.merchant)
	d.expect(d.username, d.password+"x", "")
	d.expect(d.username, "", "")
	d.expect("", "", "")
	d.expect(strings.ToUpper(d.username), d.password, "")
	d.expect(d.merchant, d.password, "")
	stranger, _ := credential.New()
	d.expect(stranger, d.password, "")
	d.expect(stranger, "", "")

	second, password := d.addKey()
	d.expect(second, password, d.merchant)
	d.expect(second, d.password, "")
	d.expect(d.username, d.password, d.merchant)
}

func TestRevokedAndDisabledKeysStopWithinTheAge(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.expect(d.username, d.password, d.merchant)
	if err := d.tenants.RevokeKey(t.Context(), d.username, time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	d.pass(credential.AgeMax)
	d.expect(d.username, d.password, "")

	other, password := d.addKey()
	d.expect(other, password, d.merchant)
	if err := d.tenants.SetMerchantDisabled(t.Context(), d.merchant, time.Unix(2, 0)); err != nil {
		t.Fatal(err)
	}
	d.pass(credential.AgeMax)
	d.expect(other, password, "")
	if err := d.tenants.SetMerchantDisabled(t.Context(), d.merchant, time.Time{}); err != nil {
		t.Fatal(err)
	}
	d.pass(credential.AgeMax)
	d.expect(other, password, d.merchant)
	d.expect(d.username, d.password, "")
}

func TestAnAnswerIsBelievedForItsAgeOnly(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	stranger, _ := credential.New()
	for range 5 {
		d.expect(d.username, d.password, d.merchant)
		d.expect(stranger, "x", "")
	}
	if n := d.tenants.asked.Load(); n != 2 {
		t.Errorf("the store was asked %d times within the age, want once for each name", n)
	}
	d.pass(credential.AgeMax)
	d.expect(d.username, d.password, d.merchant)
	d.expect(stranger, "x", "")
	if n := d.tenants.asked.Load(); n != 4 {
		t.Errorf("the store was asked %d times after the age, want 4", n)
	}
}

// TestANameThatWasUnknownBecomesKnown: a name that was unknown may become known.
func TestANameThatWasUnknownBecomesKnown(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	username, password := credential.New()
	d.expect(username, password, "")
	key := store.Key{Username: username, MerchantID: d.merchant, Hash: credential.Hash(password), CreatedAt: time.Unix(1, 0)}
	if err := d.tenants.AddKey(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	d.pass(credential.AgeMax)
	d.expect(username, password, d.merchant)
}

func TestNamesOfAnotherFormNeverReachTheStore(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, name := range []string{"", "demo", "K123_0123456789ab", strings.Repeat("a", 36), "0123456789-abcdef-0123456789-abcdef-",
		strings.Repeat("f", 1<<16), "01234567-89ab-4def-8123-456789abcdeF"} {
		d.expect(name, d.password, "")
	}
	if n := d.tenants.asked.Load(); n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
}

// TestGuessingDoesNotPushOutMerchants: more guessed names than the caches hold
// leave the merchants' entries where they are.
func TestGuessingDoesNotPushOutMerchants(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.expect(d.username, d.password, d.merchant)
	for range 20000 {
		guess := identifier.New(time.Unix(1, 0))
		if _, err := d.Authenticate(t.Context(), guess, "x"); !errors.Is(err, credential.ErrRefused) {
			t.Fatal(err)
		}
	}
	asked := d.tenants.asked.Load()
	d.expect(d.username, d.password, d.merchant)
	if d.tenants.asked.Load() != asked {
		t.Error("the merchant's entry was pushed out")
	}
}

func TestAFailureOfTheStoreIsNoRefusal(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	d.tenants.fails.Store(true)
	if _, err := d.Authenticate(t.Context(), d.username, d.password); !errors.Is(err, errStore) || errors.Is(err, credential.ErrRefused) {
		t.Errorf("error %v", err)
	}
	d.tenants.fails.Store(false)
	d.expect(d.username, d.password, d.merchant)
	d.tenants.fails.Store(true)
	d.expect(d.username, d.password, d.merchant)
	d.pass(credential.AgeMax)
	if _, err := d.Authenticate(t.Context(), d.username, d.password); !errors.Is(err, errStore) {
		t.Errorf("error %v", err)
	}
}

// TestGuessersWaitForEachOther: while strangers keep the store busy, a
// merchant whose entry has become old is let in.
func TestGuessersWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		d.expect(d.username, d.password, d.merchant)
		d.pass(credential.AgeMax)
		d.tenants.hold = make(chan struct{})
		var wait sync.WaitGroup
		for range 50 {
			guess, _ := credential.New()
			wait.Go(func() { _, _ = d.Authenticate(t.Context(), guess, "x") })
		}
		synctest.Wait()
		before := d.tenants.asked.Load()
		if before-1 >= 50 {
			t.Errorf("%d guesses reached the store at the same time", before-1)
		}
		var errs [8]error
		for i := range errs {
			wait.Go(func() { _, errs[i] = d.Authenticate(t.Context(), d.username, d.password) })
		}
		synctest.Wait()
		if n := d.tenants.asked.Load() - before; n != 1 {
			t.Errorf("eight callers with one name asked the store %d times, want once", n)
		}
		close(d.tenants.hold)
		wait.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Error(err)
		}
	})
}

// TestACallerThatGoesAwayLeavesTheAnswerToTheOthers: they share one question.
func TestACallerThatGoesAwayLeavesTheAnswerToTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		d.tenants.hold = make(chan struct{})
		hasty, leave := context.WithCancel(t.Context())
		gone, stayed := make(chan error, 1), make(chan error, 1)
		go func() { _, err := d.Authenticate(hasty, d.username, d.password); gone <- err }()
		synctest.Wait()
		go func() { _, err := d.Authenticate(t.Context(), d.username, d.password); stayed <- err }()
		synctest.Wait()
		leave()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left: %v", err)
		}
		close(d.tenants.hold)
		if err := <-stayed; err != nil {
			t.Errorf("the one who stayed: %v", err)
		}
	})
}

func BenchmarkAuthenticateKnown(b *testing.B) {
	tenants := memstore.New()
	username, password := credential.New()
	err := tenants.AddMerchant(b.Context(), store.Merchant{ID: "m", CreatedAt: time.Unix(1, 0)})
	if err == nil {
		err = tenants.AddKey(b.Context(), store.Key{Username: username, MerchantID: "m", Hash: credential.Hash(password), CreatedAt: time.Unix(1, 0)})
	}
	authenticator, err2 := credential.NewAuthenticator(tenants, nil)
	if err = errors.Join(err, err2); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := authenticator.Authenticate(b.Context(), username, password); err != nil {
			b.Fatal(fmt.Errorf("authenticate: %w", err))
		}
	}
}
