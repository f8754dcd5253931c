// Package client is a client of the Payments API and of Kvitto's own
// interface, in nothing but the standard library.
//
// Requests are yours: every method that sends a body takes anything that
// encoding/json can marshal (a map, a struct of your own), or text that is
// JSON already as []byte, [encoding/json.RawMessage] or string, which is sent
// byte for byte. Answers are small structs with the protocol's names; the whole
// answer is in Raw and the id of the exchange in CorrelationID. A refusal is an
// [*Error].
//
// The methods of the Payments API (CreateSession, ReadSession, UpdateSession,
// PlaceOrder, CancelAuthorization, CreateCustomerToken) work against any server
// of the protocol. The others (Load, Authorize, Reauthorize, Finalize, Explain,
// Check, Clock, Advance) are Kvitto's own, found in `kvitto dev`: they stand in
// for the customer's browser, move the merchant's clock and say why something
// was refused.
//
// The package owns paths, credentials, time limits and the shapes of answers.
// It must not know rules: whatever it is given, it sends.
package client
