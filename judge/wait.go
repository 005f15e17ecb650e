package judge

import "math"

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

// Reserve says what instances that are kept warm cost (provisioned concurrency).
type Reserve struct {
	// Rate is requests a second, Seconds how long one takes, Init how long a cold start takes beside, Memory GB of each
	// instance, Period seconds that are paid for. Cold is the measured share of cold starts.
	Rate, Seconds, Init, Memory, Period, Cold float64
	// Reserved, Run and OnDemand are prices of a GB and second: of an instance that is kept, of one that works there, and
	// of one that is started on demand.
	Reserved, Run, OnDemand float64
	// Value is what one avoided cold start is worth.
	Value float64
}

// Load is how many instances work at a time, on average (Little's law).
func (r *Reserve) Load() float64 { return r.Rate * r.Seconds }

// Residual returns the share of requests that are cold starts with c instances kept: those that find all busy, at most
// what was measured. Bursts make it a lower bound.
func (r *Reserve) Residual(c int) float64 {
	if c == 0 {
		return r.Cold
	}
	return min(ErlangB(c, r.Load()), r.Cold)
}

// Cost returns what the period costs with c instances kept.
func (r *Reserve) Cost(c int) float64 {
	n, over := r.Rate*r.Period, ErlangB(c, r.Load())
	work := n * r.Seconds * r.Memory
	return float64(c)*r.Memory*r.Reserved*r.Period +
		work*((1-over)*r.Run+over*r.OnDemand) +
		n*r.Residual(c)*(r.Init*r.Memory*r.OnDemand+r.Value)
}

// Cheapest returns the number of instances that costs least, 0 when none is worth it.
func (r *Reserve) Cheapest() int {
	best, least := 0, r.Cost(0)
	for c := 1; float64(c) <= 10+2*r.Load()+10*math.Sqrt(r.Load()); c++ {
		if cost := r.Cost(c); cost < least {
			best, least = c, cost
		}
	}
	return best
}

// For returns the smallest number of instances with at most that share of cold starts.
func (r *Reserve) For(residual float64) int {
	a, b := r.Load(), 1.0
	for c := 0; ; c++ {
		if c > 0 {
			b = a * b / (float64(c) + a*b) // as ErlangB
		}
		if min(b, r.Cold) <= residual {
			return c
		}
	}
}
