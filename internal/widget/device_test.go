package widget_test

import (
	"net/url"
	"testing"
)

// TestADeviceIsKnownAgain: its id is made once, kept in the page's storage and
// sent with every call of the purchase, but not with load.
func TestADeviceIsKnownAgain(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	page := f.open(t, "")
	for _, call := range []string{"load", "authorize", "reauthorize", "finalize"} {
		page.Do(`(call) => { log.length = 0; void pay(call, {container: '#box', payment_method_category: 'pay_later'}).then(ended('result')) }`, call)
		waitResult(page)
	}
	first, _ := f.calls("/authorize")[0].body["device_id"].(string)
	if !uuid.MatchString(first) {
		t.Errorf("device_id %q is no UUID", first)
	}
	for _, call := range []string{"/reauthorize", "/finalize"} {
		if got := f.calls(call)[0].body["device_id"]; got != first {
			t.Errorf("%s has the device_id %v, the first %s", call, got, first)
		}
	}
	if got, sent := f.calls("/load")[0].body["device_id"]; sent {
		t.Errorf("load has the device_id %v", got)
	}
}

// TestAPageWithoutStorageHasNoDevice, and pays all the same; so does one whose
// storage holds something that is no id of ours.
func TestAPageWithoutStorageHasNoDevice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before string
		sent   bool
	}{
		"blocked": {before: "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError') }})"},
		"full":    {before: "Storage.prototype.setItem = () => { throw new DOMException('no', 'QuotaExceededError') }"},
		"absent":  {before: "Object.defineProperty(window, 'localStorage', {value: null})"},
		"strange": {before: "localStorage.setItem('kvitto.device', '<script>')", sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			page := f.open(t, "before="+url.QueryEscape(c.before))
			page.Do(`void pay('authorize', {payment_method_category: 'pay_later'}).then(ended('result'))`)
			waitResult(page)
			id, sent := f.calls("/authorize")[0].body["device_id"].(string)
			if sent != c.sent || sent && !uuid.MatchString(id) {
				t.Errorf("device_id %q was sent: %t, want %t", id, sent, c.sent)
			}
		})
	}
}
