//go:build !race

package body_test

// raceEnabled tells that the race detector runs: it allocates by itself.
const raceEnabled = false
