// Package risk assesses sessions: approve, deny, refer, or ask for something.
//
// It owns the Assessor interface that the service calls for every authorize
// and reauthorize, and the playground's assessor, which follows the customer's
// test data. It must not know HTTP, storage, or what an outcome does to a
// session: checkout decides that.
package risk
