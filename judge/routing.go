package judge

import (
	"cmp"
	"math"
	"slices"
)

// Candidate is a region in which requests of a place could be served.
type Candidate struct {
	Region string
	// P95 is in milliseconds, Errors a share of requests, N the events of both, Cost dollars a million requests (NaN not
	// known). Modelled tells that P95 is reckoned from the distance.
	P95, Errors, N, Cost float64
	Modelled             bool
	// Low and High are the 95 % interval of P95.
	Low, High float64
	// Silent tells that nothing comes from the region, Barred that the data of the place must not be there.
	Silent, Barred bool
}

// Routing weighs what makes a region good.
type Routing struct {
	// PerError is what a share of errors of 1 counts, in milliseconds, and PerDollar a dollar a million requests.
	PerError, PerDollar float64
}

// DefaultRouting counts an error ratio of 1 % as 10 ms, and no cost.
var DefaultRouting = Routing{PerError: 1000}

const (
	mostErrors  = 0.05 // from which on a region is no candidate
	fewRequests = 100  // below which nothing is known of one
	betterBy    = 10   // ms, and
	betterPart  = 0.1  // of the score
)

// Ranked is a candidate with its score, in milliseconds: lower is better.
type Ranked struct {
	Candidate
	Score float64
}

// Rank returns the regions that may serve, best first. What is barred, silent, of too many errors or of too few events
// is not among them, however fast it is.
func (r Routing) Rank(candidates []Candidate) []Ranked {
	var ranked []Ranked
	cheapest := math.Inf(1)
	for _, c := range candidates {
		if c.allowed() && c.Cost < cheapest {
			cheapest = c.Cost
		}
	}
	for _, c := range candidates {
		if c.allowed() {
			score := c.P95 + r.PerError*c.Errors
			if !math.IsNaN(c.Cost) && !math.IsInf(cheapest, 1) {
				score += r.PerDollar * (c.Cost - cheapest)
			}
			ranked = append(ranked, Ranked{c, score})
		}
	}
	slices.SortStableFunc(ranked, func(a, b Ranked) int { return cmp.Compare(a.Score, b.Score) })
	return ranked
}

func (c *Candidate) allowed() bool {
	return !c.Barred && !c.Silent && c.Errors < mostErrors && (c.N >= fewRequests || c.Modelled)
}

// Better returns the region that should serve in place of current, as it was on each of the last days: the same one each
// day, better by 10 ms and by 10 %, and surely so. ok is false when none should.
func Better(days [][]Ranked, current string) (to string, ok bool) {
	for i, ranked := range days {
		at := slices.IndexFunc(ranked, func(r Ranked) bool { return r.Region == current })
		if len(ranked) == 0 || ranked[0].Region == current || i > 0 && ranked[0].Region != to {
			return "", false
		}
		to = ranked[0].Region
		if at < 0 { // it may not serve at all
			continue
		}
		best, now := &ranked[0], &ranked[at]
		if now.Score-best.Score < betterBy || now.Score-best.Score < betterPart*now.Score || best.High >= now.Low {
			return "", false
		}
	}
	return to, len(days) > 0
}

const (
	// lightKMPerMS is how far light goes in a millisecond, in kilometres, and fibreIndex how much slower it is in fibre.
	lightKMPerMS = 299.792458
	fibreIndex   = 1.468
)

// RTT returns the round trip in milliseconds over so many kilometres of fibre, factor times as long as the straight line
// (1.3 to 2 as a rule).
func RTT(km, factor float64) float64 { return 2 * km * fibreIndex / lightKMPerMS * factor }
