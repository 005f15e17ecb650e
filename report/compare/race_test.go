//go:build race

package compare

// pairs is how many pairs of runs are simulated: few under the race detector, since the simulation has no goroutines.
const pairs = 16
