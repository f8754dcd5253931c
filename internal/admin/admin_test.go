package admin_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/credential"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

var noon = time.Date(2030, 6, 1, 12, 0, 0, 123e6, time.UTC)

func direct() admin.Direct {
	return admin.Direct{Tenants: memstore.New(), Now: func() time.Time { return noon.Add(456 * time.Microsecond) }}
}

// overSocket are the same operations through the socket beside a database.
func overSocket(t *testing.T, operations admin.Operations, directory string) *admin.Remote {
	t.Helper()
	database := filepath.Join(directory, "kvitto.db")
	server, err := admin.Serve(database, operations)
	if err != nil {
		t.Fatal(err)
	}
	remote, err := admin.Dial(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := remote.Close(); err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(admin.SocketOf(database)); !os.IsNotExist(err) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
	return remote
}

func TestBothWaysDoTheSame(t *testing.T) {
	t.Parallel()
	t.Run("direct", func(t *testing.T) { t.Parallel(); story(t, direct()) })
	t.Run("socket", func(t *testing.T) { t.Parallel(); story(t, overSocket(t, direct(), t.TempDir())) })
	t.Run("a path that is too long for a socket", func(t *testing.T) {
		t.Parallel()
		directory := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
		if err := os.Mkdir(directory, 0o700); err != nil {
			t.Fatal(err)
		}
		story(t, overSocket(t, direct(), directory))
	})
}

func story(t *testing.T, o admin.Operations) {
	t.Helper()
	ctx := t.Context()
	if all, err := o.Merchants(ctx); err != nil || len(all) != 0 {
		t.Fatalf("merchants of an empty store: %v, %v", all, err)
	}
	shoes, err := o.AddMerchant(ctx, "Skor & <Strumpor> ÅÄÖ")
	if err != nil {
		t.Fatal(err)
	}
	want := admin.Merchant{ID: shoes.ID, Name: "Skor & <Strumpor> ÅÄÖ", CreatedAt: noon}
	if diff := cmp.Diff(want, shoes); diff != "" || !strings.HasPrefix(shoes.ID, "M") {
		t.Errorf("the merchant (-want +got):\n%s", diff)
	}
	keysOf(t, o, shoes.ID)

	disabled, err := o.SetDisabled(ctx, shoes.ID, true)
	want.DisabledAt = noon
	if diff := cmp.Diff(want, disabled); err != nil || diff != "" {
		t.Errorf("disabled: %v\n%s", err, diff)
	}
	want.DisabledAt = time.Time{}
	enabled, err := o.SetDisabled(ctx, shoes.ID, false)
	if diff := cmp.Diff(want, enabled); err != nil || diff != "" {
		t.Errorf("enabled: %v\n%s", err, diff)
	}
	all, err := o.Merchants(ctx)
	if diff := cmp.Diff([]admin.Merchant{want}, all); err != nil || diff != "" {
		t.Errorf("merchants: %v\n%s", err, diff)
	}
}

func keysOf(t *testing.T, o admin.Operations, merchant string) {
	t.Helper()
	ctx := t.Context()
	var names []string
	for range 2 {
		key, err := o.CreateKey(ctx, merchant)
		if err != nil || key.MerchantID != merchant || !strings.HasPrefix(key.Password, credential.PasswordPrefix) || !key.CreatedAt.Equal(noon) {
			t.Fatalf("create key: %+v, %v", key, err)
		}
		names = append(names, key.Username)
	}
	for range 2 { // the second time changes nothing
		if err := o.RevokeKey(ctx, names[0]); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := o.Keys(ctx, merchant)
	if err != nil || len(keys) != 2 {
		t.Fatalf("keys: %v, %v", keys, err)
	}
	for _, key := range keys {
		if key.Password != "" {
			t.Error("a listed key tells its password")
		}
		if revoked := !key.RevokedAt.IsZero(); revoked != (key.Username == names[0]) {
			t.Errorf("key %s: revoked %v", key.Username, revoked)
		}
	}
}

func TestMistakesLeadToTheNextStep(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]admin.Operations{"direct": direct(), "socket": overSocket(t, direct(), t.TempDir())} {
		calls := map[string]func(context.Context) error{
			"kvitto merchant list": func(ctx context.Context) error { _, err := o.SetDisabled(ctx, "nobody", true); return err },
			`merchant has the id`:  func(ctx context.Context) error { _, err := o.CreateKey(ctx, "nobody"); return err },
			`the id "nobody"`:      func(ctx context.Context) error { _, err := o.Keys(ctx, "nobody"); return err },
			"kvitto key list":      func(ctx context.Context) error { return o.RevokeKey(ctx, "nobody") },
			"a line of 1 to 255":   func(ctx context.Context) error { _, err := o.AddMerchant(ctx, " "); return err },
			"a line of":            func(ctx context.Context) error { _, err := o.AddMerchant(ctx, "a\nb"); return err },
			"255 bytes":            func(ctx context.Context) error { _, err := o.AddMerchant(ctx, strings.Repeat("x", 256)); return err },
		}
		for want, call := range calls {
			if err := call(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", name, err, want)
			}
		}
	}
}

func TestTheSocketIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	overSocket(t, direct(), directory)
	info, err := os.Lstat(filepath.Join(directory, "kvitto.db.sock"))
	if err != nil || info.Mode().Perm() != 0o600 || info.Mode().Type() != os.ModeSocket {
		t.Errorf("the socket has the mode %v, %v", info.Mode(), err)
	}
}

// TestASocketThatWasLeftBehind: a killed server leaves its socket.
func TestASocketThatWasLeftBehind(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "kvitto.db.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Skipf("the temporary directory is too deep for a socket: %v", err)
	}
	left.SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Dial(t.Context(), filepath.Join(directory, "kvitto.db")); err == nil {
		t.Error("a dead socket was dialed")
	}
	story(t, overSocket(t, direct(), directory))
}

// TestStrangeCalls: an unknown name, an unknown property and no JSON are
// answered, not guessed at.
func TestStrangeCalls(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	overSocket(t, direct(), directory)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", filepath.Join(directory, "kvitto.db.sock"))
	}}}
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/drop-everything", "{}", 404, ""},
		{"GET", "/merchants", "", 405, ""},
		{"POST", "/merchants", `{"limit":3}`, 200, `unknown field`},
		{"POST", "/merchants", `[`, 200, `"error"`},
		{"POST", "/merchants", `{}`, 200, `"result":[]`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, "http://kvitto"+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 4096)
		n, _ := response.Body.Read(text)
		_ = response.Body.Close()
		if response.StatusCode != c.status || !strings.Contains(string(text[:n]), c.says) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, response.StatusCode, text[:n])
		}
	}
}
