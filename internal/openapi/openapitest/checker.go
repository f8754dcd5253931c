package openapitest

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Checker compares exchanges with the documents.
type Checker struct {
	mux *http.ServeMux

	mu       sync.Mutex // of what follows
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
	seen     map[string]bool // operations that were answered with success
}

// New returns a checker of both documents.
func New(tb testing.TB) *Checker {
	tb.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	for name, document := range Documents(tb) {
		if err := compiler.AddResource(resource(name), document); err != nil {
			tb.Fatal(err)
		}
	}
	return &Checker{mux: route(Operations(tb)), compiler: compiler, schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
}

func resource(name string) string { return "https://kvitto.invalid/" + name + ".json" }

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Check compares an exchange with what is said of its operation. What no document
// has must be refused.
func (c *Checker) Check(tb testing.TB, r *http.Request, body []byte, a Answer) {
	tb.Helper()
	served := served(r.URL.Path)
	asked := r.Clone(r.Context())
	asked.URL.Path, asked.URL.RawPath = served, ""
	handler, _ := c.mux.Handler(asked)
	found, ok := handler.(*operationHandler)
	if !ok {
		if a.Status < 300 && documented(r.Method, served) {
			tb.Errorf("%s %s is in no document and was answered with %d", r.Method, served, a.Status)
		}
		return
	}
	if a.Status < 300 {
		c.note(found.Operation)
		c.checkRequest(tb, found.Operation, r, body)
	}
	c.checkAnswer(tb, found.Operation, a)
}

// served is the path that an operation has: slashes and dots are forgiven, and the
// older prefix leads to the same.
func served(sent string) string {
	clean := path.Clean("/" + sent)
	if below, ok := strings.CutPrefix(clean, "/credit/v1/"); ok {
		return "/payments/v1/" + below
	}
	return clean
}

// documented tells whether a call is one that the documents would have. Below
// /kp/v1/ browsers load things, too.
func documented(method, path string) bool {
	switch {
	case method == http.MethodOptions:
		return false
	case strings.HasPrefix(path, "/kp/v1/"):
		return method == http.MethodPost
	}
	return strings.HasPrefix(path, "/payments/") || strings.HasPrefix(path, "/kvitto/v1/")
}

func (c *Checker) note(o *Operation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[o.ID] = true
}

// Unseen are the operations of the documents of which no exchange succeeded.
func (c *Checker) Unseen(tb testing.TB) (ids []string) {
	tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range Operations(tb) {
		if !c.seen[o.ID] {
			ids = append(ids, o.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// checkRequest holds what was taken to what the document says is taken.
func (c *Checker) checkRequest(tb testing.TB, o *Operation, r *http.Request, body []byte) {
	tb.Helper()
	for name := range r.URL.Query() {
		if !slices.Contains(o.Query, name) {
			tb.Errorf("%s: the query parameter %q is not in the document", o.ID, name)
		}
	}
	if len(bytes.TrimSpace(body)) == 0 || len(o.Request) == 0 {
		return
	}
	sent, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if sent == "" || strings.HasSuffix(sent, "+json") || sent == "text/json" {
		sent = "application/json" // they are taken for it
	}
	if !slices.Contains(o.Request, sent) {
		tb.Errorf("%s took %s, the document says %v", o.ID, sent, o.Request)
		return
	}
	if sent == "application/json" {
		c.validate(tb, o, o.at+"/requestBody/content/"+escaped(sent)+"/schema", body, lenient)
	}
}

func (c *Checker) checkAnswer(tb testing.TB, o *Operation, a Answer) {
	tb.Helper()
	node, at, ok := o.answer(a.Status)
	if !ok {
		tb.Errorf("%s answered %d, which the document does not have\n%s", o.ID, a.Status, a.Body)
		return
	}
	checkHeaders(tb, o, node, a)
	content, _ := node["content"].(map[string]any)
	if len(content) == 0 || len(a.Body) == 0 {
		if len(content) > 0 || len(a.Body) > 0 {
			tb.Errorf("%s: an answer %d has a body of %d bytes, the document says %v", o.ID, a.Status, len(a.Body), keys(content))
		}
		return
	}
	got, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if content[got] == nil {
		tb.Errorf("%s: an answer %d is %q, the document says %v", o.ID, a.Status, got, keys(content))
		return
	}
	bodies := [][]byte{a.Body}
	if got == "application/x-ndjson" {
		bodies = bytes.Split(bytes.TrimSpace(a.Body), []byte("\n"))
	}
	for _, body := range bodies {
		c.validate(tb, o, at+"/content/"+escaped(got)+"/schema", body, strict)
	}
}

// checkHeaders looks for headers that mean something and are not said.
func checkHeaders(tb testing.TB, o *Operation, node map[string]any, a Answer) {
	tb.Helper()
	said, _ := node["headers"].(map[string]any)
	for name := range a.Header {
		telling := strings.HasPrefix(name, "Kvitto-") || strings.HasPrefix(name, "Klarna-") || strings.HasPrefix(name, "X-Ratelimit-") ||
			slices.Contains([]string{"Retry-After", "Allow", "Www-Authenticate"}, name)
		if telling && !slices.ContainsFunc(keys(said), func(said string) bool { return strings.EqualFold(said, name) }) {
			tb.Errorf("%s: an answer %d has the header %s, which is not in the document", o.ID, a.Status, name)
		}
	}
}

func keys(node map[string]any) (names []string) {
	for name := range node {
		names = append(names, name)
	}
	return names
}

// validate compares a body with the schema at a pointer; passes tells of a fault
// whether it is none.
func (c *Checker) validate(tb testing.TB, o *Operation, at string, body []byte, passes func(*jsonschema.ValidationError, any) bool) {
	tb.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		tb.Errorf("%s: the body is no JSON: %v\n%s", o.ID, err, body)
		return
	}
	schema, err := c.schema(resource(o.document) + at)
	if err != nil {
		tb.Errorf("%s: %v", o.ID, err)
		return
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(value); !errors.As(err, &invalid) {
		return
	}
	for _, fault := range faults(invalid) {
		if !passes(fault, valueAt(value, fault.InstanceLocation)) {
			tb.Errorf("%s: %s: %v\n%s", o.ID, strings.Join(fault.InstanceLocation, "/"), fault, body)
		}
	}
}

// schema compiles a schema once.
func (c *Checker) schema(address string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.schemas[address]; known != nil {
		return known, nil
	}
	schema, err := c.compiler.Compile(address)
	if err == nil {
		c.schemas[address] = schema
	}
	return schema, err
}

// faults are the innermost causes.
func faults(e *jsonschema.ValidationError) (all []*jsonschema.ValidationError) {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	for _, cause := range e.Causes {
		all = append(all, faults(cause)...)
	}
	return all
}

// valueAt is the value of a property; nil where there is none, and for lists.
func valueAt(value any, path []string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func strict(*jsonschema.ValidationError, any) bool { return false }

// lenient is what the documents say in words of bodies that are sent: null is an
// absent property, an empty text passes every format, names ignore the case of
// letters, a number is taken as its text, fractions are cut off.
func lenient(fault *jsonschema.ValidationError, value any) bool {
	switch k := fault.ErrorKind.(type) {
	case *kind.Type:
		return k.Got == "null" || k.Got == "number" && (slices.Contains(k.Want, "string") || slices.Contains(k.Want, "integer"))
	case *kind.Pattern:
		return k.Got == ""
	case *kind.Enum:
		text, ok := value.(string)
		return ok && (text == "" || slices.ContainsFunc(k.Want, func(want any) bool { name, ok := want.(string); return ok && strings.EqualFold(name, text) }))
	}
	return false
}
