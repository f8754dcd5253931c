package contract_test

import (
	"fmt"
	"testing"
)

// Bodies that real plugins send and that must be taken.
func TestBodiesThatShopsSend(t *testing.T) {
	t.Parallel()
	const line = `"order_amount":1000,"order_lines":[{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000}]`
	const sweden = `"purchase_country":"SE","purchase_currency":"SEK",`
	bodies := map[string]string{
		"WooCommerce: options null": `{"options":null,` + sweden + line + `}`,
		"WooCommerce: empty addresses": `{"billing_address":` + emptyAddress + `,"shipping_address":` + emptyAddress + `,` +
			sweden + line + `}`,
		"WooCommerce: locale of the US":      `{"locale":"en-US",` + sweden + line + `}`,
		"WooCommerce: reference is a number": `{"merchant_reference2":13,` + sweden + line + `}`,
		"WooCommerce: one merchant URL":      `{"merchant_urls":{"authorization":"https://shop.example/callback?id=1"},` + sweden + line + `}`,
		"WooCommerce: free shipping": `{` + sweden + `"order_amount":1000,"order_tax_amount":0,"order_lines":[` +
			`{"name":"Scarf","quantity":2,"unit_price":500,"total_amount":1000,"tax_rate":0,"total_tax_amount":0,"total_discount_amount":0},` +
			`{"type":"shipping_fee","reference":"flat_rate:1","name":"Free","quantity":1,"unit_price":0,` +
			`"tax_rate":0,"total_amount":0,"total_tax_amount":0}]}`,
		"saleor: locale without country": `{"locale":"EN",` + sweden + line + `}`,
		"saleor: line without reference": `{` + sweden + line + `}`,
		"saleor: billing SE, shipping US": `{"billing_address":{"country":"SE","region":"DC","postal_code":"20500"},` +
			`"shipping_address":{"country":"US","region":"NY"},` + sweden + line + `}`,
		"sylius, java, tuutti: no automatic capture": `{"auto_capture":false,` + sweden + line + `}`,
	}
	m := newServer(t).merchant("bodies")
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := m.create(t, body)
			m.must(t, 204, "POST", sessionPath(id), body)
			token := m.authorize(t, id, fmt.Sprintf(`{"data":%s}`, body))
			m.must(t, 200, "POST", orderPath(token), body)
		})
	}
}

const emptyAddress = `{"given_name":"","family_name":"","email":"","title":"","phone":"","street_address":"","street_address2":"",` +
	`"postal_code":"","city":"","region":"","country":"","organization_name":"","attention":""}`

// WooCommerce sends this header with every request.
func TestIntegrationMetadataHeaderIsTaken(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("metadata")
	request := m.request(t, "POST", sessionsPath, cart)
	request.Header.Set("X-Klarna-Integration-Metadata", `{"integrator":{"name":"shop"},"session_reference":"4711"}`)
	request.Header.Set("User-Agent", "WordPress/6.4; https://shop.example - KP:3.2 - PHP Version: 8.1 - Krokedil")
	if a := m.send(t, request); a.status != 200 {
		t.Errorf("status %d, want 200\n%s", a.status, a.body)
	}
}

// A number for a reference comes back as the text it was sent as.
func TestNumberForAReferenceIsReadBackAsText(t *testing.T) {
	t.Parallel()
	m := newServer(t).merchant("numbers")
	id := m.create(t, `{"merchant_reference2":13,`+cartWithoutLocale[1:])
	if got := m.must(t, 200, "GET", sessionPath(id), "").text(t, "merchant_reference2"); got != "13" {
		t.Errorf("merchant_reference2 is %q, want 13", got)
	}
}
