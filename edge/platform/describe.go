package platform

import (
	"math"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/edge/place"
	"edgescope/edge/route"
)

// NewView makes the memory for looking at events, one after the other.
func NewView() View { return View{resource: new(resourceView)} }

// Forget drops every reference into the events.
func (v *View) Forget() {
	v.event = nil
	*v.resource = resourceView{}
}

// Describe looks at an event and fills the facts that it tells by itself, as Facts says. A length of time that is
// negative or above edge.MaxDuration becomes unknown: it returns how many did.
func (v *View) Describe(e *edge.Event) (unbounded int) {
	v.read(e)
	f := &e.Facts
	unbounded = boundLength(&e.Duration, &e.HasDuration)
	v.identity(f)
	v.place(f)
	v.coldStart(f)
	v.lengths(f)
	v.amount(&f.Memory, &f.HasMemory, &memoryRule, mostMemory)
	v.amount(&f.Subrequests, &f.HasSubrequests, &subrequestsRule, mostSubrequests)
	for _, l := range [...]struct {
		nanos *int64
		has   *bool
	}{
		{&f.InitDuration, &f.HasInit},
		{&f.CPUTime, &f.HasCPU},
		{&f.WallTime, &f.HasWall},
		{&f.OriginDuration, &f.HasOrigin},
		{&f.TTFB, &f.HasTTFB},
		{&f.ClientRTT, &f.HasRTT},
	} {
		unbounded += boundLength(l.nanos, l.has)
	}
	v.request(f)
	v.cacheStatus(f)
	v.outcome(f)
	if e.Kind == edge.KindSpan {
		stoppedClock(e)
	}
	mendScheme(v)
	return unbounded
}

// Path returns the path that a request was for, by its attributes or by the span's name; "" when neither tells.
func (v *View) Path() string {
	if path := v.text(&pathRule); path != "" {
		return path
	}
	return namedRoute(v.event.Name)
}

// Starts tells whether an event has an attribute of its own that makes a root span an invocation.
func (v *View) Starts() bool { return v.ownHas.meets(&invocationMarks) }

// Fetches tells whether a span is a request to another server, and no look-up in a cache.
func (v *View) Fetches() bool {
	return v.event.SpanKind == edge.SpanClient && v.present.meets(&urlRule.any) &&
		!v.present.meets(&cacheLookupRule.any)
}

// invocationMarks are the attributes that make a root span an invocation.
var invocationMarks = known.slotsOf(edge.KeyFaasTrigger, "cloudflare.handler_type", edge.KeyInvocationID,
	edge.KeyColdStart)

func (v *View) identity(f *edge.Facts) {
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
func (v *View) faasName() string {
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
func (v *View) place(f *edge.Facts) {
	if f.Platform == "" {
		f.Platform = v.platform()
	}
	v.fill(&f.Colo, &coloRule)
	f.Colo = place.Code(f.Colo)
	v.fill(&f.Region, &chosenRegion)
	if forPoP(f.Platform) && f.Region == "" {
		f.Region = f.Colo
	}
	v.fill(&f.Region, &regionRule)
	if f.Region == "" {
		f.Region = f.Colo
	}
}

func (v *View) platform() string {
	if p := v.text(&platformRule); p != "" {
		return p
	}
	if v.vercel {
		return Vercel
	}
	if p := v.text(&platformHeaders); p != "" && (!forPoP(p) || !v.elsewhere()) {
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

// elsewhere tells whether the event names a region that is not the PoP of its headers: it ran behind the network that
// added those, and not in it.
func (v *View) elsewhere() bool {
	region := v.text(&chosenRegion)
	if region == "" {
		region = v.text(&regionRule)
	}
	return region != "" && region != place.Code(v.text(&coloRule))
}

func (v *View) request(f *edge.Facts) {
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
func (v *View) namedRoute() string {
	path := namedRoute(v.event.Name)
	if path != "" && !route.IsTemplate(path) {
		return ""
	}
	return path
}

func (v *View) cacheStatus(f *edge.Facts) {
	if f.CacheStatus != "" {
		f.CacheStatus = wordStatus(f.CacheStatus)
	} else {
		f.CacheStatus, f.CacheSource = v.cache()
	}
	if f.CacheStatus == "" {
		f.CacheSource = ""
	}
}

func (v *View) lengths(f *edge.Facts) {
	v.fillLength(&f.CPUTime, &f.HasCPU, &cpuRule)
	v.fillLength(&f.WallTime, &f.HasWall, &wallRule)
	v.fillLength(&f.TTFB, &f.HasTTFB, &ttfbRule)
	v.fillLength(&f.ClientRTT, &f.HasRTT, &rttRule)
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

// OriginHeader returns the wait for an origin that a proxy tells in a header.
func (v *View) OriginHeader() (nanos int64, found bool) {
	if nanos, found = v.length(&upstreamRule); found || !v.present.meets(&timingRule.any) {
		return nanos, found
	}
	timing, _ := v.find(&timingRule)
	return serverTiming(timing, "cfOrigin", "origin")
}

func (v *View) fillLength(nanos *int64, has *bool, r *rule) {
	if !*has {
		*nanos, *has = v.length(r)
	}
}

// amount fills a number that is no length of time, unless it is more than anything has.
func (v *View) amount(fact *int64, has *bool, r *rule, most float64) {
	if *has {
		*has = *fact > 0 && float64(*fact) <= most
		return
	}
	value, src := v.find(r)
	if src == nil {
		return
	}
	if n, err := strconv.ParseFloat(value, 64); err == nil && n*src.unit <= most {
		*fact, *has = int64(math.Round(n*src.unit)), true
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
func mendScheme(v *View) {
	n := schemeRule.slots[0]
	if !v.ownHas.has(n) {
		return
	}
	a := &v.event.Attrs[v.own[n]]
	a.Value = strings.TrimSuffix(a.Value, ":")
}

// Resource returns what a resource says of a service and of where it runs: Service, Namespace, Version, Environment,
// Provider, Platform, Region, Colo, FaasName and FaasVersion, by the same rules as Normalize. It is for signals without
// events. The texts point into the memory of attrs.
func Resource(attrs []edge.Attr) (f edge.Facts) {
	v := View{resource: new(resourceView)}
	v.read(&edge.Event{Resource: attrs})
	v.identity(&f)
	v.place(&f)
	return f
}
