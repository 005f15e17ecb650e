package jaeger_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var update = flag.Bool("update", false, "write the golden file of answers anew")

// TestTheBakery sends testdata/bakery/spans.json through the door of OTLP to a store, asks what requests.txt has, and
// compares the answers with answers.golden, word by word.
func TestTheBakery(t *testing.T) {
	const dir, golden = "testdata/bakery/", "testdata/bakery/answers.golden"
	sent, err := os.ReadFile(dir + "spans.json")
	if err != nil {
		t.Fatal(err)
	}
	requests, err := os.ReadFile(dir + "requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 5, 10, 0, 0, time.UTC)
	h := over(storeOf(t, now, sent), now)
	var got strings.Builder
	for path := range strings.Lines(string(requests)) {
		path = strings.TrimSpace(path)
		status, body := ask(t, h, path)
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(strings.TrimSpace(body)), "", " "); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
		fmt.Fprintf(&got, "GET %s\n%d\n%s\n\n", path, status, &indented)
		n, err := wellFormed(path, status, []byte(body))
		if err != nil {
			t.Errorf("%s: %d found, %v", path, n, err)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got (go test -run TestTheBakery -update writes it anew):\n%s", diff)
	}
}

// wellFormed reads an answer as the strictest client of its path does.
func wellFormed(path string, status int, body []byte) (int, error) {
	three := strings.HasPrefix(path, "/api/v3/")
	switch {
	case status >= 400 && three:
		return decoders3["error 3"](body)
	case status >= 400:
		return traceDecoders["error 1"](body)
	case strings.HasPrefix(path, "/api/v3/traces"):
		return otlpSpans(body)
	case strings.HasPrefix(path, "/api/v3/trace-summaries"):
		return summaries3(body)
	case strings.HasPrefix(path, "/api/v3/services"):
		return services3(body)
	case three:
		return decoders3["ui operations 3"](body)
	case strings.HasPrefix(path, "/api/traces"):
		return traceDecoders["ui traces"](body)
	default:
		return 0, nil
	}
}

// TestVersion3IsReadByOpenTelemetry holds that OpenTelemetry's own reader of OTLP finds in an answer what was sent.
func TestVersion3IsReadByOpenTelemetry(t *testing.T) {
	sent, err := os.ReadFile("testdata/bakery/spans.json")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 5, 10, 0, 0, time.UTC)
	h := over(storeOf(t, now, sent), now)
	want := telemetry(t, sent)
	if len(want) != 6 {
		t.Fatalf("%d spans sent", len(want))
	}
	var a struct{ Result json.RawMessage }
	_, body := ask(t, h, "/api/v3/traces?query.startTimeMin=2026-03-04T00:00:00Z&query.startTimeMax=2026-03-05T00:00:00Z")
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	got := telemetry(t, a.Result)
	if len(got) != len(want) {
		t.Errorf("%d spans, want %d", len(got), len(want))
	}
	for id, sent := range want {
		shown := got[id]
		for name, value := range sent {
			if shown[name] != value {
				t.Errorf("span %s: %s is %q, sent was %q", id, name, shown[name], value)
			}
		}
	}
}

// telemetry reads OTLP in JSON with OpenTelemetry's own reader. Each span is its values as texts, by its id and start;
// attributes of its resource are among its own.
func telemetry(t *testing.T, text []byte) map[string]map[string]string {
	t.Helper()
	read, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out := map[string]map[string]string{}
	for _, r := range read.ResourceSpans().All() {
		for _, scope := range r.ScopeSpans().All() {
			for _, s := range scope.Spans().All() {
				v := map[string]string{
					"trace": s.TraceID().String(), "parent": s.ParentSpanID().String(), "name": s.Name(), "kind": s.Kind().String(),
					"start": s.StartTimestamp().String(), "end": s.EndTimestamp().String(), "state": s.TraceState().AsRaw(),
					"status": s.Status().Code().String() + " " + s.Status().Message(), "scope": scope.Scope().Name() + " " +
						scope.Scope().Version(),
					"counts": fmt.Sprint(s.Flags(), s.DroppedAttributesCount(), s.DroppedEventsCount(), s.DroppedLinksCount(),
						s.Links().Len(), s.Events().Len()),
				}
				attributes(v, "", r.Resource().Attributes())
				attributes(v, "", s.Attributes())
				for _, e := range s.Events().All() {
					v["event "+e.Name()] = e.Timestamp().String()
					attributes(v, e.Name()+" ", e.Attributes())
				}
				for _, l := range s.Links().All() {
					v["link "+l.TraceID().String()] = l.SpanID().String()
					attributes(v, "link ", l.Attributes())
				}
				out[s.SpanID().String()+" "+s.StartTimestamp().String()] = v
			}
		}
	}
	return out
}

// attributes adds attributes as their type and text. NaN is shown as text.
func attributes(to map[string]string, prefix string, from pcommon.Map) {
	for key, value := range from.All() {
		kind := value.Type().String()
		if value.AsString() == "NaN" {
			kind = pcommon.ValueTypeStr.String()
		}
		to[prefix+"attribute "+key] = kind + " " + value.AsString()
	}
}
