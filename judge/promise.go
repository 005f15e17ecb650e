package judge

import (
	"math"
	"time"
)

// LeastBadEvents is how many bad events, really seen, the long window of an alert needs: one error of a quiet night is a
// large share, and no reason to wake anybody.
const LeastBadEvents = 5

// mostBad bounds the share of bad events that an alert asks for: of a low target a high burn rate would be more than
// all.
const mostBad = 0.5

// Promise is an objective: so large a share of events is good within a period (SLO).
type Promise struct {
	// Target is the share of good events, above 0 and below 1.
	Target float64
	Period time.Duration
}

// Budget is the share of events that may be bad.
func (p Promise) Budget() float64 { return 1 - p.Target }

// Burn returns how many times as fast as the promise allows the budget is spent, NaN without events.
func (p Promise) Burn(bad Share) float64 { return bad.Ratio() / p.Budget() }

// Remaining returns which part of the budget is left after the events of a period, negative when it is overspent.
func (p Promise) Remaining(bad Share) float64 {
	if bad.N == 0 {
		return 1
	}
	return 1 - bad.K/(bad.N*p.Budget())
}

// Lasts returns how long the remaining part of the budget lasts at a burn rate: 0 when it is gone, false when it is not
// used up.
func (p Promise) Lasts(remaining, burn float64) (time.Duration, bool) {
	if remaining <= 0 {
		return 0, true
	}
	hours := p.Period.Hours() * remaining / burn
	if !(burn > 0) || hours > float64(math.MaxInt64)/float64(time.Hour) {
		return 0, false
	}
	return time.Duration(hours * float64(time.Hour)), true
}

// Urgency says who is told of a burn.
type Urgency string

// Page wakes somebody, Ticket waits for working hours.
const (
	Page   Urgency = "page"
	Ticket Urgency = "ticket"
)

// BurnRule tells of a burn: when the budget is spent so fast in a long window that so large a part of it goes, and in a
// short one still.
type BurnRule struct {
	Urgency Urgency
	// Part is the part of the period's budget that Long may take.
	Part        float64
	Long, Short time.Duration
}

// BurnRules are those of the Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
var BurnRules = [...]BurnRule{
	{Page, .02, time.Hour, 5 * time.Minute},
	{Page, .05, 6 * time.Hour, 30 * time.Minute},
	{Ticket, .10, 24 * time.Hour, 2 * time.Hour},
	{Ticket, .10, 72 * time.Hour, 6 * time.Hour},
}

// Threshold returns the burn rate of a promise from which on the rule tells.
func (r BurnRule) Threshold(p Promise) float64 {
	return min(r.Part*p.Period.Hours()/r.Long.Hours(), mostBad/p.Budget())
}

// Tells tells whether the rule does: both windows burn faster than the threshold, and enough bad events were really
// seen in the long one. The shares may be weighted; seen is not.
func (r BurnRule) Tells(p Promise, long, short Share, seen float64) bool {
	limit := r.Threshold(p)
	return seen >= LeastBadEvents && p.Burn(long) > limit && p.Burn(short) > limit
}
