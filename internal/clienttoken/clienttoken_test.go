package clienttoken_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/clienttoken"
)

func TestTheTokenHasTheRecordedClaims(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef0123456789abcdef")
	session := checkout.Session{ID: "11111111-2222-4333-8444-555555555555", Content: checkout.Content{
		PurchaseCountry: checkout.TextOf("SE"), Locale: checkout.TextOf("PL"), OrderAmount: checkout.IntegerOf(22299)}}
	token, err := clienttoken.New(key, clienttoken.Playground).Mint(&session, "http://127.0.0.1:7420")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"session_id":"11111111-2222-4333-8444-555555555555","base_url":"http://127.0.0.1:7420/kp","design":"klarna",` +
		`"language":"en","purchase_country":"SE","environment":"playground","merchant_name":"Your business name",` +
		`"session_type":"PAYMENTS","client_event_base_url":"http://127.0.0.1:7420","scheme":true,"experiments":[],"region":"eu","order_amount":22299}`
	if string(payload) != want {
		t.Errorf("payload %s\nwant %s", payload, want)
	}
	if _, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		t.Errorf("signature: %v", err)
	}
	if _, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte("another key"), nil }); err == nil {
		t.Error("another key verifies the token")
	}
}

func TestNorthAmericaIsCalledUS(t *testing.T) {
	t.Parallel()
	for country, want := range map[string]string{"US": "us", "CA": "us", "SE": "eu", "AU": "oc"} {
		session := checkout.Session{Content: checkout.Content{PurchaseCountry: checkout.TextOf(country)}}
		token, err := clienttoken.New([]byte("key"), clienttoken.Playground).Mint(&session, "http://localhost")
		if err != nil {
			t.Fatal(err)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
		if err != nil || !strings.Contains(string(payload), `"region":"`+want+`"`) {
			t.Errorf("%s: %s (%v)", country, payload, err)
		}
	}
}
