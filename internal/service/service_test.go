package service_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/identifier"
	"github.com/kvitto/kvitto/internal/risk"
	"github.com/kvitto/kvitto/internal/service"
	"github.com/kvitto/kvitto/internal/store"
	"github.com/kvitto/kvitto/internal/store/memstore"
)

var start = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// faulty commits to a memory store, or fails on request: before the commit,
// after it (the answer is lost), or with a conflict.
type faulty struct {
	store.Engine
	mu   sync.Mutex
	next []string
}

func (f *faulty) plan(faults ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = faults
}

var errDisk = errors.New("disk on fire")

func (f *faulty) Commit(ctx context.Context, change store.Change) error {
	f.mu.Lock()
	fault := ""
	if len(f.next) > 0 {
		fault, f.next = f.next[0], f.next[1:]
	}
	f.mu.Unlock()
	switch fault {
	case "before":
		return errDisk
	case "conflict":
		return store.ErrConflict
	}
	err := f.Engine.Commit(ctx, []store.Change{change})[0]
	if fault == "after" {
		return errDisk
	}
	return err
}

// fixedMinter and fixedClock stand for what the playground does.
type fixedMinter struct{}

func (fixedMinter) Mint(*checkout.Session, string) (string, error) { return "client.token.x", nil }

func setup(t *testing.T, cacheBytes int) (*service.Service, *faulty) {
	t.Helper()
	engine := &faulty{Engine: memstore.New()}
	s, err := service.New(service.Options{
		Engine: engine.Engine, Committer: engine, Minter: fixedMinter{}, Assessor: risk.Playground{},
		NewID: identifier.New, CacheBytes: cacheBytes})
	if err != nil {
		t.Fatal(err)
	}
	return s, engine
}

func caller(merchant string) service.Caller {
	return service.Caller{MerchantID: merchant, CorrelationID: identifier.New(start), Operation: "test", Now: start}
}

func cart(amount int64) checkout.Content {
	return checkout.Content{
		PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"), OrderAmount: checkout.IntegerOf(amount),
		OrderLines: []checkout.Line{{Name: checkout.TextOf("Shoe"), Quantity: checkout.IntegerOf(1),
			UnitPrice: checkout.IntegerOf(amount), TotalAmount: checkout.IntegerOf(amount)}},
	}
}

func kindOf(err error) checkout.Kind {
	var refusal *checkout.Refusal
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return 0
}

func create(t *testing.T, s *service.Service) string {
	t.Helper()
	session, err := s.CreateSession(t.Context(), caller("m"), cart(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	return session.ID
}

// TestAFailedCommitTellsTheTruthAfterwards: whatever the store did before it
// failed is what the next read shows, not what the cache hoped for.
func TestAFailedCommitTellsTheTruthAfterwards(t *testing.T) {
	t.Parallel()
	for fault, want := range map[string]int64{"before": 1, "after": 2} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s, engine := setup(t, 1<<20)
			id := create(t, s)
			engine.plan(fault)
			err := s.UpdateSession(t.Context(), caller("m"), id, cart(2), nil)
			if kindOf(err) != checkout.KindUnavailable || !errors.Is(err, errDisk) {
				t.Fatalf("error %v", err)
			}
			session, err := s.ReadSession(t.Context(), caller("m"), id)
			if err != nil || session.Content.OrderAmount.Value != want {
				t.Fatalf("amount %d, want %d (%v)", session.Content.OrderAmount.Value, want, err)
			}
			if err := s.UpdateSession(t.Context(), caller("m"), id, cart(3), nil); err != nil {
				t.Fatalf("the next update: %v", err)
			}
		})
	}
}

// TestALostOrderAnswerIsNoSecondOrder: the commit went through, the answer did
// not; the repeated call is told the order that exists.
func TestALostOrderAnswerIsNoSecondOrder(t *testing.T) {
	t.Parallel()
	s, engine := setup(t, 1<<20)
	id := create(t, s)
	answered, err := s.Browser(t.Context(), caller("m"), id, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	engine.plan("after")
	if _, err := s.PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(1), nil); kindOf(err) != checkout.KindUnavailable {
		t.Fatalf("error %v", err)
	}
	first, err := s.PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, cart(1), nil)
	if err != nil || first.Order.ID != again.Order.ID {
		t.Fatalf("orders %s and %s (%v)", first.Order.ID, again.Order.ID, err)
	}
}

func TestAConflictIsDecidedAnew(t *testing.T) {
	t.Parallel()
	s, engine := setup(t, 1<<20)
	id := create(t, s)
	engine.plan("conflict", "conflict", "conflict")
	if err := s.UpdateSession(t.Context(), caller("m"), id, cart(2), nil); err != nil {
		t.Fatal(err)
	}
	endless := make([]string, 100)
	for i := range endless {
		endless[i] = "conflict"
	}
	engine.plan(endless...)
	if err := s.UpdateSession(t.Context(), caller("m"), id, cart(3), nil); kindOf(err) != checkout.KindUnavailable {
		t.Fatalf("error %v", err)
	}
}

// TestConcurrentUpdatesFollowEachOther: with a cache of one entry, so that
// every second look goes to the store, no update is lost between two others.
func TestConcurrentUpdatesFollowEachOther(t *testing.T) {
	t.Parallel()
	s, engine := setup(t, 1)
	ids := []string{create(t, s), create(t, s), create(t, s)}
	const each = 40
	var wait sync.WaitGroup
	for i := range len(ids) * each {
		wait.Go(func() {
			patch := checkout.Content{MerchantReference1: checkout.TextOf(fmt.Sprint(i))}
			if err := s.UpdateSession(t.Context(), caller("m"), ids[i%len(ids)], patch, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, id := range ids {
		session, err := s.ReadSession(t.Context(), caller("m"), id)
		if err != nil || session.Revision != each+1 {
			t.Errorf("revision %d, want %d (%v)", session.Revision, each+1, err)
		}
		history, err := engine.Revisions(t.Context(), id, 0, 0)
		if err != nil || len(history) != each+1 {
			t.Errorf("%d revisions in the history (%v)", len(history), err)
		}
	}
}

func TestAMismatchNamesTheRequestsThatSetTheValues(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, 1<<20)
	ctx := t.Context()
	created := caller("m")
	session, err := s.CreateSession(ctx, created, cart(1), nil)
	if err != nil {
		t.Fatal(err)
	}
	addressed := caller("m")
	address := checkout.Content{BillingAddress: &checkout.Address{PostalCode: checkout.TextOf("1017 AB")}}
	if err := s.UpdateSession(ctx, addressed, session.ID, address, nil); err != nil {
		t.Fatal(err)
	}
	authorized := caller("m")
	answered, err := s.Browser(ctx, authorized, session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true,
		Patch: checkout.Content{BillingAddress: &checkout.Address{City: checkout.TextOf("Amsterdam")}}})
	if err != nil {
		t.Fatal(err)
	}
	later := caller("m")
	if err := s.UpdateSession(ctx, later, session.ID, cart(5), nil); err != nil {
		t.Fatal(err)
	}
	order := cart(5)
	order.BillingAddress = &checkout.Address{PostalCode: checkout.TextOf("1017AB"), City: checkout.TextOf("Utrecht")}
	placing := caller("m")
	_, err = s.PlaceOrder(ctx, placing, answered.Result.AuthorizationToken, order, nil)
	var refusal *checkout.Refusal
	if !errors.As(err, &refusal) || refusal.Kind != checkout.KindNotMatching {
		t.Fatalf("error %v", err)
	}
	want := map[string]string{
		"billing_address.postal_code": addressed.CorrelationID,
		"billing_address.city":        authorized.CorrelationID,
		"order_amount":                created.CorrelationID,
	}
	for _, v := range refusal.Violations {
		if id, ok := want[v.Path]; ok && v.ExpectedBy.CorrelationID != id {
			t.Errorf("%s: expected by %+v, want %s", v.Path, v.ExpectedBy, id)
		}
		delete(want, v.Path)
		if v.SentBy.CorrelationID != placing.CorrelationID {
			t.Errorf("%s: sent by %+v", v.Path, v.SentBy)
		}
	}
	if len(want) > 0 {
		t.Errorf("not among the violations: %v", want)
	}
}

// TestALongHistoryIsNotFollowedToItsEnd: a mismatch of a session with many
// updates names what is near, and says of the rest that it is older.
func TestALongHistoryIsNotFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, 1<<20)
	id := create(t, s)
	for i := range 300 {
		patch := checkout.Content{MerchantReference1: checkout.TextOf(fmt.Sprint(i))}
		if i == 250 {
			patch = cart(7)
		}
		if err := s.UpdateSession(t.Context(), caller("m"), id, patch, nil); err != nil {
			t.Fatal(err)
		}
	}
	answered, err := s.Browser(t.Context(), caller("m"), id, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	order := cart(8)
	order.OrderLines[0].Name = checkout.TextOf("Boot")
	_, err = s.PlaceOrder(t.Context(), caller("m"), answered.Result.AuthorizationToken, order, nil)
	var refusal *checkout.Refusal
	if !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	for _, v := range refusal.Violations {
		switch v.Path {
		case "order_amount":
			if v.ExpectedBy.Revision != 252 {
				t.Errorf("%+v", v)
			}
		case "order_lines[0].name":
			if v.ExpectedBy != (checkout.Origin{}) || v.Hint != "the expected value was set at revision 103 or earlier" {
				t.Errorf("%+v", v)
			}
		}
	}
}

// TestACustomerTokenMismatchNamesTheRequests, like that of an order.
func TestACustomerTokenMismatchNamesTheRequests(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, 1<<20)
	created, asking := caller("m"), caller("m")
	content := cart(1)
	content.Intent = checkout.TextOf(checkout.IntentTokenize)
	session, err := s.CreateSession(t.Context(), created, content, nil)
	if err != nil {
		t.Fatal(err)
	}
	answered, err := s.Browser(t.Context(), caller("m"), session.ID, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateCustomerToken(t.Context(), asking, checkout.CreateCustomerToken{
		Token: answered.Result.AuthorizationToken, Description: checkout.TextOf("plan"), IntendedUse: checkout.TextOf("subscription"),
		Request: checkout.Content{PurchaseCurrency: checkout.TextOf("USD")}}, nil)
	var refusal *checkout.Refusal
	if !errors.As(err, &refusal) || refusal.Kind != checkout.KindNotMatching || len(refusal.Violations) != 1 {
		t.Fatalf("error %v", err)
	}
	v := refusal.Violations[0]
	if v.SentBy.CorrelationID != asking.CorrelationID || v.ExpectedBy.CorrelationID != created.CorrelationID || v.ExpectedBy.Operation != "create_session" {
		t.Errorf("%+v", v)
	}
}

func TestWallsBetweenMerchants(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, 1<<20)
	id := create(t, s)
	answered, err := s.Browser(t.Context(), caller("m"), id, service.BrowserCall{Call: risk.CallAuthorize, AutoFinalize: true})
	if err != nil {
		t.Fatal(err)
	}
	other := caller("someone else")
	_, readErr := s.ReadSession(t.Context(), other, id)
	updateErr := s.UpdateSession(t.Context(), other, id, cart(2), nil)
	_, orderErr := s.PlaceOrder(t.Context(), other, answered.Result.AuthorizationToken, cart(1), nil)
	_, cancelErr := s.CancelAuthorization(t.Context(), other, answered.Result.AuthorizationToken)
	_, _, checkErr := s.Check(t.Context(), other, id, cart(2), nil)
	for name, c := range map[string]struct {
		err  error
		want checkout.Kind
	}{
		"read": {readErr, checkout.KindSessionNotFound}, "update": {updateErr, checkout.KindSessionNotFound},
		"check": {checkErr, checkout.KindSessionNotFound}, "order": {orderErr, checkout.KindAuthorizationNotFound},
		"cancel": {cancelErr, checkout.KindAuthorizationNotDeletable},
	} {
		if kindOf(c.err) != c.want {
			t.Errorf("%s: %v", name, c.err)
		}
	}
}

// TestTheCacheStaysWithinItsBound: sessions leave the cache and are found in
// the store again.
func TestTheCacheStaysWithinItsBound(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, 10_000)
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = create(t, s)
		if err := s.UpdateSession(t.Context(), caller("m"), ids[i], cart(int64(100+i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, id := range ids {
		session, err := s.ReadSession(t.Context(), caller("m"), id)
		if err != nil || session.Content.OrderAmount.Value != int64(100+i) {
			t.Fatalf("session %d: %d, %v", i, session.Content.OrderAmount.Value, err)
		}
	}
}
