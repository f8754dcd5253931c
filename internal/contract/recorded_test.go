package contract_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recordings are exchanges with the original's playground, kept outside this
// repository because their bodies are other people's.
var recordings = filepath.Join("..", "..", "..", "shared", "recorded", "exchanges.jsonl")

// recording is one of them.
type recording struct {
	ID              string          `json:"id"`
	API             string          `json:"api"`
	Kind            string          `json:"kind"`
	Method          string          `json:"method"`
	Path            string          `json:"path"`
	Request         json.RawMessage `json:"request"`
	Status          int             `json:"status"`
	ResponseHeaders map[string]any  `json:"response_headers"` // a string, or a list of them
	ResponseRaw     string          `json:"response_raw"`
}

// TestRecordedExchanges sends what was recorded to our server and compares
// what clients see. The state that a recording presupposes is made first.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	all := readRecordings(t)
	s := newServer(t)
	replay := &replay{merchant: s.merchant("recorded"), tokens: map[string]string{}, ids: map[string]string{}, all: all}
	for _, r := range all {
		// In their order: a repeated call is compared with the first.
		t.Run(r.ID, func(t *testing.T) { replay.check(t, r) })
	}
}

func readRecordings(t *testing.T) []recording {
	t.Helper()
	file, err := os.Open(recordings)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(recordings)); err == nil && os.Getenv("CI") != "" {
			t.Fatalf("the folder of %s is there and the file is not", recordings)
		}
		t.Skipf("NOT TESTED: there are no recorded exchanges at %s", recordings)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var found []recording
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.API == "payments" && r.Kind == "recorded" {
			found = append(found, r)
		}
	}
	if err := lines.Err(); err != nil || len(found) == 0 {
		t.Fatalf("no recorded exchanges of the Payments API in %s: %v", recordings, err)
	}
	return found
}

// replay maps recorded tokens and ids to ours.
type replay struct {
	merchant merchant
	tokens   map[string]string
	ids      map[string]string
	all      []recording
}

var (
	sessionInPath       = regexp.MustCompile(`^(/+(?:payments|credit)/v1/sessions/)([^/]+)$`)
	authorizationInPath = regexp.MustCompile(`^(/+(?:payments|credit)/v1/authorizations/)([^/]+)(/order|/customer-token)?$`)
)

func (p *replay) check(t *testing.T, r recording) {
	request := p.merchant.request(t, r.Method, p.path(t, r), string(r.Request))
	request.Header.Set("Accept", "*/*")
	if r.Status == http.StatusUnauthorized {
		request.SetBasicAuth("recorded", "invalid")
	}
	a := p.merchant.send(t, request)
	if a.status != r.Status {
		t.Fatalf("status %d, want %d\n%s", a.status, r.Status, a.body)
	}
	compareHeaders(t, r, a)
	if r.ResponseRaw == "" {
		if len(a.body) != 0 {
			t.Errorf("the recorded answer has no body, ours is %q", a.body)
		}
		return
	}
	recorded := answer{body: []byte(r.ResponseRaw)}
	if r.Status >= 400 {
		compareError(t, recorded, a)
		return
	}
	allowed := []string{"authorized_payment_method.number_of_days", "authorized_payment_method.number_of_installments"}
	ours := slices.DeleteFunc(keyPaths(t, a.body), func(path string) bool { return slices.Contains(allowed, path) })
	if diff := cmp.Diff(keyPaths(t, recorded.body), ours); diff != "" {
		t.Errorf("properties and their order (- recorded, + ours):\n%s", diff)
	}
	for _, name := range []string{"order_id", "token_id"} {
		p.compareID(t, name, recorded.text(t, name), a.text(t, name))
	}
}

// compareID: a recorded id that comes back later must come back with us too.
func (p *replay) compareID(t *testing.T, name, recorded, ours string) {
	t.Helper()
	if recorded == "" {
		return
	}
	if first, ok := p.ids[recorded]; ok && first != ours {
		t.Errorf("the recorded %s is that of an earlier answer, ours is new", name)
	}
	p.ids[recorded] = ours
}

// path is the recorded path with our ids in it.
func (p *replay) path(t *testing.T, r recording) string {
	t.Helper()
	if r.Status == http.StatusNotFound || r.Status == http.StatusUnauthorized {
		return r.Path
	}
	if parts := sessionInPath.FindStringSubmatch(r.Path); parts != nil {
		return parts[1] + p.merchant.create(t, cart)
	}
	parts := authorizationInPath.FindStringSubmatch(r.Path)
	if parts == nil {
		return r.Path
	}
	token, ok := p.tokens[parts[2]]
	if !ok {
		token = p.merchant.authorize(t, p.merchant.create(t, p.sessionOf(t, parts[2])), "")
		p.tokens[parts[2]] = token
	}
	return parts[1] + token + parts[3]
}

// sessionOf is the body of a session for which a recorded token could have
// been issued: that of the order placed with it, or one with the person that
// the recorded customer token shows.
func (p *replay) sessionOf(t *testing.T, token string) string {
	t.Helper()
	for _, r := range p.all {
		if !strings.Contains(r.Path, token) || r.Status != http.StatusOK {
			continue
		}
		if strings.HasSuffix(r.Path, "/order") {
			return string(r.Request)
		}
		var person struct {
			BillingAddress json.RawMessage `json:"billing_address"`
			Customer       json.RawMessage `json:"customer"`
		}
		if err := json.Unmarshal([]byte(r.ResponseRaw), &person); err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(map[string]any{
			"intent": "buy_and_tokenize", "purchase_country": "US", "purchase_currency": "USD", "order_amount": 1,
			"order_lines":     []any{map[string]any{"name": "Plan", "quantity": 1, "unit_price": 1, "total_amount": 1}},
			"merchant_urls":   map[string]string{"confirmation": "https://shop.example/thanks"},
			"billing_address": person.BillingAddress, "customer": person.Customer,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	t.Fatalf("no recorded call with the token %s worked", token)
	return ""
}

// compareError compares code and, as a set, the paths of the one message.
func compareError(t *testing.T, recorded, ours answer) {
	t.Helper()
	want, got := recorded.object(t), ours.object(t)
	if want["error_code"] != got["error_code"] {
		t.Errorf("error_code %v, want %v", got["error_code"], want["error_code"])
	}
	if diff := cmp.Diff(messageSets(t, want), messageSets(t, got)); diff != "" {
		t.Errorf("error_messages (- recorded, + ours):\n%s", diff)
	}
	wantKeys, gotKeys := keyPaths(t, recorded.body), keyPaths(t, ours.body)
	slices.Sort(wantKeys) // their order is not stable in the recordings
	slices.Sort(gotKeys)
	if diff := cmp.Diff(wantKeys, gotKeys); diff != "" {
		t.Errorf("properties (- recorded, + ours):\n%s", diff)
	}
	if id := ours.header.Get("Klarna-Correlation-Id"); id == "" || got["correlation_id"] != id {
		t.Errorf("correlation_id %v, header %q: they must be equal", got["correlation_id"], id)
	}
}

func messageSets(t *testing.T, object map[string]any) [][]string {
	t.Helper()
	list, ok := object["error_messages"].([]any)
	if !ok {
		t.Fatalf("error_messages is %v", object["error_messages"])
	}
	sets := make([][]string, len(list))
	for i, message := range list {
		text, _ := message.(string)
		prefix, paths, _ := strings.Cut(text, ": ")
		sets[i] = append(strings.Split(paths, ", "), prefix)
		slices.Sort(sets[i])
	}
	return sets
}

// unlikeOurs are recorded headers that other machines set, or that plain HTTP
// must not have.
var unlikeOurs = []string{
	"Date", "Server", "Connection", "Transfer-Encoding", "Content-Length", "Vary", "X-Envoy-Upstream-Service-Time",
	"Strict-Transport-Security",
}

// besideTheirs are headers of ours that a recording may lack: Kvitto's own,
// and those that answers of the outermost layer do not have there.
var besideTheirs = []string{"Kvitto-Explanation", "Date", "Content-Length"}

// changing are headers whose values differ from answer to answer.
var changing = []string{"Klarna-Correlation-Id", "Render-Time"}

func compareHeaders(t *testing.T, r recording, a answer) {
	t.Helper()
	for name, value := range r.ResponseHeaders {
		name = http.CanonicalHeaderKey(name)
		if slices.Contains(unlikeOurs, name) {
			continue
		}
		got := a.header.Get(name)
		if got == "" || (value != any(got) && !slices.Contains(changing, name)) {
			t.Errorf("header %s is %q, recorded %v", name, got, value)
		}
	}
	for name := range a.header {
		_, recorded := r.ResponseHeaders[name]
		_, security := securityHeaders[name]
		if !recorded && !security && !slices.Contains(besideTheirs, name) {
			t.Errorf("header %s: %q is in no recording of this answer", name, a.header.Get(name))
		}
	}
}

// keyPaths lists the paths of all properties in the order of their first
// appearance; the elements of a list count as one.
func keyPaths(t *testing.T, body []byte) []string {
	t.Helper()
	var found []string
	decoder := json.NewDecoder(bytes.NewReader(body))
	var walk func(path string)
	walk = func(path string) {
		token, err := decoder.Token()
		if err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		switch token {
		case json.Delim('{'):
			for decoder.More() {
				name, err := decoder.Token()
				if err != nil {
					t.Fatal(err)
				}
				below := strings.TrimPrefix(path+"."+name.(string), ".")
				if !slices.Contains(found, below) {
					found = append(found, below)
				}
				walk(below)
			}
			_, _ = decoder.Token()
		case json.Delim('['):
			for decoder.More() {
				walk(path + "[]")
			}
			_, _ = decoder.Token()
		}
	}
	walk("")
	return found
}
