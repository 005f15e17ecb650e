package health

import "runtime"

// ballastSize is memory that is never touched, so it costs address space only, but counts as heap that lives. A load
// generator keeps little and makes a result for each request: with a heap of 2 MB it would collect garbage at every 4
// MB, and a request with a capture would cost a quarter more. Unlike a higher GOGC it does not multiply the heap of a
// run with many users.
const ballastSize = 8 << 20

// Ballast makes the garbage collector run less often until release is called.
func Ballast() (release func()) {
	weight := make([]byte, ballastSize)
	return func() { runtime.KeepAlive(weight) }
}
