package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kvitto/kvitto/internal/api"
	"github.com/kvitto/kvitto/internal/overload"
)

// reads sends a body to an operation that refuses it for what it is, so that
// the record shows what was read.
func reads(t *testing.T, bodies *overload.Budget, body io.Reader, length int64) (status, read int) {
	t.Helper()
	book := &notebook{}
	handler := api.New(options(book, func(o *api.Options) { o.Bodies = bodies }))
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/payments/v1/sessions", body)
	request.ContentLength = length
	request.SetBasicAuth("a", "b")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if used := bodies.Used(); used != 0 {
		t.Errorf("%d bytes of the budget are still taken", used)
	}
	if retry := answer.Header().Get("Retry-After"); (answer.Code == 503) != (retry == "1") {
		t.Errorf("%d with Retry-After %q", answer.Code, retry)
	}
	return answer.Code, len(book.exchanges[0].RequestBody)
}

// TestBodiesAreReadWholeOrRefused for sizes around every step of the buffer,
// with and without an announced length, in pieces of any size.
func TestBodiesAreReadWholeOrRefused(t *testing.T) {
	t.Parallel()
	budget := overload.NewBudget(4 << 20)
	for _, size := range []int{1, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 131072, 131073, 1<<20 - 1, 1 << 20, 1<<20 + 1} {
		for name, pieces := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "with its end": iotest.DataErrReader,
		} {
			for _, known := range []bool{true, false} {
				length := int64(-1)
				if known {
					length = int64(size)
				}
				want, wantRead := 400, size
				if size > api.BodyMax {
					want, wantRead = 413, 0
				}
				status, read := reads(t, budget, pieces(strings.NewReader(strings.Repeat("x", size))), length)
				if status != want || read != wantRead {
					t.Errorf("%d bytes %s, length known %t: %d, %d read, want %d, %d", size, name, known, status, read, want, wantRead)
				}
			}
		}
	}
}

// TestABodyThatIsCutOffIsNotTaken.
func TestABodyThatIsCutOffIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, sent := range []int{100, 70000} {
		text := strings.Repeat(" ", sent-2) + "{}"
		for name, c := range map[string]struct {
			body   io.Reader
			length int64
		}{
			"shorter than announced": {strings.NewReader(text), int64(sent + 1)},
			"in chunks":              {io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrUnexpectedEOF)), -1},
		} {
			if status, read := reads(t, nil, c.body, c.length); status != 400 || read != 0 {
				t.Errorf("%d bytes %s: %d, %d read", sent, name, status, read)
			}
		}
	}
}

// TestLargeBodiesShareABudget: without budget a large body is refused with
// 503, a usual one is read.
func TestLargeBodiesShareABudget(t *testing.T) {
	t.Parallel()
	budget := overload.NewBudget(1000)
	large := strings.Repeat("x", 70000)
	for name, length := range map[string]int64{"announced": int64(len(large)), "in chunks": -1} {
		if status, _ := reads(t, budget, strings.NewReader(large), length); status != 503 {
			t.Errorf("%s: %d, want 503", name, status)
		}
	}
	if status, _ := reads(t, budget, strings.NewReader(large[:overload.BodyFree]), overload.BodyFree); status != 400 {
		t.Errorf("a body that needs no budget: %d, want 400", status)
	}
}

// TestAnAnnouncedBodyCostsNothingUntilItCame: the budget is asked when the
// free part has arrived, not for what a header says.
func TestAnAnnouncedBodyCostsNothingUntilItCame(t *testing.T) {
	t.Parallel()
	budget := overload.NewBudget(4 << 20)
	seen := int64(-1)
	body := io.MultiReader(strings.NewReader(strings.Repeat("x", overload.BodyFree-1)), look(func() { seen = budget.Used() }))
	if status, _ := reads(t, budget, body, api.BodyMax); status != 400 {
		t.Errorf("status %d", status)
	}
	if seen != 0 {
		t.Errorf("%d bytes were taken before the free part was there", seen)
	}
}

// look is a reader that ends the body and looks around when it is read.
type look func()

func (l look) Read([]byte) (int, error) { l(); return 0, io.EOF }
