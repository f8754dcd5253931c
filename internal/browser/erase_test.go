package browser_test

import (
	"testing"

	"github.com/kvitto/kvitto/internal/browsertest"
)

// TestAPersonIsErasedByKeyboard: named, counted, confirmed and erased, and the
// session says that it ended.
func TestAPersonIsErasedByKeyboard(t *testing.T) {
	t.Parallel()
	s := newMerchant(t)
	body := cart(amount)
	body["billing_address"] = object{"given_name": "Anna", "email": "erase.me@example.com"}
	s.create(body)
	v := &visit{browsertest.Open(t, portalAt("erase")), t}
	v.tabTo("erase-merchant")
	v.Keys(s.user)
	v.tabTo("erase-email")
	v.Keys("erase.me@example.com")
	v.tabTo("count")
	v.Press("Enter")
	v.countedErasure()
	look(t, v.Page, "portal-erase-counted")
	v.Open(portalAt("erase"))
	v.tabTo("sure")
	v.Press("Space")
	v.tabTo("erase")
	v.Press("Enter")
	v.Wait("document.querySelector('#job-title')?.textContent === 'Erased' || document.querySelector('[data-testid=again]') !== null")
	v.countedErasure()
	look(t, v.Page, "portal-erase-done")
	if _, err := s.server.ReadSession(t.Context(), s.session.SessionID); err == nil {
		t.Error("the session that was open is still there")
	}
}

// countedErasure waits for the end of a job as people do: they look again.
func (v *visit) countedErasure() {
	v.t.Helper()
	v.Wait("document.querySelector('[data-testid=job]') !== null")
	for browsertest.Eval[bool](v, "document.querySelector('[data-testid=again]') !== null") {
		v.Click(id("again"))
		v.Wait("document.querySelector('[data-testid=job]') !== null")
	}
	v.sees("counts")
}
