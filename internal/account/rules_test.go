package account

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kvitto/kvitto/internal/store"
)

// TestWhatEachRoleMay walks the whole table: who may do what is written twice.
func TestWhatEachRoleMay(t *testing.T) {
	t.Parallel()
	want := map[Permission][]Role{
		Look:          {RoleViewer, RoleOperator, RoleAdmin},
		SendCallbacks: {RoleOperator, RoleAdmin},
		TryRules:      {RoleOperator, RoleAdmin},
		ManageKeys:    {RoleAdmin},
		DecideReviews: {RoleOperator, RoleAdmin},
		ManagePeople:  {RoleAdmin},
		ReadAudit:     {RoleAdmin},
		ErasePeople:   {RoleAdmin},
	}
	for role, permissions := range allowed {
		for _, permission := range permissions {
			if want[permission] == nil {
				t.Errorf("%s may %q, which is not in the table", role, permission)
			}
		}
	}
	for permission := range want {
		for _, role := range append(slices.Clone(Roles), "", "root") {
			if got := (Viewer{Role: role}).May(permission); got != slices.Contains(want[permission], role) {
				t.Errorf("may %q %s: %v", role, permission, got)
			}
			of := Viewer{Role: role, MerchantID: "M1"}.May(permission)
			if want := permission != DecideReviews && slices.Contains(want[permission], role); of != want {
				t.Errorf("may %q of a merchant %s: %v", role, permission, of)
			}
		}
	}
}

func TestWhomAViewerSees(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		viewer   Viewer
		merchant string
		want     bool
	}{
		{Viewer{Role: RoleViewer}, "M1", true}, {Viewer{Role: RoleViewer}, "", true},
		{Viewer{Role: RoleAdmin, MerchantID: "M1"}, "M1", true}, {Viewer{Role: RoleAdmin, MerchantID: "M1"}, "M2", false},
		{Viewer{Role: RoleAdmin, MerchantID: "M1"}, "", false}, {Viewer{}, "M1", false}, {Viewer{}, "", false},
	} {
		if got := c.viewer.Sees(c.merchant); got != c.want {
			t.Errorf("%+v sees %q: %v", c.viewer, c.merchant, got)
		}
	}
	if (Viewer{}).OfOperator() {
		t.Error("nobody is the operator's")
	}
}

func TestPasswordsThatWillDo(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"korrekt häst batteri häftklammer": "", "Tr0ub4dor&3xyzzy": "", strings.Repeat("ab cd ef ", 28): "",
		"kort": "at least 12", "åäöåäöåäöå1": "at least 12", "": "at least 12",
		"aaaaaaaaaaaaaaaa": "different characters", "123456789012": "tried first", "abcdefghijklmnop": "tried first", "ponmlkjihgfedcba": "tried first",
		"Password12345": "tried first", "qwertyQWERTY1": "tried first", "kvittokvitto1!": "tried first", "astrid12345!": "tried first",
		"Lindgren-1907": "tried first", "with\na line break": "cannot be typed", strings.Repeat("abcdefg1", 40): "longer than",
		"not \xff UTF-8 at all": "cannot be typed",
	} {
		err := CheckPassword(password, "Astrid@example.com", "Astrid Lindgren")
		var found *Problem
		if want == "" && err != nil || want != "" && (!errors.As(err, &found) || !strings.Contains(found.Text, want)) {
			t.Errorf("%q: %v, want %q", password, err, want)
		}
	}
}

func TestAPasswordIsKeptAsArgon2id(t *testing.T) {
	t.Parallel()
	h := newHashing()
	stored, err := h.hashPassword(t.Context(), rand.Reader, "räksmörgås i lådan")
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") || len(stored) != 97 {
		t.Fatalf("%q, %v", stored, err)
	}
	decomposed := "ra\u0308ksmo\u0308rga\u030as i la\u030adan"
	for password, want := range map[string]bool{"räksmörgås i lådan": true, decomposed: true, "räksmörgås i låda": false, "": false} {
		if same, outdated, err := h.matches(t.Context(), stored, password); err != nil || same != want || outdated {
			t.Errorf("%q: %v, outdated %v, %v", password, same, outdated, err)
		}
	}
	if same, _, err := h.matches(t.Context(), "", ""); same || err != nil {
		t.Errorf("nobody's password is %v, %v", same, err)
	}
	cheaper := "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY$" + strings.Repeat("A", 43)
	if _, outdated, err := h.matches(t.Context(), cheaper, "x"); err != nil || !outdated {
		t.Errorf("a cheaper hash: outdated %v, %v", outdated, err)
	}
	for _, broken := range []string{
		"x", "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "$argon2id$v=19$m=64,t=99999,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43),
		"$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$" + strings.Repeat("A", 43), "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=64,t=1,p=1$?$?",
	} {
		if same, _, err := h.matches(t.Context(), broken, "x"); err == nil || same {
			t.Errorf("%.60q: %v, %v", broken, same, err)
		}
	}
}

// TestFewPasswordsAreHashedAtATime: the others wait, and too many are sent away.
func TestFewPasswordsAreHashedAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHashing()
		hold, answers := make(chan struct{}), make(chan error, hashingMax+waitingMax)
		running := make(chan struct{}, hashingMax+waitingMax)
		for range hashingMax + waitingMax {
			go func() { answers <- h.run(t.Context(), func() { running <- struct{}{}; <-hold }) }()
		}
		synctest.Wait()
		if len(running) != hashingMax {
			t.Errorf("%d at a time", len(running))
		}
		if err := h.run(t.Context(), func() {}); !errors.Is(err, ErrBusy) {
			t.Errorf("one more: %v", err)
		}
		close(hold)
		for range hashingMax + waitingMax {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		if err := h.run(t.Context(), func() {}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestCodesOfRFC6238 has the RFC's vectors for SHA-1, of which six digits are used.
func TestCodesOfRFC6238(t *testing.T) {
	t.Parallel()
	app := Authenticator{Secret: totpEncoding.EncodeToString([]byte("12345678901234567890"))}
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"} {
		if _, ok := app.Use(code, time.Unix(at, 0)); !ok {
			t.Errorf("%s at %d was refused", code, at)
		}
		if _, ok := app.Use(code[:3]+" "+code[3:], time.Unix(at, 0)); !ok {
			t.Errorf("%s at %d with a space was refused", code, at)
		}
	}
	for at, want := range map[int64]bool{0: true, 59: true, 89: true, 90: false, 119: false} {
		// it is the code of the seconds 30 to 59, and taken half a minute around
		if _, ok := app.Use("287082", time.Unix(at, 0)); ok != want {
			t.Errorf("at %d: %v", at, ok)
		}
	}
	for _, wrong := range []string{"", "287083", "28708", "2870822", "94287082", "abcdef"} {
		if _, ok := app.Use(wrong, time.Unix(59, 0)); ok {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	app := Authenticator{Secret: totpEncoding.EncodeToString([]byte("12345678901234567890"))}
	used, ok := app.Use("287082", time.Unix(59, 0))
	if !ok || used.LastStep != 1 {
		t.Fatalf("%v %+v", ok, used)
	}
	if _, ok := used.Use("287082", time.Unix(60, 0)); ok {
		t.Error("the code worked twice")
	}
	if _, ok := used.Use("755224", time.Unix(59, 0)); ok { // of the step before
		t.Error("a code from before the used one worked")
	}
	if _, ok := used.Use("359152", time.Unix(60, 0)); !ok { // of the next step
		t.Error("the next code was refused")
	}
}

func TestARecoveryCodeWorksOnce(t *testing.T) {
	t.Parallel()
	codes, hashes, err := newRecoveryCodes(rand.Reader)
	if err != nil || len(codes) != recoveryCodes || len(codes[0]) != 19 {
		t.Fatalf("%v, %v", codes, err)
	}
	plain, ok := isRecovery(" " + strings.ToUpper(codes[3]) + " ")
	if !ok {
		t.Fatalf("%s is none", codes[3])
	}
	left, ok := useRecovery(hashes, plain)
	if !ok || len(left) != recoveryCodes-1 || len(hashes) != recoveryCodes {
		t.Fatalf("%v, %d left", ok, len(left))
	}
	if _, ok := useRecovery(left, plain); ok {
		t.Error("it worked twice")
	}
	if _, ok := isRecovery("123456"); ok {
		t.Error("six digits are a recovery code")
	}
}

func TestGuessingGetsSlower(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	for _, c := range []struct {
		g     guessing
		count int64
		want  time.Duration
	}{
		{guessingName, 0, 0}, {guessingName, 9, 0}, {guessingName, 10, 30 * time.Second}, {guessingName, 11, time.Minute},
		{guessingName, 15, 15 * time.Minute}, {guessingName, 1 << 40, 15 * time.Minute}, {guessingCode, 4, 0}, {guessingCode, 5, 15 * time.Minute},
		{guessingCode, 12, 24 * time.Hour}, {guessingAddress, 49, 0}, {guessingAddress, 50, 30 * time.Second}, {guessingAddress, 90, time.Hour},
	} {
		want := time.Time{}
		if c.want > 0 {
			want = at.Add(c.want)
		}
		if got := c.g.until(store.Attempts{Count: c.count, At: at}); !got.Equal(want) {
			t.Errorf("%+v after %d: %v, want %v", c.g, c.count, got, want)
		}
	}
	year, count := time.Duration(0), int64(0)
	for now := at; year < 365*24*time.Hour; count++ {
		next := guessingCode.until(store.Attempts{Count: count, At: now})
		if next.After(now) {
			year += next.Sub(now)
			now = next
		}
	}
	if count > 400 { // of a million codes, three of which are right at a time
		t.Errorf("%d codes can be tried in a year", count)
	}
}

func TestAddressesThatAreOneMachine(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "unknown": "unknown",
	} {
		if got := Neighbourhood(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	began := time.Unix(1000, 0)
	for used, want := range map[time.Duration]time.Duration{0: SessionIdle, 5 * time.Hour: 6 * time.Hour, 11*time.Hour + 30*time.Minute: SessionLife, 12 * time.Hour: SessionLife} {
		if got := sessionUntil(began, began.Add(used)); !got.Equal(began.Add(want)) {
			t.Errorf("used after %v: ends after %v, want %v", used, got.Sub(began), want)
		}
	}
}

func TestAddressesOfMails(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{" Astrid@Example.COM ": "astrid@example.com", "a+b@x.se": "a+b@x.se"} {
		if got, err := NormalEmail(email); err != nil || got != want {
			t.Errorf("%q: %q, %v", email, got, err)
		}
	}
	for _, email := range []string{"", "astrid", "@x.se", "Astrid <a@x.se>", "a@x.se, b@x.se", "a b@x.se", "a@x.se\r\nBcc: b@x.se", strings.Repeat("a", 250) + "@x.se"} {
		if got, err := NormalEmail(email); err == nil {
			t.Errorf("%q was taken as %q", email, got)
		}
	}
}

func TestWherePasskeysWork(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"https://pay.example.com": "https://pay.example.com", "https://pay.example.com:8443": "https://pay.example.com:8443",
		"http://localhost:7420": "http://localhost:7420", "http://127.0.0.1:7420": "", "https://192.0.2.7": "", "http://pay.example.com": "", "https://[::1]:1": "",
	} {
		party, err := newRelyingParty(at)
		got := ""
		if party != nil {
			got = party.origin
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", at, got, err)
		}
	}
}

// TestNobodyCostsWhatSomebodyDoes: an address that nobody has waits for its turn
// to hash like any other.
func TestNobodyCostsWhatSomebodyDoes(t *testing.T) {
	t.Parallel()
	h := newHashing()
	for range hashingMax {
		h.running <- struct{}{}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, stored := range map[string]string{"nobody": "", "somebody": h.nobodysPassword()} {
		if _, _, err := h.matches(ended, stored, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
