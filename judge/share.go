// Package judge decides, from plain numbers, what is out of its norm and how sure that is. Its functions are pure: they
// know no store and no clock, and random draws are seeded by what is asked, so that the same numbers get the same
// verdict.
//
// A share is k of n events: slow ones, errors, cold starts, misses of a cache. Every n is a number of events that were
// really seen, never a total that stands for more (weights belong to totals, not to certainty).
//
//	share.go         a share as a number with known noise, its interval, ranking of small ones
//	distribution.go  the part of a histogram above a value, the interval of a quantile
//	norm.go          shares of the past, how far one is from them, since when
//	season.go        the norm by the hour of the day: what is marked, and who is told
//	versions.go      a new version against the one before
//	ratio.go         how much more often something happens with an attribute than without
//	causes.go        what bad events share
//	forecast.go      what is expected
//	promise.go       objectives, and how fast their budget goes
//	lifetime.go      how long idle instances live, why cold starts happen
//	wait.go          how often so many instances do not suffice, what kept ones cost
//	parts.go         where the time of requests goes
//	caching.go       what other times to live, prefetching and coalescing would change
//	routing.go       where requests should be served
package judge

import "math"

// Share is K of N events, 0 <= K <= N. K may be fractional: events counted by a part of a histogram's bucket.
type Share struct{ K, N float64 }

// Ratio is K/N, NaN without events.
func (s Share) Ratio() float64 { return s.K / s.N }

// Angle turns a share into a number whose noise does not depend on the share: 2 asin(sqrt((k+3/8)/(n+3/4))), in radians
// from 0 to pi, with the variance Noise (Anscombe, The transformation of Poisson, binomial and negative-binomial data,
// Biometrika 35, 1948).
func (s Share) Angle() float64 { return 2 * math.Asin(math.Sqrt((s.K+3.0/8)/(s.N+3.0/4))) }

// Noise is the variance of Angle that counting alone makes: 1/(n+1/2).
func (s Share) Noise() float64 { return 1 / (s.N + 0.5) }

// z95 is the 97.5 % quantile of the normal distribution: two sides of it leave 95 %.
const z95 = 1.959963984540054

// Wilson returns the 95 % interval of the share that stands behind K of N, 0 to 1 without events (Wilson, Probable
// inference, JASA 22, 1927).
func (s Share) Wilson() (low, high float64) {
	if s.N <= 0 {
		return 0, 1
	}
	p, z2 := s.Ratio(), z95*z95
	center := p + z2/(2*s.N)
	half := z95 * math.Sqrt(p*(1-p)/s.N+z2/(4*s.N*s.N))
	scale := 1 + z2/s.N
	return max(0, (center-half)/scale), min(1, (center+half)/scale)
}

// shrinkBy is how many events of the prior share Shrink adds.
const shrinkBy = 50

// Shrink moves the share towards a prior one, the more the fewer events there are. It is to rank by, not to show: one of
// three is not worse than 300 of 1,000.
func (s Share) Shrink(prior float64) float64 { return (s.K + shrinkBy*prior) / (s.N + shrinkBy) }

// Tail returns the probability that k or more of n events happen that each happen with probability p: the binomial
// distribution's upper tail.
func Tail(k, n int, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		term := math.Exp(logChoose(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		sum += term
		if float64(i) > p*float64(n) && term < sum*1e-17 { // beyond the top terms only get smaller
			break
		}
	}
	return min(1, sum)
}

// logChoose is the logarithm of n over k.
func logChoose(n, k int) float64 {
	return logFactorial(n) - logFactorial(k) - logFactorial(n-k)
}

func logFactorial(n int) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}
