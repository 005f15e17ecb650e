package judge

// HitRatio returns the share of hits of a key that is asked for rate times a second at random and kept for ttl seconds,
// counted from the miss that fetched it: rate ttl/(1 + rate ttl).
func HitRatio(rate, ttl float64) float64 { return rate * ttl / (1 + rate*ttl) }

// TTLFor returns for how many seconds a key must be kept for a share of hits below 1.
func TTLFor(rate, hits float64) float64 { return hits / ((1 - hits) * rate) }

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
