package portal_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kvitto/kvitto/internal/account"
	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/portal"
	"github.com/kvitto/kvitto/internal/service"
)

// fakeErasing notes who is to be erased.
type fakeErasing struct {
	mu     sync.Mutex
	asked  []service.ErasureQuestion
	found  service.Erased
	fails  error
	waits  chan struct{} // holds what runs until it is closed; nil does not
	ending sync.WaitGroup
}

func (f *fakeErasing) Begin(_ context.Context, question service.ErasureQuestion) (portal.Erasure, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, question)
	f.ending.Add(1)
	return func(_ context.Context, tell func(string, int64)) (service.Erased, error) {
		defer f.ending.Done()
		tell("sessions looked at", 7)
		if f.waits != nil {
			<-f.waits
		}
		return f.found, f.fails
	}, nil
}

// last is what was asked last.
func (f *fakeErasing) last() service.ErasureQuestion {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return service.ErasureQuestion{}
	}
	return f.asked[len(f.asked)-1]
}

const annasMail = "anna@example.com"

// sendErase sends a form and shows the page that follows, when all has ended.
func (s *site) sendErase(form url.Values) (status int, page string) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://pay.example.com"+portal.Path+"/erase", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := s.answer(r)
	if w.Code != http.StatusSeeOther {
		return w.Code, w.Body.String()
	}
	if s.erases.waits == nil {
		s.erases.ending.Wait()
	}
	return w.Code, s.erased()
}

// erased is the page once the job says how it ended.
func (s *site) erased() string {
	for {
		page := s.page(portal.Path + "/erase")
		if s.erases.waits != nil || !strings.Contains(page, "Look again") {
			return page
		}
	}
}

func contains(t *testing.T, page string, wanted ...string) {
	t.Helper()
	for _, text := range wanted {
		if !strings.Contains(page, text) {
			t.Errorf("%q is not in\n%s", text, page)
		}
	}
}

// TestAnAdminErasesAPersonInTwoSteps: of the own merchant, whatever the form says,
// and nobody's name is written down.
func TestAnAdminErasesAPersonInTwoSteps(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	s.erases.found = service.Erased{Sessions: 12, Orders: 3}
	_, counted := s.sendErase(url.Values{"email": {annasMail}, "phone": {"0701234567"}, "merchant": {others.merchant}})
	// Whoever is about to do what cannot be undone sees whom it is about.
	contains(t, counted, "This would be erased", annasMail+", 0701234567, with "+own.merchant, "<b>12</b>", "cannot be undone")
	if asked := s.erases.last(); !asked.DryRun || asked.MerchantID != own.merchant || asked.Emails[0] != annasMail || asked.Phones[0] != "0701234567" {
		t.Errorf("asked %+v", asked)
	}
	if status, page := s.sendErase(url.Values{"job": {"1"}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Say that you know") {
		t.Errorf("without saying so: %d %s", status, page)
	}
	_, done := s.sendErase(url.Values{"job": {"1"}, "sure": {"1"}})
	contains(t, done, ">Erased<", "<b>12</b>", "Backups keep everything", "--compact", "VACUUM")
	if strings.Contains(done, annasMail) {
		t.Error("the page says whom it erased")
	}
	if asked := s.erases.last(); asked.DryRun || asked.MerchantID != own.merchant || asked.Emails[0] != annasMail || asked.By != "an admin of the merchant" {
		t.Errorf("asked %+v", asked)
	}
	if want := []string{"counted what is stored of a person  of shoes", "began to erase a person  of shoes"}; !slices.Equal(door.acts, want) {
		t.Errorf("written down was %q", door.acts)
	}
	if status, _ := s.sendErase(url.Values{"job": {"2"}, "sure": {"1"}}); status != http.StatusConflict {
		t.Errorf("what was erased is erased again: %d", status)
	}
}

func TestTheOperatorErasesOfOneMerchantOrOfAll(t *testing.T) {
	t.Parallel()
	s, _ := walled(t, account.Viewer{PersonID: "p", Role: account.RoleAdmin})
	for merchant, want := range map[string]string{own.merchant: own.merchant, "*": ""} {
		_, page := s.sendErase(url.Values{"email": {annasMail}, "merchant": {merchant}})
		contains(t, page, "Nothing is stored of this person")
		if asked := s.erases.last(); asked.MerchantID != want || asked.By != "the operator" {
			t.Errorf("of %q: asked %+v", merchant, asked)
		}
	}
	if status, page := s.sendErase(url.Values{"email": {annasMail}}); status != http.StatusUnprocessableEntity || !strings.Contains(page, "Say whose data") {
		t.Errorf("of nobody: %d", status)
	}
	if status, _ := s.sendErase(url.Values{"email": {annasMail}, "merchant": {nobodys.merchant}}); status != http.StatusNotFound {
		t.Errorf("of an unknown merchant: %d", status)
	}
	for payment, byOrder := range map[string]bool{own.session: false, own.order: true} {
		s.sendErase(url.Values{"payment": {payment}, "merchant": {own.merchant}})
		if asked := s.erases.last(); (asked.OrderID == payment) != byOrder || (asked.SessionID == payment) == byOrder {
			t.Errorf("by %s: asked %+v", payment, asked)
		}
	}
}

func TestWhatAFormOfAnErasureLacks(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	for want, form := range map[string]url.Values{
		"Name somebody": {}, "An e-mail address is given whole": {"email": {"anna"}}, "A phone number is given whole": {"phone": {"12"}},
	} {
		if status, page := s.sendErase(form); status != http.StatusUnprocessableEntity || !strings.Contains(page, want) {
			t.Errorf("%v: %d %s", form, status, page)
		}
	}
	s.erases.fails = &checkout.Refusal{Kind: checkout.KindNotFound, Reason: "no session or order that can be erased has this id"}
	_, page := s.sendErase(url.Values{"payment": {nobodys.session}})
	contains(t, page, "Not done", "has this id")
	s.erases.fails = &checkout.Refusal{Kind: checkout.KindOverloaded, Reason: "somebody is being erased"}
	_, page = s.sendErase(url.Values{"email": {annasMail}})
	contains(t, page, "the server is busy")
	if strings.Contains(page, "somebody is being erased") {
		t.Error("the page tells of another erasure")
	}
	if len(door.acts) != 2 {
		t.Errorf("written down was %q", door.acts)
	}
	for _, role := range []account.Role{account.RoleViewer, account.RoleOperator} {
		s, _ := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: role})
		if status, _ := s.sendErase(url.Values{"email": {annasMail}}); status != http.StatusForbidden {
			t.Errorf("as %s: %d", role, status)
		}
		if page := s.page(portal.Path + "/logs"); strings.Contains(page, "nav-erase") {
			t.Errorf("as %s the page is offered", role)
		}
	}
}

// TestNobodySeesOrEndsTheErasureOfAnother, also not while it runs.
func TestNobodySeesOrEndsTheErasureOfAnother(t *testing.T) {
	t.Parallel()
	s, door := walled(t, account.Viewer{PersonID: "p", MerchantID: own.merchant, Role: account.RoleAdmin})
	s.erases.found, s.erases.waits = service.Erased{Sessions: 12}, make(chan struct{})
	_, page := s.sendErase(url.Values{"email": {annasMail}})
	contains(t, page, "Look again", "It is under way.")
	if strings.Contains(page, "looked at") {
		t.Error("a merchant is told how much there is of all")
	}
	if status, again := s.sendErase(url.Values{"email": {annasMail}}); status != http.StatusConflict || !strings.Contains(again, "not ended yet") {
		t.Errorf("a second one: %d", status)
	}
	close(s.erases.waits)
	s.erases.ending.Wait()
	s.erases.waits = nil
	door.viewer.PersonID = "q"
	if page := s.page(portal.Path + "/erase"); strings.Contains(page, `data-testid="job"`) {
		t.Error("another one sees it")
	}
	if status, _ := s.sendErase(url.Values{"job": {"1"}, "sure": {"1"}}); status != http.StatusConflict {
		t.Errorf("another one ends it: %d", status)
	}
	if s.erases.last().DryRun != true {
		t.Error("somebody was erased")
	}
}
