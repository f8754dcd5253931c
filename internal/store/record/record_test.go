package record_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/market"
	"github.com/kvitto/kvitto/internal/store/record"
)

var update = flag.Bool("update", false, "write the golden files anew; only for a new version of the format")

func TestDecodeReadsBackWhatAppendWrote(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anySession(t)
		prefix := []byte("kept")
		written := record.Append(bytes.Clone(prefix), &want)
		document, ok := bytes.CutPrefix(written, prefix)
		if !ok {
			t.Fatalf("Append overwrote what was before: %q", written)
		}
		got := headerOf(&want)
		if err := record.Decode(document, &got); err != nil {
			t.Fatalf("Decode: %v\n%s", err, document)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("read back differently (-want +got):\n%s\n%s", diff, document)
		}
		clear(document)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("the session is a view of the document (-want +got):\n%s", diff)
		}
	})
}

func TestDecodeReplacesWhatTheSessionHad(t *testing.T) {
	t.Parallel()
	bare, full := checkout.Session{Revision: 1, UpdatedAt: noon, ExpiresAt: noon}, ordered()
	got := full
	if err := record.Decode(record.Append(nil, &bare), &got); err != nil {
		t.Fatal(err)
	}
	want := headerOf(&full)
	want.Revision, want.UpdatedAt, want.ExpiresAt = bare.Revision, bare.UpdatedAt, bare.ExpiresAt
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The bytes of a version never change: sessions written years ago are read by
// the program of today. If this test fails, the format needs a new version.
func TestTheBytesOfEachVersion(t *testing.T) {
	t.Parallel()
	for name, session := range map[string]checkout.Session{
		"v1_created": created(), "v1_authorized": authorized(), "v1_ordered": ordered(), "v2_authorized": collected(), "v2_called": called(),
		"v3_assessed": assessedSession(), "v3_reviewed": reviewed(), "v4_erased": erasedSession(),
	} {
		golden := filepath.Join("testdata", name+".json")
		written := append(record.AppendDocument(nil, &session), '\n')
		if *update {
			if err := os.WriteFile(golden, written, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		stored, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(stored), string(written)); diff != "" {
			t.Errorf("%s is written differently (-stored +written):\n%s", name, diff)
		}
		got := headerOf(&session)
		if err := record.Decode(stored, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(session, got); diff != "" {
			t.Errorf("%s is read differently (-want +got):\n%s", name, diff)
		}
	}
}

func TestAnApprovedContentIsWrittenOnceIfItIsTheSessions(t *testing.T) {
	t.Parallel()
	same, other := authorized(), authorized()
	other.Content.MerchantReference1 = checkout.TextOf("after the approval")
	const reference = `"merchant_reference1"`
	if n := strings.Count(string(record.AppendDocument(nil, &same)), reference); n != 1 {
		t.Errorf("an approved content that is the session's was written %d times", n)
	}
	if n := strings.Count(string(record.AppendDocument(nil, &other)), reference); n != 2 {
		t.Errorf("two different contents were written %d times", n)
	}
}

func TestANewerVersionIsRefusedWithAHint(t *testing.T) {
	t.Parallel()
	var session checkout.Session
	err := record.Decode([]byte(`{"version":5,"something":"new"}`), &session)
	var unknown *record.UnknownVersionError
	if !errors.As(err, &unknown) || unknown.Version != 5 {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "newer version") {
		t.Errorf("no hint to the operator in %q", err)
	}
}

func TestADamagedDocumentIsRefused(t *testing.T) {
	t.Parallel()
	full := ordered()
	whole := string(record.AppendDocument(nil, &full))
	for name, damaged := range map[string]string{
		"empty":                "",
		"null":                 "null",
		"not JSON":             "\x00\x01",
		"no version":           `{"revision":1}`,
		"version 0":            `{"version":0,"revision":1}`,
		"cut off":              whole[:len(whole)/2],
		"more behind it":       whole + "{}",
		"unknown property":     strings.Replace(whole, `"revision"`, `"revison"`, 1),
		"a number as text":     strings.Replace(whole, `"updated_at":`, `"updated_at":"now","x":`, 1),
		"content of a session": `{"version":1,"revision":1,"content":[]}`,
		"no content":           `{"version":1,"revision":1}`,
		"a wrong amount":       strings.Replace(whole, `"order_amount":`, `"order_amount":"much","design":`, 1),
		"order without body":   `{"version":1,"content":{},"order":{"id":"x","content":{}}}`,
		"broken approval":      `{"version":1,"content":{},"authorization":{"content":7}}`,
	} {
		var session checkout.Session
		if err := record.Decode([]byte(damaged), &session); err == nil {
			t.Errorf("%s was read as %+v", name, session)
		} else if !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	session := created()
	for len(session.Content.OrderLines) < 3 {
		session.Content.OrderLines = append(session.Content.OrderLines, session.Content.OrderLines[0])
	}
	buffer := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buffer = record.Append(buffer[:0], &session)
	}
	b.ReportMetric(float64(len(buffer)), "bytes")
}

func BenchmarkAppendAuthorized(b *testing.B) {
	session := authorized()
	buffer := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buffer = record.Append(buffer[:0], &session)
	}
}

func BenchmarkDecode(b *testing.B) {
	session := authorized()
	document := record.Append(nil, &session)
	b.ReportAllocs()
	for b.Loop() {
		if err := record.Decode(document, &session); err != nil {
			b.Fatal(err)
		}
	}
}

// headerOf is what an engine keeps in columns.
func headerOf(s *checkout.Session) checkout.Session {
	return checkout.Session{ID: s.ID, MerchantID: s.MerchantID, ClientToken: s.ClientToken, CreatedAt: s.CreatedAt}
}

// anySession has any content, also where the domain would not: it may be read
// by a later one.
func anySession(t *rapid.T) checkout.Session {
	s := checkout.Session{
		ID: "header", MerchantID: "header", ClientToken: "header", CreatedAt: noon,
		Revision: rapid.Int64().Draw(t, "revision"), UpdatedAt: anyTime.Draw(t, "updated"), ExpiresAt: anyTime.Draw(t, "expires"),
		Content: anyContent.Draw(t, "content"),
	}
	if rapid.Bool().Draw(t, "the customer added something") {
		collected := anyContent.Draw(t, "collected")
		s.Collected = &collected
	}
	if rapid.Bool().Draw(t, "authorized") {
		s.Authorization = anyValue[checkout.Authorization]().Draw(t, "authorization")
		if rapid.Bool().Draw(t, "content of session") {
			content := s.Content
			s.Authorization.Content = &content
		}
	}
	if rapid.Bool().Draw(t, "tokenized") {
		s.CustomerToken = anyValue[checkout.CustomerToken]().Draw(t, "customer token")
	}
	if rapid.Bool().Draw(t, "ordered") {
		s.Order = anyValue[checkout.Order]().Draw(t, "order")
	}
	return s
}

func anyValue[T any]() *rapid.Generator[*T] {
	return rapid.Custom(func(t *rapid.T) *T {
		value := rapid.MakeCustom[T](making).Draw(t, "value")
		return &value
	})
}

// making gives absent properties no value, as the domain does, and times the
// precision and the zone the shell gives them.
var making = rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
	reflect.TypeFor[time.Time](): anyTime.AsAny(),
	reflect.TypeFor[time.Duration](): rapid.Map(rapid.Int64Range(-1, 1<<40), func(ms int64) time.Duration {
		return time.Duration(ms) * time.Millisecond
	}).AsAny(),
	reflect.TypeFor[checkout.Text](): rapid.Custom(func(t *rapid.T) checkout.Text {
		if !rapid.Bool().Draw(t, "set") {
			return checkout.Text{}
		}
		return checkout.TextOf(rapid.String().Draw(t, "text"))
	}).AsAny(),
	reflect.TypeFor[checkout.Integer](): rapid.Custom(func(t *rapid.T) checkout.Integer {
		if !rapid.Bool().Draw(t, "set") {
			return checkout.Integer{}
		}
		return checkout.IntegerOf(rapid.Int64().Draw(t, "integer"))
	}).AsAny(),
	reflect.TypeFor[checkout.Boolean](): rapid.Custom(func(t *rapid.T) checkout.Boolean {
		if !rapid.Bool().Draw(t, "set") {
			return checkout.Boolean{}
		}
		return checkout.BooleanOf(rapid.Bool().Draw(t, "boolean"))
	}).AsAny(),
	reflect.TypeFor[[]string](): rapid.Custom(func(t *rapid.T) []string {
		if !rapid.Bool().Draw(t, "list") {
			return nil
		}
		return append([]string{}, rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "texts")...)
	}).AsAny(),
}}

var (
	anyTime = rapid.Map(rapid.Int64Range(-62_135_596_800_000, 253_402_300_799_999), func(ms int64) time.Time {
		return time.UnixMilli(ms).UTC()
	})
	anyContent = rapid.MakeCustom[checkout.Content](making)
	noon       = time.Date(2026, time.June, 1, 12, 0, 0, 123_000_000, time.UTC)
)

// created, authorized and ordered are one life of a session. They spell out
// what is stored, so that the golden files depend on nothing but the format.
func created() checkout.Session {
	address := checkout.Address{
		GivenName: checkout.TextOf("Åsa"), FamilyName: checkout.TextOf("O'Brien \"& Co\""), Email: checkout.TextOf(""),
		StreetAddress: checkout.TextOf("Kungsgatan 1"), PostalCode: checkout.TextOf("111 43"), City: checkout.TextOf("Stockholm"),
		Country: checkout.TextOf("SE"),
	}
	return checkout.Session{
		ID: "0b1d9815-165e-42e2-8867-35bc03789e00", MerchantID: "M1", ClientToken: "token", CreatedAt: noon.Add(-time.Hour),
		Revision: 3, UpdatedAt: noon, ExpiresAt: noon.Add(checkout.SessionLifetime),
		Content: checkout.Content{
			AcquiringChannel: checkout.TextOf("ECOMMERCE"), Intent: checkout.TextOf("buy"), Locale: checkout.TextOf("sv-SE"),
			PurchaseCountry: checkout.TextOf("SE"), PurchaseCurrency: checkout.TextOf("SEK"),
			OrderAmount: checkout.IntegerOf(29_900), OrderTaxAmount: checkout.IntegerOf(5_980),
			MerchantReference1: checkout.TextOf("A-1"), BillingAddress: &address,
			CustomPaymentMethodIDs: []string{}, Customer: &checkout.Customer{},
			MerchantURLs: &checkout.MerchantURLs{Push: checkout.TextOf("https://shop.example/push?a=1&b={order.id}")},
			Options:      &checkout.Options{ColorBorder: checkout.TextOf("#FF9900")},
			Attachment:   &checkout.Attachment{Body: checkout.TextOf(`{"a":"é\n"}`), ContentType: checkout.TextOf("application/json")},
			OrderLines: []checkout.Line{{
				Type: checkout.TextOf("physical"), Name: checkout.TextOf("Kaffekvarn"), Quantity: checkout.IntegerOf(1),
				UnitPrice: checkout.IntegerOf(29_900), TaxRate: checkout.IntegerOf(2500), TotalAmount: checkout.IntegerOf(29_900),
				TotalDiscountAmount: checkout.IntegerOf(0), TotalTaxAmount: checkout.IntegerOf(5_980),
				ProductIdentifiers: &checkout.ProductIdentifiers{Brand: checkout.TextOf("Kaffe AB")},
				Subscription:       &checkout.Subscription{Interval: checkout.TextOf("MONTH"), IntervalCount: checkout.IntegerOf(1)},
			}},
		},
	}
}

func authorized() checkout.Session {
	s := created()
	content := s.Content
	s.Revision = 4
	s.Authorization = &checkout.Authorization{
		Token: "1c2e0926-276f-53f3-9978-46cd14890f11", State: checkout.AuthorizationLive, Category: "pay_later", Revision: 4,
		CreatedAt: noon, ExpiresAt: noon.Add(checkout.AuthorizationLifetime), Referred: true, Reason: "rule 7",
		Content: &content,
	}
	s.CustomerToken = &checkout.CustomerToken{
		ID: "2d3f1a37-387f-64f4-8a89-57de25901022", AuthorizationToken: s.Authorization.Token, CreatedAt: noon,
		Description: "Monthly coffee",
	}
	return s
}

func collected() checkout.Session {
	s := authorized()
	s.Collected = &checkout.Content{
		BillingAddress: &checkout.Address{City: checkout.TextOf("Lund"), PostalCode: checkout.TextOf("222 22")},
		Customer:       &checkout.Customer{DateOfBirth: checkout.TextOf("1941-03-21")},
	}
	return s
}

func called() checkout.Session {
	s := authorized()
	s.Authorization.CallID = "0b9a7c5e-1d2f-4a3b-8c4d-5e6f7a8b9c0d"
	return s
}

func ordered() checkout.Session {
	s := authorized()
	s.Revision = 5
	s.Authorization.State = checkout.AuthorizationOrdered
	request := s.Content
	request.MerchantReference2, request.AutoCapture = checkout.TextOf("B-2"), checkout.BooleanOf(true)
	s.Order = &checkout.Order{
		ID: "3e402b48-498f-75f5-9b9a-68ef36a12133", AuthorizationToken: s.Authorization.Token, CreatedAt: noon,
		Content: request, Request: request, FraudStatus: checkout.FraudPending,
		Method: market.Method{Type: "invoice", NumberOfDays: 30, NumberOfInstallments: 1},
		Ledger: checkout.Ledger{Authorized: 29_900, Captured: 20_000, Released: 9_900, Refunded: 1},
	}
	return s
}

func assessedSession() checkout.Session {
	s := called()
	s.Authorization.AssessmentID = "0b9a7c5e-2d3f-4a3b-8c4d-5e6f7a8b9c0d"
	s.Authorization.Review = checkout.ReviewTerms{Due: 6 * time.Hour, AtDue: checkout.ReviewAccept}
	return s
}

// reviewed has every property of a review, more than one has at a time.
func reviewed() checkout.Session {
	s := ordered()
	s.Order.FraudStatus = checkout.FraudRejected
	s.Order.Review = &checkout.Review{
		State: checkout.ReviewStopped, DueAt: noon.Add(24 * time.Hour), AtDue: checkout.ReviewReject, NeedsSecond: true,
		ClaimedBy: "anna", ClaimedAt: noon.Add(time.Second), FirstBy: "anna", FirstAt: noon.Add(time.Minute), FirstReason: "a known customer",
		DecidedBy: "bo", DecidedAt: noon.Add(2 * time.Minute), Reason: "called them", Automatic: true,
		StoppedBy: "cilla", StoppedAt: noon.Add(time.Hour), StopReason: "the card was stolen", ChangedBy: "cilla",
	}
	return s
}

func erasedSession() checkout.Session {
	s := reviewed()
	s.ErasedAt = noon.Add(48 * time.Hour)
	return s
}

// TestASessionIsWrittenAsTheOldestVersionThatHasIt, so that the program before
// this one reads what it has no part in.
func TestASessionIsWrittenAsTheOldestVersionThatHasIt(t *testing.T) {
	t.Parallel()
	terms, open := ordered(), ordered()
	terms.Authorization.Review.AtDue = checkout.ReviewAccept
	open.Order.Review = &checkout.Review{State: checkout.ReviewOpen}
	for version, sessions := range map[string][]checkout.Session{
		"1": {created(), authorized(), ordered()}, "2": {collected(), called()}, "3": {assessedSession(), reviewed(), terms, open}, "4": {erasedSession()},
	} {
		for _, session := range sessions {
			if document := record.AppendDocument(nil, &session); !bytes.HasPrefix(document, []byte(`{"version":`+version+`,`)) {
				t.Errorf("want version %s: %.40s", version, document)
			}
		}
	}
}

// TestALargeDocumentIsPacked: it comes back, is much smaller, and damage to it
// is an error like any other.
func TestALargeDocumentIsPacked(t *testing.T) {
	t.Parallel()
	var want checkout.Session
	for i := range 50 {
		want.Content.OrderLines = append(want.Content.OrderLines, checkout.Line{
			Name: checkout.TextOf("Running shoe"), Reference: checkout.TextOf(strings.Repeat("x", i)), Quantity: checkout.IntegerOf(int64(i))})
	}
	plain, packed := record.AppendDocument(nil, &want), record.Append([]byte("head"), &want)
	if len(packed) > len(plain)/2 || !bytes.HasPrefix(packed, []byte("head\x01")) {
		t.Fatalf("%d bytes became %d, beginning with %q", len(plain), len(packed), packed[:5])
	}
	var got checkout.Session
	if err := record.Decode(packed[4:], &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Content, got.Content); diff != "" {
		t.Error(diff)
	}
	if err := record.Decode(packed[4:len(packed)-3], &got); err == nil {
		t.Error("a document that was cut off was read")
	}
}
