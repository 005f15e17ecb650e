//go:build !race

package report

// pairs is how many pairs of runs are simulated.
const pairs = 60
