// Package money holds amounts in minor units and the exact arithmetic of
// order lines and taxes.
//
// It owns: the Amount and Rate types, 128-bit intermediate results, rounding,
// and reading a JSON number as an integer without a float in between. It must
// not know: order lines, sessions, JSON objects, currencies' names. Every
// function is pure and none can overflow: a result that does not fit is
// reported, never wrapped.
package money
