package requestlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/requestlog/home"
)

const (
	annasMail  = "Anna.Andersson@example.com"
	annasPhone = "+46 70-123 45 67"
	bosMail    = "bo@example.net"
)

// annasWords are what must not be found of Anna anywhere, in lower case.
var annasWords = []string{"anna", "andersson", "70-123 45 67", "701234567", "storgatan", "ankeborg", "410321-9202", "1941-03-21", "device-of"}

func anna(t *testing.T) checkout.Person {
	t.Helper()
	p, problem := checkout.NewPerson([]string{annasMail}, []string{annasPhone})
	if problem != "" {
		t.Fatal(problem)
	}
	return p
}

// annasBody is a body with everything a shop sends of a person.
const annasBody = `{"order_amount":4711,"billing_address":{"given_name":"Anna","family_name":"Andersson","email":"` + annasMail + `","phone":"` + annasPhone + `",
	"street_address":"Storgatan 1","postal_code":"12345","city":"Ankeborg","country":"SE"},
	"customer":{"date_of_birth":"1941-03-21","national_identification_number":"410321-9202","type":"person"},
	"attachment":{"content_type":"application/json","body":"{\"customer_account_info\":[{\"unique_account_identifier\":\"anna-7\"}]}"},
	"merchant_data":"Anna called","order_lines":[{"name":"Ring for \u0041nna, engraved","total_amount":4711,"merchant_data":"device-of-anna"}]}`

// eraseLog records what a log has of Anna and of Bo, half of it indexed, and tells
// the ids.
type eraseLog struct {
	log            *Log
	hers, bos, all []string
	payments       map[string]*checkout.Erasure
}

func fillErase(t *testing.T, l *Log) *eraseLog {
	t.Helper()
	e := &eraseLog{log: l, payments: map[string]*checkout.Erasure{
		"session-1": checkout.NewErasure(anna(t), checkout.PartPayer).With([]string{"Anna", "Andersson", "Storgatan 1"}),
		"session-2": checkout.NewErasure(anna(t), checkout.PartRecipient).With([]string{"Anna", "Andersson"}),
	}}
	at := time.Now()
	add := func(hers bool, x Exchange) {
		at = at.Add(time.Second)
		x.CorrelationID, x.At, x.Duration = identifier.New(at), at.UTC(), time.Millisecond
		if x.MerchantID == "" {
			x.MerchantID = "m1"
		}
		record(t, l, x)
		if e.all = append(e.all, x.CorrelationID); hers {
			e.hers = append(e.hers, x.CorrelationID)
		} else {
			e.bos = append(e.bos, x.CorrelationID)
		}
	}
	bo := []byte(`{"order_amount":9900,"billing_address":{"email":"` + bosMail + `","given_name":"Bo"}}`)
	refused := Exchange{Status: 400, Method: "POST", Path: "/payments/v1/sessions", RequestBody: []byte(annasBody), ErrorCode: "BAD_VALUE",
		ErrorMessages: []string{"Bad value: billing_address.phone"}, Reason: "the phone number " + annasPhone + " of Anna is none",
		Violations: []checkout.Violation{
			{Path: "billing_address.phone", Rule: checkout.RuleFormat, Sent: annasPhone, Expected: "a phone number", Hint: annasPhone + " has a space"},
			{Path: "order_lines[0].name", Rule: checkout.RuleMatch, Sent: "Ring for Anna", Expected: "Ring for Andersson"},
			{Path: "order_amount", Rule: checkout.RuleMatch, Sent: int64(1), Expected: int64(2)},
		}}
	for indexed := range 2 {
		add(true, refused)
		add(true, Exchange{Status: 400, SessionID: "session-1", ErrorCode: "REJECTED",
			Reason: "the newest assessment denied the payment: Anna Andersson, Storgatan 1, is on our list (rule list)"})
		add(true, Exchange{Status: 409, SessionID: "session-1", ErrorCode: "NOT_POSSIBLE",
			Reason: "customer " + annasMail + " at /?mail=" + strings.ReplaceAll(annasMail, "@", "%40") + " is known"})
		add(true, Exchange{Status: 200, SessionID: "session-1", RequestBody: []byte(annasBody), ResponseBody: []byte(annasBody)})
		add(true, Exchange{Status: 200, SessionID: "session-1", RequestBody: []byte(`{"customer":{"date_of_birth":"1941-03-21"},"shipping_address":{"street_address":"Storgatan 1"}}`)})
		add(true, Exchange{Status: 400, SessionID: "session-1", RequestBody: []byte(`Anna Andersson; no JSON, billing_address`)})
		add(true, Exchange{Status: 200, Path: "/search?q=" + strings.ReplaceAll(annasMail, "@", "%40"), ResponseBody: []byte(`{}`)})
		add(true, Exchange{Status: 200, SessionID: "session-2", RequestBody: []byte(`{"billing_address":{"email":"` + bosMail + `","given_name":"Bo"},
			"shipping_address":{"email":"` + annasMail + `","given_name":"Anna","city":"Ankeborg"},"order_lines":[{"name":"To Anna from Bo"}]}`)})
		add(false, Exchange{Status: 200, SessionID: "session-3", RequestBody: bo, ResponseBody: []byte(`{"session_id":"session-3"}`)})
		add(false, Exchange{Status: 400, SessionID: "session-3", RequestBody: bo, ErrorCode: "BAD_VALUE", Reason: "of Bo"})
		if indexed == 0 {
			if err := l.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := l.index(t.Context(), true); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

func (e *eraseLog) erase(t *testing.T, more func(*Erasure)) (int64, error) {
	t.Helper()
	erasure := Erasure{MerchantID: "m1", Person: anna(t), Payments: e.payments}
	if more != nil {
		more(&erasure)
	}
	return e.log.Erase(t.Context(), erasure)
}

func (e *eraseLog) text(t *testing.T, id string) string {
	t.Helper()
	x := find(t, e.log, "m1", id)
	said, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToLower(string(x.RequestBody) + "\n" + string(x.ResponseBody) + "\n" + string(said))
}

// mustFindNothing searches for what people would search for.
func (e *eraseLog) mustFindNothing(t *testing.T) {
	t.Helper()
	for _, text := range []string{annasMail, strings.ToUpper(annasMail), annasPhone, "0046701234567", "Andersson", "Storgatan", "unique_account_identifier anna-7"} {
		page, err := e.log.Search(t.Context(), Query{MerchantID: "m1", Text: text, Limit: 50})
		if err != nil || len(page.Exchanges) != 0 {
			t.Errorf("%q finds %d exchanges, %v", text, len(page.Exchanges), err)
		}
	}
}

// mustCountNothing looks at why exchanges failed, as it was counted.
func (e *eraseLog) mustCountNothing(t *testing.T) {
	t.Helper()
	now := time.Now()
	for _, query := range []TallyQuery{{MerchantID: "m1"}, {AllMerchants: true}} {
		query.From, query.To, query.Step, query.Causes = now.Add(-time.Hour), now.Add(time.Hour), TallySpan, 20
		s := summed(t, e.log, query)
		if len(s.Causes) < 4 {
			t.Errorf("only %d causes were counted", len(s.Causes))
		}
		said := strings.ToLower(fmt.Sprintf("%+v %+v", s.Causes, s.Others))
		for _, word := range annasWords {
			if strings.Contains(said, word) {
				t.Errorf("%q is still counted: %s", word, said)
			}
		}
	}
}

func TestAPersonIsErasedFromTheLog(t *testing.T) {
	t.Parallel()
	for _, masked := range []bool{false, true} {
		t.Run(fmt.Sprint("masked ", masked), func(t *testing.T) {
			onEachHome(t, func(t *testing.T, open place) {
				e := fillErase(t, open(t, Options{MaskPersonal: masked, SearchKey: []byte("key"), indexByHand: true}))
				if page, err := e.log.Search(t.Context(), Query{MerchantID: "m1", Text: annasMail, Limit: 50}); err != nil || len(page.Exchanges) < 6 {
					t.Fatalf("before, the address finds %d exchanges, %v", len(page.Exchanges), err)
				}
				before := map[string]string{}
				for _, id := range e.all {
					before[id] = e.text(t, id)
				}
				counted, err := e.erase(t, func(x *Erasure) { x.DryRun = true })
				if err != nil {
					t.Fatal(err)
				}
				for _, id := range e.all {
					if e.text(t, id) != before[id] {
						t.Fatalf("a dry run changed %s", id)
					}
				}
				erased, err := e.erase(t, nil)
				want := int64(len(e.hers))
				if masked {
					want -= 2 // a body that is no JSON was not stored
				}
				if err != nil || erased != counted || erased != want {
					t.Errorf("erased from %d, %v; counted %d, want %d", erased, err, counted, want)
				}
				for _, id := range e.hers {
					for _, word := range annasWords {
						if text := e.text(t, id); strings.Contains(text, word) {
							t.Errorf("%q is still in %s", word, text)
						}
					}
				}
				for _, id := range e.bos {
					if text := e.text(t, id); text != before[id] {
						t.Errorf("an exchange of somebody else is another: %s", text)
					}
				}
				e.mustCountNothing(t)
				e.mustFindNothing(t)
				if err := e.log.index(t.Context(), true); err != nil {
					t.Fatal(err)
				}
				e.mustFindNothing(t)
				for text, want := range map[string]int{bosMail: 6, "4711": 4, "BAD_VALUE": 0} {
					if page, err := e.log.Search(t.Context(), Query{MerchantID: "m1", Text: text, Limit: 50}); err != nil || len(page.Exchanges) != want {
						t.Errorf("%q finds %d exchanges, want %d; %v", text, len(page.Exchanges), want, err)
					}
				}
				if again, err := e.erase(t, nil); again != 0 || err != nil {
					t.Errorf("erasing again finds %d, %v", again, err)
				}
			})
		})
	}
}

func TestAnErasureOfAMerchantLeavesOthers(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		l := open(t, Options{SearchKey: []byte("key"), indexByHand: true})
		id := identifier.New(time.Now())
		record(t, l, Exchange{CorrelationID: id, MerchantID: "m2", At: time.Now(), Status: 200, RequestBody: []byte(annasBody)})
		e := &eraseLog{log: l}
		if n, err := e.erase(t, nil); n != 0 || err != nil {
			t.Errorf("erased from %d of another merchant, %v", n, err)
		}
		if x := find(t, l, "m2", id); string(x.RequestBody) != strings.Replace(annasBody, "410321-9202", mask, 1) {
			t.Errorf("%s", x.RequestBody)
		}
		if n, err := e.erase(t, func(x *Erasure) { x.AllMerchants = true }); n != 1 || err != nil {
			t.Errorf("erased from %d of all merchants, %v", n, err)
		}
	})
}

// breakingHome is a home that fails after some replacements.
type breakingHome struct {
	home.Home
	left atomic.Int64
}

var errFailing = errors.New("the disk is gone")

func (f *breakingHome) Replace(ctx context.Context, r *home.Replacement) error {
	if f.left.Add(-1) < 0 {
		return errFailing
	}
	return f.Home.Replace(ctx, r)
}

func TestAnErasureThatWasInterruptedIsEndedByTheNext(t *testing.T) {
	onEachHome(t, func(t *testing.T, open place) {
		breaking := &breakingHome{}
		e := fillErase(t, open(t, Options{SearchKey: []byte("key"), indexByHand: true,
			wrapHome: func(h home.Home) home.Home { breaking.Home = h; return breaking }}))
		for done := 0; ; done++ {
			breaking.left.Store(1)
			_, err := e.erase(t, nil)
			if err == nil {
				break
			}
			if !errors.Is(err, errFailing) {
				t.Fatal(err)
			}
			if done > 20 {
				t.Fatal("it never ends")
			}
		}
		e.mustFindNothing(t)
	})
}

// TestAnAddressOfVeryManyPayments: what is known of them is put together once, and not
// for each exchange again..
func TestAnAddressOfVeryManyPayments(t *testing.T) {
	t.Parallel()
	const all = 20_000
	erasure := Erasure{MerchantID: "m1", Person: anna(t), Payments: map[string]*checkout.Erasure{}}
	for n := range all {
		payment := checkout.NewErasure(anna(t), checkout.PartPayer).With([]string{"Anna", fmt.Sprint("Street ", n)})
		erasure.Payments[fmt.Sprint("session-", n)], erasure.Payments[fmt.Sprint("order-", n)] = payment, payment
	}
	e := newErasing(&Options{}, &erasure)
	if want := len(e.known); len(e.words) != want || want < all {
		t.Errorf("%d words of %d payments", len(e.words), all)
	}
	var refused kept
	refused.merchantID, refused.path = []byte("m1"), []byte(annasMail)
	of := e.of(&refused, nil)
	same, more := e.wordsOf(of, []string{"Anna"}), e.wordsOf(of, []string{"Andersson of the Long Street", "Anna"})
	if &same[0] != &e.words[0] {
		t.Error("the words were put together again")
	}
	if more[0] != "andersson of the long street" || len(more) != len(e.words)+1 {
		t.Errorf("%d words, the longest %q", len(more), more[0])
	}
}

// TestNothingOfAPersonIsLeftInTheFilesOfTheLog: bodies are packed with a form that
// shows what it packs.
func TestNothingOfAPersonIsLeftInTheFilesOfTheLog(t *testing.T) {
	t.Parallel()
	path := homes["sqlite"](t)
	e := fillErase(t, placeAt(path)(t, Options{SearchKey: []byte("key"), indexByHand: true}))
	if !inLog(t, path, annasMail) {
		t.Fatal("the test looks in the wrong place: the address was never in a file")
	}
	if _, err := e.erase(t, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.log.Purge(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{annasMail, strings.ToLower(annasMail), "Andersson", annasPhone, "Storgatan", term(termWord, []byte("andersson"))} {
		if inLog(t, path, word) {
			t.Errorf("a file still has %q", word)
		}
	}
	if !inLog(t, path, bosMail) {
		t.Error("Bo is gone")
	}
}

func inLog(t *testing.T, path, word string) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(word)) {
			return true
		}
	}
	return false
}
