package account_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

// house is a store with people and a clock that the test moves.
type house struct {
	*account.Accounts
	t      *testing.T
	engine *memstore.Engine
	mu     sync.Mutex
	now    time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, engine: memstore.New(), now: time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)}
	for _, merchant := range []string{"M1", "M2"} {
		if err := h.engine.AddMerchant(t.Context(), store.Merchant{ID: merchant, Name: "Shop " + merchant, CreatedAt: h.now}); err != nil {
			t.Fatal(err)
		}
	}
	h.Accounts = h.process()
	return h
}

// process is another process of the store.
func (h *house) process() *account.Accounts {
	h.t.Helper()
	accounts, err := account.New(account.Options{Store: h.engine, Now: h.clock, Random: rand.Reader, NewID: identifier.New, PublicURL: "https://pay.example.com"})
	if err != nil {
		h.t.Fatal(err)
	}
	accounts.HashCheaply()
	return accounts
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(by)
}

var home = account.From{Address: "192.0.2.7", Agent: "Netscape"}

const goodPassword = "correct horse battery"

// person is somebody who has an app.
type person struct {
	h               *house
	email, password string
	app             string
	recovery        []string
	session         account.Secret
}

func (h *house) newApp() string {
	h.t.Helper()
	app, err := account.NewAuthenticatorSecret(rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	return app
}

func (h *house) codeOf(app string) string {
	h.t.Helper()
	code, err := totp.GenerateCode(app, h.clock())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// code is what the app shows when it shows a new one.
func (p *person) code() string {
	p.h.t.Helper()
	p.h.pass(31 * time.Second)
	return p.h.codeOf(p.app)
}

// accept follows a link as somebody would.
func (h *house) accept(link account.Secret, email string) *person {
	h.t.Helper()
	p := &person{h: h, email: email, password: goodPassword, app: h.newApp()}
	welcome, err := h.Accept(h.t.Context(), link, account.Acceptance{
		Email: email, Name: "Astrid", Password: p.password, Authenticator: p.app, Code: h.codeOf(p.app),
	}, home)
	if err != nil {
		h.t.Fatalf("accept: %v", err)
	}
	p.session, p.recovery = welcome.Session, welcome.Recovery
	return p
}

// admin is the first admin of the operator.
func (h *house) admin() *person {
	h.t.Helper()
	link, ok, err := h.FirstLink(h.t.Context())
	if err != nil || !ok {
		h.t.Fatalf("first link: %v, %v", ok, err)
	}
	return h.accept(link, "admin@example.com")
}

// invite has the admin invite somebody, who follows the link.
func (h *house) invite(by *person, email string, role account.Role, merchant string) *person {
	h.t.Helper()
	_, link, err := h.Invite(h.t.Context(), by.in().Viewer, account.Invitation{Email: email, Name: "Somebody", Role: role, MerchantID: merchant}, home)
	if err != nil {
		h.t.Fatalf("invite: %v", err)
	}
	return h.accept(link, email)
}

// in is the person's session, which must live.
func (p *person) in() account.Session {
	p.h.t.Helper()
	session, err := p.h.Session(p.h.t.Context(), p.session)
	if err != nil {
		p.h.t.Fatalf("session of %s: %v", p.email, err)
	}
	return session
}

// signIn signs in anew with password and code.
func (p *person) signIn() {
	p.h.t.Helper()
	step, err := p.h.SignInWithPassword(p.h.t.Context(), p.email, p.password, home)
	if err == nil {
		p.session, err = p.h.SignInWithCode(p.h.t.Context(), step, p.code(), home)
	}
	if err != nil {
		p.h.t.Fatalf("sign in of %s: %v", p.email, err)
	}
}

func (p *person) mustBeOut(session account.Secret) {
	p.h.t.Helper()
	if _, err := p.h.Session(p.h.t.Context(), session); !errors.Is(err, account.ErrNoSession) {
		p.h.t.Errorf("the session of %s: %v, want ErrNoSession", p.email, err)
	}
}

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func mustWait(t *testing.T, what string, err error) time.Time {
	t.Helper()
	var wait *account.WaitError
	if !errors.As(err, &wait) {
		t.Fatalf("%s: %v, want a wait", what, err)
	}
	return wait.Until
}

func mustBeProblem(t *testing.T, what string, err error, field string) {
	t.Helper()
	var found *account.Problem
	if !errors.As(err, &found) || found.Field != field {
		t.Errorf("%s: %v, want a problem with %q", what, err, field)
	}
}

func TestTheFirstAdmin(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, _, err := h.FirstLink(t.Context())
	two, ok, err2 := h.FirstLink(t.Context())
	if err = errors.Join(err, err2); err != nil || !ok {
		t.Fatal(err)
	}
	admin := h.accept(one, "Admin@Example.com")
	if got := admin.in(); got.Email != "admin@example.com" || got.Role != account.RoleAdmin || !got.OfOperator() {
		t.Errorf("the first is %+v", got.Viewer)
	}
	for _, used := range []account.Secret{one, two} {
		_, err := h.Offer(t.Context(), used)
		mustBe(t, "the offer of a first link when there is somebody", err, account.ErrNoLink)
		_, err = h.Accept(t.Context(), used, account.Acceptance{}, home)
		mustBe(t, "accepting it", err, account.ErrNoLink)
	}
	if _, ok, err := h.FirstLink(t.Context()); ok || err != nil {
		t.Errorf("another first link: %v, %v", ok, err)
	}
}

func TestAFirstLinkExpires(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link, _, err := h.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.pass(account.FirstLinkLife - time.Second)
	if offer, err := h.Offer(t.Context(), link); err != nil || !offer.First {
		t.Errorf("%+v, %v", offer, err)
	}
	h.pass(time.Second)
	_, err = h.Offer(t.Context(), link)
	mustBe(t, "after an hour", err, account.ErrNoLink)
}

func TestAMistakeLeavesTheLinkGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	link, _, err := h.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	app := h.newApp()
	good := account.Acceptance{Email: "a@example.com", Name: "A", Password: goodPassword, Authenticator: app, Code: h.codeOf(app)}
	for field, spoil := range map[string]func(*account.Acceptance){
		"email": func(a *account.Acceptance) { a.Email = "nonsense" }, "name": func(a *account.Acceptance) { a.Name = " " },
		"password": func(a *account.Acceptance) { a.Password = "short" }, "code": func(a *account.Acceptance) { a.Code = "000000" },
	} {
		bad := good
		spoil(&bad)
		_, err := h.Accept(t.Context(), link, bad, home)
		mustBeProblem(t, field, err, field)
	}
	bad := good
	bad.Authenticator = "AAAA"
	_, err = h.Accept(t.Context(), link, bad, home)
	mustBeProblem(t, "a short secret", err, "code")
	if _, err := h.Accept(t.Context(), link, good, home); err != nil {
		t.Errorf("after the mistakes: %v", err)
	}
}

// TestALinkIsGoodOnce: of many who follow it at the same time one gets in.
func TestALinkIsGoodOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	_, link, err := h.Invite(t.Context(), admin.in().Viewer, account.Invitation{Email: "b@example.com", Name: "B", Role: account.RoleViewer}, home)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var errs [4]error
	for i := range errs {
		app := h.newApp()
		wait.Go(func() {
			_, errs[i] = h.Accept(t.Context(), link, account.Acceptance{Password: goodPassword, Authenticator: app, Code: h.codeOf(app)}, home)
		})
	}
	wait.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
		} else {
			mustBe(t, "the others", err, account.ErrNoLink)
		}
	}
	if in != 1 {
		t.Errorf("%d got in", in)
	}
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	first := admin.session
	admin.signIn()
	if admin.session == first {
		t.Error("a sign-in took over an older session")
	}
	if err := h.SignOut(t.Context(), admin.in(), home); err != nil {
		t.Fatal(err)
	}
	admin.mustBeOut(admin.session)
	for _, nonsense := range []account.Secret{"", "x", account.Secret(strings.Repeat("A", 43)), first + "x"} {
		admin.mustBeOut(nonsense)
	}
	admin.session = first
	admin.in()
}

func TestTheSecondStepIsNoSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	step, err := h.SignInWithPassword(t.Context(), admin.email, admin.password, home)
	if err != nil {
		t.Fatal(err)
	}
	admin.mustBeOut(step)
	_, err = h.SignInWithCode(t.Context(), admin.session, admin.code(), home)
	mustBe(t, "a session as a step", err, account.ErrNoSession)
	_, err = h.Offer(t.Context(), step)
	mustBe(t, "a step as a link", err, account.ErrNoLink)

	_, err = h.SignInWithCode(t.Context(), step, "000000", home)
	mustBe(t, "a wrong code", err, account.ErrRefused)
	code := admin.code()
	if _, err := h.SignInWithCode(t.Context(), step, code, home); err != nil {
		t.Fatalf("the right code: %v", err)
	}
	_, err = h.SignInWithCode(t.Context(), step, admin.code(), home)
	mustBe(t, "the step again", err, account.ErrNoSession)
	again, err := h.SignInWithPassword(t.Context(), admin.email, admin.password, home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.SignInWithCode(t.Context(), again, code, home)
	mustBe(t, "the code again", err, account.ErrRefused)
	h.pass(account.StepLife)
	_, err = h.SignInWithCode(t.Context(), again, admin.code(), home)
	mustBe(t, "a step that is too old", err, account.ErrNoSession)
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	for i, want := range []error{nil, account.ErrRefused} {
		step, err := h.SignInWithPassword(t.Context(), admin.email, admin.password, home)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.SignInWithCode(t.Context(), step, admin.recovery[0], home)
		if !errors.Is(err, want) {
			t.Errorf("time %d: %v, want %v", i+1, err, want)
		}
	}
	own, err := h.Own(t.Context(), admin.in())
	if err != nil || own.RecoveryCodesLeft() != len(admin.recovery)-1 {
		t.Errorf("%d left, %v", own.RecoveryCodesLeft(), err)
	}
	codes, err := h.RenewRecoveryCodes(t.Context(), admin.in(), home)
	if err != nil || len(codes) != 10 {
		t.Fatalf("%v, %v", codes, err)
	}
	step, err := h.SignInWithPassword(t.Context(), admin.email, admin.password, home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.SignInWithCode(t.Context(), step, admin.recovery[1], home)
	mustBe(t, "a code from before", err, account.ErrRefused)
	if _, err = h.SignInWithCode(t.Context(), step, codes[1], home); err != nil {
		t.Errorf("a new code: %v", err)
	}
}

func TestASessionEndsUnused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	for range 11 { // each use within the hour
		h.pass(account.SessionIdle - time.Second)
		admin.in()
	}
	h.pass(account.SessionIdle)
	admin.mustBeOut(admin.session)
	admin.signIn()
	for h.pass(0); ; h.pass(account.SessionIdle - time.Second) {
		session, err := h.Session(t.Context(), admin.session)
		if err != nil {
			mustBe(t, "at its end", err, account.ErrNoSession)
			break
		}
		if h.clock().Sub(session.Began) >= account.SessionLife {
			t.Fatal("a session lives for ever")
		}
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	other := h.invite(admin, "b@example.com", account.RoleViewer, "")
	first := admin.session
	admin.signIn()
	second := admin.session
	admin.signIn()
	all, err := h.Sessions(t.Context(), admin.in())
	if err != nil || len(all) != 3 || all[0].ID != admin.in().ID || all[0].Address != home.Address || all[0].By != "password and code" {
		t.Fatalf("%+v, %v", all, err)
	}
	mustBe(t, "another's session", h.EndSession(t.Context(), admin.in(), other.in().ID, home), account.ErrUnknown)
	if err := h.EndSession(t.Context(), admin.in(), all[1].ID, home); err != nil {
		t.Fatal(err)
	}
	admin.mustBeOut(second)
	if err := h.EndOtherSessions(t.Context(), admin.in(), home); err != nil {
		t.Fatal(err)
	}
	admin.mustBeOut(first)
	admin.in()
	other.in()
}
