package spans_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"edgescope/load/spans"
)

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$`)

func name() string { return "GET /" }

// Without a tracer nothing is asked for, unless every request is to have a header.
func TestHeadersWithoutSpans(t *testing.T) {
	if s := spans.New(t.Context(), spans.Options{}); s != nil || s.IDs(1) != nil {
		t.Error("a run without tracing has a source")
	}
	f := func(o spans.Options, want string) {
		t.Helper()
		s := spans.New(t.Context(), o)
		ids, seen := s.IDs(7), map[string]bool{}
		for range 20 {
			span, header := s.Start(ids, time.Now(), name)
			m := traceparent.FindStringSubmatch(header)
			if span != nil || m == nil || m[3] != want || seen[m[1]] || strings.Trim(m[1], "0") == "" ||
				!strings.HasPrefix(m[1], strings.ToLower(o.Prefix[:len(o.Prefix)&^1])) {
				t.Errorf("%+v: header %q, want a new one that ends in %s", o, header, want)
			}
			if m != nil {
				seen[m[1]] = true
			}
		}
	}
	f(spans.Options{All: true}, "00")
	f(spans.Options{All: true, Sampled: true}, "01")
	f(spans.Options{All: true, Prefix: "abcdef01"}, "00")
	f(spans.Options{All: true, Prefix: "abc"}, "00") // whole bytes
}

// Two users, and two runs, have other ids.
func TestIDsDiffer(t *testing.T) {
	s, other := spans.New(t.Context(), spans.Options{All: true}), spans.New(t.Context(), spans.Options{All: true})
	a, b, c := s.IDs(1).Uint64(), s.IDs(2).Uint64(), other.IDs(1).Uint64()
	if a == b || a == c {
		t.Errorf("ids begin with %x, %x and %x", a, b, c)
	}
}

func TestSpansOfSampledRequests(t *testing.T) {
	memory := tracetest.NewInMemoryExporter()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory)).Tracer("test")
	ctx, cancel := context.WithCancel(t.Context())
	s := spans.New(ctx, spans.Options{Tracer: tracer, RunID: "r1"})
	cancel() // the end of a run does not end its spans
	ids, now := s.IDs(1), time.Now()
	sampled := 0
	for range 100 { // at one moment: what the bucket holds
		span, header := s.Start(ids, now, name)
		if (span == nil) != (header == "") {
			t.Errorf("a span %v with header %q", span, header)
		}
		if span != nil {
			sampled++
		}
		span.Set("empty", "")
		span.Set("a", "b")
		span.Status(503)
		span.Fail("")
		span.Fail("ECONNRESET")
		span.End(now.Add(time.Second))
	}
	list := memory.GetSpans()
	if sampled != spans.SampledPerSecond || len(list) != sampled {
		t.Fatalf("%d of 100 were sampled, %d were exported; want %d", sampled, len(list), spans.SampledPerSecond)
	}
	got := map[string]string{}
	for _, attribute := range list[0].Attributes {
		got[string(attribute.Key)] = attribute.Value.String()
	}
	if list[0].Name != "GET /" || got["a"] != "b" || got["edge.run.id"] != "r1" || got["error.type"] != "ECONNRESET" ||
		got["http.response.status_code"] != "503" || len(got) != 4 || list[0].EndTime.Sub(list[0].StartTime) != time.Second {
		t.Errorf("the span is %+v with %v", list[0], got)
	}
	if span, _ := s.Start(ids, now.Add(time.Second), name); span == nil {
		t.Error("a second later none is sampled")
	}
}
