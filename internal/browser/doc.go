// Package browser has the end-to-end tests: a real Chromium, a shop page on an
// origin of its own, and the server that main starts.
//
// It owns: what a shop's page and a customer see of Klarna.Payments, the widget,
// the purchase flow and the demo shop, and that what they saw is what the
// server decided and recorded. It must not know: how the parts are made; it
// reads the documented API, the documented test ids and the request log.
//
// The tests and the shop page in testdata are all there is.
package browser
