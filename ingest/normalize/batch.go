package normalize

import (
	"cmp"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// batch is the memory of one Normalize: how the events of a batch belong together.
type batch struct {
	events []edge.Event
	view   platform.View
	spans  []span
	ids    map[spanKey]int32
	waits  []interval
	// bounded counts the numbers that were brought within their bounds.
	bounded Bounded
}

type spanKey struct {
	trace edge.TraceID
	span  edge.SpanID
}

// span is what is known of an event beside its Facts.
type span struct {
	// parent is the event's parent in the batch, home the invocation that it belongs to (itself, if it is one): an
	// index, or none, or for home unresolved.
	parent, home int32
	// request is the outermost server span of the same request, the event itself if there is none around it.
	request int32
	path    string
	// lender is the child that the cache status comes from, if it is not the event's own.
	lender int32
	// origin is the wait that a proxy's header tells, in nanoseconds, for want of spans.
	origin    int64
	hasOrigin bool
	// told are the attributes that facts may repeat.
	told platform.Told
	// starts tells whether the span has an attribute that marks an invocation, fetch whether it is a request to an
	// origin.
	starts, fetch bool
	// asks tells whether it is a request of any kind to others, but to a collector of telemetry.
	asks bool
	// borrowed and counted tell that the invocation's memory and its subrequests are those of other spans.
	borrowed, counted bool
}

const (
	none       = -1
	unresolved = -2
)

// interval is the time that an invocation spent waiting for an origin.
type interval struct {
	home     int32
	from, to int64
}

func newBatch() *batch {
	return &batch{ids: make(map[spanKey]int32), view: platform.NewView()}
}

func (b *batch) start(events []edge.Event) {
	b.events = events
	b.spans = slices.Grow(b.spans[:0], len(events))[:len(events)]
	for i := range b.spans {
		b.spans[i] = span{parent: none, home: unresolved, request: int32(i), lender: none}
	}
}

// release drops every reference into the events.
func (b *batch) release() {
	b.events = nil
	clear(b.spans)
	clear(b.ids)
	b.waits = b.waits[:0]
	b.view.Forget()
}

// link finds the parents of events in the batch. A log record belongs to its span.
func (b *batch) link() {
	if len(b.events) < 2 {
		return
	}
	for i := range b.events {
		if e := &b.events[i]; e.Kind == edge.KindSpan {
			b.ids[spanKey{e.TraceID, e.SpanID}] = int32(i)
		}
	}
	for i := range b.events {
		e := &b.events[i]
		parent := e.ParentID
		if e.Kind == edge.KindLog {
			parent = e.SpanID
		}
		if parent.IsZero() {
			continue
		}
		if j, ok := b.ids[spanKey{e.TraceID, parent}]; ok && int(j) != i {
			b.spans[i].parent = j
		}
	}
}

// maxNested is how many server spans around one are looked at: a runtime, a framework and some more.
const maxNested = 4

// nest finds server spans inside of a server span of the same service: they describe one request. The outermost one is
// the runtime's, which has the status and the time; one inside is a framework's (Hono on Deno, on Workers), which has
// the route and what the app says.
func (b *batch) nest() {
	for i := range b.events {
		s := &b.spans[i]
		for range maxNested {
			if outer := b.spans[s.request].parent; outer == none || !b.sameRequest(s.request, outer) {
				break
			}
			s.request = b.spans[s.request].parent
		}
		if int(s.request) != i {
			takeRequest(&b.events[s.request].Facts, &b.events[i].Facts)
		}
	}
}

func (b *batch) sameRequest(inner, outer int32) bool {
	i, o := &b.events[inner], &b.events[outer]
	return i.Kind == edge.KindSpan && i.SpanKind == edge.SpanServer && o.SpanKind == edge.SpanServer &&
		i.Facts.Service == o.Facts.Service
}

// takeRequest fills what a server span does not say of its request from one inside of it.
func takeRequest(f, from *edge.Facts) {
	if f.Route == "" {
		f.Route = from.Route
	}
	if f.ColdStart == edge.Unknown {
		f.ColdStart, f.ColdStartSource = from.ColdStart, from.ColdStartSource
	}
	if f.Status != 0 {
		return
	}
	f.Status = from.Status
	if f.Outcome == edge.OutcomeOK {
		f.Outcome = from.Outcome
	}
}

// conclude fills what follows from an event's facts and its parent.
func (n *Normalizer) conclude(b *batch, i int) {
	e, s := &b.events[i], &b.spans[i]
	f := &e.Facts
	if e.Kind == edge.KindSpan {
		f.Invocation = f.Invocation || b.isInvocation(i)
		if f.Invocation {
			if f.Route == "" && s.path != "" {
				f.Route, f.RouteInferred = n.routes.route(f.Service, s.path), true
			}
			inferStatus(f)
		}
	}
	if f.Operation == "" {
		f.Operation = f.Route
	}
	if f.Operation == "" {
		f.Operation = e.Name
	}
}

// isInvocation tells whether a span is the one event of a function run that is counted.
func (b *batch) isInvocation(i int) bool {
	e, s := &b.events[i], &b.spans[i]
	if e.Facts.Source == edge.SourceTail {
		return true
	}
	switch e.SpanKind {
	case edge.SpanServer, edge.SpanConsumer:
		if s.parent == none {
			return true
		}
		parent := &b.events[s.parent]
		return parent.SpanKind != edge.SpanServer || parent.Facts.Service != e.Facts.Service
	case edge.SpanClient, edge.SpanProducer:
		return false
	default:
		return e.ParentID.IsZero() && s.starts && !strings.HasPrefix(e.Name, platform.PlatformPrefix)
	}
}

// share passes on what events of one invocation know of each other: the place to its children, the cache status and the
// waits for origins to it, and the cold start that the platform tells.
func (b *batch) share() {
	for i := range b.events {
		if home := b.home(int32(i)); home != none && home != int32(i) {
			b.takePlace(&b.events[i].Facts, &b.events[home].Facts)
			b.takeWait(i, home)
			b.takeMemory(i, home)
		}
	}
	b.shareCache()
	b.countSubrequests()
	b.shareOrigins()
	b.shareColdStarts()
}

// home returns the invocation that an event belongs to, none if it is not in the batch.
func (b *batch) home(i int32) int32 {
	top := i
	for b.spans[top].home == unresolved {
		s := &b.spans[top]
		switch {
		case b.events[top].Facts.Invocation:
			s.home = top
		case s.parent == none:
			s.home = none
		default:
			// While the chain is being walked its events have none: parents that form a ring end there.
			s.home = none
			top = s.parent
			continue
		}
	}
	home := b.spans[top].home
	for ; i != top; i = b.spans[i].parent {
		b.spans[i].home = home
	}
	return home
}

// takePlace gives an event of the same service the place of its invocation.
func (b *batch) takePlace(f, home *edge.Facts) {
	if f.Service != home.Service {
		return
	}
	take(&f.Platform, home.Platform)
	take(&f.Colo, home.Colo)
	take(&f.Region, home.Region)
}

func take(fact *string, from string) {
	if from != "" {
		*fact = from
	}
}

func (b *batch) takeWait(i int, home int32) {
	e := &b.events[i]
	if b.spans[i].fetch && e.Duration > 0 && !b.events[home].Facts.HasOrigin {
		b.waits = append(b.waits, interval{home: home, from: start(e), to: e.Time})
	}
}

// takeMemory gives an invocation the most memory that a report beside it tells, unless it tells its own.
func (b *batch) takeMemory(i int, home int32) {
	f, to := &b.events[i].Facts, &b.events[home].Facts
	if f.HasMemory && f.Service == to.Service && (!to.HasMemory || b.spans[home].borrowed) {
		to.Memory, to.HasMemory, b.spans[home].borrowed = max(to.Memory, f.Memory), true, true
	}
}

// countSubrequests counts the client spans of each invocation that does not say itself how many requests it made. A
// client span right below another is the same request, told by a library and by what it uses. An invocation without any
// may not tell of its requests: how many is unknown then.
func (b *batch) countSubrequests() {
	for i := range b.events {
		s := &b.spans[i]
		if !s.asks || s.home < 0 || s.home == int32(i) || s.parent != none && b.spans[s.parent].asks {
			continue
		}
		f, home := &b.events[s.home].Facts, &b.spans[s.home]
		if home.counted = home.counted || !f.HasSubrequests; home.counted {
			f.Subrequests, f.HasSubrequests = f.Subrequests+1, true
		}
	}
}

// shareCache gives an invocation without a cache status that of its last direct child that has one; children of a
// framework's span in it count as its own. A read of a key-value store is no cache of the answer.
func (b *batch) shareCache() {
	for i := range b.events {
		e, parent := &b.events[i], b.spans[i].parent
		if parent == none || e.Facts.CacheStatus == "" || e.Kind != edge.KindSpan || isKV(e) {
			continue
		}
		request := b.spans[parent].request
		if home, lender := &b.events[request], &b.spans[request].lender; home.Facts.Invocation &&
			b.lends(e, home, *lender) {
			home.Facts.CacheStatus, home.Facts.CacheSource = e.Facts.CacheStatus, e.Facts.CacheSource
			*lender = int32(i)
		}
	}
}

// lends tells whether a child's cache status stands for its invocation, which has none or that of an earlier child.
func (b *batch) lends(child, home *edge.Event, lender int32) bool {
	if lender == none {
		return home.Facts.CacheStatus == ""
	}
	return start(child) >= start(&b.events[lender])
}

func isKV(e *edge.Event) bool { return e.Name == "kv_get" || platform.OfKV(e.Facts.CacheSource) }

// shareOrigins gives each invocation the time in which at least one of its requests to an origin was under way.
func (b *batch) shareOrigins() {
	slices.SortFunc(b.waits, func(x, y interval) int {
		return cmp.Or(cmp.Compare(x.home, y.home), cmp.Compare(x.from, y.from))
	})
	var end int64
	for i, w := range b.waits {
		f := &b.events[w.home].Facts
		if i == 0 || b.waits[i-1].home != w.home {
			f.HasOrigin, end = true, w.from
		}
		if from := max(w.from, end); w.to > from {
			f.OriginDuration += w.to - from
			end = w.to
		}
	}
	for i := range b.events {
		if f, s := &b.events[i].Facts, &b.spans[i]; s.hasOrigin && !f.HasOrigin {
			f.OriginDuration, f.HasOrigin = s.origin, true
		}
	}
}
