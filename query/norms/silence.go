package norms

import (
	"context"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

const (
	// leastDays is how many days must have events before it is said what is usual.
	leastDays = 3
	// missedEvents is how many events must be missing: chance leaves out ten once in 20,000 times (a Poisson process:
	// e^-10).
	missedEvents = 10
	// mostSilent is how many members are asked when they were last heard of.
	mostSilent = 100
)

// usualOf returns how many events come in 5 minutes around an hour, on the middle day, and the longest run of buckets
// without any on the second-worst one. Days without any event are left out; with fewer than three others nothing is
// usual.
func usualOf(events []float32, first [judge.SeasonDays]int) (usual float32, gap int16) {
	var means []float32
	var gaps []int16
	for _, at := range first {
		day := events[min(max(at, 0), len(events)):min(max(at+aroundHour, 0), len(events))]
		sum, run, longest := float32(0), int16(0), int16(0)
		for _, n := range day {
			if sum += n; n > 0 {
				run = 0
				continue
			}
			run++
			longest = max(longest, run)
		}
		if sum > 0 {
			means, gaps = append(means, sum/float32(len(day))), append(gaps, longest)
		}
	}
	if len(means) < leastDays {
		return 0, 0
	}
	slices.Sort(means)
	slices.Sort(gaps)
	return means[len(means)/2], gaps[len(gaps)-2]
}

// quiet returns how many of the newest buckets are without any event.
func quiet(events []float32) int {
	n := 0
	for i := len(events) - 1; i >= 0 && events[i] == 0; i-- {
		n++
	}
	return n
}

// isSilent tells whether so many buckets without an event are worth a word: ten events should have come, and longer
// gaps do not happen anyway.
func (k *known) isSilent(buckets, hour int) bool {
	return float32(buckets)*k.usual[hour] >= missedEvents && buckets > int(k.gap[hour])
}

// lastHeard returns the end of the last 5 minutes with an event of these members within a day.
func (r *Room) lastHeard(ctx context.Context, tenant edge.Tenant, of []member, to time.Time,
) (map[member]time.Time, error) {
	var services, regions []string
	for _, m := range of[:min(len(of), mostSilent)] {
		services, regions = append(services, m.service), append(regions, m.region)
	}
	window := tally.Window{From: to.Add(-query.Day), To: to, Step: bucket}
	cut := tables.Cut{
		Tenant: tenant, By: []string{edge.KeyServiceName, edge.KeyRegion}, Window: window, Parts: tables.WithEvents,
	}.Where(edge.KeyServiceName, services).Where(edge.KeyRegion, regions)
	last := map[member]time.Time{}
	err := r.each(ctx, cut, func(m member, _ string, s *store.Series) {
		if !slices.Contains(of, m) {
			return
		}
		for i := len(s.Values) - 1; i >= 0; i-- {
			if end := window.From.Add(time.Duration(i+1) * bucket); s.Values[i] > 0 && end.After(last[m]) {
				last[of[slices.Index(of, m)]] = end
				break
			}
		}
	})
	return last, err
}
