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
	"edgescope/load/loadtest"
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

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$`)

// traced runs a load of one request a user with a tracer and gives the traceparent of every request and the spans.
func traced(t *testing.T, config string) (sent []string, spans tracetest.SpanStubs) {
	t.Helper()
	memory := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
	h := &headers{target: target{delay: 20 * time.Millisecond}}
	p := loadtest.Plan(t, loadtest.Target, "config: "+
		"{"+config+"}\nscenarios: [{name: s, flow: [{get: {url: '/a/{{ $uuid }}'}}]}]")
	if _, err := record(t.Context(), t, p, load.Options{
		RoundTripper: h, Tracer: provider.Tracer("test"),
		RunID: "r1",
	}); err != nil {
		t.Fatal(err)
	}
	return h.list, memory.GetSpans()
}

// byFlags are the trace and span ids that were sent, by the flags they were sent with; each must be valid and new.
func byFlags(t *testing.T, sent []string) map[string]map[string]bool {
	t.Helper()
	flags, seen := map[string]map[string]bool{"00": {}, "01": {}}, map[string]bool{}
	for _, header := range sent {
		if header == "" {
			continue
		}
		m := traceparent.FindStringSubmatch(header)
		if m == nil || seen[m[1]] || strings.Trim(m[1], "0") == "" || strings.Trim(m[2], "0") == "" {
			t.Fatalf("traceparent %q, want a valid one of its own", header)
		}
		seen[m[1]] = true
		flags[m[3]][m[1]+" "+m[2]] = true
	}
	return flags
}

func TestAboutTenASecondAreSampledAndOnlyTheyCarryATrace(t *testing.T) {
	f := func(rate string, seconds int, least, most int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			sent, spans := traced(t, "phases: [{duration: "+time.Duration(seconds*1e9).String()+", "+
				"arrivalRate: "+rate+"}]")
			if n := len(spans); n < least || n > most {
				t.Errorf("%s/s over %d s: %d spans, want %d to %d", rate, seconds, n, least, most)
			}
			flags := byFlags(t, sent)
			if len(flags["00"]) != 0 || len(flags["01"]) != len(spans) {
				t.Errorf("%d requests of %d carry a trace and %d one that is not sampled; want the %d spans and 0",
					len(flags["01"]), len(sent), len(flags["00"]), len(spans))
			}
			for _, span := range spans {
				if !flags["01"][span.SpanContext.TraceID().String()+" "+span.SpanContext.SpanID().String()] {
					t.Errorf("span %s was not announced to the target", span.SpanContext.TraceID())
				}
			}
		})
	}
	f("3", 4, 12, 12)   // below the limit: all
	f("200", 5, 50, 60) // 10/s and the second of the bucket
}

func TestDistributedTracingPutsATraceOnEveryRequest(t *testing.T) {
	f := func(tracing string, wantUnsampled bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			sent, spans := traced(t, "phases: [{duration: 5, arrivalRate: 40}], http: "+
				"{distributedTracing: "+tracing+"}")
			flags := byFlags(t, sent)
			if got := len(flags["00"]) + len(flags["01"]); got != len(sent) {
				t.Errorf("%s: %d of %d requests carry a trace", tracing, got, len(sent))
			}
			if unsampled := len(flags["00"]) == len(sent)-len(spans); unsampled != wantUnsampled {
				t.Errorf("%s: %d of %d requests are not sampled, with %d spans", tracing, len(flags["00"]), len(sent),
					len(spans))
			}
		})
	}
	f("true", false)
	f("{sampled: false}", true)
}

func TestClientSpanSaysWhatTheAnswerSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := tracetest.NewInMemoryExporter()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
		h := &headers{target: target{
			delay:   20 * time.Millisecond,
			respond: func(*http.Request) (int, string) { return 503, "" },
		}}
		p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 1, arrivalCount: 1}]}\nscenarios: "+
			"[{name: s, flow: [{get: {url: '/a?x=1'}}]}]")
		if _, err := record(t.Context(), t, p, load.Options{
			RoundTripper: h, Tracer: provider.Tracer("test"),
			RunID: "r1",
		}); err != nil {
			t.Fatal(err)
		}
		span := memory.GetSpans()[0]
		got := map[string]string{"name": span.Name}
		for _, a := range span.Attributes {
			got[string(a.Key)] = a.Value.String()
		}
		want := map[string]string{
			"name": "GET /a", "http.request.method": "GET", "url.full": "http://target.test/a?x=1",
			"url.template":   "/a",
			"server.address": "target.test", "loadgen.scenario": "s", "edge.run.id": "r1",
			"http.response.status_code": "503",
			"error.type":                "503", "cloud.region": "SIN", "edge.cache.status": "miss",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("span (-want +got):\n%s", diff)
		}
		if span.SpanKind != trace.SpanKindClient || span.Parent.IsValid() ||
			span.EndTime.Sub(span.StartTime) != 20*time.Millisecond {
			t.Errorf("kind %v, parent %v, length %v; want a client root of 20ms", span.SpanKind, span.Parent.IsValid(),
				span.EndTime.Sub(span.StartTime))
		}
	})
}

func TestNoTraceUnlessAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &headers{}
		p := loadtest.Plan(t, loadtest.Target, "config: {phases: [{duration: 1, arrivalCount: 1}]}\nscenarios: "+
			"[{flow: [{get: {url: /}}]}]")
		if _, err := record(t.Context(), t, p, load.Options{RoundTripper: h}); err != nil {
			t.Fatal(err)
		}
		if h.list[0] != "" {
			t.Errorf("traceparent %q was sent unasked", h.list[0])
		}
	})
}
