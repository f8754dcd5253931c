package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
	"github.com/kvitto/kvitto/internal/store/record"
)

const (
	annasMail  = "anna.andersson@example.com"
	annasPhone = "+46701234567"
)

// noExchanges is a request log that notes what it is asked.
type noExchanges struct {
	asked []service.ExchangeErasure
	fail  func() error
}

func (n *noExchanges) Erase(_ context.Context, e service.ExchangeErasure) (int64, error) {
	n.asked = append(n.asked, e)
	if n.fail != nil {
		return 0, n.fail()
	}
	return 3, nil
}

func (*noExchanges) Purge(context.Context, bool) error { return nil }

// eraseDesk is a store with payments of Anna and of others.
type eraseDesk struct {
	t         *testing.T
	engine    *memstore.Engine
	service   *service.Service
	exchanges *noExchanges
	store     store.Erasing

	hers, bos, gift, other, open string // sessions
	token                        string // of her order
}

// realTime is the clock of an operator.
type realTime struct{}

func (realTime) Now(context.Context, string) (time.Time, error) { return eraseAt, nil }

var eraseAt = caller("m").Now.Add(time.Minute)

func newEraseDesk(t *testing.T) *eraseDesk {
	t.Helper()
	d := &eraseDesk{t: t, engine: memstore.New(), exchanges: &noExchanges{}}
	d.store = d.engine
	for _, merchant := range []string{"m", "m2"} {
		if err := d.engine.EnsureMerchant(t.Context(), merchant, eraseAt); err != nil {
			t.Fatal(err)
		}
	}
	d.service = d.process()
	d.hers, d.token = d.pay("m", annas(), true)
	d.open, _ = d.pay("m", annas(), false)
	d.bos, _ = d.pay("m", payer("bo@example.net", "Bo"), true)
	d.other, _ = d.pay("m2", annas(), true)
	gift := payer("bo@example.net", "Bo")
	gift.ShippingAddress = annas().BillingAddress
	d.gift, _ = d.pay("m", gift, true)
	return d
}

func (d *eraseDesk) process() *service.Service {
	d.t.Helper()
	s, err := service.New(service.Options{
		Engine: d.engine, Committer: &faulty{Engine: d.engine}, Minter: fixedMinter{}, Assessor: risk.Playground{}, NewID: identifier.New,
		CacheBytes: 1 << 20, Shared: true, Clock: realTime{}, Memory: d.engine, SubjectSecret: []byte("secret"),
		AssessmentDocument: func(in *risk.Input, made *risk.Assessment) []byte { return record.AppendAssessment(nil, in, made) },
		ReadAssessment:     record.DecodeAssessment, ReadInput: record.DecodeInput,
		CallbackBody: func(*checkout.Callback) []byte { return []byte(`{}`) },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func payer(email, name string) checkout.Content {
	content := cart(100)
	content.BillingAddress = &checkout.Address{Email: checkout.TextOf(email), GivenName: checkout.TextOf(name), FamilyName: checkout.TextOf(name + "sson"),
		StreetAddress: checkout.TextOf(name + " street 1"), PostalCode: checkout.TextOf("12345"), City: checkout.TextOf(name + "ville"), Country: checkout.TextOf("SE")}
	content.MerchantURLs = &checkout.MerchantURLs{Authorization: checkout.TextOf("https://shop.example/?for=" + email), Push: checkout.TextOf("https://shop.example/push?for=" + email)}
	content.MerchantReference1 = checkout.TextOf("reference")
	return content
}

func annas() checkout.Content {
	content := payer(annasMail, "Anna")
	content.BillingAddress.Phone = checkout.TextOf(annasPhone)
	content.Customer = &checkout.Customer{DateOfBirth: checkout.TextOf("1941-03-21"), NationalIdentificationNumber: checkout.TextOf("410321-9202")}
	content.Attachment = &checkout.Attachment{ContentType: checkout.TextOf("application/json"), Body: checkout.TextOf(`{"account":"Anna-7"}`)}
	content.MerchantData = checkout.TextOf("a note of Anna")
	return content
}

// pay makes a session that is updated once, authorized and, unless it stays open,
// ordered. A first state of it says less of the payer.
func (d *eraseDesk) pay(merchant string, content checkout.Content, order bool) (sessionID, token string) {
	d.t.Helper()
	first := cart(100)
	first.BillingAddress = &checkout.Address{GivenName: content.BillingAddress.GivenName}
	session, err := d.service.CreateSession(d.t.Context(), caller(merchant), first, nil)
	if err == nil {
		err = d.service.UpdateSession(d.t.Context(), caller(merchant), session.ID, content, nil)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	answered, err := d.service.Browser(d.t.Context(), caller(merchant), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true,
		DeviceID: "device-of-" + content.BillingAddress.GivenName.Value, IP: "192.0.2.7"})
	if err != nil {
		d.t.Fatal(err)
	}
	token = answered.Result.AuthorizationToken
	if order {
		if _, err := d.service.PlaceOrder(d.t.Context(), caller(merchant), token, content, nil); err != nil {
			d.t.Fatal(err)
		}
	}
	return session.ID, token
}

func (d *eraseDesk) erase(more func(*service.ErasureQuestion)) (service.Erased, error) {
	question := service.ErasureQuestion{MerchantID: "m", Emails: []string{annasMail}, By: "the operator"}
	if more != nil {
		more(&question)
	}
	eraser := service.Eraser{Service: d.service, Store: d.store, Outbox: d.engine, Tenants: d.engine, Exchange: d.exchanges,
		Answer: func([]byte) []byte { return nil }}
	return eraser.Erase(d.t.Context(), question, nil)
}

// all is everything that the store has of a session, as a text.
func (d *eraseDesk) all(sessionID string) string {
	d.t.Helper()
	history, err := d.engine.Revisions(d.t.Context(), sessionID, 0, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	merchant := history[0].Session.MerchantID
	said := []any{history}
	listed, err := d.engine.AssessmentsOf(d.t.Context(), merchant, sessionID, 100)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, one := range listed {
		kept, err := d.service.Assessment(d.t.Context(), caller(merchant), one.ID)
		if err != nil {
			d.t.Fatal(err)
		}
		kept.Document = nil
		said = append(said, kept)
	}
	callbacks, err := d.engine.Callbacks(d.t.Context(), store.CallbackFilter{MerchantID: merchant, SessionID: sessionID, Limit: 100})
	if err != nil {
		d.t.Fatal(err)
	}
	said = append(said, callbacks)
	text, err := json.Marshal(said)
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.ToLower(string(text))
}

func (d *eraseDesk) mustBeErased(sessionID string, words ...string) {
	d.t.Helper()
	text := d.all(sessionID)
	for _, word := range append(words, annasMail, "annasson", "anna street", "annaville", "46701234567", "410321", "1941-03-21", "a note of", `"value":"anna"`) {
		if strings.Contains(text, word) {
			d.t.Errorf("%q is still in %s", word, text)
		}
	}
}

func TestAPersonIsErasedFromTheStore(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	before := map[string]string{d.bos: d.all(d.bos), d.other: d.all(d.other)}
	hers := d.all(d.hers)
	counted, err := d.erase(func(q *service.ErasureQuestion) { q.DryRun = true })
	if err != nil {
		t.Fatal(err)
	}
	if d.all(d.hers) != hers {
		t.Fatal("a dry run changed something")
	}
	erased, err := d.erase(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := service.Erased{Sessions: 3, Orders: 2, Open: 1, Exchanges: 3, Assessments: 3, Callbacks: 3, Subjects: 3}
	if diff := cmp.Diff(want, erased); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(counted, erased); diff != "" {
		t.Errorf("counted and erased differ (-counted +erased):\n%s", diff)
	}
	d.mustBeErased(d.hers, "device-of", "192.0.2.7")
	d.mustBeErased(d.open, "device-of", "192.0.2.7")
	d.mustBeErased(d.gift)
	if text := d.all(d.gift); !strings.Contains(text, "bo@example.net") || !strings.Contains(text, "device-of-bo") {
		t.Errorf("a recipient took the payer along: %s", text)
	}
	for id, text := range before {
		if d.all(id) != text {
			t.Errorf("session %s of somebody else is another", id)
		}
	}
	again, err := d.erase(nil)
	if err != nil || again != (service.Erased{Exchanges: 3}) {
		t.Errorf("erasing again changes %+v, %v", again, err)
	}
}

// TestPromisesHoldAfterAnErasure: an order is there, its call may come again, and
// a session that was open says why it ended.
func TestPromisesHoldAfterAnErasure(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	other := d.process() // its cache has the state from before
	placed, err := other.PlaceOrder(t.Context(), caller("m"), d.token, annas(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ReadSession(t.Context(), caller("m"), d.open); err != nil {
		t.Fatal(err)
	}
	if _, err := d.erase(nil); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*service.Service{d.service, other} {
		again, err := s.PlaceOrder(t.Context(), caller("m"), d.token, annas(), nil)
		if err != nil || again.Order.ID != placed.Order.ID || again.Order.Content.OrderAmount.Value != 100 || again.Order.Content.BillingAddress.Email.Value != checkout.Erased {
			t.Errorf("the call that came again: %+v, %v", again.Order, err)
		}
		err = s.UpdateSession(t.Context(), caller("m"), d.open, annas(), nil)
		var refusal *checkout.Refusal
		if !errors.As(err, &refusal) || !strings.Contains(refusal.Reason, "erased on request") {
			t.Errorf("an update of the session that was open: %v", err)
		}
	}
	d.mustBeErased(d.open)
}

// TestAnErasureThatWasKilledIsEndedByTheNext, wherever it was.
func TestAnErasureThatWasKilledIsEndedByTheNext(t *testing.T) {
	t.Parallel()
	for after := range 40 {
		d := newEraseDesk(t)
		broken := &dying{Erasing: d.engine, left: after}
		d.store, d.exchanges.fail = broken, broken.step
		_, err := d.erase(nil)
		if err == nil {
			if after < 10 {
				t.Fatalf("it ended after %d steps", after)
			}
			return
		}
		d.store, d.exchanges.fail = d.engine, nil
		if _, err := d.erase(nil); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{d.hers, d.open} {
			d.mustBeErased(id, "device-of", "192.0.2.7")
		}
		d.mustBeErased(d.gift)
		if t.Failed() {
			t.Fatalf("it died after %d steps", after)
		}
	}
	t.Fatal("it never ended")
}

// dying is a store that is gone after some steps.
type dying struct {
	store.Erasing
	left int
}

var errDied = errors.New("killed")

func (d *dying) step() error {
	if d.left--; d.left < 0 {
		return errDied
	}
	return nil
}

func (d *dying) RewriteRevisions(ctx context.Context, id string, read, revisions []store.Revision) error {
	// A history is replaced state by state, which is worse than a page at a time.
	for i := len(revisions) - 1; i >= 0; i-- {
		if err := d.step(); err != nil {
			return err
		}
		if err := d.Erasing.RewriteRevisions(ctx, id, read[i:i+1], revisions[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (d *dying) RewriteCallbacks(ctx context.Context, read, callbacks []store.Callback) error {
	return errors.Join(d.step(), d.Erasing.RewriteCallbacks(ctx, read, callbacks))
}

func (d *dying) RewriteAssessments(ctx context.Context, read, assessments []store.Assessment) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.Erasing.RewriteAssessments(ctx, read, assessments)
}

func (d *dying) ForgetSubjects(ctx context.Context, keys []store.SubjectKey) (int, error) {
	if err := d.step(); err != nil {
		return 0, err
	}
	return d.Erasing.ForgetSubjects(ctx, keys)
}

// TestAnErasureBesideUpdatesOfTheSameSession: whatever comes between, nothing of
// the person is left, and updates are refused from then on.
func TestAnErasureBesideUpdatesOfTheSameSession(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	other := d.process()
	started := make(chan struct{})
	var once sync.Once
	var updates sync.WaitGroup
	for _, s := range []*service.Service{d.service, other} {
		updates.Go(func() {
			for i := 0; ; i++ {
				content := annas()
				content.MerchantReference2 = checkout.TextOf(fmt.Sprint(i))
				err := s.UpdateSession(t.Context(), caller("m"), d.open, content, nil)
				once.Do(func() { close(started) })
				if err != nil {
					return
				}
			}
		})
	}
	<-started
	if _, err := d.erase(nil); err != nil {
		t.Error(err)
	}
	updates.Wait()
	d.mustBeErased(d.open)
}

// TestTwoProcessesThatEraseTwoPeopleOfOnePayment at the same time: neither brings back
// whom the other erased.
func TestTwoProcessesThatEraseTwoPeopleOfOnePayment(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	d.store = &beside{Erasing: d.engine, sessionID: d.gift, between: func() {
		bos := *d
		bos.store = d.engine
		if _, err := bos.erase(func(q *service.ErasureQuestion) { q.Emails = []string{"bo@example.net"} }); err != nil {
			t.Error(err)
		}
	}}
	if _, err := d.erase(nil); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{d.gift, d.bos} {
		d.mustBeErased(id, "bo@example.net", "bosson", "bo street", "boville")
	}
}

// beside is a store in which another erasure is made whole before the history of
// a session is replaced.
type beside struct {
	store.Erasing
	sessionID string
	once      sync.Once
	between   func()
}

func (b *beside) RewriteRevisions(ctx context.Context, id string, read, revisions []store.Revision) error {
	if id == b.sessionID {
		b.once.Do(b.between)
	}
	return b.Erasing.RewriteRevisions(ctx, id, read, revisions)
}

// TestAMerchantIsToldOfItsOwnSessionsOnly: how many others have is not its affair.
func TestAMerchantIsToldOfItsOwnSessionsOnly(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	eraser := service.Eraser{Service: d.service, Store: d.store, Outbox: d.engine, Tenants: d.engine, Exchange: d.exchanges, Answer: func([]byte) []byte { return nil }}
	for merchant, want := range map[string]int64{"m": 4, "m2": 1, "": 5} {
		told := int64(0)
		_, err := eraser.Erase(t.Context(), service.ErasureQuestion{MerchantID: merchant, Emails: []string{annasMail}, DryRun: true, By: "an admin"}, func(step string, done int64) {
			if step == service.ErasureSessions {
				told = done
			}
		})
		if err == nil && told != want {
			t.Errorf("merchant %q is told of %d sessions, not %d", merchant, told, want)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// TestAnAddressOfTooManyIsRefused before anything is erased.
func TestAnAddressOfTooManyIsRefused(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	before := d.all(d.hers)
	eraser := service.Eraser{Service: d.service, Store: d.store, Outbox: d.engine, Tenants: d.engine, Exchange: d.exchanges, PaymentsMax: 2,
		Answer: func([]byte) []byte { return nil }}
	question := service.ErasureQuestion{MerchantID: "m", Emails: []string{annasMail}, By: "the operator"}
	_, err := eraser.Erase(t.Context(), question, nil)
	var refusal *checkout.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Reason, "more precise") || d.all(d.hers) != before {
		t.Errorf("three payments where two may be: %v", err)
	}
	eraser.PaymentsMax = 3
	if _, err := eraser.Erase(t.Context(), question, nil); err != nil {
		t.Error(err)
	}
}

func TestAPaymentNamesAPerson(t *testing.T) {
	t.Parallel()
	d := newEraseDesk(t)
	order, err := d.engine.Session(t.Context(), d.hers)
	if err != nil {
		t.Fatal(err)
	}
	byOrder := func(q *service.ErasureQuestion) { q.Emails, q.OrderID = nil, order.Order.ID }
	if erased, err := d.erase(func(q *service.ErasureQuestion) { byOrder(q); q.DryRun = true }); err != nil || erased.Sessions != 3 {
		t.Errorf("by an order: %+v, %v", erased, err)
	}
	for name, more := range map[string]func(*service.ErasureQuestion){
		"another merchant's session": func(q *service.ErasureQuestion) { q.SessionID = d.other },
		"an unknown session":         func(q *service.ErasureQuestion) { q.SessionID = identifier.New(eraseAt) },
		"another merchant's order":   func(q *service.ErasureQuestion) { byOrder(q); q.MerchantID = "m2" },
	} {
		_, err := d.erase(more)
		var refusal *checkout.Refusal
		if !errors.As(err, &refusal) || refusal.Kind != checkout.KindNotFound || refusal.Reason != "no session or order that can be erased has this id" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, more := range map[string]func(*service.ErasureQuestion){
		"nobody":      func(q *service.ErasureQuestion) { q.Emails = nil },
		"half a mail": func(q *service.ErasureQuestion) { q.Emails = []string{"anna"} },
	} {
		if _, err := d.erase(more); err == nil {
			t.Errorf("%s was erased", name)
		}
	}
	everywhere, err := d.erase(func(q *service.ErasureQuestion) { q.MerchantID = "" })
	if err != nil || everywhere.Sessions != 4 {
		t.Errorf("of all merchants: %+v, %v", everywhere, err)
	}
	d.mustBeErased(d.other)
}
