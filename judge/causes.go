package judge

import (
	"cmp"
	"math"
	"slices"
)

const (
	// leastBad is how many bad events an attribute must have to be named, and leastPart which part of all bad ones.
	leastBad, leastPart = 10, 0.05
	// surelyMore is what the lower bound of its risk ratio must reach.
	surelyMore = 1.5
	// chance is how often, at most, something is named although nothing stands behind it, all tests together.
	chance = 0.05
	// MostPaired is how many attributes are tried in pairs, those with more than worthPairing by their risk ratio.
	MostPaired   = 10
	worthPairing = 1.2
	// keeps is which part of the excess of the best a pair must have, and tighter how much larger its risk ratio must
	// be than that of each of the two.
	keeps, tighter = 0.8, 2
	// MostCauses is how many causes are named.
	MostCauses = 3
)

// Group is the events that have something in common: a value of an attribute, or of two.
type Group struct {
	// Is names it: "edge.colo=GRU", two for a pair.
	Is []string
	// Bad are the bad events among all of the group.
	Bad Share
}

// Cause is what bad events share.
type Cause struct {
	Group
	Risk RiskRatio
	// Excess is how many bad events there are beyond those that the group would have if it were as all others.
	Excess float64
	// Named tells that it is more than chance.
	Named bool
}

// Rank returns what bad events share, by excess, largest first. all is every event that was looked at; tests is how
// many groups were tried altogether, pairs included: the more, the surer one must be.
func Rank(all Share, groups []Group, tests int) []Cause {
	z := Z(chance / float64(max(tests, 1)) / 2)
	causes := make([]Cause, 0, len(groups))
	for _, g := range groups {
		others := Share{all.K - g.Bad.K, all.N - g.Bad.N}
		c := Cause{Group: g, Risk: Risk(g.Bad, others)}
		switch {
		case others.N <= 0: // all events have it: it tells nothing
			continue
		case others.K <= 0 && g.Bad.K > 0: // none of the others is bad: as if half an event were
			c.Risk = Risk(g.Bad, Share{0.5, others.N + 0.5})
		}
		c.Excess = g.Bad.K - g.Bad.N*others.Ratio()
		c.Named = g.Bad.K >= leastBad && g.Bad.K >= leastPart*all.K && c.Risk.Low(z) >= surelyMore
		causes = append(causes, c)
	}
	slices.SortStableFunc(causes, func(a, b Cause) int { return cmp.Compare(b.Excess, a.Excess) })
	return causes
}

// Worth returns those of ranked causes whose pairs are worth a try, named or not.
func Worth(ranked []Cause) []Cause {
	worth := make([]Cause, 0, MostPaired)
	for _, c := range ranked {
		if len(worth) < MostPaired && c.Excess > 0 && c.Risk.Ratio >= worthPairing {
			worth = append(worth, c)
		}
	}
	return worth
}

// Best returns the cause that explains most: the named one with the largest excess, or the pair that has nearly as much
// of it in far fewer events. ok is false when nothing is named. singles and pairs are ranked over the same events.
func Best(singles, pairs []Cause) (best Cause, ok bool) {
	ratio := map[string]float64{}
	for _, c := range singles {
		ratio[c.Is[0]] = c.Risk.Ratio
		if c.Named && !ok {
			best, ok = c, true
		}
	}
	most := 0.0
	if len(singles) > 0 {
		most = singles[0].Excess
	}
	for _, p := range pairs {
		alone := max(ratio[p.Is[0]], ratio[p.Is[1]])
		if p.Named && p.Excess >= keeps*most && p.Risk.Ratio >= tighter*alone && !math.IsNaN(alone) {
			return p, true
		}
	}
	return best, ok
}
