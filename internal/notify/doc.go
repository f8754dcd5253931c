// Package notify delivers callbacks: it leases what is due in the outbox of the
// store, sends it to the merchant's server, and says what became of it.
//
// It owns: the schedule of attempts, the bounds on a receiver's answer, and the
// number of deliveries at a time. It must not know: what causes a callback or what its body says
// (checkout, wire), SQL, or how controls are reached.
package notify
