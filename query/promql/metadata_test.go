package promql_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query/promql"
)

// get returns the answer to a GET.
func get(t *testing.T, h http.Handler, target string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return recorder(h, r)
}

func recorder(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func metadataOf(t *testing.T, h http.Handler, query string) (int, map[string][]promql.Metadata) {
	t.Helper()
	w := get(t, h, "/api/v1/metadata"+query)
	var a struct{ Data map[string][]promql.Metadata }
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return w.Code, a.Data
}

func TestMetadataTellsTypes(t *testing.T) {
	h := promql.New(fake{names: []string{
		"edge_colo_requests", "http_count", "http_requests_total", "http_seconds_bucket", "http_seconds_count",
		"http_seconds_sum", "jobs_count", "memory_bytes", "rpc_count", "rpc_sum", "rpc", "size_bytes_total", "target_info",
		"_bucket", "queue_sum",
	}}, promql.Options{Described: func(edge.Tenant) map[string]promql.Metadata {
		return map[string]promql.Metadata{
			"memory_bytes":       {Type: "gauge", Help: "Memory in use", Unit: "bytes"},
			"edge_colo_requests": {Type: "counter"}, // what we know of our own is not theirs to say
		}
	}})
	f := func(name string, want promql.Metadata) {
		t.Helper()
		if _, got := metadataOf(t, h, "?metric="+name); gocmp.Diff(map[string][]promql.Metadata{name: {want}}, got) != "" {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	f("http_requests_total", promql.Metadata{Type: "counter"})
	f("size_bytes_total", promql.Metadata{Type: "counter", Unit: "bytes"})
	f("http_seconds", promql.Metadata{Type: "histogram", Unit: "seconds"})
	f("rpc", promql.Metadata{Type: "summary"})
	f("http_count", promql.Metadata{Type: "gauge"})
	f("queue_sum", promql.Metadata{Type: "gauge"})
	f("target_info", promql.Metadata{Type: "info"})
	f("memory_bytes", promql.Metadata{Type: "gauge", Help: "Memory in use", Unit: "bytes"})
	f("edge_colo_duration_seconds_sum:1h", promql.Metadata{
		Type: "gauge", Unit: "seconds",
		Help: "Durations of invocations added up, the total of a window of 3600 s: add up with sum_over_time",
	})
	_, all := metadataOf(t, h, "")
	for name, list := range all {
		if name == "http_seconds_bucket" || name == "rpc_count" || len(list) != 1 {
			t.Errorf("%s: %+v", name, list)
		}
	}
	for _, name := range []string{edge.MetricDeploy, edge.MetricRefusedRequests, "edge_service_responses"} {
		if len(all[name]) == 0 || all[name][0].Type != "gauge" || all[name][0].Help == "" {
			t.Errorf("%s: %+v", name, all[name])
		}
	}
	if all["edge_colo_responses"] != nil {
		t.Error("only services have responses")
	}
	// A name with dots is the one that is stored.
	if _, got := metadataOf(t, h, "?metric=http.requests_total"); len(got) != 1 {
		t.Errorf("by its name with dots: %v", got)
	}
}

func TestMetadataIsBounded(t *testing.T) {
	h := promql.New(fake{}, promql.Options{})
	f := func(query string, code, metrics, entries int) {
		t.Helper()
		got, list := metadataOf(t, h, query)
		n := 0
		for _, of := range list {
			n += len(of)
		}
		if got != code || metrics >= 0 && (len(list) != metrics || n != entries) {
			t.Errorf("%s: %d with %d metrics and %d entries, want %d with %d and %d", query, got, len(list), n, code, metrics,
				entries)
		}
	}
	f("?limit=3", 200, 3, 3)
	f("?limit=0", 200, 0, 0)
	f("?limit=-1", 200, -1, 0)
	f("?limit_per_metric=0&limit=2", 200, 2, 0)
	f("?limit_per_metric=5&limit=2", 200, 2, 2)
	f("?metric=nothing", 200, 0, 0)
	f("?limit=many", 400, 0, 0)
	f("?limit_per_metric=1.5", 400, 0, 0)
}
