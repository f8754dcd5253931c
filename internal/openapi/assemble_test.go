package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kvitto/kvitto/internal/openapi"
)

var update = flag.Bool("update", false, "assemble the documents anew from source/")

// TestAssembled: the documents are what their sources say.
func TestAssembled(t *testing.T) {
	t.Parallel()
	for name, embedded := range map[string][]byte{"kvitto": openapi.Kvitto(), "payments": openapi.Payments()} {
		document := assembled(t, name)
		if *update {
			if err := os.WriteFile(name+".json", document, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(document), string(embedded)); diff != "" {
			t.Errorf("%s.json is not what source/ says (go test ./internal/openapi -run Assembled -update):\n%s", name, diff)
		}
	}
}

// member is a property of an object, whose order stays as it was written.
type member struct {
	name  string
	value any // object, []any, or a scalar
}

type object []member

func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s:%s", name, value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// assembled is a document with what it refers to of shared.yaml.
func assembled(t *testing.T, name string) []byte {
	t.Helper()
	document, shared := read(t, name), read(t, "shared").get("components").(object)
	document = slices.DeleteFunc(document, func(m member) bool { return m.name == "x-anchors" })
	components := document.get("components").(object)
	for grown := true; grown; {
		grown = false
		for _, ref := range refs(object{{"", document}}) {
			kind, component, ok := strings.Cut(strings.TrimPrefix(ref, "#/components/"), "/")
			if own, _ := components.get(kind).(object); !ok || own.get(component) != nil {
				continue
			}
			of, _ := shared.get(kind).(object)
			value := of.get(component)
			if value == nil {
				t.Fatalf("%s refers to %s, which is nowhere", name, ref)
			}
			components, grown = with(components, kind, member{component, value}), true
			break
		}
		document = set(document, "components", components)
	}
	schemes, _ := shared.get("securitySchemes").(object)
	for _, scheme := range schemes {
		if strings.Contains(string(compact(t, document)), `{"`+scheme.name+`":[]}`) {
			components = with(components, "securitySchemes", scheme)
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, compact(t, set(document, "components", components)), "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	return indented.Bytes()
}

func compact(t *testing.T, document object) []byte {
	t.Helper()
	text, err := marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// with adds a component of a kind.
func with(components object, kind string, m member) object {
	own, _ := components.get(kind).(object)
	return set(components, kind, append(slices.Clone(own), m))
}

func set(o object, name string, value any) object {
	o = slices.Clone(o)
	for i := range o {
		if o[i].name == name {
			o[i].value = value
			return o
		}
	}
	return append(o, member{name, value})
}

// refs are all references in a value.
func refs(v any) (found []string) {
	switch v := v.(type) {
	case object:
		for _, m := range v {
			if text, ok := m.value.(string); ok && m.name == "$ref" {
				found = append(found, text)
			}
			found = append(found, refs(m.value)...)
		}
	case []any:
		for _, element := range v {
			found = append(found, refs(element)...)
		}
	}
	return found
}

func read(t *testing.T, name string) object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("source", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatalf("%s.yaml: %v", name, err)
	}
	return valueOf(t, document.Content[0]).(object)
}

// valueOf resolves aliases and merges.
func valueOf(t *testing.T, node *yaml.Node) any {
	t.Helper()
	switch node.Kind {
	case yaml.AliasNode:
		return valueOf(t, node.Alias)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, element := range node.Content {
			list[i] = valueOf(t, element)
		}
		return list
	case yaml.MappingNode:
		return objectOf(t, node)
	}
	var scalar any
	if err := node.Decode(&scalar); err != nil {
		t.Fatalf("line %d: %v", node.Line, err)
	}
	return scalar
}

// objectOf: what is written itself goes before what is merged, wherever it stands.
func objectOf(t *testing.T, node *yaml.Node) object {
	t.Helper()
	var own, merged object
	for i := 0; i < len(node.Content); i += 2 {
		name, value := node.Content[i].Value, valueOf(t, node.Content[i+1])
		if name != "<<" {
			own = append(own, member{name, value})
			continue
		}
		sources, list := value.([]any)
		if !list {
			sources = []any{value}
		}
		for _, source := range sources {
			merged = append(merged, source.(object)...)
		}
	}
	for _, m := range merged {
		if own.get(m.name) == nil {
			own = append(own, m)
		}
	}
	if own == nil {
		return object{}
	}
	return own
}
