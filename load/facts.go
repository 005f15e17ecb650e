package load

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// serverTotal reads the dur of the metric total in Server-Timing (w3.org/TR/server-timing, section 3.2), which is in
// milliseconds.
func serverTotal(h http.Header) (total time.Duration, ok bool) {
	for _, line := range h["Server-Timing"] {
		for metric := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(metric, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "total") {
				continue
			}
			for p := range strings.SplitSeq(parameters, ";") {
				key, value, _ := strings.Cut(p, "=")
				ms, err := strconv.ParseFloat(strings.Trim(strings.TrimSpace(value), `"`), 64)
				if strings.EqualFold(strings.TrimSpace(key), "dur") && err == nil && ms >= 0 && ms < 1e12 {
					return time.Duration(ms * float64(time.Millisecond)), true
				}
			}
		}
	}
	return 0, false
}

// facts are what an answer's header says of the edge; coldStart is nil when it does not say.
type facts struct {
	region, cacheStatus string
	coldStart           *bool
	serverTotal         time.Duration
	hasServerTotal      bool
}

func readFacts(h http.Header) (f facts) {
	if len(h) == 0 {
		return f
	}
	f.serverTotal, f.hasServerTotal = serverTotal(h)
	said := platform.Response(h)
	f.region, f.cacheStatus = said.Region, said.CacheStatus
	if said.ColdStart != edge.Unknown {
		cold := said.ColdStart == edge.True
		f.coldStart = &cold
	}
	return f
}

func (r *Result) take(f *facts) {
	r.EdgeRegion, r.CacheStatus, r.ColdStart = f.region, f.cacheStatus, f.coldStart
	r.ServerTotal, r.HasServerTotal = f.serverTotal, f.hasServerTotal
}
