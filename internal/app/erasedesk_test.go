package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/admin"
	"github.com/kvitto/kvitto/internal/app"
)

const (
	annasMail = "anna.andersson@example.com"
	annasCart = `{"purchase_country":"SE","purchase_currency":"SEK","order_amount":100,"merchant_reference1":"A-4711",
		"order_lines":[{"name":"Ring for Anna Andersson","quantity":1,"unit_price":100,"total_amount":100}],
		"billing_address":{"given_name":"Anna","family_name":"Andersson","email":"` + annasMail + `","phone":"+46701234567","street_address":"Storgatan 1","country":"SE"}}`
)

// erased asks a desk and returns the result.
func erased(t *testing.T, desk admin.EraseDesk, question admin.EraseQuestion) (result admin.Erasure) {
	t.Helper()
	err := desk.Erase(t.Context(), question, func(line []byte) error {
		var said admin.ErasureLine
		if err := json.Unmarshal(line, &said); err != nil {
			return err
		}
		if said.Result != nil {
			result = *said.Result
		}
		if said.Error != "" {
			return errors.New(said.Error)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// TestAPersonIsErasedFromARunningServer, through its socket, and its files have
// nothing of the person after that.
func TestAPersonIsErasedFromARunningServer(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	server := run(t, func(c *app.Config) { c.DataDir = directory })
	store := "sqlite:" + filepath.Join(directory, "kvitto.db")
	username, password := key(t, store)
	call := func(method, path, body string) reply {
		return send(t, http.DefaultClient, method, server.URL+path, username, password, body, nil)
	}
	created := call(http.MethodPost, "/payments/v1/sessions", annasCart)
	var session struct {
		ID string `json:"session_id"`
	}
	if err := json.Unmarshal([]byte(created.body), &session); err != nil || session.ID == "" {
		t.Fatal(created, err)
	}
	call(http.MethodPost, "/payments/v1/sessions/"+session.ID, strings.Replace(annasCart, `"order_amount":100`, `"order_amount":101`, 1))
	call(http.MethodPost, "/payments/v1/sessions", strings.ReplaceAll(strings.ReplaceAll(annasCart, annasMail, "bo@example.net"), "+46701234567", ""))
	desk, err := app.OpenAdmin(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = desk.Close() })
	question := admin.EraseQuestion{AllMerchants: true, Emails: []string{annasMail}, DryRun: true}
	if counted := erased(t, desk, question); counted.Sessions != 1 || counted.Open != 1 || counted.Exchanges != 2 || !counted.DryRun {
		t.Errorf("counted %+v", counted)
	}
	question.DryRun, question.Compact = false, true
	if done := erased(t, desk, question); done.Sessions != 1 || done.Exchanges != 2 || done.DryRun {
		t.Errorf("erased %+v", done)
	}
	mustHaveNothing(t, directory, annasMail, "46701234567")
	if read := call(http.MethodGet, "/payments/v1/sessions/"+session.ID, ""); read.status != http.StatusNotFound {
		t.Errorf("the session that was open: %d %s", read.status, read.body)
	}
	for _, bad := range []admin.EraseQuestion{{Emails: []string{annasMail}}, {Merchant: "unknown", Emails: []string{annasMail}}, {AllMerchants: true}} {
		if err := desk.Erase(t.Context(), bad, func([]byte) error { return nil }); err == nil {
			t.Errorf("%+v erases somebody", bad)
		}
	}
}

// TestAPersonIsErasedFromThePlayground when it has ended: its log keeps bodies as
// they were sent.
func TestAPersonIsErasedFromThePlayground(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	playground, err := app.Open(t.Context(), app.Config{DataDir: directory, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- playground.Run(t.Context()) }()
	for _, body := range []string{annasCart, strings.Replace(annasCart, `"order_amount":100`, `"order_amount":101`, 1), cart} {
		send(t, http.DefaultClient, http.MethodPost, playground.URL+"/payments/v1/sessions", "demo", "demo", body, nil)
	}
	if err := playground.Close(); err != nil {
		t.Fatal(err)
	}
	if !inFiles(t, directory, "Storgatan") {
		t.Fatal("the test looks in the wrong place")
	}
	desk, err := app.OpenAdmin(t.Context(), "sqlite:"+directory)
	if err != nil {
		t.Fatal(err)
	}
	if done := erased(t, desk, admin.EraseQuestion{Merchant: "demo", Phones: []string{"0046 70 123 45 67"}, Compact: true}); done.Sessions != 1 || done.Exchanges != 2 {
		t.Errorf("erased %+v", done)
	}
	mustHaveNothing(t, directory, annasMail, "46701234567", "Andersson", "Storgatan")
	if err := desk.Close(); err != nil {
		t.Fatal(err)
	}
	if !inFiles(t, directory, "A-4711") {
		t.Error("the reference is gone")
	}
}

func mustHaveNothing(t *testing.T, directory string, words ...string) {
	t.Helper()
	for _, word := range words {
		if inFiles(t, directory, word) {
			t.Errorf("a file still has %q", word)
		}
	}
}

func inFiles(t *testing.T, directory, word string) (found bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(directory, "*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(word)) {
			t.Logf("%s has %q", filepath.Base(file), word)
			found = true
		}
	}
	return found
}
