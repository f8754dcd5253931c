package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kvitto/kvitto/internal/app"
)

// fromPage posts as a page does.
func fromPage(t *testing.T, url, token, body string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

// payload is what a token says.
func payload(t *testing.T, token string) string {
	t.Helper()
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(claims)
}

// TestProductionAsksForNoCode: a server for shops has nobody to send one, and a
// page cannot switch its customer off. It asks for the rest, and decides.
func TestProductionAsksForNoCode(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := run(t, func(c *app.Config) { c.DataDir = data })
	username, password := key(t, "sqlite:"+data)
	created := send(t, http.DefaultClient, "POST", server.URL+"/payments/v1/sessions", username, password, cart, nil)
	var session struct {
		ID    string `json:"session_id"`
		Token string `json:"client_token"`
	}
	if err := json.Unmarshal([]byte(created.body), &session); err != nil || session.Token == "" {
		t.Fatalf("%v: %s", err, created.body)
	}
	loaded := fromPage(t, server.URL+"/kp/v1/sessions/"+session.ID+"/load", session.Token, `{}`)
	if claims := payload(t, session.Token); !strings.Contains(loaded.body, `"merchant_name" : "Shoes"`) || !strings.Contains(claims, `"environment":"production"`) {
		t.Errorf("the page is shown %s, the token says %s", loaded.body, claims)
	}
	authorize := server.URL + "/kp/v1/sessions/" + session.ID + "/authorize"
	details := `"details":{"billing_address":{"given_name":"A","family_name":"B","email":"customer+denied@email.se","phone":"0701234567",` +
		`"street_address":"Gatan 1","postal_code":"111 48","city":"Stockholm"},"customer":{"national_identification_number":"194103219202"}}`
	consent := `"consent":{"payment_method_category":"pay_later","order_amount":100,"purchase_currency":"SEK","number_of_days":30,"number_of_installments":1}`
	for _, c := range []struct{ body, want string }{
		{`{"interaction":"none"}`, `"step" : "details"`},
		{`{"answers":{` + details + `}}`, `"step" : "method"`},
		{`{"payment_method_category":"pay_later","answers":{` + details + `}}`, `"step" : "confirm"`},
		// No test data has a meaning here.
		{`{"payment_method_category":"pay_later","answers":{` + details + `,` + consent + `}}`, `"authorization_token"`},
	} {
		got := fromPage(t, authorize, session.Token, c.body)
		if got.status != 200 || !strings.Contains(got.body, c.want) || strings.Contains(got.body, `"playground" : true`) {
			t.Fatalf("%s: %d %s", c.body, got.status, got.body)
		}
	}
	if got := send(t, http.DefaultClient, "POST", server.URL+"/kvitto/v1/next", username, password, `{"outcome":"deny"}`, nil); got.status != 404 {
		t.Errorf("next: %d %s", got.status, got.body)
	}
	express := fromPage(t, server.URL+"/kp/v1/sessions", "klarna_live_client_x", cart)
	if express.status != 403 || !strings.Contains(express.body, "client_token") {
		t.Errorf("express: %d %s", express.status, express.body)
	}
}
