package rollup

import (
	"strconv"

	"edgescope/edge"
)

// slot names one number of a cell: a metric with its own labels beside those of the key. Slots are small integers so
// that a cell is two short arrays; they are written to checkpoints, so their order is part of the rollup format.
type slot uint16

// The layout of slots. Durations have a histogram and a sum for each cold start (unknown, warm, cold) and cache status.
const (
	slotEvents   slot = 0
	slotOutcome  slot = 1                                 // + outcome
	slotCold     slot = slotOutcome + slot(len(outcomes)) // + 0 warm, 1 cold
	slotCache    slot = slotCold + 2                      // + cache status - 1
	slotInitSum  slot = slotCache + slot(len(caches)) - 1
	slotInit     slot = slotInitSum + 1 // + bucket
	slotCPUSum   slot = slotInit + rangeCount
	slotCPU      slot = slotCPUSum + 1 // + bucket
	slotSum      slot = slotCPU + rangeCount
	slotDuration slot = slotSum + classes                 // + class * rangeCount + bucket
	slotResponse slot = slotDuration + classes*rangeCount // + status code - firstStatus
	slotEnd      slot = slotResponse + lastStatus - firstStatus + 1

	// firstStatus and lastStatus are the status codes that HTTP has (RFC 9110, section 15); others are not in it.
	firstStatus, lastStatus = 100, 599

	// classes is the number of (cold start, cache status) pairs that durations are kept apart by.
	classes = 3 * slot(len(caches))
)

var outcomes = [...]string{
	edge.OutcomeOK, edge.OutcomeError, edge.OutcomeException, edge.OutcomeExceededCPU, edge.OutcomeExceededMemory,
	edge.OutcomeTimeout, edge.OutcomeCanceled,
}

// caches begins with the absent status.
var caches = [...]string{
	"", edge.CacheHit, edge.CacheMiss, edge.CacheStale, edge.CacheRevalidated, edge.CacheExpired, edge.CacheBypass,
	edge.CacheDynamic,
}

func outcomeSlot(outcome string) slot {
	for i := range outcomes {
		if outcomes[i] == outcome {
			return slotOutcome + slot(i)
		}
	}
	return slotOutcome + 1 // what is no known outcome is an error
}

func cacheIndex(status string) slot {
	for i := range caches {
		if caches[i] == status {
			return slot(i)
		}
	}
	return 0
}

// classIn is the class of a duration in a family: see edge.MetricDuration.
func classIn(fam family, cold edge.Tri, cache slot) slot {
	switch fam {
	case familyCountry:
		return 0
	case familyService:
		return slot(cold)*slot(len(caches)) + cache
	default:
		return slot(cold) * slot(len(caches))
	}
}

// meaning is a slot in words: the metric's name without family and width, and its labels.
type meaning struct {
	metric                         string
	names                          *names
	outcome, cold, cache, vmranges string
	status                         string
}

func (s slot) meaning() meaning {
	switch {
	case s == slotEvents:
		return meaning{metric: edge.MetricEvents}
	case s < slotCold:
		return meaning{metric: edge.MetricRequests, outcome: outcomes[s-slotOutcome]}
	case s < slotCache:
		return meaning{metric: edge.MetricColdStarts, cold: (edge.False + edge.Tri(s-slotCold)).String()}
	case s < slotInitSum:
		return meaning{metric: edge.MetricCache, cache: caches[s-slotCache+1]}
	case s == slotInitSum:
		return meaning{metric: edge.MetricInit + "_sum"}
	case s < slotCPUSum:
		return meaning{metric: edge.MetricInit + "_bucket", vmranges: rangeNames[s-slotInit]}
	case s == slotCPUSum:
		return meaning{metric: edge.MetricCPU + "_sum"}
	case s < slotSum:
		return meaning{metric: edge.MetricCPU + "_bucket", vmranges: rangeNames[s-slotCPU]}
	case s < slotDuration:
		return duration("_sum", s-slotSum)
	case s >= slotResponse:
		return meaning{metric: edge.MetricResponses, status: strconv.Itoa(int(s-slotResponse) + firstStatus)}
	default:
		m := duration("_bucket", (s-slotDuration)/rangeCount)
		m.vmranges = rangeNames[(s-slotDuration)%rangeCount]
		return m
	}
}

func duration(suffix string, class slot) meaning {
	return meaning{
		metric: edge.MetricDuration + suffix,
		cold:   edge.Tri(class / slot(len(caches))).String(),
		cache:  caches[class%slot(len(caches))],
	}
}

// names are the full names of a metric by family and width.
type names [families][len(edge.Widths)]string

// meanings is the table of all slots, since every sample looks its own up.
var meanings = func() (all [slotEnd]meaning) {
	known := map[string]*names{}
	for s := range slotEnd {
		m := s.meaning()
		if m.names = known[m.metric]; m.names == nil {
			m.names = namesOf(m.metric)
			known[m.metric] = m.names
		}
		all[s] = m
	}
	return all
}()

func namesOf(metric string) *names {
	var n names
	for fam, prefix := range familyPrefixes {
		for width, w := range edge.Widths {
			n[fam][width] = edge.Metric(prefix, metric, w)
		}
	}
	return &n
}

// observation is what one invocation says: amounts in rising order of slots.
type observation struct {
	amounts [12]amount
	n       int
	// duration is the index of the sum of durations, before that of their bucket; 0 when there is none.
	duration int
	class    [families]slot
	bucket   slot
	// response is 1 when the last amount is a status code, which family service alone counts.
	response int
}

func (o *observation) put(s slot, v float64) {
	o.amounts[o.n] = amount{s, v}
	o.n++
}

// observe returns what an invocation adds to the cells of its keys.
func observe(e *edge.Event) (o observation) {
	f := &e.Facts
	weight := max(f.Weight, 1)
	o.put(slotEvents, 1)
	o.put(outcomeSlot(f.Outcome), weight)
	if f.ColdStart != edge.Unknown {
		o.put(slotCold+slot(f.ColdStart-edge.False), weight)
	}
	cache := cacheIndex(f.CacheStatus)
	if cache != 0 {
		o.put(slotCache+cache-1, weight)
	}
	if f.HasInit {
		o.length(slotInitSum, slotInit, f.InitDuration, weight)
	}
	if f.HasCPU {
		o.length(slotCPUSum, slotCPU, f.CPUTime, weight)
	}
	if e.HasDuration {
		for fam := range families {
			o.class[fam] = classIn(fam, f.ColdStart, cache)
		}
		o.duration = o.n
		s := seconds(e.Duration)
		o.bucket = slot(rangeOf(s))
		o.put(slotSum, weight*s)
		o.put(slotDuration, weight)
	}
	if f.Status >= firstStatus && f.Status <= lastStatus {
		o.response = 1
		o.put(slotResponse+slot(f.Status)-firstStatus, weight)
	}
	return o
}

// length puts a length of time in nanoseconds with its sum and its bucket.
func (o *observation) length(sum, buckets slot, nanoseconds int64, weight float64) {
	s := seconds(nanoseconds)
	o.put(sum, weight*s)
	o.put(buckets+slot(rangeOf(s)), weight)
}

// in returns the amounts for a family, valid until the next call.
func (o *observation) in(fam family) []amount {
	if at := o.duration; at > 0 {
		class := o.class[fam]
		o.amounts[at].slot = slotSum + class
		o.amounts[at+1].slot = slotDuration + class*rangeCount + o.bucket
	}
	if fam != familyService {
		return o.amounts[:o.n-o.response]
	}
	return o.amounts[:o.n]
}

func seconds(nanoseconds int64) float64 { return float64(nanoseconds) / 1e9 }
