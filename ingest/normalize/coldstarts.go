package normalize

import (
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// shareColdStarts gives an invocation without a word of its own the cold start that an init span or report of the
// platform tells: of the same invocation id, else of the same instance, where it belongs to the first invocation.
func (b *batch) shareColdStarts() {
	var byID, byInstance map[string]int
	for i := range b.events {
		e := &b.events[i]
		if e.Kind != edge.KindSpan || e.Facts.ColdStart != edge.True ||
			!strings.HasPrefix(e.Name, platform.PlatformPrefix) {
			continue
		}
		if byID == nil {
			byID, byInstance = b.invocations()
		}
		j, ok := byID[e.Facts.InvocationID]
		if !ok {
			j, ok = byInstance[e.Facts.Instance]
		}
		if f := &b.events[j].Facts; ok && f.ColdStart == edge.Unknown {
			f.ColdStart, f.ColdStartSource = edge.True, platform.ColdByPlatform
		}
	}
}

// invocations indexes the invocations of the batch by their id, and the earliest one of each instance by that.
func (b *batch) invocations() (byID, byInstance map[string]int) {
	byID, byInstance = make(map[string]int), make(map[string]int)
	for i := range b.events {
		e := &b.events[i]
		if !e.Facts.Invocation || e.Kind != edge.KindSpan {
			continue
		}
		if id := e.Facts.InvocationID; id != "" {
			byID[id] = i
		}
		instance := e.Facts.Instance
		if instance == "" {
			continue
		}
		if j, ok := byInstance[instance]; !ok || start(e) < start(&b.events[j]) {
			byInstance[instance] = i
		}
	}
	return byID, byInstance
}

func start(e *edge.Event) int64 { return e.Time - e.Duration }
