package platform

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"edgescope/edge"
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
		b.spans[i].told.drop(&events[i])
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
	v.read(e)
	f := &e.Facts
	boundLength(&e.Duration, &e.HasDuration, &b.bounded)
	v.identity(f)
	v.place(f)
	v.coldStart(f)
	v.lengths(f)
	for _, l := range [...]struct {
		nanos *int64
		has   *bool
	}{{&f.InitDuration, &f.HasInit}, {&f.CPUTime, &f.HasCPU}, {&f.WallTime, &f.HasWall}, {&f.OriginDuration, &f.HasOrigin}, {&f.TTFB, &f.HasTTFB}} {
		boundLength(l.nanos, l.has, &b.bounded)
	}
	v.request(f)
	v.cacheStatus(f)
	v.outcome(f)
	if e.Kind == edge.KindSpan {
		stoppedClock(e)
		n.describeSpan(b, i)
	}
	mendScheme(v)
	b.spans[i].told.note(v)
	n.weigh(v, &b.bounded)
	if f.Source == "" {
		f.Source = edge.SourceOTLP
	}
}

// describeSpan notes what the second pass needs and can no longer see.
func (n *Normalizer) describeSpan(b *batch, i int) {
	v := &b.view
	s := &b.spans[i]
	if s.path = v.text(&pathRule); s.path == "" {
		s.path = namedRoute(v.event.Name)
	}
	s.starts = v.ownHas.meets(&invocationMarks)
	if v.event.SpanKind != edge.SpanClient {
		s.origin, s.hasOrigin = v.originHeader()
	}
	s.fetch = v.event.SpanKind == edge.SpanClient && v.present.meets(&urlRule.any) &&
		!v.present.meets(&cacheLookupRule.any) && !n.isExport(v, s.path)
}

// invocationMarks are the attributes that make a root span an invocation.
var invocationMarks = known.slotsOf(edge.KeyFaasTrigger, "cloudflare.handler_type", edge.KeyInvocationID, edge.KeyColdStart)

// isExport tells whether a span is the request that sends telemetry.
func (n *Normalizer) isExport(v *view, path string) bool {
	path = strings.TrimRight(path, "/")
	for _, signal := range [...]string{"/v1/traces", "/v1/logs", "/v1/metrics"} {
		if strings.HasSuffix(path, signal) {
			return true
		}
	}
	if len(n.exporters) == 0 {
		return false
	}
	host := hostName(v.text(&hostRule))
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

func (v *view) identity(f *edge.Facts) {
	v.fill(&f.Service, &serviceRule)
	v.fill(&f.Version, &versionRule)
	v.fill(&f.Namespace, &namespaceRule)
	v.fill(&f.Environment, &environmentRule)
	v.fill(&f.Provider, &providerRule)
	v.fill(&f.FaasVersion, &faasVersionRule)
	v.fill(&f.Instance, &instanceRule)
	v.fill(&f.InvocationID, &invocationRule)
	v.fill(&f.Trigger, &triggerRule)
	v.fill(&f.Country, &countryRule)
	if f.FaasName == "" {
		f.FaasName = v.faasName()
	}
}

// faasName adds the entrypoint to the name of a Worker that has several.
func (v *view) faasName() string {
	name, src := v.find(&faasNameRule)
	if src == nil || src.name != "cloudflare.script_name" {
		return name
	}
	if entrypoint := v.text(&entrypointRule); entrypoint != "" {
		return name + "#" + entrypoint
	}
	return name
}

// place fills platform, colo and region, of which each needs the one before.
func (v *view) place(f *edge.Facts) {
	if f.Platform == "" {
		f.Platform = v.platform()
	}
	v.fill(&f.Colo, &coloRule)
	f.Colo = coloCode(f.Colo)
	v.fill(&f.Region, &chosenRegion)
	if ForPoP(f.Platform) && f.Region == "" {
		f.Region = f.Colo
	}
	v.fill(&f.Region, &regionRule)
	if f.Region == "" {
		f.Region = f.Colo
	}
}

func (v *view) platform() string {
	if p := v.text(&platformRule); p != "" {
		return p
	}
	if v.vercel {
		return Vercel
	}
	if p := v.text(&platformHeaders); p != "" && (!ForPoP(p) || !v.elsewhere()) {
		return p
	}
	switch v.event.Facts.Source {
	case edge.SourceTail, edge.SourceTailStream, edge.SourceWorkerd, edge.SourceLogpush:
		return CloudflareWorkers
	case edge.SourceVercelLogs:
		return Vercel
	default:
		return ""
	}
}

// elsewhere tells whether the event names a region that is not the PoP of its headers: it ran behind the network that added
// those, and not in it.
func (v *view) elsewhere() bool {
	region := v.text(&chosenRegion)
	if region == "" {
		region = v.text(&regionRule)
	}
	return region != "" && region != coloCode(v.text(&coloRule))
}

func (v *view) request(f *edge.Facts) {
	v.fill(&f.Method, &methodRule)
	v.fill(&f.ErrorType, &errorTypeRule)
	v.fill(&f.Route, &routeRule)
	if f.Route == "" && v.event.Kind == edge.KindSpan {
		f.Route = v.namedRoute()
	}
	v.fill(&f.Operation, &operationRule)
	if f.Status == 0 {
		f.Status = statusCode(v.text(&statusRule))
	}
}

// namedRoute returns the route in the span's name, unless it names one thing of many, as the path of one request does.
func (v *view) namedRoute() string {
	path := namedRoute(v.event.Name)
	if path != "" && !isTemplate(path) {
		return ""
	}
	return path
}

func (v *view) cacheStatus(f *edge.Facts) {
	if f.CacheStatus != "" {
		f.CacheStatus = wordStatus(f.CacheStatus)
	} else {
		f.CacheStatus, f.CacheSource = v.cache()
	}
	if f.CacheStatus == "" {
		f.CacheSource = ""
	}
}

func (v *view) lengths(f *edge.Facts) {
	v.fillLength(&f.CPUTime, &f.HasCPU, &cpuRule)
	v.fillLength(&f.WallTime, &f.HasWall, &wallRule)
	v.fillLength(&f.TTFB, &f.HasTTFB, &ttfbRule)
	v.fillLength(&f.OriginDuration, &f.HasOrigin, &originRule)
	if !v.present.meets(&timingRule.any) {
		return
	}
	// Of a client span the timing is that of the server, which sends its own.
	if v.event.Kind == edge.KindSpan && v.event.SpanKind == edge.SpanClient {
		return
	}
	if timing, _ := v.find(&timingRule); !f.HasCPU {
		f.CPUTime, f.HasCPU = serverTiming(timing, "cpu")
	}
}

// originHeader answers the wait for an origin that a proxy tells in a header.
func (v *view) originHeader() (nanos int64, found bool) {
	if nanos, found = v.length(&upstreamRule); found || !v.present.meets(&timingRule.any) {
		return nanos, found
	}
	timing, _ := v.find(&timingRule)
	return serverTiming(timing, "cfOrigin", "origin")
}

func (v *view) fillLength(nanos *int64, has *bool, r *rule) {
	if !*has {
		*nanos, *has = v.length(r)
	}
}

// stoppedClock gives a span the length that its platform measured when its own clock stood still, as in Workers between
// I/O. The start of the span stays.
func stoppedClock(e *edge.Event) {
	if e.Duration > 0 || !e.Facts.HasWall || e.Facts.WallTime <= 0 {
		return
	}
	e.Time += e.Facts.WallTime - e.Duration
	e.Duration, e.HasDuration = e.Facts.WallTime, true
}

// mendScheme cuts the colon that otel-cf-workers leaves at url.scheme.
func mendScheme(v *view) {
	n := schemeRule.slots[0]
	if !v.ownHas.has(n) {
		return
	}
	a := &v.event.Attrs[v.own[n]]
	a.Value = strings.TrimSuffix(a.Value, ":")
}
