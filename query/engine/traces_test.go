package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/engine"
	"edgescope/query/tables"
	"edgescope/store"
)

func TestPagingShowsEveryTraceOnce(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 120 {
		end := w.Now.Add(-time.Duration(i/7) * 29 * time.Second).Add(-time.Second) // seven of each moment
		events = append(events,
			w.Invocation(end, time.Duration(1+i*37%50)*time.Millisecond, edge.Facts{Service: "shop"}))
	}
	w.Write(tenant, events...)
	for _, sort := range []string{"", "-duration", "duration"} {
		for _, limit := range []int{1, 5, 7, 50, 119, 120, 121} {
			got := w.pages(t, fmt.Sprintf("sort=%s&limit=%d", sort, limit))
			seen := map[string]bool{}
			for i := range got {
				seen[got[i].SpanID] = true
			}
			if len(got) != 120 || len(seen) != 120 {
				t.Errorf("sort=%s limit %d: %d traces, %d different, want 120", sort, limit, len(got), len(seen))
			}
			sorted := slices.IsSortedFunc(got, func(a, b query.Trace) int {
				switch sort {
				case "duration":
					return int(a.Duration - b.Duration)
				case "-duration":
					return int(b.Duration - a.Duration)
				}
				end := func(t query.Trace) time.Time { return t.Start.Add(time.Duration(t.Duration * 1e6)) }
				return end(b).Compare(end(a))
			})
			if !sorted {
				t.Errorf("sort=%s limit %d is not sorted", sort, limit)
			}
		}
	}
}

func (w *world) pages(t *testing.T, text string) []query.Trace {
	t.Helper()
	var all []query.Trace
	q := w.Ask(text)
	for range 200 {
		page, err := w.engine.Traces(t.Context(), tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Traces...)
		if page.Next == "" {
			return all
		}
		q.After = page.Next
	}
	t.Fatal("the pages have no end")
	return nil
}

// TestOperationsAreFoundWhereRowsHaveThem: one that is the route or the name has no field of its own.
func TestOperationsAreFoundWhereRowsHaveThem(t *testing.T) {
	w := newWorld(t)
	add := func(name, route, operation string) {
		e := w.Invocation(w.Now.Add(-time.Minute), time.Millisecond,
			edge.Facts{Service: "shop", Route: route, Operation: operation})
		e.Name = name
		w.Write(tenant, e)
	}
	add("GET /img", "/img", "/img")
	add("tick", "", "tick")
	add("GET /img", "/img", "resize")
	add("tick", "", "resize")
	f := func(text string, want int) {
		t.Helper()
		got, err := w.engine.Traces(t.Context(), tenant, w.Ask("q="+text))
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Traces) != want {
			t.Errorf("%s: %d traces, want %d", text, len(got.Traces), want)
		}
	}
	f("operation:/img", 1)
	f("operation:tick", 1)
	f("operation:resize", 2)
	f("-operation:resize", 2)
	f("operation:t*", 1)
	f("operation:*i*", 4)
	f("operation:unknown", 0)
}

func TestTracesAreFilteredAndCounted(t *testing.T) {
	w := newWorld(t)
	add := func(n int, d time.Duration, f edge.Facts) {
		for i := range n {
			f.Service = "shop"
			w.Write(tenant, w.Invocation(w.Now.Add(-time.Duration(1+i)*time.Minute), d, f))
		}
	}
	add(6, 10*time.Millisecond,
		edge.Facts{Region: "FRA", Route: "/a", Status: 200, CacheStatus: edge.CacheHit, ColdStart: edge.False})
	add(3, 300*time.Millisecond,
		edge.Facts{Region: "IAD", Route: `/"b`, Status: 503, Outcome: edge.OutcomeError, ColdStart: edge.True})
	f := func(text string, want int64) *query.Traces {
		t.Helper()
		got, err := w.engine.Traces(t.Context(), tenant, w.Ask(text))
		if err != nil {
			t.Fatal(err)
		}
		if got.Found != want || len(got.Traces) != int(want) {
			t.Errorf("%s: found %d, listed %d, want %d", text, got.Found, len(got.Traces), want)
		}
		return got
	}
	all := f("", 9)
	f("min=100ms", 3)
	f("max=100ms", 6)
	f("min=10ms&max=10ms", 6)
	f("status=5xx", 3)
	f("cold=true", 3)
	f("cache=-hit", 3)
	f(`route=/%22b`, 3)
	f(`route=-/%22b`, 6)
	f(`q=route:%22/\%22b%22`, 3)
	f(`route=%22+or+*`, 0)
	f("q=region:I*", 3)
	f("q=fet", 9)
	f("range=2m30s", 4)
	want := []query.Facet{
		{Key: "region", Values: []query.FacetValue{{Value: "FRA", Count: 6}, {Value: "IAD", Count: 3}}},
		{Key: "route", Values: []query.FacetValue{{Value: "/a", Count: 6}, {Value: `/"b`, Count: 3}}},
		{Key: "status", Values: []query.FacetValue{{Value: "200", Count: 6}, {Value: "503", Count: 3}}},
		{Key: "cold", Values: []query.FacetValue{{Value: "false", Count: 6}, {Value: "true", Count: 3}}},
		{Key: "cache", Values: []query.FacetValue{{Value: "hit", Count: 6}, {Value: "unknown", Count: 3}}},
		{Key: "version", Values: []query.FacetValue{{Value: "unknown", Count: 9}}},
	}
	if diff := cmp.Diff(want, all.Facets); diff != "" {
		t.Errorf("facets: %s", diff)
	}
	var n query.Num
	for _, b := range all.Histogram.Buckets {
		n += b.Count
	}
	if n != 9 {
		t.Errorf("the histogram counts %v, want 9", n)
	}
	if !all.LastEvent.Equal(w.Now.Add(-time.Minute)) {
		t.Errorf("the newest invocation is of %s, want %s", all.LastEvent, w.Now.Add(-time.Minute))
	}
}

// TestTraceIsFoundHoweverOld writes a trace a year of clock hours apart from now would be too old: two days is.
func TestTraceIsFoundHoweverOld(t *testing.T) {
	for _, age := range []time.Duration{time.Second, 90 * time.Minute, 50 * time.Hour} {
		w := newWorld(t)
		client := w.Invocation(w.Now.Add(-age), 100*time.Millisecond, edge.Facts{Service: "edgescope-loadgen"})
		client.Facts.Invocation, client.SpanKind, client.Name = false, edge.SpanClient, "GET"
		client.Attrs = []edge.Attr{{Key: edge.RunIDAttr, Value: strings.Repeat("ab", 16)}}
		server := w.Invocation(w.Now.Add(-age-20*time.Millisecond), 60*time.Millisecond,
			edge.Facts{Service: "shop", Region: "FRA", ColdStart: edge.True})
		server.TraceID, server.ParentID = client.TraceID, client.SpanID
		server.SpanEvents = fmt.Sprintf(`[{"name":"exception","time":%d,"attrs":{"exception.message":"no","n":3}}]`,
			server.Time-int64(10*time.Millisecond))
		orphan := w.Invocation(w.Now.Add(-age-30*time.Millisecond), 10*time.Millisecond, edge.Facts{Service: "shop"})
		orphan.TraceID, orphan.ParentID, orphan.Facts.Invocation = client.TraceID, edge.SpanID{9}, false
		w.Write(tenant, server, orphan, client)

		id := fmt.Sprintf("%x", client.TraceID)
		got, err := w.engine.Trace(t.Context(), tenant, strings.ToUpper(id), query.Question{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Run != strings.Repeat("ab", 16) || got.Missing != 1 || got.Duration != 100 || len(got.Spans) != 3 {
			t.Fatalf("%s old: run %q, %d missing, %v ms, %d spans", age, got.Run, got.Missing, got.Duration,
				len(got.Spans))
		}
		s := got.Spans[1]
		if s.Service != "shop" || s.Depth != 1 || s.Offset != 20 || s.Duration != 60 || s.Cold != "true" ||
			s.Region != "FRA" {
			t.Errorf("%s old: the edge's span is %+v", age, s)
		}
		wantEvents := []query.SpanEvent{{
			Name: "exception", At: time.Unix(0, server.Time).Add(-10 * time.Millisecond).UTC(), Offset: 70,
			Attrs: map[string]string{"exception.message": "no", "n": "3"},
		}}
		if diff := cmp.Diff(wantEvents, s.Events); diff != "" {
			t.Errorf("events: %s", diff)
		}
		if _, err := w.engine.Trace(t.Context(), tenant+1, id, query.Question{}); !errors.Is(err, query.ErrNotFound) {
			t.Errorf("another tenant's trace: %v, want ErrNotFound", err)
		}
		if err := w.Store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFacetsOfRollupsEqualThoseOfRows asks the same of an engine that may count by rollups and of one that may not,
// because it takes all of the range for older than the events.
func TestFacetsOfRollupsEqualThoseOfRows(t *testing.T) {
	w := newWorld(t)
	w.fill(4000)
	tail := w.Invocation(w.Now.Add(-20*time.Minute), time.Millisecond,
		edge.Facts{Service: "tail", Region: "FRA", Source: edge.SourceTail})
	point := w.Invocation(w.Now.Add(-20*time.Minute), time.Millisecond,
		edge.Facts{Service: "points", Source: edge.SourceDataPoints})
	point.Kind = edge.KindDataPoint
	w.Write(tenant, tail, point)
	rows := engine.New(tables.New(w.Store, func() time.Time { return w.Now }, tables.AtOnce), engine.Options{Retention: 1})
	counted := &statsWatch{Reader: w.Store}
	w.engine = w.newEngine(counted)
	// f wants equal answers, and the rows of no longer a time counted than most.
	f := func(ask string, most time.Duration) {
		t.Helper()
		counted.widest.Store(0)
		q := w.Ask(ask)
		want, err := rows.Traces(t.Context(), tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.engine.Traces(t.Context(), tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		if want.Found == 0 {
			t.Errorf("%s finds nothing: it compares nothing", ask)
		}
		if widest := time.Duration(counted.widest.Load()); widest == 0 || widest > most {
			t.Errorf("%s counts the rows of %s, want some and of %s at most", ask, widest, most)
		}
		ignored := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Histogram" }, cmp.Ignore())
		if diff := cmp.Diff(want, got, ignored,
			cmp.Comparer(func(a, b query.Num) bool { return a == b || !a.OK() && !b.OK() })); diff != "" {
			t.Errorf("%s (-rows +rollups):\n%s", ask, diff)
		}
		if a, b := buckets(want.Histogram), buckets(got.Histogram); !cmp.Equal(a, b) {
			t.Errorf("%s: durations of rows %v, of rollups %v", ask, a, b)
		}
	}
	ragged := "&from=" + w.Now.Add(-57*time.Minute-1234*time.Millisecond).Format(time.RFC3339Nano) +
		"&to=" + w.Now.Add(-7*time.Minute-77*time.Nanosecond).Format(time.RFC3339Nano)
	f("range=1h", 30*time.Second)
	f(ragged, 10*time.Second)
	f("range=1h&service=shop", 30*time.Second)
	f("range=1h&region=P000", time.Hour)
	f("range=1h&route=/r3&version=v1", time.Hour)
	f("range=1h&q=status:5*", time.Hour)
	f("range=1h&cold=true"+ragged, time.Hour)
	f("range=1h&min=10ms", time.Hour)
	sampled := w.Invocation(w.Now.Add(-10*time.Minute), time.Millisecond, edge.Facts{Service: "shop", Weight: 7})
	w.Write(tenant, sampled)
	f("range=1h", time.Hour)
}

// statsWatch notes the longest time whose rows are counted.
type statsWatch struct {
	store.Reader

	widest atomic.Int64 // ns
}

func (s *statsWatch) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	for length := int64(q.To.Sub(q.From)); strings.Contains(q.LogsQL, "count()"); {
		if old := s.widest.Load(); old >= length || s.widest.CompareAndSwap(old, length) {
			break
		}
	}
	return s.Reader.Rows(ctx, q, emit)
}

func buckets(h query.Histogram) map[string]int {
	out := map[string]int{}
	for _, b := range h.Buckets {
		if b.Count > 0 {
			out[fmt.Sprintf("%.4g", float64(b.Low))] = int(b.Count)
		}
	}
	return out
}
