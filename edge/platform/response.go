package platform

import (
	"net/http"
	"strings"
	"sync"

	"edgescope/edge"
	"edgescope/edge/place"
)

// ResponseFacts are what the headers of an HTTP response tell about the place that answered, in the spelling of the
// stored events. Absent text is "", lengths of time are nanoseconds and count only with their Has flag.
type ResponseFacts struct {
	Platform, Colo, Region string
	CacheStatus            string
	// CacheSource is the header that told the cache status.
	CacheSource  string
	ColdStart    edge.Tri
	InitDuration int64
	HasInit      bool
	CPUTime      int64
	HasCPU       bool
	Origin       int64
	HasOrigin    bool
	InvocationID string
}

// The headers that only a response to a client has, not an attribute of an event.
const (
	headerEdgeRegion = "X-Edge-Region"
	headerColdStart  = "X-Cold-Start"
)

// Response reads the headers of a response with the rules that Normalize applies to the attributes of an event. Beside
// them it reads what an edge function itself may say: its region in X-Edge-Region and a cold start in X-Cold-Start (1
// or 0), else in Server-Timing as cold or init. The facts may share memory with the headers.
func Response(h http.Header) ResponseFacts {
	look, _ := responseViews.Get().(*responseView)
	defer look.release()
	v := &look.view
	v.readHeaders(h)
	if len(look.event.Attrs) == 0 && len(h[headerEdgeRegion]) == 0 {
		return ResponseFacts{ColdStart: coldResponse(h.Get(headerColdStart), false)} // the rules have nothing to read
	}
	r := ResponseFacts{InvocationID: v.text(&invocationRule)}
	r.CacheStatus, r.CacheSource = v.cache()

	own := h.Get(headerEdgeRegion)
	facts := edge.Facts{Region: own}
	if c, ok := place.Lookup(own); ok && len(own) == 3 && isCapitals(own) {
		facts.Colo = c.Code
	}
	v.place(&facts)
	r.Platform, r.Colo, r.Region = facts.Platform, facts.Colo, facts.Region

	timing, _ := v.find(&timingRule)
	r.InitDuration, r.HasInit = serverTiming(timing, "cold", "init")
	r.CPUTime, r.HasCPU = serverTiming(timing, "cpu")
	r.Origin, r.HasOrigin = v.OriginHeader()
	r.ColdStart = coldResponse(h.Get(headerColdStart), r.HasInit)
	return r
}

// responseView is what reading one response needs. The views are pooled: they are larger than all else about a
// response.
type responseView struct {
	event edge.Event
	view  View
}

var responseViews = sync.Pool{New: func() any {
	look := &responseView{event: edge.Event{Kind: edge.KindLog, Attrs: make([]edge.Attr, 0, 8)}}
	look.view.event, look.view.resource = &look.event, &noResource
	return look
}}

// release forgets the response. What own holds counts only where ownHas says so, so it may stay.
func (r *responseView) release() {
	clear(r.event.Attrs)
	r.event.Attrs = r.event.Attrs[:0]
	r.view.ownHas, r.view.present = slots{}, slots{}
	responseViews.Put(r)
}

// noResource is the resource of a response: nothing. It is never written, since nothing is ever found in it.
var noResource resourceView

func coldResponse(flag string, hasInit bool) edge.Tri {
	switch boolean(strings.TrimSpace(flag)) {
	case "true":
		return edge.True
	case "false":
		return edge.False
	}
	if hasInit {
		return edge.True
	}
	return edge.Unknown
}

// headerSlots are the headers that rules read. A response has a few headers and the rules know many, so the response's
// are looked up here and not the other way round.
var headerSlots = func() map[string]slot {
	slots := make(map[string]slot, len(known.headers))
	for name, words := range known.headers {
		slots[http.CanonicalHeaderKey(name)] = words[0].slot
	}
	return slots
}()

// readHeaders looks at real headers as if they were attributes of the event.
func (v *View) readHeaders(h http.Header) {
	for key, values := range h {
		n, ok := headerSlots[key]
		if !ok {
			continue
		}
		value := strings.Join(values, ", ")
		if value == "" {
			continue
		}
		v.own[n] = uint16(len(v.event.Attrs))
		v.ownHas.add(n)
		v.event.Attrs = append(v.event.Attrs, edge.Attr{Key: key, Value: value})
	}
	v.present = v.ownHas
}
