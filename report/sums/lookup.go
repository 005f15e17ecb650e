package sums

import (
	"maps"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/internal/near"
)

// Lookup finds a figure by the name that checks use: a counter, a rate, or "<summary>.<figure>". A counter of a known
// family that never counted is 0; any other name that was not seen is not there.
func (p *Period) Lookup(name string) (float64, bool) {
	if n, ok := p.Counters[name]; ok {
		return float64(n), true
	}
	if rate, ok := p.Rates[name]; ok {
		return rate, true
	}
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		if d, ok := p.Summaries[name[:dot]]; ok {
			if v, ok := d.Figure(name[dot+1:]); ok {
				return v, true
			}
		}
	}
	return 0, knownCounter(name)
}

// knownCounter tells the names that count from 0 although a report leaves them out until they do.
func knownCounter(name string) bool {
	switch name {
	case "vusers.created", "vusers.completed", "vusers.failed", "vusers.skipped", "vusers.late",
		Requests, Responses, "http.downloaded_bytes", "plugins.expect.ok", "plugins.expect.failed",
		"websocket.messages_sent", "websocket.messages_received":
		return true
	}
	if status, ok := strings.CutPrefix(name, CacheCounters); ok && slices.Contains(edge.CacheStatuses[:], status) ||
		name == "edgescope.cold_starts" {
		return true
	}
	for _, family := range []string{
		"vusers.created_by_name.", "http.codes.", "errors.", "plugins.expect.ok.",
		"plugins.expect.failed.",
	} {
		if strings.HasPrefix(name, family) && len(name) > len(family) {
			return true
		}
	}
	return false
}

// Nearest is the seen name that takes the fewest changes to become the given one, "" if they are more than a third of
// its length.
func (p *Period) Nearest(name string) string {
	return near.Word(name, len(name)/3, p.Names()...)
}

// Names are those of all figures that were seen, as checks use them.
func (p *Period) Names() []string {
	seen := slices.Concat(slices.Sorted(maps.Keys(p.Counters)), slices.Sorted(maps.Keys(p.Rates)))
	for _, summary := range slices.Sorted(maps.Keys(p.Summaries)) {
		for _, figure := range append([]string{"median"}, Figures()...) {
			seen = append(seen, summary+"."+figure)
		}
	}
	return seen
}

// OnlyGrows tells whether a figure never falls during a run: a counter does not, nor do the maximum and the count of a
// distribution.
func (p *Period) OnlyGrows(name string) bool {
	if _, ok := p.Rates[name]; ok {
		return false
	}
	if _, ok := p.Counters[name]; ok {
		return true
	}
	return strings.HasSuffix(name, ".max") || strings.HasSuffix(name, ".count")
}

// Family is the counters of one prefix, without it; nil when there are none.
func (p *Period) Family(prefix string) map[string]int64 {
	var counters map[string]int64
	for name, n := range p.Counters {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if counters == nil {
				counters = map[string]int64{}
			}
			counters[rest] = n
		}
	}
	return counters
}
