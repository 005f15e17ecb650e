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

// facts takes over what an answer's headers say of the edge.
func (r *Result) facts(h http.Header) {
	if len(h) == 0 {
		return
	}
	r.ServerTotal, r.HasServerTotal = serverTotal(h)
	f := platform.Response(h)
	r.EdgeRegion, r.CacheStatus = f.Region, f.CacheStatus
	if f.ColdStart != edge.Unknown {
		cold := f.ColdStart == edge.True
		r.ColdStart = &cold
	}
}
