// Package openapi is what the server says of its HTTP interfaces: an OpenAPI 3.1
// document of the Payments API as it is served, and one of Kvitto's own.
//
// It owns: the documents, their sources in source/, and their addresses. It must
// not know: the code that they describe. Tests hold the two together: of the routes
// in internal/api, of limits and names here, of every exchange of the contract tests
// in internal/contract, by the checker of openapitest.
package openapi
