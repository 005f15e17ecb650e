package figures

import (
	"math"
	"time"

	"edgescope/query"
)

// When the silence of a region is worth a word: at its own rate ten invocations would have come since, which chance
// leaves out once in 20,000 times (a Poisson process: e^-10), and a minute has passed, more than batches of senders
// take.
const (
	missedEvents = 10
	leastSilence = time.Minute
	// SilenceLooked is how far back the newest invocation is looked for; who is silent for longer is silent for that
	// long.
	SilenceLooked = 30 * time.Minute
)

// AddSilences marks the rows of regions from which nothing comes any more while something comes from others. What counts
// is by how much a region is behind the one that was heard of last: when a sender stops as a whole no region is silent
// for it, and the page as a whole says that nothing comes.
func AddSilences(rows []query.Row, newest map[string]time.Time, from, now time.Time) {
	if newest == nil {
		return
	}
	last := now.Add(-SilenceLooked)
	for _, end := range newest {
		if end.After(last) {
			last = end
		}
	}
	last = earlier(last, now)
	for i := range rows {
		r := &rows[i]
		end, ok := newest[r.Name]
		if !ok {
			end = now.Add(-SilenceLooked)
		}
		behind, spoken := last.Sub(end), end.Sub(from)
		if spoken > 0 && behind >= leastSilence && float64(r.Samples)*behind.Seconds()/spoken.Seconds() >= missedEvents {
			r.Silent = query.Num(math.Floor(now.Sub(end).Seconds()))
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
