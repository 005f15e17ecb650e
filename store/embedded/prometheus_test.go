package embedded

import "testing"

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
	f("/api/v1/status/buildinfo", true, true)
	f("/api/v1/status/tsdb", true, false)
	f("/api/v1/metadata", true, false)
	f("/vmui", true, false)
	f("/vmui/", true, false)
	f("/vmui/assets/index.js", true, false)
	f("/vmui/../api/v1/admin/tsdb/delete_series", false, false)
	f("/api/v1/status/active_queries", false, false)
	f("/api/v1/status/", false, false)
	f("/api/v1/metadata/", false, false)
	f("/api/v1/label//values", false, false)
	f("//api/v1/query", false, false)
	f("/api/v1/query/", false, false)
}
