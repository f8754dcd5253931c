package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"net/http"
	"strconv"
	"strings"
	"text/template"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/requestlog"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/timeline"
	"github.com/kvitto/kvitto/internal/wire"
)

// replay is what leads to an exchange, from an empty server on.
type replay struct {
	Name     string // of the test
	ID       string
	Why      string
	Create   string // body of the session; empty where the exchange makes it itself
	Approved bool   // the customer approves what was created
	Update   string // what the session became after that; empty for nothing
	Call     string // create, update or order
	Body     string
	Refused  bool
}

// replay finds the state that an exchange met. What cannot be played again is
// the zero value.
func (p *portal) replay(ctx context.Context, e *requestlog.Exchange) (replay, error) {
	made := replay{ID: e.CorrelationID, Why: oneLine(timeline.Headline(e, e.Violations)), Body: indented(e.RequestBody), Refused: e.Refused()}
	made.Name = "Test" + strings.ReplaceAll(titled(readable(e.Operation)), " ", "") + strings.ToUpper(e.CorrelationID[max(0, len(e.CorrelationID)-6):])
	if e.Shed || len(e.RequestBody) == 0 {
		return replay{}, nil
	}
	switch e.Operation {
	case "create_session":
		made.Call = "create"
		return made, nil
	case "update_session", "create_order":
	default:
		return replay{}, nil
	}
	sessionID, err := p.sessionOf(ctx, e)
	if sessionID == "" || err != nil {
		return replay{}, err
	}
	located := *e
	located.SessionID = sessionID
	before, err := p.revisionBefore(ctx, &located)
	if errors.Is(err, store.ErrNotFound) {
		return replay{}, nil
	} else if err != nil {
		return replay{}, err
	}
	made.fill(e, &before.Session)
	return made, nil
}

// fill says what the session was.
func (r *replay) fill(e *requestlog.Exchange, session *checkout.Session) {
	if e.Operation == "update_session" {
		r.Call, r.Create = "update", contentText(&session.Content)
		return
	}
	approved := session.Authorization
	if approved == nil || approved.Content == nil {
		return // there was no token to order with
	}
	r.Call, r.Approved, r.Create = "order", true, contentText(approved.Content)
	if now := contentText(&session.Content); now != r.Create {
		r.Update = now
	}
}

func contentText(c *checkout.Content) string { return indented(wire.AppendContent(nil, c)) }

// indented is JSON over several lines, and anything else as it is.
func indented(body []byte) string {
	text := jsontext.Value(bytes.Clone(body))
	if err := text.Indent(jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true)); err != nil {
		return string(body)
	}
	return string(text)
}

// sessionOf is the session that an exchange is about; "" when none is known.
func (p *portal) sessionOf(ctx context.Context, e *requestlog.Exchange) (sessionID string, err error) {
	if e.SessionID != "" || e.AuthorizationToken == "" {
		return e.SessionID, nil
	}
	sessionID, err = p.Sessions.SessionOfAuthorization(ctx, e.AuthorizationToken)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	session, err := p.Sessions.Session(ctx, sessionID)
	if err != nil || session.MerchantID != e.MerchantID {
		return "", err
	}
	return sessionID, nil
}

// testTemplate is the test. It fails as long as the server refuses the body, and
// says why.
var testTemplate = template.Must(template.New("test").Funcs(template.FuncMap{"literal": literal}).Parse(`// Made from the exchange {{.ID}}.{{if .Why}}
// {{.Why}}{{end}}

package shop_test

import (
	"testing"

	"github.com/kvitto/kvitto/kvittotest"
)

func {{.Name}}(t *testing.T) {
	server := kvittotest.Start(t)
	shop := server.Client // or what your shop sends, built by your own code
{{- if .Create}}
	created, err := shop.CreateSession(t.Context(), {{literal .Create}})
	if err != nil {
		t.Fatal(err)
	}
{{- end}}
{{- if .Approved}}
	token := server.Authorize(created.SessionID, "approve").AuthorizationToken
{{- end}}
{{- if .Update}}
	if _, err := shop.UpdateSession(t.Context(), created.SessionID, {{literal .Update}}); err != nil {
		t.Fatal(err)
	}
{{- end}}
	body := {{literal .Body}}
{{- if eq .Call "create"}}
	if _, err := shop.CreateSession(t.Context(), body); err != nil {
		t.Fatal(err)
	}
{{- else if eq .Call "update"}}
	if _, err := shop.UpdateSession(t.Context(), created.SessionID, body); err != nil {
		t.Fatal(err)
	}
{{- else}}
	if _, err := shop.PlaceOrder(t.Context(), token, body); err != nil {
		t.Fatal(err)
	}
{{- end}}
}
`))

// source is the test as a Go file; "" where there is nothing to play again.
func (r *replay) source() (string, error) {
	if r.Call == "" {
		return "", nil
	}
	var text bytes.Buffer
	if err := testTemplate.Execute(&text, r); err != nil {
		return "", err
	}
	formatted, err := format.Source(text.Bytes())
	if err != nil {
		return "", fmt.Errorf("the test of %s: %w", r.ID, err)
	}
	return string(formatted), nil
}

// literal is a text as a Go literal that can be read.
func literal(text string) string {
	if strconv.CanBackquote(strings.ReplaceAll(text, "\n", "")) && !strings.Contains(text, "\r") {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// oneLine keeps what a client sent from ending a comment.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// titled begins each word with a capital letter.
func titled(text string) string {
	words := strings.Fields(text)
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, " ")
}

func (p *portal) goTest(w http.ResponseWriter, r *http.Request) error {
	e, err := p.find(r.Context(), r.PathValue("correlation_id"))
	if err != nil {
		return err
	}
	made, err := p.replay(r.Context(), &e)
	if err != nil {
		return err
	}
	source, err := made.source()
	if err != nil {
		return err
	}
	if source == "" {
		return &missing{What: "test", ID: e.CorrelationID, Advice: "Only creating a session, updating it and placing an order can be played again, as long as their bodies are kept."}
	}
	download(w, "text/plain; charset=utf-8", strings.ToLower(made.Name)+"_test.go", []byte(source))
	return nil
}
