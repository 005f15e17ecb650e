package main

import (
	"runtime/debug"

	"edgescope/internal/run"
)

// gcPercent lets the heap of a run grow to four times what lives. A load generator keeps little and makes a result for each
// request: at the usual 100 it collects so often that a request with a capture costs a quarter more. With 50 users the
// process stays below 40 MB.
const gcPercent = 300

// relaxGC sets the garbage collector for the time of a run, unless GOGC says how the user wants it.
func relaxGC(p run.Process) (restore func()) {
	if _, set := p.LookupEnv("GOGC"); set {
		return func() {}
	}
	before := debug.SetGCPercent(gcPercent)
	return func() { debug.SetGCPercent(before) }
}
