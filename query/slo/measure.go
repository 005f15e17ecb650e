package slo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/policy"
	"edgescope/query/tally"
	"edgescope/store"
)

// indicator is what an SLI counts: the samples of a metric, and which of them are bad.
type indicator struct {
	metric string
	// probe is a metric that is there when the metric is: by it the source of a service is found.
	probe string
	// all and bad are matchers of a label, "" for none: what counts, and what of that is bad.
	all, bad string
}

// rangesPerDecade is how many buckets a histogram of durations has for a factor of ten (edge.MetricDuration).
const rangesPerDecade = 18

// highestDecade is that of the last bucket, which has no end: 1e6 seconds.
const highestDecade = 6

// indicatorOf returns what an SLI counts; edge is the bucket from which on durations are bad.
func indicatorOf(sli string, bucket int) indicator {
	switch sli {
	case policy.SLILatency:
		return indicator{
			metric: edge.MetricDuration + "_bucket", probe: edge.MetricDuration + "_sum",
			bad: edge.LabelVMRange + `=~"` + slowRanges(bucket) + `"`,
		}
	case policy.SLIWarm:
		return indicator{
			metric: edge.MetricColdStarts, probe: edge.MetricColdStarts, bad: edge.LabelColdStart + `="true"`,
		}
	case policy.SLIHit:
		return indicator{
			metric: edge.MetricCache, probe: edge.MetricCache,
			all: edge.LabelCache + `=~"` + strings.Join(edge.CacheStatuses[:cacheAsked], "|") + `"`,
			bad: edge.LabelCache + `=~"` + strings.Join(edge.CacheStatuses[cacheServed:cacheAsked], "|") + `"`,
		}
	default:
		return indicator{
			metric: edge.MetricRequests, probe: edge.MetricRequests,
			bad: edge.LabelOutcome + `!~"` + edge.OutcomeOK + "|" + edge.OutcomeCanceled + `"`,
		}
	}
}

// The first cacheServed of edge.CacheStatuses were answered from the cache, those up to cacheAsked were not; the rest
// could not be.
const cacheServed, cacheAsked = 3, 5

// slowRanges is a regular expression for the vmranges from a bucket on: those that begin in its decade, and all of the
// decades above. Dots are in brackets, so that it needs no escapes in a string of MetricsQL.
func slowRanges(bucket int) string {
	decade := int(math.Floor(float64(bucket) / rangesPerDecade))
	var begin, decades []string
	for i := bucket; i < (decade+1)*rangesPerDecade; i++ {
		low, _, _ := strings.Cut(strconv.FormatFloat(edgeOf(i), 'e', 3, 64), "e")
		begin = append(begin, strings.Replace(low, ".", "[.]", 1))
	}
	exponent := func(n int) string { return fmt.Sprintf("[%s]%02d", sign(n), max(n, -n)) }
	for d := decade + 1; d <= highestDecade; d++ {
		decades = append(decades, exponent(d))
	}
	text := "(" + strings.Join(begin, "|") + ")e" + exponent(decade)
	if len(decades) > 0 {
		text = "(" + text + "|.{5}e(" + strings.Join(decades, "|") + "))"
	}
	return text + "[.]{3}.*"
}

func sign(n int) string {
	if n < 0 {
		return "-"
	}
	return "+"
}

// edgeOf is the lower end of a bucket in seconds.
func edgeOf(bucket int) float64 { return math.Pow(10, float64(bucket)/rangesPerDecade) }

// nearestBucket is the one whose lower end is nearest to a duration.
func nearestBucket(d time.Duration) int {
	return int(math.Round(math.Log10(d.Seconds()) * rangesPerDecade))
}

// grouping are the labels that a promise can hold for one by one, with the family of rollups that has them.
var grouping = map[string]struct{ label, family string }{
	"route":   {edge.LabelRoute, edge.FamilyRoute},
	"version": {edge.LabelVersion, edge.FamilyRoute},
	"region":  {edge.LabelRegion, edge.FamilyColo},
}

// measure is a promise as a store can be asked of it: an SLO of services that have the same source.
type measure struct {
	slo     *policy.SLO
	promise judge.Promise
	// services are those that it is of, nil for all that have the source.
	services []string
	source   string
	family   string
	// by are the labels of what it holds for one by one, the service first.
	by []string
	indicator
	bucket int
}

// measureOf makes a measure of an SLO of services that have a source.
func measureOf(s *policy.SLO, source string, services []string) *measure {
	m := &measure{
		slo: s, promise: judge.Promise{Target: s.Target / 100, Period: s.Period}, source: source, services: services,
		family: edge.FamilyService, by: []string{edge.LabelService},
	}
	for _, by := range s.By {
		if g, ok := grouping[by]; ok {
			m.family, m.by = g.family, append(m.by, g.label)
		}
	}
	if s.SLI == policy.SLILatency {
		m.bucket = nearestBucket(s.Threshold)
	}
	m.indicator = indicatorOf(s.SLI, m.bucket)
	return m
}

// isOf tells whether the measure is of a service.
func (m *measure) isOf(service string) bool {
	return m.services == nil || slices.Contains(m.services, service)
}

// count adds the value of a series to counts. metric is its name without family and width.
func (m *measure) count(metric string, s *store.Series, v float64, to *counts) {
	switch metric {
	case edge.MetricEvents:
		to.events += v
		return
	case edge.MetricRequests:
		to.requests += v
	}
	if metric != m.metric {
		return
	}
	counted, bad := m.judges(s)
	if counted {
		to.total += v
	}
	if bad {
		to.bad += v
	}
}

// judges tells whether what a series of the metric counts is part of the total, and whether it is bad: as the matchers
// all and bad of the indicator do.
func (m *measure) judges(s *store.Series) (counted, bad bool) {
	switch m.slo.SLI {
	case policy.SLILatency:
		bucket, ok := tally.ParseRange(s.Label(edge.LabelVMRange))
		return true, ok && bucket >= m.bucket
	case policy.SLIWarm:
		return true, s.Label(edge.LabelColdStart) == "true"
	case policy.SLIHit:
		i := tally.CacheIndex(s.Label(edge.LabelCache))
		return i >= 0 && i < cacheAsked, i >= cacheServed && i < cacheAsked
	default:
		return true, tally.IsError(s.Label(edge.LabelOutcome))
	}
}
