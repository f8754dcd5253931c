// Package shop is a small merchant: the example of an integration.
//
// It owns a catalog, carts and the pages of two checkouts, on one page and in
// steps. It knows the payment server by the public client package and by
// Klarna.Payments in the browser, and nothing of how either is made. What a
// shop of your own needs is in payment.go and web/checkout.js; calls.go and
// scenarios.go are there for learning only.
package shop
