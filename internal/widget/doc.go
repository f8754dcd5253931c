// Package widget serves what a customer's browser asks for.
//
// It owns the addresses below /kp/ that need no decision: the browser SDK, the
// pages of the widget and of the purchase flow with their files, the badge, and
// the redirect that ends at the merchant's confirmation page. The files are made
// from web/ by internal/cmd/webbuild and embedded. It must not know rules or
// storage, and it never sees a merchant's credentials.
package widget
