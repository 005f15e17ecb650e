package load_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"edgescope/load"
)

type headers struct {
	target
	mu   sync.Mutex
	list []string
}

func (h *headers) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.list = append(h.list, r.Header.Get("Traceparent"))
	h.mu.Unlock()
	res, err := h.target.RoundTrip(r)
	if err == nil {
		res.Header.Set("X-Edge-Region", "SIN")
		res.Header.Set("X-Cache-Status", "MISS")
	}
	return res, err
}

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]$`)

func TestEveryRequestCarriesATraceAndAboutTenASecondHaveASpan(t *testing.T) {
	f := func(rate string, seconds int, least, most int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			memory := tracetest.NewInMemoryExporter()
			provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
			h := &headers{target: target{delay: 20 * time.Millisecond}}
			p := plan(t, "config: {phases: [{duration: "+time.Duration(seconds*1e9).String()+", arrivalRate: "+rate+"}]}\nscenarios: [{name: s, flow: [{get: {url: '/a/{{ $uuid }}'}}]}]")
			events, err := record(t.Context(), t, p, load.Options{RoundTripper: h, TraceParent: true, Tracer: provider.Tracer("test"), RunID: "r1"})
			if err != nil {
				t.Fatal(err)
			}
			spans := memory.GetSpans()
			if n := len(spans); n < least || n > most {
				t.Errorf("%s/s over %d s: %d spans, want %d to %d", rate, seconds, n, least, most)
			}
			sampled := map[string]bool{}
			ids := map[string]bool{}
			for _, header := range h.list {
				m := traceparent.FindStringSubmatch(header)
				if m == nil || ids[m[1]] || strings.Trim(m[1], "0") == "" || strings.Trim(m[2], "0") == "" {
					t.Fatalf("traceparent %q, want a valid one of its own for every request", header)
				}
				ids[m[1]] = true
				if strings.HasSuffix(header, "-01") {
					sampled[m[1]+" "+m[2]] = true
				}
			}
			if len(ids) != len(results(events)) || len(sampled) != len(spans) {
				t.Errorf("%d requests, %d traces, %d sampled, %d spans", len(results(events)), len(ids), len(sampled), len(spans))
			}
			for _, span := range spans {
				if !sampled[span.SpanContext.TraceID().String()+" "+span.SpanContext.SpanID().String()] {
					t.Errorf("span %s was not announced to the target", span.SpanContext.TraceID())
				}
			}
		})
	}
	f("3", 4, 12, 12)   // below the limit: all
	f("200", 5, 50, 60) // 10/s and the second of the bucket
}

func TestClientSpanSaysWhatTheAnswerSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := tracetest.NewInMemoryExporter()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
		h := &headers{target: target{delay: 20 * time.Millisecond, respond: func(*http.Request) (int, string) { return 503, "" }}}
		p := plan(t, "config: {phases: [{duration: 1, arrivalCount: 1}]}\nscenarios: [{name: s, flow: [{get: {url: '/a?x=1'}}]}]")
		if _, err := record(t.Context(), t, p, load.Options{RoundTripper: h, Tracer: provider.Tracer("test"), RunID: "r1"}); err != nil {
			t.Fatal(err)
		}
		span := memory.GetSpans()[0]
		got := map[string]string{"name": span.Name}
		for _, a := range span.Attributes {
			got[string(a.Key)] = a.Value.String()
		}
		want := map[string]string{
			"name": "GET /a", "http.request.method": "GET", "url.full": "http://target.test/a?x=1", "url.template": "/a",
			"server.address": "target.test", "loadgen.scenario": "s", "edge.run.id": "r1", "http.response.status_code": "503",
			"error.type": "503", "cloud.region": "SIN", "edge.cache.status": "miss",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("span (-want +got):\n%s", diff)
		}
		if span.SpanKind != trace.SpanKindClient || span.Parent.IsValid() || span.EndTime.Sub(span.StartTime) != 20*time.Millisecond {
			t.Errorf("kind %v, parent %v, length %v; want a client root of 20ms", span.SpanKind, span.Parent.IsValid(), span.EndTime.Sub(span.StartTime))
		}
	})
}

func TestNoTraceUnlessAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &headers{}
		p := plan(t, "config: {phases: [{duration: 1, arrivalCount: 1}]}\nscenarios: [{flow: [{get: {url: /}}]}]")
		if _, err := record(t.Context(), t, p, load.Options{RoundTripper: h}); err != nil {
			t.Fatal(err)
		}
		if h.list[0] != "" {
			t.Errorf("traceparent %q was sent unasked", h.list[0])
		}
	})
}
