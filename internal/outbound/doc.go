// Package outbound is what calls to servers of others share: which addresses may
// be called, how an address is read, and the signature of Standard Webhooks.
//
// It must not know what is sent, to whom, or when.
package outbound
