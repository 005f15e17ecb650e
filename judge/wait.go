package judge

// ErlangB returns the share of requests that find all c instances busy when the load is a instances on average (rate
// times seconds of each, Little's law) and nobody waits: Erlang's loss formula. It is computed by recursion, since
// factorials overflow beyond 170. c >= 0, a >= 0.
func ErlangB(c int, a float64) float64 {
	b := 1.0
	for n := 1; n <= c; n++ {
		b = a * b / (float64(n) + a*b)
	}
	return b
}

// ErlangC returns the share of requests that must wait for an instance when they queue, 1 when the load is more than c
// instances can take.
func ErlangC(c int, a float64) float64 {
	if a >= float64(c) {
		return 1
	}
	b := ErlangB(c, a)
	return b / (1 - a/float64(c)*(1-b))
}
