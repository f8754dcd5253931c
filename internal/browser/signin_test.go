package browser_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/kvitto/kvitto/internal/app"
	"github.com/kvitto/kvitto/internal/browsertest"
)

// house is a server for shops with nobody in it, at localhost.
type house struct {
	url   string
	link  string // to the first admin
	store string
}

// lockedLog is a log that is read while it is written.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func openHouse(t *testing.T, change ...func(*app.Config)) *house {
	t.Helper()
	log := &lockedLog{}
	config := app.Config{Production: true, Portal: true, DataDir: t.TempDir(), Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(log, nil))}
	for _, f := range change {
		f(&config)
	}
	server, err := app.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, server.Close()); err != nil {
			t.Error(err)
		}
	})
	// Browsers make passkeys for a name and not for an address.
	h := &house{store: "sqlite:" + config.DataDir, url: strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}
	h.link = h.url + regexp.MustCompile(`/portal/link/[A-Za-z0-9_-]{43}`).FindString(log.String())
	return h
}

const chosenPassword = "correct horse battery"

// codeOf is the code that an app shows so many steps from now: none or one, so that a
// step may pass before it is sent. A code works once,
// and those before it do not work any more.
func codeOf(t *testing.T, secret string, steps int) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// welcomed is a page of the first admin, and the secret of their app.
func (h *house) welcomed(t *testing.T) (page *browsertest.Page, secret string) {
	t.Helper()
	page = browsertest.Open(t, h.link)
	secret = shownAt(page, "app-secret")
	page.Type(id("name"), "Åsa Admin")
	page.Type(id("email"), "admin@example.com")
	page.Type(id("password"), chosenPassword)
	page.Type(id("repeated"), chosenPassword)
	page.Type(id("code"), codeOf(t, secret, 0))
	page.Click(id("submit"))
	page.Wait("document.querySelector('[data-testid=recovery]')")
	return page, secret
}

// TestPasskeysInABrowser: registered after a link, then the whole of a sign-in;
// gone after it was removed.
func TestPasskeysInABrowser(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	page, _ := h.welcomed(t)
	held := page.Passkeys()
	page.Click(id("to-passkeys"))
	page.Type(id("passkey-name"), "Test device")
	page.Click(id("add-passkey"))
	page.Wait("document.querySelector('[data-testid=done]')?.textContent.includes('passkey was added')")
	if got := browsertest.Eval[string](page, "document.querySelector('li[data-testid=passkey] b').textContent"); got != "Test device" || held() != 1 {
		t.Errorf("the page lists %q, the device holds %d", got, held())
	}
	// The device has one for this person already.
	page.Click(id("add-passkey"))
	page.Wait("document.querySelector('[data-passkey-problem]').textContent.includes('already')")

	page.Click(id("sign-out"))
	page.Click(id("passkey"))
	page.Wait("location.pathname === '/portal/' && document.querySelector('[data-testid=sign-out]')")
	page.Open(h.url + "/portal/account")
	page.Wait("document.querySelector('[data-testid=session]').textContent.includes('by passkey')")

	page.Click(id("remove-passkey"))
	page.Wait("document.querySelector('[data-testid=done]')?.textContent.includes('removed')")
	page.Click(id("sign-out"))
	page.Expect("401 (Unauthorized)")
	page.Click(id("passkey"))
	page.Wait("document.querySelector('[data-passkey-problem]')?.textContent.includes('does not sign in here')")
}

// TestSigningInByKeyboard: the form has the focus, and the keyboard is enough.
func TestSigningInByKeyboard(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	page, secret := h.welcomed(t)
	page.Click(id("to-portal"))
	page.Click(id("sign-out"))
	v := &visit{page, t}
	v.sees("email")
	if focus := v.Focused(); focus.TestID != "email" {
		t.Errorf("the focus is at %s", focus)
	}
	v.Keys("admin@example.com")
	v.Press("Tab")
	v.Keys(chosenPassword)
	v.Press("Enter")
	v.sees("code")
	if focus := v.Focused(); focus.TestID != "code" {
		t.Errorf("the focus is at %s", focus)
	}
	v.Keys(codeOf(t, secret, 1))
	v.Press("Enter")
	v.sees("nav-settings")
}

// TestPagesToSignInAreAccessible: no serious fault on any page, light and dark,
// and nothing is wider than a phone.
func TestPagesToSignInAreAccessible(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	see := func(page *browsertest.Page, name string) {
		t.Helper()
		look(t, page, "signin-"+name)
		page.Emulate(browsertest.View{Width: 360})
		if wide := browsertest.Eval[int](page, "document.documentElement.scrollWidth"); wide > 360 {
			t.Errorf("%s is %d pixels wide in a window of 360", name, wide)
		}
		page.Emulate(browsertest.View{Width: 1280})
	}
	stranger := browsertest.Open(t, h.url+"/portal/")
	stranger.Wait("document.querySelector('[data-testid=passkey]')?.checkVisibility()")
	see(stranger, "form")
	stranger.Open(h.link)
	see(stranger, "link")

	page, secret := h.welcomed(t)
	see(page, "recovery")
	stranger.Expect("404 (Not Found)")
	stranger.Open(h.link)
	see(stranger, "link-used")
	stranger.Open(h.url + "/portal/sign-in")
	stranger.Expect("401 (Unauthorized)")
	stranger.Type(id("email"), "admin@example.com")
	stranger.Type(id("password"), "something else")
	stranger.Click(id("submit"))
	stranger.Wait("document.querySelector('[data-testid=refused]')")
	see(stranger, "refused")
	stranger.Type(id("password"), chosenPassword)
	stranger.Click(id("submit"))
	stranger.Wait("document.querySelector('[data-testid=code]')")
	see(stranger, "code")
	stranger.Type(id("code"), codeOf(t, secret, 1))
	stranger.Click(id("submit"))
	stranger.Wait("document.querySelector('[data-testid=nav-settings]')")
	see(stranger, "overview")

	page.Passkeys()
	page.Open(h.url + "/portal/account")
	page.Click(id("add-passkey"))
	page.Wait("document.querySelector('[data-testid=done]')")
	page.Do("document.querySelector('details').open = true")
	see(page, "account")
	page.Open(h.url + "/portal/people")
	page.Type(id("name"), "Pär Person")
	page.Type(id("email"), "par@example.com")
	page.Do("document.querySelector('[data-testid=merchant]').value = '*'")
	page.Click(id("invite"))
	page.Wait("document.querySelector('[data-testid=link]')")
	see(page, "invited")
	page.Open(h.url + "/portal/people")
	see(page, "people")
	page.Open(h.url + "/portal/audit")
	see(page, "audit")
}
