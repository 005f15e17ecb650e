package embedded

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestWhatTellsOfAllTenantsIsNotServedToSeveral: the engine confines neither its pages nor its figures to a tenant.
func TestWhatTellsOfAllTenantsIsNotServedToSeveral(t *testing.T) {
	f := func(path string, alone, several bool) {
		t.Helper()
		for _, prefix := range []string{"", "/prometheus"} {
			for tenants, want := range map[bool]bool{false: alone, true: several} {
				s := &Store{opts: Options{Tenants: tenants}}
				if got := s.Serves(prefix + path); got != want {
					t.Errorf("%s, several tenants %v: served %v, want %v", prefix+path, tenants, got, want)
				}
			}
		}
	}
	f("/api/v1/query", true, true)
	f("/api/v1/label/service_name/values", true, true)
	for _, path := range []string{"tsdb", "metric_names_stats", "top_queries", "active_queries"} {
		f("/api/v1/status/"+path, true, false)
		f("/api/v1/status/"+path+"/", false, false)
	}
	f("/metric-relabel-debug", true, false)
	f("/graph", true, false)
	f("/graph/", true, false)
	f("/prettify-query", true, true)
	f("/expand-with-exprs", true, true)
	for _, path := range []string{ // they write, reset, or show the tenant's label
		"/api/v1/export", "/api/v1/export/csv", "/api/v1/export/native", "/federate", "/api/v1/import",
		"/api/v1/admin/tsdb/delete_series", "/api/v1/admin/status/metric_names_stats/reset",
		"/internal/resetRollupResultCache", "/api/v1/series/count", "/tags/delSeries", "/render", "/vmalert/",
		"/target-relabel-debug", "/vmui2", "/graph/../tags/delSeries", "/graphite/tags/delSeries",
	} {
		f(path, false, false)
	}
	f("/vmui", true, false)
	f("/vmui/", true, false)
	f("/vmui/assets/index.js", true, false)
	f("/vmui/../api/v1/admin/tsdb/delete_series", false, false)
	f("/api/v1/status/", false, false)
	f("/api/v1/metadata", false, false)
	f("/api/v1/label//values", false, false)
	f("//api/v1/query", false, false)
	f("/api/v1/query/", false, false)
}

// TestAQuestionIsTracedForOneTenant: vmui draws the trace, which tells how all data is cached.
func TestAQuestionIsTracedForOneTenant(t *testing.T) {
	for tenants, want := range map[bool]string{false: "1", true: ""} {
		s := &Store{opts: Options{Tenants: tenants}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/query?query=up&trace=1", http.NoBody)
		if err := r.ParseForm(); err != nil {
			t.Fatal(err)
		}
		if got := s.confine(r, 0).URL.Query().Get("trace"); got != want {
			t.Errorf("several tenants %v: trace is %q, want %q", tenants, got, want)
		}
	}
}
