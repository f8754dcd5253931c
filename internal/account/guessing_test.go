package account_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/account"
)

// TestGuessedPasswordsWait: for an address that somebody has and for one that
// nobody has alike, from wherever, and the right password waits too.
func TestGuessedPasswordsWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	var waits []time.Time
	for _, email := range []string{admin.email, "nobody@example.com"} {
		for i := range 10 {
			from := account.From{Address: fmt.Sprintf("192.0.2.%d", i)}
			_, err := h.SignInWithPassword(t.Context(), email, "a wrong password", from)
			mustBe(t, email, err, account.ErrRefused)
		}
		_, err := h.SignInWithPassword(t.Context(), email, admin.password, account.From{Address: "198.51.100.1"})
		waits = append(waits, mustWait(t, email, err))
	}
	if !waits[0].Equal(waits[1]) || waits[0].Sub(h.clock()) != 30*time.Second {
		t.Errorf("somebody waits until %v and nobody until %v", waits[0], waits[1])
	}
	h.pass(30 * time.Second)
	admin.signIn() // which begins at none again
	_, err := h.SignInWithPassword(t.Context(), admin.email, "a wrong password", home)
	mustBe(t, "after a right one", err, account.ErrRefused)
}

// TestGuessesAtTheSameTimeAreCountedOneByOne: a burst gets no more than a row.
func TestGuessesAtTheSameTimeAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	var wait sync.WaitGroup
	var mu sync.Mutex
	refused, waiting := 0, 0
	for i := range 30 {
		process := h.process()
		wait.Go(func() {
			_, err := process.SignInWithPassword(t.Context(), admin.email, "a wrong password", account.From{Address: fmt.Sprintf("192.0.2.%d", i)})
			var wait *account.WaitError
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, account.ErrRefused):
				refused++
			case errors.As(err, &wait):
				waiting++
			default:
				t.Errorf("%v", err)
			}
		})
	}
	wait.Wait()
	if refused != 10 || waiting != 20 {
		t.Errorf("%d passwords were looked at and %d had to wait", refused, waiting)
	}
}

func TestGuessedCodesWaitLong(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	step, err := h.SignInWithPassword(t.Context(), admin.email, admin.password, home)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err := h.SignInWithCode(t.Context(), step, "000000", home)
		mustBe(t, "a wrong code", err, account.ErrRefused)
	}
	_, err = h.SignInWithCode(t.Context(), step, admin.code(), home)
	until := mustWait(t, "the right code", err)
	// Another first step, which the guesser can do, does not help.
	if step, err = h.SignInWithPassword(t.Context(), admin.email, admin.password, home); err != nil {
		t.Fatal(err)
	}
	_, err = h.SignInWithCode(t.Context(), step, admin.code(), home)
	mustWait(t, "the right code after another password", err)
	h.pass(until.Sub(h.clock()))
	admin.signIn()
}

func TestAnAddressThatTriesManyNamesWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for i := range 50 {
		_, err := h.SignInWithPassword(t.Context(), fmt.Sprintf("n%d@example.com", i), "a wrong password", account.From{Address: fmt.Sprintf("2001:db8::%x", i)})
		mustBe(t, "the first fifty", err, account.ErrRefused)
	}
	_, err := h.SignInWithPassword(t.Context(), "another@example.com", "x", account.From{Address: "2001:db8::ffff"})
	mustWait(t, "one more from the same network", err)
	_, err = h.SignInWithPassword(t.Context(), "another@example.com", "x", account.From{Address: "2001:db8:1::1"})
	mustBe(t, "from another network", err, account.ErrRefused)
}

// TestAnOfficeMaySignIn: what is right does not count against an address that
// many share, and mistakes are forgotten.
func TestAnOfficeMaySignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	for range 60 {
		admin.signIn()
	}
	for i := range 120 {
		_, err := h.SignInWithPassword(t.Context(), fmt.Sprintf("typo%d@example.com", i), "x", home)
		mustBe(t, "a mistake in every quarter of an hour", err, account.ErrRefused)
		h.pass(15 * time.Minute)
	}
	admin.signIn()
}

func TestADisabledPersonIsOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	other := h.invite(admin, "b@example.com", account.RoleAdmin, "")
	step, err := h.SignInWithPassword(t.Context(), other.email, other.password, home)
	if err != nil {
		t.Fatal(err)
	}
	id := other.in().PersonID
	if _, err := h.SetDisabled(t.Context(), admin.in().Viewer, id, true, home); err != nil {
		t.Fatal(err)
	}
	other.mustBeOut(other.session)
	_, err = h.SignInWithCode(t.Context(), step, other.code(), home)
	mustBe(t, "a step from before", err, account.ErrNoSession)
	_, err = h.SignInWithPassword(t.Context(), other.email, other.password, home)
	mustBe(t, "the right password", err, account.ErrRefused)
	_, _, err = h.NewLink(t.Context(), admin.in().Viewer, id, home)
	mustBeProblem(t, "a new link", err, "")
	if _, err := h.SetDisabled(t.Context(), admin.in().Viewer, id, false, home); err != nil {
		t.Fatal(err)
	}
	other.signIn()
}
