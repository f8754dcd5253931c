package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// TestTheOperatorOpensThePortal: a server for shops has none, and offers nobody a
// link, until it is asked for.
func TestTheOperatorOpensThePortal(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(c *app.Config) { c.Portal = false })
	for _, path := range []string{"/portal", "/portal/", "/portal/sign-in", "/portal/assets/portal.css"} {
		if got := send(t, noRedirect, "GET", h.URL+path, "", "", "", nil); got.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got.status)
		}
	}
	if at := h.PortalURL(); at != "" || strings.Contains(h.log.String(), "/portal/") {
		t.Errorf("there is a portal at %q, or a link in %s", at, h.log)
	}
}

// TestWhatSomebodySeesIsSaid: an invitation without it makes nobody, not somebody
// who sees every merchant.
func TestWhatSomebodySeesIsSaid(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	v := h.admin()
	for _, form := range []url.Values{
		{"name": {"B"}, "email": {"b@example.com"}, "role": {"admin"}}, {"name": {"B"}, "email": {"b@example.com"}, "role": {"admin"}, "merchant": {""}},
	} {
		v.expect("/portal/people", form, http.StatusUnprocessableEntity, "Choose what they see")
	}
	if page := v.expect("/portal/people", nil, http.StatusOK, "People"); strings.Contains(page.body, "b@example.com") {
		t.Error("somebody was made all the same")
	}
	v.invite("b@example.com", "admin", "*")
}
