package normalize_test

import (
	"testing"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

func TestInvocation(t *testing.T) {
	f := func(want bool, e edge.Event) {
		t.Helper()
		if got := normalized(e)[0].Facts.Invocation; got != want {
			t.Errorf("%s %q with %v: invocation %v, want %v", e.SpanKind, e.Name, e.Attrs, got, want)
		}
	}
	root := func(kind edge.SpanKind, pairs ...string) edge.Event { return span(ids{1, 0}, kind, ms{0, 1}, pairs...) }
	f(true, root(edge.SpanServer))
	f(true, root(edge.SpanConsumer))
	f(true, span(ids{1, 9}, edge.SpanServer, ms{0, 1})) // the parent is somewhere else
	f(false, root(edge.SpanInternal))
	f(false, root(edge.SpanClient))
	for _, key := range []string{"faas.trigger", "faas.invocation_id", "faas.coldstart", "cloudflare.handler_type"} {
		f(true, root(edge.SpanInternal, key, "true"))
		f(true, root(0, key, "true"))
		f(false, root(edge.SpanClient, key, "true"))
		f(false, root(edge.SpanProducer, key, "true"))
		f(false, span(ids{1, 9}, edge.SpanInternal, ms{0, 1}, key, "true"))
	}
	f(false, named(root(edge.SpanInternal, "faas.coldstart", "true"), "platform.initRuntimeDone"))
	f(false, edge.Event{Kind: edge.KindLog, Attrs: attrs("faas.trigger", "http")})
	f(false, edge.Event{Kind: edge.KindDataPoint})
	f(true, edge.Event{Kind: edge.KindDataPoint, Facts: edge.Facts{Invocation: true}})

	tail := root(edge.SpanClient)
	tail.Facts.Source = edge.SourceTail
	f(true, tail)
}

func TestServerBelowServer(t *testing.T) {
	f := func(want bool, parentKind edge.SpanKind, parentService string) {
		t.Helper()
		events := normalized(
			span(ids{2, 1}, edge.SpanServer, ms{0, 1}, "service.name", "shop"),
			span(ids{1, 0}, parentKind, ms{0, 1}, "service.name", parentService),
		)
		if got := events[0].Facts.Invocation; got != want {
			t.Errorf("a server span below a %s span of %s: invocation %v, want %v", parentKind, parentService, got,
				want)
		}
	}
	f(false, edge.SpanServer, "shop")
	f(true, edge.SpanServer, "gateway")
	f(true, edge.SpanClient, "shop")
	f(true, edge.SpanInternal, "shop")

	other := span(ids{1, 0}, edge.SpanServer, ms{0, 1}, "service.name", "shop")
	other.TraceID = edge.TraceID{2}
	if e := normalized(span(ids{2, 1}, edge.SpanServer, ms{0, 1}, "service.name", "shop"),
		other)[0]; !e.Facts.Invocation {
		t.Error("the span of another trace counts as a parent")
	}
}

// TestFrameworkInsideOfARuntime: the runtime's span is the invocation and has what the framework's span in it says, but
// for what it says itself.
func TestFrameworkInsideOfARuntime(t *testing.T) {
	server := func(id ids, at ms, pairs ...string) edge.Event {
		return span(id, edge.SpanServer, at, append(pairs, "service.name", "shop", "url.path", "/cart/7")...)
	}
	events := normalized(
		span(ids{5, 3}, edge.SpanClient, ms{2, 3}, "service.name", "shop", "cache.hit", "true"),
		server(ids{3, 2}, ms{1, 4}, "http.route", "/cart/:id", "faas.coldstart", "true", "http.response.status_code",
			"404"),
		server(ids{2, 1}, ms{1, 5}),
		server(ids{1, 0}, ms{0, 9}, "http.response.status_code", "200"),
	)
	got := events[3].Facts
	if !got.Invocation || got.Route != "/cart/:id" || got.RouteInferred || got.ColdStart != edge.True ||
		got.ColdStartSource != "attribute" {
		t.Errorf("the invocation did not take route and cold start from inside: %+v", got)
	}
	if got.CacheStatus != edge.CacheHit || got.Status != 200 || got.Outcome != edge.OutcomeOK || got.StatusInferred {
		t.Errorf("the invocation has cache status %q, status %d, outcome %q", got.CacheStatus, got.Status, got.Outcome)
	}
	for _, e := range events[:3] {
		if e.Facts.Invocation {
			t.Errorf("span %v counts as an invocation too", e.SpanID)
		}
	}

	failed := normalized(server(ids{1, 0}, ms{0, 9}), server(ids{2, 1}, ms{1, 5}, "http.response.status_code",
		"503"))[0].Facts
	if failed.Status != 503 || failed.StatusInferred || failed.Outcome != edge.OutcomeError {
		t.Errorf("a runtime without a status: status %d, outcome %q, want those from inside", failed.Status,
			failed.Outcome)
	}
	ring := normalized(server(ids{1, 2}, ms{0, 9}, "http.route", "/a"), server(ids{2, 1}, ms{1, 5}))
	if ring[0].Facts.Invocation || ring[1].Facts.Invocation {
		t.Error("one of two spans that are each inside of the other is an invocation")
	}
}

func TestChildrenTakeThePlaceOfTheirInvocation(t *testing.T) {
	events := normalized(
		span(ids{4, 3}, edge.SpanClient, ms{2, 3}, "service.name", "shop"), // before its parents
		span(ids{1, 0}, edge.SpanServer, ms{0, 9}, "service.name", "shop", "cloud.provider", "cloudflare", "edge.colo",
			"FRA"),
		span(ids{3, 1}, edge.SpanInternal, ms{1, 4}, "service.name", "shop", "cloud.region", "weur"),
		span(ids{5, 1}, edge.SpanClient, ms{1, 4}, "service.name", "other", "cloud.region", "eu-west-1"),
		span(ids{6, 7}, edge.SpanClient, ms{1, 4}, "service.name", "shop"), // its parent is not here
		edge.Event{
			Kind: edge.KindLog, TraceID: edge.TraceID{1}, SpanID: spanID(3),
			Attrs: attrs("service.name", "shop"),
		},
	)
	for i, want := range []string{"FRA", "FRA", "FRA", "eu-west-1", "", "FRA"} {
		f := events[i].Facts
		if f.Region != want {
			t.Errorf("event %d: region %q, want %q", i, f.Region, want)
		}
		if want == "FRA" && (f.Colo != "FRA" || f.Platform != "cloudflare.workers") {
			t.Errorf("event %d: colo %q, platform %q", i, f.Colo, f.Platform)
		}
	}
}

// TestNextInvocationIsAPlaceOfItsOwn: a function that calls a function in the same trace and batch.
func TestNextInvocationIsAPlaceOfItsOwn(t *testing.T) {
	events := normalized(
		span(ids{1, 0}, edge.SpanServer, ms{0, 9}, "service.name", "a", "edge.colo", "FRA"),
		span(ids{2, 1}, edge.SpanClient, ms{1, 8}, "service.name", "a"),
		span(ids{3, 2}, edge.SpanServer, ms{2, 7}, "service.name", "a", "edge.colo", "IAD"),
		span(ids{4, 3}, edge.SpanClient, ms{3, 6}, "service.name", "a"),
	)
	for i, want := range []string{"FRA", "FRA", "IAD", "IAD"} {
		if got := events[i].Facts.Region; got != want {
			t.Errorf("span %d: region %q, want %q", i+1, got, want)
		}
	}
}

func TestParentsInARing(t *testing.T) {
	events := normalized(
		span(ids{1, 2}, edge.SpanInternal, ms{0, 1}, "edge.colo", "FRA"),
		span(ids{2, 3}, edge.SpanInternal, ms{0, 1}),
		span(ids{3, 1}, edge.SpanInternal, ms{0, 1}),
		span(ids{4, 4}, edge.SpanInternal, ms{0, 1}),
		span(ids{5, 3}, edge.SpanInternal, ms{0, 1}),
	)
	for i, e := range events {
		if e.Facts.Invocation || i > 0 && e.Facts.Region != "" {
			t.Errorf("span %d of a ring: %+v", i+1, e.Facts)
		}
	}
}

func TestInvocationTakesTheCacheStatusOfItsLastChild(t *testing.T) {
	f := func(want, source string, own []string, children ...edge.Event) {
		t.Helper()
		events := normalized(append([]edge.Event{span(ids{1, 0}, edge.SpanServer, ms{0, 9}, own...)}, children...)...)
		if got := events[0].Facts; got.CacheStatus != want || got.CacheSource != source {
			t.Errorf("cache %q by %q, want %q by %q", got.CacheStatus, got.CacheSource, want, source)
		}
	}
	early := span(ids{2, 1}, edge.SpanClient, ms{1, 2}, "cache.hit", "false")
	late := span(ids{3, 1}, edge.SpanClient, ms{3, 4}, "cache.hit", "true")
	kv := named(span(ids{4, 1}, edge.SpanInternal, ms{5, 6}, "cloudflare.kv.response.cache_status", "MISS"), "kv_get")
	below := span(ids{5, 2}, edge.SpanClient, ms{7, 8}, "cache.hit", "true")

	f("", "", nil)
	f("hit", "cache.hit", nil, early, late, kv)
	f("hit", "cache.hit", nil, late, early, kv)
	f("miss", "cache.hit", nil, early, below)
	f("", "", nil, kv)
	f("bypass", "edge.cache.status", []string{"edge.cache.status", "bypass"}, early, late)
}

func TestOriginDuration(t *testing.T) {
	f := func(want int64, has bool, own []string, children ...edge.Event) {
		t.Helper()
		events := []edge.Event{span(ids{1, 0}, edge.SpanServer, ms{0, 100}, own...)}
		events = append(events, children...)
		normalized(events...)
		if got := events[0].Facts; got.OriginDuration != want*1e6 || got.HasOrigin != has {
			t.Errorf("origin %d ns (%v), want %d ms (%v)", got.OriginDuration, got.HasOrigin, want, has)
		}
	}
	fetch := func(id byte, from, to int64) edge.Event {
		return span(ids{id, 1}, edge.SpanClient, ms{from, to}, "url.full", "https://origin.example/a")
	}
	f(0, false, nil)
	f(10, true, nil, fetch(2, 10, 20))
	f(30, true, nil, fetch(2, 10, 30), fetch(3, 20, 40))                             // overlapping
	f(20, true, nil, fetch(2, 10, 30), fetch(3, 15, 20))                             // inside
	f(25, true, nil, fetch(3, 50, 65), fetch(2, 10, 20))                             // apart, out of order
	f(10, true, nil, fetch(2, 10, 20), span(ids{3, 2}, edge.SpanClient, ms{12, 13})) // no request
	f(0, false, nil, span(ids{2, 1}, edge.SpanClient, ms{1, 9}, "http.url", "http://x/img", "cache.operation", "match"))
	f(0, false, nil, span(ids{2, 1}, edge.SpanClient, ms{1, 9}, "url.full", "http://127.0.0.1:4318/v1/traces"))
	f(0, false, nil, span(ids{2, 1}, edge.SpanInternal, ms{1, 9}, "url.full", "https://origin.example/a"))
	f(7, true, []string{"http.response.header.x-envoy-upstream-service-time", "7"})
	f(10, true, []string{"http.response.header.x-envoy-upstream-service-time", "7"}, fetch(2, 10, 20))
	f(3, true, []string{"edge.origin.duration", "3000000"}, fetch(2, 10, 20))
}

// TestSubrequestsAreCounted holds that an invocation has as many as it has client spans, wherever below it, unless it
// says their number itself, and that none at all is unknown.
func TestSubrequestsAreCounted(t *testing.T) {
	f := func(want int64, own []string, others ...edge.Event) {
		t.Helper()
		events := normalized(append([]edge.Event{span(ids{1, 0}, edge.SpanServer, ms{0, 100}, own...)}, others...)...)
		if got := events[0].Facts; got.Subrequests != want || got.HasSubrequests != (want > 0) {
			t.Errorf("%d (%t) subrequests, want %d", got.Subrequests, got.HasSubrequests, want)
		}
	}
	client := func(id, parent byte, pairs ...string) edge.Event {
		return span(ids{id, parent}, edge.SpanClient, ms{1, 2}, pairs...)
	}
	internal := span(ids{8, 1}, edge.SpanInternal, ms{1, 9})
	f(0, nil)
	f(0, nil, internal)
	f(2, nil, client(2, 1), client(3, 1, "cache.operation", "match"))
	f(2, nil, client(2, 1), internal, client(3, 8))
	f(1, nil, client(2, 1), client(3, 2)) // a library's span and that of what it uses
	f(0, nil, client(2, 1, "url.full", "https://collector.example/v1/traces"))
	f(0, nil, client(2, 7)) // of no invocation that is here
	f(40, []string{"edge.subrequests", "40"}, client(2, 1))
	f(1, nil, client(2, 1), span(ids{3, 2}, edge.SpanServer, ms{1, 2}, "service.name", "other"), client(4, 3))
}

// TestAReportBesideTheInvocationTellsItsMemory holds that the greatest counts, and that what an invocation says itself
// stays.
func TestAReportBesideTheInvocationTellsItsMemory(t *testing.T) {
	f := func(want int64, own ...string) {
		t.Helper()
		events := normalized(span(ids{1, 0}, edge.SpanServer, ms{0, 100}, own...),
			span(ids{2, 1}, edge.SpanInternal, ms{0, 1}, "maxMemoryUsedMB", "90"),
			span(ids{3, 1}, edge.SpanInternal, ms{0, 1}, "maxMemoryUsedMB", "80"),
			span(ids{4, 1}, edge.SpanServer, ms{0, 1}, "maxMemoryUsedMB", "500", "service.name", "other"))
		if got := events[0].Facts; got.Memory != want<<20 {
			t.Errorf("%d bytes, want %d MB", got.Memory, want)
		}
	}
	f(90)
	f(64, "edge.memory.used", "67108864")
}

// TestOriginsOfTwoInvocationsStayApart has both in one batch, interleaved.
func TestOriginsOfTwoInvocationsStayApart(t *testing.T) {
	child := func(trace, id byte, from, to int64) edge.Event {
		e := span(ids{id, 1}, edge.SpanClient, ms{from, to}, "url.full", "https://origin.example/a")
		e.TraceID = edge.TraceID{trace}
		return e
	}
	second := span(ids{1, 0}, edge.SpanServer, ms{0, 100})
	second.TraceID = edge.TraceID{2}
	events := normalized(child(1, 2, 0, 10), child(2, 3, 0, 30), span(ids{1, 0}, edge.SpanServer, ms{0, 100}), second,
		child(1, 4, 50, 55))
	if a, b := events[2].Facts.OriginDuration, events[3].Facts.OriginDuration; a != 15e6 || b != 30e6 {
		t.Errorf("origins %d and %d ns, want 15 and 30 ms", a, b)
	}
}

func TestPlatformTellsColdStarts(t *testing.T) {
	report := func() edge.Event {
		e := named(span(ids{9, 0}, edge.SpanInternal, ms{0, 5}, "faas.invocation_id", "r1", "faas.instance", "i1"),
			"platform.initRuntimeDone")
		e.TraceID = edge.TraceID{9}
		return e
	}
	run := func(trace byte, from int64, pairs ...string) edge.Event {
		e := span(ids{1, 0}, edge.SpanServer, ms{from, from + 1}, pairs...)
		e.TraceID = edge.TraceID{trace}
		return e
	}
	f := func(want []edge.Tri, events ...edge.Event) {
		t.Helper()
		for i, e := range normalized(append(events, report())...)[:len(events)] {
			if e.Facts.ColdStart != want[i] {
				t.Errorf("invocation %d: cold %q, want %q", i, e.Facts.ColdStart, want[i])
			}
			if want[i] == edge.True && e.Facts.ColdStartSource != "platform" {
				t.Errorf("invocation %d: source %q, want platform", i, e.Facts.ColdStartSource)
			}
		}
	}
	f([]edge.Tri{edge.True}, run(1, 6, "faas.invocation_id", "r1"))
	f([]edge.Tri{edge.Unknown}, run(1, 6, "faas.invocation_id", "r2"))
	f([]edge.Tri{edge.Unknown, edge.True}, run(2, 8, "faas.instance", "i1"), run(1, 6, "faas.instance", "i1"))
	f([]edge.Tri{edge.Unknown}, run(1, 6, "faas.instance", "i2"))
	f([]edge.Tri{edge.False}, run(1, 6, "faas.invocation_id", "r1", "faas.coldstart", "false"))
	f([]edge.Tri{edge.Unknown}, run(1, 6))
}

func TestSchemeLosesItsColon(t *testing.T) {
	e := normalized(span(ids{1, 0}, edge.SpanServer, ms{0, 1}, "url.scheme", "http:"))[0]
	if got := e.Attr("url.scheme"); got != "http" {
		t.Errorf("url.scheme %q, want http", got)
	}
}

// TestNormalizeNothing: an empty batch bounds nothing, and leaves nothing behind for the next one.
func TestNormalizeNothing(t *testing.T) {
	n := normalize.New(normalize.Options{})
	span := span(ids{1, 0}, edge.SpanServer, ms{0, 1}, "service.name", "shop")
	n.Normalize([]edge.Event{span})
	if got := n.Normalize(nil); got != (normalize.Bounded{}) {
		t.Errorf("of nothing %+v was bounded", got)
	}
	orphan := []edge.Event{{
		Kind: edge.KindSpan, SpanKind: edge.SpanClient, TraceID: span.TraceID, SpanID: spanID(2),
		ParentID: span.SpanID,
	}}
	n.Normalize(orphan)
	if f := orphan[0].Facts; f.Service != "" || f.Invocation {
		t.Errorf("a span without its batch knows %+v", f)
	}
}
