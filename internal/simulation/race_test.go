//go:build race

package simulation_test

// schedulesDefault is less with the race detector, which makes a schedule
// about eight times as slow.
const schedulesDefault = 600
