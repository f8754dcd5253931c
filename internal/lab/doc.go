// Package lab holds the playground controls, which exist in `kvitto dev` only:
// a clock of its own for every merchant, a door that lets any credentials in,
// the outcomes a caller may ask for, and what is to go wrong with calls.
//
// It must not know rules; it only changes what is passed into them.
package lab
