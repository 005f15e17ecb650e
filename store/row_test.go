package store_test

import (
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/store"
)

// TestRowsLeaveOutWhatFollows: a field that can be told from the others costs a column and tells nothing.
func TestRowsLeaveOutWhatFollows(t *testing.T) {
	var r store.RowRenderer
	f := func(name string, facts edge.Facts, want string) {
		t.Helper()
		row, _ := r.Render(&edge.Event{Name: name, SpanKind: edge.SpanServer, Facts: facts})
		var got []string
		for _, field := range row {
			if field.Name == edge.KeyOperation || field.Name == edge.KeyCacheSource {
				got = append(got, field.Name+"="+field.Value)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s, %+v: got %v, want %q", name, facts, got, want)
		}
	}
	f("GET /a", edge.Facts{Route: "/a", Operation: "/a"}, "")
	f("tick", edge.Facts{Operation: "tick"}, "")
	f("GET /a", edge.Facts{Route: "/a", Operation: "GET /a"}, "edge.operation=GET /a")
	f("GET /a", edge.Facts{Route: "/a", Operation: "resize"}, "edge.operation=resize")
	f("a", edge.Facts{Operation: "a", CacheStatus: "hit", CacheSource: edge.KeyCacheStatus}, "")
	f("a", edge.Facts{Operation: "a", CacheStatus: "hit", CacheSource: "cf-cache-status"},
		"edge.cache.source=cf-cache-status")
}

// TestStreamFieldsComeFirst holds what replay counts by: the fields of StreamFields, with the values of StreamOf.
func TestStreamFieldsComeFirst(t *testing.T) {
	var r store.RowRenderer
	f := func(e edge.Event, want string) {
		t.Helper()
		row, n := r.Render(&e)
		names, values := store.StreamFields(e.Kind), store.StreamOf(&e)
		var got []string
		for i := range names {
			if v := row.Get(names[i]); v != values[i] {
				t.Errorf("%s is %q in the row and %q by StreamOf", names[i], v, values[i])
			}
		}
		for _, field := range row[:n] {
			got = append(got, field.Name+"="+field.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s of %+v: stream %v, want %q", e.Kind, e.Facts, got, want)
		}
	}
	facts := edge.Facts{Service: "shop", Region: "FRA"}
	f(edge.Event{Kind: edge.KindSpan, Facts: facts}, "service.name=shop cloud.region=FRA kind=internal")
	f(edge.Event{Kind: edge.KindSpan, SpanKind: edge.SpanServer, Facts: facts},
		"service.name=shop cloud.region=FRA kind=server")
	f(edge.Event{Kind: edge.KindLog, Facts: facts}, "service.name=shop cloud.region=FRA")
	f(edge.Event{Kind: edge.KindDataPoint, Dataset: "edge", Facts: facts}, "dataset=edge cloud.region=FRA")
	f(edge.Event{Kind: edge.KindSpan, Facts: edge.Facts{Region: "FRA"}}, "cloud.region=FRA kind=internal")
	f(edge.Event{Kind: edge.KindLog}, "")
}
