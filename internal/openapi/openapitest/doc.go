// Package openapitest holds exchanges to the documents of internal/openapi.
//
// It owns: what of a request and its answer is compared with which schema, and what
// is taken that the documents say only in words. It must not know: the server.
package openapitest
