package normalize_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// fuzzEvents makes a batch of lines, one event each: kind, span kind, ids and times in the first bytes, then attributes
// key=value, separated by NUL; those behind a second NUL belong to the resource.
func fuzzEvents(text string) []edge.Event {
	var events []edge.Event
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) < 6 || len(events) == 64 {
			continue
		}
		e := edge.Event{
			Kind: edge.Kind(line[0] % 3), SpanKind: edge.SpanKind(line[1] % 7), TraceID: edge.TraceID{line[2] % 3},
			SpanID:   spanID(line[3] % 8),
			ParentID: spanID(line[4] % 8), Time: int64(line[5]) * 1e6, Duration: int64(line[5]%4) * 1e6,
			HasDuration: true,
		}
		own := true
		for pair := range strings.SplitSeq(line[6:], "\x00") {
			key, value, ok := strings.Cut(pair, "=")
			switch {
			case !ok && pair == "":
				own = false
			case !ok:
				e.Name = pair
			case own:
				e.Attrs = append(e.Attrs, edge.Attr{Key: key, Value: value})
			default:
				e.Resource = append(e.Resource, edge.Attr{Key: key, Value: value})
			}
		}
		events = append(events, e)
	}
	return events
}

// FuzzNormalize: whatever attributes say, facts stay within what edge.Facts promises, and a second pass changes
// nothing.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{
		"\x00\x02\x01\x01\x00\x09GET /users/12\x00url.path=/users/12\x00cloudflare.wall_time_ms=7\x00\x00service.name=shop\x00cloud.provider=cloudflare",
		"\x00\x02\x01\x01\x00\x09s\x00edge.colo=FRA\n" +
			"\x00\x03\x01\x02\x01\x08c\x00url.full=https://o/a\x00http.response.header.cf-cache-status=[\"HIT\"]",
		"\x00\x01\x01\x01\x00\x09platform.initRuntimeDone\x00faas.instance=i\n" +
			"\x00\x02\x02\x01\x00\x09f\x00faas.instance=i\x00http.status_code=5e2",
		"\x02\x00\x00\x00\x00\x01p\x00edge.count=1e308\x00_sample_interval=1e308\x00edge.cache.status=[\"HIT\",\"x\"]",
		"\x01\x00\x01\x00\x00\x01l\x00cloud.region=[[]]\x00http.response.header.server-timing=cold;dur=1e18, " +
			"cpu;dur=\"7",
		"\x00\x02\x01\x01\x02\x09a\n\x00\x02\x01\x02\x01\x09b\x00cloud.availability_zone=a\x00http.response.header.x-served-by=,cache-",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		events := fuzzEvents(text)
		n := normalize.New(normalize.Options{})
		n.Normalize(events)
		for i := range events {
			checkFacts(t, &events[i])
		}
		again := slices.Clone(events)
		n.Normalize(again)
		for i := range events {
			if events[i].Duration != again[i].Duration || events[i].Time != again[i].Time ||
				events[i].Facts.Invocation != again[i].Facts.Invocation {
				t.Errorf("a second pass changes event %d:\n%+v\n%+v", i, events[i], again[i])
			}
		}
	})
}

func checkFacts(t *testing.T, e *edge.Event) {
	t.Helper()
	f := &e.Facts
	if !(f.Weight >= 1) || math.IsInf(f.Weight, 0) {
		t.Errorf("weight %v", f.Weight)
	}
	if f.Status != 0 && (f.Status < 100 || f.Status > 599) {
		t.Errorf("status %d", f.Status)
	}
	if f.InitDuration < 0 || f.CPUTime < 0 || f.WallTime < 0 || f.TTFB < 0 || f.OriginDuration < 0 {
		t.Errorf("a negative length of time: %+v", f)
	}
	if f.Source == "" || f.Country != "" && len(f.Country) != 2 {
		t.Errorf("source %q, country %q", f.Source, f.Country)
	}
	if f.RouteInferred && (!f.Invocation || !strings.HasPrefix(f.Route, "/") || utf8.RuneCountInString(f.Route) > 256) {
		t.Errorf("inferred route %q of invocation %v", f.Route, f.Invocation)
	}
	if e.Kind == edge.KindSpan && (f.Outcome == "" || f.Invocation && f.Status == 0) {
		t.Errorf("a span without outcome, or an invocation without status: %+v", f)
	}
	if (f.CacheStatus == "") != (f.CacheSource == "") || (f.ColdStart == edge.Unknown) != (f.ColdStartSource == "") {
		t.Errorf("a value without its source, or a source without value: %+v", f)
	}
}
