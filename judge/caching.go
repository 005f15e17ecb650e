package judge

import "math"

// HitRatio returns the share of hits of a key that is asked for rate times a second at random and kept for ttl seconds,
// counted from the miss that fetched it: rate ttl/(1 + rate ttl).
func HitRatio(rate, ttl float64) float64 { return rate * ttl / (1 + rate*ttl) }

// TTLFor returns for how many seconds a key must be kept for a share of hits below 1.
func TTLFor(rate, hits float64) float64 { return hits / ((1 - hits) * rate) }

// HitRatioOf is HitRatio of several keys together, which are asked for rates times a second each: their mean, weighted
// by how often each is asked for. NaN without any rate above 0.
func HitRatioOf(rates []float64, ttl float64) float64 {
	hits, all := 0.0, 0.0
	for _, r := range rates {
		hits, all = hits+r*HitRatio(r, ttl), all+r
	}
	return hits / all
}

// TTLOf is TTLFor of several keys that are kept equally long: the time to live that gives this share of hits, from 0 to
// 1, all keys together; infinite for 1.
func TTLOf(rates []float64, hits float64) float64 {
	if !(hits > 0) {
		return 0
	}
	if hits >= 1 {
		return math.Inf(1)
	}
	low, high := 0.0, 1.0
	for HitRatioOf(rates, high) < hits && high < 1e12 {
		low, high = high, 2*high
	}
	for range 60 { // halving an interval leaves less of it than a float64 can tell
		if middle := (low + high) / 2; HitRatioOf(rates, middle) < hits {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// worthPrefetching is how often a key must be asked for within its time to live for a prefetch to be worth it: each
// miss that it saves costs half a fetch that nobody needed.
const worthPrefetching = 2

// Prefetch is what fetching a key again before it expires would change.
type Prefetch struct {
	// Misses are the misses that it saves, and Saved the seconds that clients wait less.
	Misses, Saved float64
	// Fetches are those of the prefetcher, in the same time.
	Fetches float64
	// Worth tells whether there is less than one needless fetch for two misses that are saved.
	Worth bool
}

// PrefetchOf returns what prefetching saves of a key that is asked for rate times a second, over so many seconds. miss
// and hit are how long an answer takes, in seconds.
func PrefetchOf(rate, ttl, seconds, miss, hit float64) Prefetch {
	misses := rate * seconds * (1 - HitRatio(rate, ttl))
	return Prefetch{
		Misses: misses, Saved: misses * (miss - hit), Fetches: seconds / ttl, Worth: rate*ttl >= worthPrefetching,
	}
}

// Coalesced returns the share of fetches that are saved when equal requests that come while one is fetched, or for hold
// seconds after, wait for its answer: w/(1+w), w = rate (seconds + hold).
func Coalesced(rate, seconds, hold float64) float64 { return HitRatio(rate, seconds+hold) }

// Ported returns the CPU time of an invocation when a movable share of it, 0 to 1, is done times as fast (by Amdahl's
// law): what a kernel in WebAssembly would save.
func Ported(cpu, movable, times float64) float64 { return cpu * (1 - movable + movable/times) }
