// Package testcustomers is the published test data as a table: whose e-mail
// address and phone number leads to which end, in every market.
//
// It is for tests and for docs/test-data.md, which is made from it. It must not
// know how the server decides: the playground's rules are measured by it.
package testcustomers
