package normalize

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// Options configure a Normalizer.
type Options struct {
	// SampleRates is the head-sampling rate of services that don't say it in their trace state, by service.name: the share
	// of requests that they send, 0 < r <= 1. Other values are ignored.
	SampleRates map[string]float64
	// MaxWeight bounds how many occurrences an event stands for, whatever says so, and the count of a data point; 0 is
	// DefaultMaxWeight.
	MaxWeight float64
	// MaxInferredRoutes is how many routes of one service may be inferred from paths; later ones become "/*". 0 is 200.
	MaxInferredRoutes int
	// ExporterHosts are hosts (as in server.address, with or without port) to which services send telemetry: requests to
	// them are no origin requests. Requests whose path ends in an OTLP path are left out anyway.
	ExporterHosts []string
}

const defaultInferredRoutes = 200

// Normalizer fills the Facts of events. It is safe for concurrent use. It remembers the inferred routes of each service,
// nothing else.
type Normalizer struct {
	rates     map[string]float64
	maxWeight float64
	exporters []string
	routes    inferredRoutes
	scratch   sync.Pool
}

// New makes a Normalizer. It keeps no reference into o.
func New(o Options) *Normalizer {
	if o.MaxInferredRoutes <= 0 {
		o.MaxInferredRoutes = defaultInferredRoutes
	}
	n := &Normalizer{
		rates: make(map[string]float64), maxWeight: cmp.Or(o.MaxWeight, DefaultMaxWeight), exporters: slices.Clone(o.ExporterHosts),
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

// Normalize fills the Facts of the events of one batch from their attributes and from each other. A fact that the receiver
// has set stays; Facts.CacheStatus of a data point may be the raw text and becomes canonical. It also moves Time and Duration of
// a span whose clock stood still, mends attributes that senders are known to misspell, and drops those that repeat a fact, but of a
// data point, whose columns they are. Numbers that nothing at the edge has are bounded, so that none of them hides all
// others in a sum: it returns how many. Facts point into the memory of the events' attributes. The caller owns the
// events again on return.
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
		n.describeSpan(b, i)
	}
	b.spans[i].told.Note(v)
	n.weigh(v, e, &b.bounded)
	if e.Facts.Source == "" {
		e.Facts.Source = edge.SourceOTLP
	}
}

// describeSpan notes what the second pass needs and can no longer see.
func (n *Normalizer) describeSpan(b *batch, i int) {
	v, e := &b.view, &b.events[i]
	s := &b.spans[i]
	s.path = v.Path()
	s.starts = v.Starts()
	if e.SpanKind != edge.SpanClient {
		s.origin, s.hasOrigin = v.OriginHeader()
	}
	s.fetch = v.Fetches() && !n.isExport(v, s.path)
}

// isExport tells whether a span is the request that sends telemetry.
func (n *Normalizer) isExport(v *platform.View, path string) bool {
	path = strings.TrimRight(path, "/")
	for _, signal := range [...]string{"/v1/traces", "/v1/logs", "/v1/metrics"} {
		if strings.HasSuffix(path, signal) {
			return true
		}
	}
	if len(n.exporters) == 0 {
		return false
	}
	host := hostName(v.Host())
	return host != "" && slices.ContainsFunc(n.exporters, func(h string) bool { return hostName(h) == host || h == host })
}

// hostName cuts scheme, path and port off.
func hostName(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") && strings.Count(s, ":") == 1 {
		s = s[:i]
	}
	return s
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
