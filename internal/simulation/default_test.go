//go:build !race

package simulation_test

// schedulesDefault is enough to meet everything many times, in about a quarter
// of a minute on two cores.
const schedulesDefault = 3000
