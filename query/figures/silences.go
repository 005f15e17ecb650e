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
// is by how much a region is behind the one that was heard of last; and when nothing comes from any no region is silent:
// the page as a whole says so.
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
	var samples float64
	for i := range rows {
		samples += float64(rows[i].Samples)
	}
	if missed(samples, now.Sub(last), last.Sub(from)) {
		return
	}
	for i := range rows {
		r := &rows[i]
		end, ok := newest[r.Name]
		if !ok {
			end = now.Add(-SilenceLooked)
		}
		if missed(float64(r.Samples), last.Sub(end), end.Sub(from)) {
			r.Silent = query.Num(math.Floor(now.Sub(end).Seconds()))
		}
	}
}

// missed tells whether too many events would have come in a silence, of so many that came in the time before.
func missed(samples float64, silence, spoken time.Duration) bool {
	return spoken > 0 && silence >= leastSilence && samples*silence.Seconds()/spoken.Seconds() >= missedEvents
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
