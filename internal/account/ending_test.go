package account_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// stuck is a store that fails when rows are to be deleted.
type stuck struct{ *memstore.Engine }

var errStuck = errors.New("stuck")

func (stuck) DropTickets(context.Context, string, string, store.SecretHash) error { return errStuck }

// stuck is a process of the house whose store deletes nothing.
func (h *house) stuck() *account.Accounts {
	h.t.Helper()
	accounts, err := account.New(account.Options{Store: stuck{h.engine}, Now: h.clock, Random: rand.Reader, NewID: identifier.New, PublicURL: "https://pay.example.com"})
	if err != nil {
		h.t.Fatal(err)
	}
	accounts.HashCheaply()
	return accounts
}

// TestWhatWasHeldEndsWithTheChange: the one write that changes what signs a person
// in ends their sessions, steps and links, though no row is deleted.
func TestWhatWasHeldEndsWithTheChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(h *house, admin, other *person, link account.Secret) error
		keeps  bool // the session that makes the change
	}{
		"a new link": {func(h *house, _, other *person, link account.Secret) error {
			app := h.newApp()
			_, err := h.stuck().Accept(h.t.Context(), link, account.Acceptance{Password: goodPassword, Authenticator: app, Code: h.codeOf(app)}, home)
			return err
		}, false},
		"another password": {func(h *house, _, other *person, _ account.Secret) error {
			return h.stuck().ChangePassword(h.t.Context(), other.in(), other.password, "another good one", home)
		}, true},
		"another app": {func(h *house, _, other *person, _ account.Secret) error {
			app := h.newApp()
			return h.stuck().ChangeAuthenticator(h.t.Context(), other.in(), app, h.codeOf(app), home)
		}, true},
		"disabled for a moment": {func(h *house, admin, other *person, _ account.Secret) error {
			viewer, id := admin.in().Viewer, other.in().PersonID
			_, err := h.stuck().SetDisabled(h.t.Context(), viewer, id, true, home)
			if _, again := h.SetDisabled(h.t.Context(), viewer, id, false, home); again != nil {
				return again
			}
			return err
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			admin := h.admin()
			other := h.invite(admin, "b@example.com", account.RoleViewer, "M1")
			before := other.session
			other.signIn()
			step, err := h.SignInWithPassword(t.Context(), other.email, other.password, home)
			if err != nil {
				t.Fatal(err)
			}
			_, link, err := h.NewLink(t.Context(), admin.in().Viewer, other.in().PersonID, home)
			if err != nil {
				t.Fatal(err)
			}
			stale := other.in()
			mustBe(t, "the change", test.change(h, admin, other, link), errStuck)
			other.mustBeOut(before)
			if test.keeps {
				if all, err := h.Sessions(t.Context(), other.in()); err != nil || len(all) != 1 {
					t.Errorf("%d sessions are listed, %v", len(all), err)
				}
			} else {
				other.mustBeOut(other.session)
				_, err := h.RenewRecoveryCodes(t.Context(), stale, home)
				mustBe(t, "a change in a session that was read before", err, account.ErrNoSession)
			}
			if open, err := h.HasStep(t.Context(), step); open || err != nil {
				t.Errorf("the second step is open: %v", err)
			}
			_, err = h.SignInWithCode(t.Context(), step, other.code(), home)
			mustBe(t, "the second step", err, account.ErrNoSession)
			_, err = h.Offer(t.Context(), link)
			mustBe(t, "the link", err, account.ErrNoLink)
		})
	}
}

// leaving is a store whose caller goes away once a ticket was taken.
type leaving struct {
	*memstore.Engine
	leave context.CancelFunc
}

func (l leaving) TakeTicket(ctx context.Context, hash store.SecretHash) (store.Ticket, error) {
	defer l.leave()
	return l.Engine.TakeTicket(ctx, hash)
}

// TestALinkIsFollowedToTheEnd though the browser hangs up when it is used up.
func TestALinkIsFollowedToTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link, _, err := h.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	accounts, err := account.New(account.Options{Store: leaving{h.engine, leave}, Now: h.clock, Random: rand.Reader, NewID: identifier.New, PublicURL: "https://pay.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	app := h.newApp()
	welcome, err := accounts.Accept(ctx, link, account.Acceptance{Email: "a@example.com", Name: "A", Password: goodPassword, Authenticator: app, Code: h.codeOf(app)}, home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Session(t.Context(), welcome.Session); err != nil {
		t.Error(err)
	}
}

// TestNobodyGuessesPasskeysAndLinks: where somebody guesses passwords they work,
// and a new link begins without the guesses at what was before.
func TestNobodyGuessesPasskeysAndLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	other := h.invite(admin, "b@example.com", account.RoleViewer, "")
	_, link, err := h.NewLink(t.Context(), admin.in().Viewer, other.in().PersonID, home)
	if err != nil {
		t.Fatal(err)
	}
	step, err := h.SignInWithPassword(t.Context(), other.email, other.password, home)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err := h.SignInWithCode(t.Context(), step, "000000", home)
		mustBe(t, "a wrong code", err, account.ErrRefused)
	}
	for range 10 {
		_, err = h.SignInWithPassword(t.Context(), other.email, "wrong", home)
		mustBe(t, "a wrong password", err, account.ErrRefused)
	}
	for i := range 35 {
		_, err = h.SignInWithPassword(t.Context(), fmt.Sprintf("x%d@example.com", i), "wrong", home)
		mustBe(t, "a wrong password", err, account.ErrRefused)
	}
	_, err = h.SignInWithPassword(t.Context(), "y@example.com", "wrong", home)
	mustWait(t, "one more", err)
	for range 60 {
		_, err = h.SignInWithPasskey(t.Context(), "", nil, home)
		mustBe(t, "a wrong passkey", err, account.ErrRefused)
	}
	again := h.accept(link, other.email)
	again.in()
	step, err = h.SignInWithPassword(t.Context(), again.email, again.password, account.From{Address: "192.0.2.8"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.SignInWithCode(t.Context(), step, again.code(), account.From{Address: "192.0.2.8"}); err != nil {
		t.Fatal(err)
	}
}

// TestOneBecomesTheFirst of many who follow first links at the same time.
func TestOneBecomesTheFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var links []account.Secret
	for range 8 {
		link, _, err := h.FirstLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, link)
	}
	var wait sync.WaitGroup
	var came atomic.Int64
	for i, link := range links {
		app := h.newApp()
		given := account.Acceptance{Email: fmt.Sprintf("a%d@example.com", i), Name: "A", Password: goodPassword, Authenticator: app, Code: h.codeOf(app)}
		wait.Go(func() {
			switch _, err := h.Accept(t.Context(), link, given, home); {
			case err == nil:
				came.Add(1)
			case !errors.Is(err, account.ErrNoLink):
				t.Errorf("a link: %v, want ErrNoLink", err)
			}
		})
	}
	wait.Wait()
	if all, err := h.People(t.Context(), account.System, "", 10); err != nil || len(all) != 1 || came.Load() != 1 {
		t.Errorf("%d came, %d are there, %v", came.Load(), len(all), err)
	}
}
