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

// AddSilences marks the rows of regions from which nothing comes any more while something comes from others: when all
// are silent, the page as a whole says so.
func AddSilences(rows []query.Row, newest map[string]time.Time, from, now time.Time) {
	if newest == nil {
		return
	}
	silent := 0
	for i := range rows {
		r := &rows[i]
		silence := SilenceLooked
		if end, ok := newest[r.Name]; ok {
			silence = max(0, now.Sub(end))
		}
		spoken := now.Sub(from) - silence
		if spoken <= 0 || silence < leastSilence ||
			float64(r.Samples)*silence.Seconds()/spoken.Seconds() < missedEvents {
			continue
		}
		r.Silent = query.Num(math.Floor(silence.Seconds()))
		silent++
	}
	if silent == len(rows) {
		for i := range rows {
			rows[i].Silent = query.None()
		}
	}
}
