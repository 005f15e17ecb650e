//go:build !race

package compare

// pairs is how many pairs of runs are simulated.
const pairs = 60
