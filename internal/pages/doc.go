// Package pages has the tests of what a customer sees: the widget, the purchase
// flow and the terms, their texts in all languages, their test ids and their
// accessibility.
//
// It owns that each page does its part of docs/browser-api.md, against a server
// and a shop page that are played by the test. It must not know how the real
// server decides; internal/browser tests both together.
//
// The tests are all there is.
package pages
