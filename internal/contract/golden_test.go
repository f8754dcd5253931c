package contract_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the answers of testdata/golden anew; read the difference before you keep it")

// TestGolden walks the golden exchanges. testdata/README.md tells the
// format.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	shapes, err := txtar.ParseFile(filepath.Join("testdata", "shapes.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	var ran atomic.Int32
	t.Cleanup(func() {
		// Of a part of the scenarios nothing is known.
		if unseen := s.documents.Unseen(t); int(ran.Load()) > len(files) && len(unseen) > 0 {
			t.Errorf("no exchange of these operations of the documents succeeded: %v", unseen)
		}
	})
	t.Run("what has no golden answer", func(t *testing.T) {
		t.Parallel()
		ran.Add(1)
		callTheRest(t, s.merchant("the rest"))
	})
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran.Add(1)
			newScenario(t, s, shapes, name, file).run(t)
		})
	}
}

// Section names of a golden file end in one of these.
const (
	letSuffix     = ".let"
	requestSuffix = ".request"
	answerSuffix  = ".answer"
)

// scenario is one golden file: requests in their order and the answers that
// must come back.
type scenario struct {
	server  *server
	name    string // also the user name, so that files never meet
	file    string
	archive *txtar.Archive
	words   *words
}

func newScenario(t *testing.T, s *server, shapes *txtar.Archive, name, file string) *scenario {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		t.Errorf("%s says nothing of the rule it shows", file)
	}
	return &scenario{server: s, name: name, file: file, archive: archive, words: newWords(s.url, shapes)}
}

func (sc *scenario) run(t *testing.T) {
	answers := make(map[string]string)
	for _, f := range sc.archive.Files {
		if exchange, ok := strings.CutSuffix(f.Name, answerSuffix); ok {
			answers[exchange] = string(f.Data)
		}
	}
	regenerated := &txtar.Archive{Comment: sc.archive.Comment}
	requests := 0
	for _, f := range sc.archive.Files {
		if strings.HasSuffix(f.Name, answerSuffix) {
			continue
		}
		regenerated.Files = append(regenerated.Files, f)
		if name, ok := strings.CutSuffix(f.Name, letSuffix); ok {
			sc.words.let(name, strings.TrimSuffix(string(f.Data), "\n"))
			continue
		}
		exchange, ok := strings.CutSuffix(f.Name, requestSuffix)
		if !ok {
			t.Fatalf("section %q: a name ends in %s, %s or %s", f.Name, letSuffix, requestSuffix, answerSuffix)
		}
		requests++
		got := sc.exchange(t, exchange, string(f.Data))
		regenerated.Files = append(regenerated.Files, txtar.File{Name: exchange + answerSuffix, Data: []byte(got)})
		if want := answers[exchange]; !*update && got != want {
			t.Errorf("%s: the answer differs (- wanted, + got):\n%s", exchange, cmp.Diff(want, got))
		}
		delete(answers, exchange)
	}
	for exchange := range answers {
		t.Errorf("the answer %q belongs to no request", exchange)
	}
	if requests == 0 {
		t.Error("there is no request")
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(sc.file, txtar.Format(regenerated), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// exchange sends a request and returns its answer the way answers are written
// in the file.
func (sc *scenario) exchange(t *testing.T, name, text string) string {
	t.Helper()
	request, err := sc.request(t, text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	a := sc.server.send(t, request)
	if !strings.HasPrefix(request.URL.Path, "/kp/") {
		recordedHeaders(t, name, a)
	}
	return sc.words.shown(name, a)
}

// request reads "METHOD /path", header lines, an empty line and the body. The
// line "As: other" speaks as another merchant, "As: nobody" without
// credentials, "As: refused" with wrong ones; "Name: -" takes a header away.
func (sc *scenario) request(t *testing.T, text string) (*http.Request, error) {
	head, body, _ := strings.Cut(text, "\n\n")
	body, err := sc.words.expand(strings.TrimSuffix(body, "\n"))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(head), "\n")
	line, err := sc.words.expand(lines[0])
	if err != nil {
		return nil, err
	}
	method, path, ok := strings.Cut(line, " ")
	if !ok {
		return nil, fmt.Errorf("the first line %q is not METHOD and path", line)
	}
	r := sc.server.merchant(sc.name).request(t, method, path, body)
	for _, line := range lines[1:] {
		line, err := sc.words.expand(line)
		if err != nil {
			return nil, err
		}
		header, value, ok := strings.Cut(line, ": ")
		if !ok {
			return nil, fmt.Errorf("%q is not a header", line)
		}
		switch {
		case header == "As":
			sc.identify(r, value)
		case value == "-":
			r.Header.Del(header)
		default:
			r.Header.Set(header, value)
		}
	}
	return r, nil
}

func (sc *scenario) identify(r *http.Request, who string) {
	switch who {
	case "nobody":
		r.Header.Del("Authorization")
	case "refused":
		r.SetBasicAuth(sc.name, "invalid")
	default:
		r.SetBasicAuth(sc.name+"-"+who, "secret")
	}
}
