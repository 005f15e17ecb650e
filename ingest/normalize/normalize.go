// Package normalize fills the facts of events: what each says by itself, by the rules of edge/platform, and what the
// events of one batch tell of each other.
package normalize

import (
	"cmp"
	"strings"
	"sync"

	"edgescope/edge"
)

// Options configure a Normalizer.
type Options struct {
	// SampleRates is the head-sampling rate of services that don't say it in their trace state, by service.name: the
	// share of requests that they send, 0 < r <= 1. Other values are ignored.
	SampleRates map[string]float64
	// MaxWeight bounds how many occurrences an event stands for, whatever says so, and the count of a data point; 0 is
	// DefaultMaxWeight.
	MaxWeight float64
	// MaxInferredRoutes is how many routes of one service may be inferred from paths; later ones become "/*". 0 is 200.
	MaxInferredRoutes int
}

const defaultInferredRoutes = 200

// Normalizer fills the Facts of events. It is safe for concurrent use. It remembers the inferred routes of each
// service, nothing else.
type Normalizer struct {
	rates     map[string]float64
	maxWeight float64
	routes    inferredRoutes
	scratch   sync.Pool
}

// New makes a Normalizer. It keeps no reference into o.
func New(o Options) *Normalizer {
	if o.MaxInferredRoutes <= 0 {
		o.MaxInferredRoutes = defaultInferredRoutes
	}
	n := &Normalizer{
		rates: make(map[string]float64), maxWeight: cmp.Or(o.MaxWeight, DefaultMaxWeight),
	}
	for service, rate := range o.SampleRates {
		if rate > 0 && rate <= 1 {
			n.rates[service] = rate
		}
	}
	n.routes.max = o.MaxInferredRoutes
	n.scratch.New = func() any { return newBatch() }
	return n
}

// Normalize fills the Facts of the events of one batch from their attributes and from each other. A fact that the
// receiver has set stays, but for the cache status of a data point, which may be in anybody's words and becomes
// canonical.
//
// It changes the events themselves in these ways: a span whose clock stood still gets the length that its platform
// measured; a scheme with a colon loses it; attributes that say the same as a fact are dropped, except from data
// points, whose columns they are; numbers that nothing at the edge can have are bounded, so that none of them hides all
// others in a sum. It returns how many were.
//
// Facts point into the memory of the events' attributes. The caller owns the events again on return.
func (n *Normalizer) Normalize(events []edge.Event) Bounded {
	b := n.scratch.Get().(*batch)
	b.bounded = Bounded{}
	b.start(events)
	for i := range events {
		n.describe(b, i)
	}
	b.link()
	b.nest()
	for i := range events {
		n.conclude(b, i)
	}
	b.share()
	for i := range events {
		b.spans[i].told.Drop(&events[i])
	}
	bounded := b.bounded
	b.release()
	n.scratch.Put(b)
	return bounded
}

// Bounded counts the numbers that Normalize brought within their bounds: weights and counts above Options.MaxWeight
// became it, lengths of time that are negative or above edge.MaxDuration became unknown.
type Bounded struct{ Weights, Durations int }

// describe fills what an event says by itself.
func (n *Normalizer) describe(b *batch, i int) {
	e := &b.events[i]
	v := &b.view
	b.bounded.Durations += v.Describe(e)
	if e.Kind == edge.KindSpan {
		describeSpan(b, i)
	}
	b.spans[i].told.Note(v)
	n.weigh(v, e, &b.bounded)
	if e.Facts.Source == "" {
		e.Facts.Source = edge.SourceOTLP
	}
}

// describeSpan notes what the second pass needs and can no longer see.
func describeSpan(b *batch, i int) {
	v, e := &b.view, &b.events[i]
	s := &b.spans[i]
	s.path = v.Path()
	s.starts = v.Starts()
	if e.SpanKind != edge.SpanClient {
		s.origin, s.hasOrigin = v.OriginHeader()
	}
	s.asks = e.SpanKind == edge.SpanClient && !isExport(s.path)
	s.fetch = s.asks && v.Fetches()
}

// isExport tells whether a request to that path sends telemetry, which is no request to an origin.
func isExport(path string) bool {
	path = strings.TrimRight(path, "/")
	for _, signal := range [...]string{"/v1/traces", "/v1/logs", "/v1/metrics"} {
		if strings.HasSuffix(path, signal) {
			return true
		}
	}
	return false
}

// inferStatus gives an invocation without a status the one that its client must have seen.
func inferStatus(f *edge.Facts) {
	if f.Status != 0 {
		return
	}
	f.StatusInferred = true
	switch f.Outcome {
	case edge.OutcomeOK:
		f.Status = 200
	case edge.OutcomeCanceled:
		f.Status = 499 // as nginx writes it: the client went away
	default:
		f.Status = 500
	}
}
