package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/account"
)

// TestWhoManagesWhom walks roles and scopes.
func TestWhoManagesWhom(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	theirs := map[string]string{}
	for _, merchant := range []string{"", "M1", "M2"} {
		theirs[merchant] = h.invite(admin, "target"+merchant+"@example.com", account.RoleViewer, merchant).in().PersonID
	}
	for _, by := range []struct {
		merchant string
		role     account.Role
	}{
		{"", account.RoleAdmin}, {"", account.RoleOperator}, {"", account.RoleViewer}, {"M1", account.RoleAdmin}, {"M1", account.RoleOperator}, {"M1", account.RoleViewer},
	} {
		viewer := account.Viewer{PersonID: "x", MerchantID: by.merchant, Role: by.role}
		for merchant, id := range theirs {
			want, invited := error(nil), error(nil)
			switch {
			case by.role != account.RoleAdmin:
				want, invited = account.ErrForbidden, account.ErrForbidden
			case by.merchant != "" && by.merchant != merchant:
				want, invited = account.ErrUnknown, account.ErrForbidden
			}
			_, err := h.SetRole(t.Context(), viewer, id, account.RoleViewer, home)
			mustBe(t, "SetRole", err, want)
			_, err = h.SetDisabled(t.Context(), viewer, id, false, home)
			mustBe(t, "SetDisabled", err, want)
			_, _, err = h.NewLink(t.Context(), viewer, id, home)
			mustBe(t, "NewLink", err, want)
			_, _, err = h.Invite(t.Context(), viewer, account.Invitation{Email: "n" + by.merchant + string(by.role) + merchant + "@example.com", Name: "N", Role: account.RoleAdmin, MerchantID: merchant}, home)
			mustBe(t, "Invite", err, invited)
		}
		all, err := h.People(t.Context(), viewer, "", 100)
		if by.role != account.RoleAdmin {
			mustBe(t, "People", err, account.ErrForbidden)
		}
		for _, person := range all {
			if by.merchant != "" && person.MerchantID != by.merchant {
				t.Errorf("%+v lists %s of %q", by, person.Email, person.MerchantID)
			}
		}
	}
	_, err := h.SetRole(t.Context(), admin.in().Viewer, "00000000-0000-4000-8000-000000000000", account.RoleViewer, home)
	mustBe(t, "nobody", err, account.ErrUnknown)
}

func TestNobodyChangesTheirOwnRole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	_, err := h.SetRole(t.Context(), admin.in().Viewer, admin.in().PersonID, account.RoleViewer, home)
	mustBeProblem(t, "SetRole", err, "")
	_, err = h.SetDisabled(t.Context(), admin.in().Viewer, admin.in().PersonID, true, home)
	mustBeProblem(t, "SetDisabled", err, "")
}

func TestARoleHoldsFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	other := h.invite(admin, "b@example.com", account.RoleAdmin, "M1")
	if _, err := h.SetRole(t.Context(), admin.in().Viewer, other.in().PersonID, account.RoleViewer, home); err != nil {
		t.Fatal(err)
	}
	if got := other.in().Viewer; got.Role != account.RoleViewer || got.MerchantID != "M1" {
		t.Errorf("%+v", got)
	}
}

func TestAnAddressIsOnePersons(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	for _, invitation := range []account.Invitation{
		{Email: "ADMIN@example.com", Name: "A", Role: account.RoleViewer, MerchantID: "M1"}, {Email: admin.email, Name: "A", Role: account.RoleViewer},
	} {
		_, _, err := h.Invite(t.Context(), admin.in().Viewer, invitation, home)
		mustBeProblem(t, "Invite", err, "email")
	}
	_, _, err := h.Invite(t.Context(), admin.in().Viewer, account.Invitation{Email: "c@example.com", Name: "C", Role: account.RoleViewer, MerchantID: "M9"}, home)
	mustBeProblem(t, "an unknown merchant", err, "merchant")
	_, _, err = h.Invite(t.Context(), admin.in().Viewer, account.Invitation{Email: "c@example.com", Name: "C", Role: "root"}, home)
	mustBeProblem(t, "an unknown role", err, "role")
}

// TestANewLinkBeginsAnew: what signed the person in works until the link is
// followed, and nothing of it afterwards; links before it do not work.
func TestANewLinkBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	other := h.invite(admin, "b@example.com", account.RoleViewer, "")
	id := other.in().PersonID
	_, old, err := h.NewLink(t.Context(), admin.in().Viewer, id, home)
	if err != nil {
		t.Fatal(err)
	}
	_, link, err := h.NewLink(t.Context(), admin.in().Viewer, id, home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Offer(t.Context(), old)
	mustBe(t, "the link before", err, account.ErrNoLink)
	if offer, err := h.Offer(t.Context(), link); err != nil || !offer.Renews || offer.Email != other.email || offer.First {
		t.Errorf("%+v, %v", offer, err)
	}
	other.signIn()
	before := *other
	h.accept(link, other.email)
	other.mustBeOut(before.session)
	step, err := h.SignInWithPassword(t.Context(), before.email, before.password, home) // the same password was chosen again
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{before.code(), before.recovery[0]} {
		_, err = h.SignInWithCode(t.Context(), step, code, home)
		mustBe(t, "a code from before", err, account.ErrRefused)
	}
}

func TestWhatSignsInIsChangedAfterSigningIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	app := h.newApp()
	mustBeProblem(t, "a wrong password", h.ChangePassword(t.Context(), admin.in(), "wrong", "another good one", home), "current")
	mustBeProblem(t, "a bad password", h.ChangePassword(t.Context(), admin.in(), admin.password, "kort", home), "password")
	mustBeProblem(t, "a wrong code", h.ChangeAuthenticator(t.Context(), admin.in(), app, "000000", home), "code")

	first := admin.session
	admin.signIn()
	if err := h.ChangePassword(t.Context(), admin.in(), admin.password, "another good one", home); err != nil {
		t.Fatal(err)
	}
	admin.in()
	admin.mustBeOut(first)
	admin.password = "another good one"
	if err := h.ChangeAuthenticator(t.Context(), admin.in(), app, h.codeOf(app), home); err != nil {
		t.Fatal(err)
	}
	admin.app = app
	admin.signIn()

	h.pass(account.FreshFor)
	own := admin.in()
	_, recovery := h.RenewRecoveryCodes(t.Context(), own, home)
	_, register := h.BeginPasskeyRegistration(t.Context(), own)
	for what, err := range map[string]error{
		"password":   h.ChangePassword(t.Context(), own, admin.password, goodPassword, home),
		"app":        h.ChangeAuthenticator(t.Context(), own, app, h.codeOf(app), home),
		"recovery":   recovery,
		"a passkey":  register,
		"no passkey": h.RemovePasskey(t.Context(), own, "x", home),
	} {
		if !errors.Is(err, account.ErrStale) {
			t.Errorf("%s a quarter of an hour later: %v, want ErrStale", what, err)
		}
	}
}

// TestLooksOfTheOperatorAreWrittenDown once in an hour, whichever process is asked.
func TestLooksOfTheOperatorAreWrittenDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	h.now = h.now.Truncate(time.Hour)
	merchants := h.invite(admin, "b@example.com", account.RoleAdmin, "M1")
	viewer := admin.in().Viewer
	look := func(by account.Viewer, merchant string) {
		for _, process := range []*account.Accounts{h.Accounts, h.process()} {
			for range 2 {
				if err := process.Looked(t.Context(), by, home, merchant); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	count := func(by account.Viewer) (looks int) {
		entries, err := h.AuditEntries(t.Context(), by, account.AuditCursor{}, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if entry.Action == "looked" {
				looks++
				who, where := admin.email, home.Address
				if !by.OfOperator() { // a merchant is told that the operator looked, and not who
					who, where = account.TheOperator, ""
				}
				if entry.Person != who || entry.MerchantID == "" || entry.Address != where {
					t.Errorf("%+v", entry)
				}
			}
		}
		return looks
	}
	look(viewer, "M1")
	look(viewer, "M2")
	look(viewer, "")
	look(merchants.in().Viewer, "M1")
	if got := count(viewer); got != 2 {
		t.Errorf("%d looks were written down, want 2", got)
	}
	h.pass(59 * time.Minute)
	look(viewer, "M1")
	if got := count(viewer); got != 2 {
		t.Errorf("%d looks after an hour less a minute, want 2", got)
	}
	h.pass(time.Minute)
	look(viewer, "M1")
	if got := count(viewer); got != 3 {
		t.Errorf("%d looks after an hour, want 3", got)
	}
	merchants.signIn()
	if got := count(merchants.in().Viewer); got != 2 {
		t.Errorf("the merchant sees %d looks at its things, want 2", got)
	}
	_, err := h.AuditEntries(t.Context(), account.Viewer{Role: account.RoleOperator}, account.AuditCursor{}, 1)
	mustBe(t, "an operator", err, account.ErrForbidden)
}

// TestAMerchantsAuditNamesItsOwnPeopleAlone: not the operator's, and not where they
// sit; those of the command line are the operator's too.
func TestAMerchantsAuditNamesItsOwnPeopleAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	operators := h.admin()
	own := h.invite(operators, "b@example.com", account.RoleAdmin, "M1")
	if err := h.Note(t.Context(), operators.in().Viewer, home, "held callbacks", "", "M1"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.NewLink(t.Context(), account.System, own.in().PersonID, account.From{Address: "this machine"}); err != nil {
		t.Fatal(err)
	}
	_, refused := h.SignInWithPassword(t.Context(), own.email, "wrong", home)
	mustBe(t, "a wrong password", refused, account.ErrRefused)
	entries, err := h.AuditEntries(t.Context(), own.in().Viewer, account.AuditCursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	whose := map[string]string{}
	for _, entry := range entries {
		whose[entry.Action] = entry.Person + " at " + entry.Address
		if entry.Person == account.TheOperator && entry.PersonID != "" {
			t.Errorf("%+v names the operator's person", entry)
		}
	}
	for action, want := range map[string]string{
		"held callbacks": "the operator at ", "invited": "the operator at ", "made a new link for": "the operator at ",
		"sign-in refused": "b@example.com at 192.0.2.7", "signed in": "b@example.com at 192.0.2.7",
	} {
		if whose[action] != want {
			t.Errorf("%s: by %q, want %q", action, whose[action], want)
		}
	}
}

// TestWhatAPersonBeginsIsBounded: passkeys in many windows, and sign-ins that come
// to no end.
func TestWhatAPersonBeginsIsBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	own := admin.in()
	for range 25 {
		if _, err := h.BeginPasskeyRegistration(t.Context(), own); err != nil {
			t.Fatal(err)
		}
		step, err := h.SignInWithPassword(t.Context(), admin.email, admin.password, home)
		if err != nil {
			t.Fatal(err)
		}
		if open, err := h.HasStep(t.Context(), step); err != nil || !open {
			t.Fatalf("the newest sign-in is open: %v, %v", open, err)
		}
	}
	for _, kind := range []string{"register", "step"} {
		left, err := h.engine.TicketsOf(t.Context(), own.PersonID, kind, 100)
		if err != nil || len(left) == 0 || len(left) > 10 {
			t.Errorf("%d tickets to %s are left, %v", len(left), kind, err)
		}
	}
}

func TestWhatIsOldIsSwept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.admin()
	_, _ = h.SignInWithPassword(t.Context(), admin.email, "wrong", home)
	admin.signIn()
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin.in()
	h.pass(account.AuditKept + time.Hour)
	if err := h.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := h.AuditEntries(t.Context(), account.System, account.AuditCursor{}, 100)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if deleted, err := h.engine.DeleteExpiredTickets(t.Context(), h.clock(), 100); err != nil || deleted != 0 {
		t.Errorf("%d tickets were left, %v", deleted, err)
	}
}

// TestAnEntryIsAShortLine: nobody fills the audit, or forges a line of it.
func TestAnEntryIsAShortLine(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	viewer := h.admin().in().Viewer
	for subject, fits := range map[string]bool{
		"a thing": true, strings.Repeat("x", 512): true, strings.Repeat("x", 513): false, "a\nb": false, "a\x00": false, "a\xff": false,
	} {
		if err := h.Note(t.Context(), viewer, home, "did", subject, "M1"); (err == nil) != fits {
			t.Errorf("%.20q: %v, want it taken: %v", subject, err, fits)
		}
	}
}
