package platform

import (
	"strings"

	"edgescope/edge"
)

// coldStart fills what an event says of its own start. What only a memory of instances or gaps could tell stays unknown.
func (v *view) coldStart(f *edge.Facts) {
	e := v.event
	isSpan := e.Kind == edge.KindSpan
	if f.ColdStart == edge.Unknown {
		switch v.text(&coldRule) {
		case "true":
			f.ColdStart = edge.True
		case "false":
			f.ColdStart = edge.False
		}
		if f.ColdStart != edge.Unknown && f.ColdStartSource == "" {
			f.ColdStartSource = v.coldSource()
		}
	}
	if f.ColdStart == edge.Unknown && isSpan && (e.Name == initRuntimeDone || e.Name == initReport) {
		f.ColdStart, f.ColdStartSource = edge.True, coldByPlatform
	}
	v.initDuration(f)
}

// coldSource answers the source that the sender names, if it is one of ours, else that it was an attribute.
func (v *view) coldSource() string {
	switch s := v.text(&coldReportRule); s {
	case coldByPlatform, "instance", "gap", "model":
		return s
	default:
		return coldByAttribute
	}
}

func (v *view) initDuration(f *edge.Facts) {
	v.fillLength(&f.InitDuration, &f.HasInit, &initRule)
	e := v.event
	switch {
	case f.HasInit:
		// A worker that was warm says 0: it had no init phase.
		f.HasInit = f.InitDuration > 0 || f.ColdStart == edge.True
	case e.Kind == edge.KindSpan && e.Name == initRuntimeDone && e.Duration > 0:
		f.InitDuration, f.HasInit = e.Duration, true
	case v.present.meets(&timingRule.any) && e.SpanKind != edge.SpanClient:
		timing, _ := v.find(&timingRule)
		f.InitDuration, f.HasInit = serverTiming(timing, "cold", "init")
	}
}

// shareColdStarts gives an invocation without a word of its own the cold start that an init span or report of the platform
// tells: of the same invocation id, else of the same instance, where it belongs to the first invocation.
func (b *batch) shareColdStarts() {
	var byID, byInstance map[string]int
	for i := range b.events {
		e := &b.events[i]
		if e.Kind != edge.KindSpan || e.Facts.ColdStart != edge.True || !strings.HasPrefix(e.Name, platformPrefix) {
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
			f.ColdStart, f.ColdStartSource = edge.True, coldByPlatform
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
