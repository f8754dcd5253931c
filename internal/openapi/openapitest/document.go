package openapitest

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kvitto/kvitto/internal/openapi"
)

// Operation is what a document says of a method of a path.
type Operation struct {
	Method, Path string
	ID           string
	Playground   bool     // only a playground has it
	Query        []string // names of its query parameters
	PathNames    []string // names of its path parameters
	// Request has the types of the body; empty is an operation without one.
	Request []string

	document string // its name
	at       string // JSON pointer of the operation
	root     map[string]any
	node     map[string]any
}

// Documents are both documents, by their names.
func Documents(tb testing.TB) map[string]map[string]any {
	tb.Helper()
	documents := map[string]map[string]any{}
	for name, text := range map[string][]byte{"kvitto": openapi.Kvitto(), "payments": openapi.Payments()} {
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		documents[name] = parsed.(map[string]any)
	}
	return documents
}

// Operations are all of both documents.
func Operations(tb testing.TB) (all []Operation) {
	tb.Helper()
	for name, root := range Documents(tb) {
		for path, item := range root["paths"].(map[string]any) {
			item := item.(map[string]any)
			for method, node := range item {
				if method == "parameters" {
					continue
				}
				o := Operation{Method: strings.ToUpper(method), Path: path, document: name, root: root, node: node.(map[string]any),
					at: "#/paths/" + escaped(path) + "/" + method}
				o.ID, _ = o.node["operationId"].(string)
				o.Playground, _ = o.node["x-kvitto-playground"].(bool)
				o.parameters(item["parameters"])
				o.parameters(o.node["parameters"])
				if body, ok := o.node["requestBody"].(map[string]any); ok {
					o.Request = keys(body["content"].(map[string]any))
				}
				all = append(all, o)
			}
		}
	}
	return all
}

func (o *Operation) parameters(list any) {
	parameters, _ := list.([]any)
	for _, parameter := range parameters {
		node, _ := resolved(o.root, parameter.(map[string]any), "")
		name := node["name"].(string)
		if node["in"] == "query" {
			o.Query = append(o.Query, name)
		} else {
			o.PathNames = append(o.PathNames, name)
		}
	}
}

// answer is what is said of a status, and where.
func (o *Operation) answer(status int) (node map[string]any, at string, ok bool) {
	key := fmt.Sprint(status)
	said, ok := o.node["responses"].(map[string]any)[key].(map[string]any)
	if !ok {
		return nil, "", false
	}
	node, at = resolved(o.root, said, o.at+"/responses/"+key)
	return node, at, true
}

// resolved follows a reference.
func resolved(root, node map[string]any, at string) (map[string]any, string) {
	ref, ok := node["$ref"].(string)
	if !ok {
		return node, at
	}
	found := any(root)
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		found = found.(map[string]any)[part]
	}
	return found.(map[string]any), ref
}

// escaped is a name as a part of a JSON pointer in a fragment.
func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// route makes a mux that finds operations by their paths.
func route(all []Operation) *http.ServeMux {
	mux := http.NewServeMux()
	for i := range all {
		mux.Handle(all[i].Method+" "+all[i].Path, &operationHandler{&all[i]})
	}
	return mux
}

type operationHandler struct{ *Operation }

// ServeHTTP is never called: the mux is asked for the handler.
func (*operationHandler) ServeHTTP(http.ResponseWriter, *http.Request) {}
