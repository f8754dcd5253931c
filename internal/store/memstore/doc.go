// Package memstore is the model of a store: maps behind one mutex, written to
// be read and believed. The SQL engines are compared with it, and tests that
// need no disk use it.
//
// It owns nothing but memory: what it holds is gone after Close. It enforces
// exactly the conditions of store.Engine and must not know rules of the
// domain beyond the ledger's own check, bytes, files or SQL.
package memstore
