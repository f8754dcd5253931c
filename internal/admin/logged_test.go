package admin_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/admin"
)

func TestChangesAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logged := admin.Logged{Operations: direct(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
	ctx := t.Context()
	merchant, err := logged.AddMerchant(ctx, "Erika Mustermann")
	if err != nil {
		t.Fatal(err)
	}
	key, err := logged.CreateKey(ctx, merchant.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := logged.RevokeKey(ctx, key.Username); err != nil {
		t.Fatal(err)
	}
	for _, disabled := range []bool{true, false} {
		if _, err := logged.SetDisabled(ctx, merchant.ID, disabled); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := logged.CreateKey(ctx, "nobody"); err == nil {
		t.Fatal("nobody has a key")
	}
	text := log.String()
	if lines := strings.Count(text, "\n"); lines != 5 {
		t.Errorf("%d lines, want 5", lines)
	}
	for _, want := range []string{
		`msg="merchant added" merchant_id=` + merchant.ID, `msg="key created" merchant_id=` + merchant.ID + " username=" + key.Username,
		`msg="key revoked" username=` + key.Username, `msg="merchant disabled" merchant_id=` + merchant.ID,
		`msg="merchant enabled" merchant_id=` + merchant.ID,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the log does not say %s", want)
		}
	}
	if strings.Contains(text, key.Password) || strings.Contains(text, "Erika") {
		t.Errorf("the log says too much:\n%s", text)
	}
}
