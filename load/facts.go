package load

import (
	"net/http"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// facts takes over what an answer's headers say of the edge.
func (r *Result) facts(h http.Header) {
	if len(h) == 0 {
		return
	}
	f := platform.Response(h)
	r.EdgeRegion, r.CacheStatus = f.Region, f.CacheStatus
	if f.ColdStart != edge.Unknown {
		cold := f.ColdStart == edge.True
		r.ColdStart = &cold
	}
}
