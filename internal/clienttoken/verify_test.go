package clienttoken_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kvitto/kvitto/internal/checkout"
	"github.com/kvitto/kvitto/internal/clienttoken"
)

const sessionID = "11111111-2222-4333-8444-555555555555"

var key = []byte("0123456789abcdef0123456789abcdef")

func minted(t testing.TB, key []byte) string {
	t.Helper()
	session := checkout.Session{ID: sessionID, Content: checkout.Content{PurchaseCountry: checkout.TextOf("SE")}}
	token, err := clienttoken.New(key, clienttoken.Playground).Mint(&session, "http://127.0.0.1:7420")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signed is a token with any header, signed as the method wants.
func signed(t testing.TB, method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAMintedTokenNamesItsSession(t *testing.T) {
	t.Parallel()
	got, err := clienttoken.New(key, clienttoken.Playground).Verify(minted(t, key))
	if err != nil || got != sessionID {
		t.Errorf("%q, %v", got, err)
	}
}

// TestTokensThatAreNotOurs are all refused alike.
func TestTokensThatAreNotOurs(t *testing.T) {
	t.Parallel()
	good := minted(t, key)
	parts := strings.Split(good, ".")
	claims := jwt.MapClaims{"session_id": sessionID}
	header := func(h string) string { return base64.RawURLEncoding.EncodeToString([]byte(h)) }
	for name, token := range map[string]string{
		"nothing":            "",
		"no token":           "not a token",
		"dots":               "..",
		"another key":        minted(t, []byte("another key, as long as the first")),
		"no signature":       parts[0] + "." + parts[1] + ".",
		"a cut signature":    good[:len(good)-1],
		"another payload":    parts[0] + "." + header(`{"session_id":"another"}`) + "." + parts[2],
		"alg none":           signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, claims),
		"alg none, signed":   header(`{"alg":"none"}`) + "." + parts[1] + "." + parts[2],
		"alg HS512":          signed(t, jwt.SigningMethodHS512, key, claims),
		"alg HS384":          signed(t, jwt.SigningMethodHS384, key, claims),
		"alg RS256 by name":  header(`{"alg":"RS256"}`) + "." + parts[1] + "." + parts[2],
		"no session":         signed(t, jwt.SigningMethodHS256, key, jwt.MapClaims{"merchant_name": "x"}),
		"an empty session":   signed(t, jwt.SigningMethodHS256, key, jwt.MapClaims{"session_id": ""}),
		"a session's number": signed(t, jwt.SigningMethodHS256, key, jwt.MapClaims{"session_id": 7}),
		"too long":           signed(t, jwt.SigningMethodHS256, key, jwt.MapClaims{"session_id": sessionID, "x": strings.Repeat("x", 8000)}),
		"a merchant's":       "klarna_test_client_ZGVtbw",
	} {
		if got, err := clienttoken.New(key, clienttoken.Playground).Verify(token); !errors.Is(err, clienttoken.ErrRefused) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzVerify: whatever is sent, only what was signed with the key is taken.
func FuzzVerify(f *testing.F) {
	good := minted(f, key)
	for _, seed := range []string{"", "a.b.c", good, minted(f, []byte("another")), good + "x", "." + good,
		"eyJhbGciOiJub25lIn0.eyJzZXNzaW9uX2lkIjoiYSJ9.", "eyJhbGciOm51bGx9.e30.", "\x00.\xff.é"} {
		f.Add(seed)
	}
	minter := clienttoken.New(key, clienttoken.Playground)
	f.Fuzz(func(t *testing.T, token string) {
		got, err := minter.Verify(token)
		if err != nil {
			if got != "" {
				t.Errorf("refused, and yet %q", got)
			}
			return
		}
		verified, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return key, nil }, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil || !verified.Valid || got == "" {
			t.Errorf("%q was taken for %q: %v", token, got, err)
		}
	})
}
