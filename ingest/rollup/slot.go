package rollup

import (
	"strconv"

	"edgescope/edge"
)

// slot names one number of a cell: a metric with its own labels beside those of the key. Slots are small integers so that a
// cell is two short arrays; they are written to checkpoints, so their order is part of the rollup format.
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
	"", edge.CacheHit, edge.CacheMiss, edge.CacheStale, edge.CacheRevalidated, edge.CacheExpired, edge.CacheBypass, edge.CacheDynamic,
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

// meanings is the table of all slots, since every sample looks its own up.
var meanings = func() (all [slotEnd]meaning) {
	for s := range slotEnd {
		all[s] = s.meaning()
	}
	return all
}()

// observe adds what one invocation says to a cell of a family.
func observe(c *totals, fam family, e *edge.Event) {
	f := &e.Facts
	weight := max(f.Weight, 1)
	c.add(slotEvents, 1)
	c.add(outcomeSlot(f.Outcome), weight)
	cache := cacheIndex(f.CacheStatus)
	if cache != 0 {
		c.add(slotCache+cache-1, weight)
	}
	if f.ColdStart != edge.Unknown {
		c.add(slotCold+slot(f.ColdStart-edge.False), weight)
	}
	if fam == familyService && f.Status >= firstStatus && f.Status <= lastStatus {
		c.add(slotResponse+slot(f.Status)-firstStatus, weight)
	}
	if e.HasDuration {
		s := seconds(e.Duration)
		class := classIn(fam, f.ColdStart, cache)
		c.add(slotSum+class, weight*s)
		c.add(slotDuration+class*rangeCount+slot(rangeOf(s)), weight)
	}
	if f.HasInit {
		s := seconds(f.InitDuration)
		c.add(slotInitSum, weight*s)
		c.add(slotInit+slot(rangeOf(s)), weight)
	}
	if f.HasCPU {
		s := seconds(f.CPUTime)
		c.add(slotCPUSum, weight*s)
		c.add(slotCPU+slot(rangeOf(s)), weight)
	}
}

func seconds(nanoseconds int64) float64 { return float64(nanoseconds) / 1e9 }
