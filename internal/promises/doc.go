// Package promises holds the tests of the design's promises that need the
// whole server: real HTTP, real files, real kill -9. The promises that are the
// domain's own are tested in checkout; the walls between merchants in contract.
//
// It has no code besides its tests.
package promises
