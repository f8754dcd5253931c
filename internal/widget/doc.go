// Package widget serves what a customer's browser asks for.
//
// It owns the addresses below /kp/: today the redirect that ends at the
// merchant's confirmation page. It must not know rules or storage, and it
// never sees a merchant's credentials.
package widget
