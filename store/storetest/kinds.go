package storetest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/store"
)

// threeKinds writes two traces, each of a span and two log records, and two data points, a second apart.
func (s *suite) threeKinds(t *testing.T, tenant edge.Tenant) {
	t.Helper()
	for i, trace := range []byte{1, 2} {
		at := s.now.Add(time.Duration(i) * time.Second)
		name := []string{"one", "two"}[i]
		e := span("shop", name, at)
		e.TraceID, e.SpanID = edge.TraceID{15: trace}, edge.SpanID{7: trace}
		e.Duration = int64(trace) * int64(time.Second)
		log := edge.Event{
			Kind: edge.KindLog, Time: at.UnixNano(), Body: "log " + name, TraceID: e.TraceID,
			Facts: edge.Facts{Service: "shop"},
		}
		later := log
		later.Time, later.Body = log.Time+1, "more of "+name
		point := edge.Event{
			Kind: edge.KindDataPoint, Time: at.UnixNano(), Dataset: "hits",
			Attrs: []edge.Attr{{Key: "blob1", Value: name}, {Key: "double1", Value: "7"}},
		}
		s.write(t, tenant, e, log, later, point)
	}
}

// lines returns the rows of a question to all kinds, as the values of fields, sorted.
func (s *suite) lines(t *testing.T, q store.RowsQuestion, fields ...string) string {
	t.Helper()
	var lines []string
	for _, r := range s.rows(t, q) {
		var values []string
		for _, name := range fields {
			values = append(values, cmp.Or(r[name], "-"))
		}
		lines = append(lines, strings.Join(values, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func (s *suite) allKinds(tenant edge.Tenant, text string) store.RowsQuestion {
	q := s.question(tenant, edge.KindSpan, text)
	q.Also = []edge.Kind{edge.KindDataPoint, edge.KindLog, edge.KindLog}
	return q
}

// kindsTogether returns a function that asks all kinds of a tenant, and what it must answer.
func (s *suite) kindsTogether(t *testing.T, tenant edge.Tenant) func(text, want string, fields ...string) {
	t.Helper()
	s.threeKinds(t, tenant)
	s.threeKinds(t, s.tenant()) // of whom nothing may be seen
	return func(text, want string, fields ...string) {
		t.Helper()
		if diff := gocmp.Diff(want, s.lines(t, s.allKinds(tenant, text), fields...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// severalKinds holds that kinds that are asked together answer as one table.
func severalKinds(t *testing.T, s *suite) {
	f := s.kindsTogether(t, s.tenant())
	f("*", "- - one; - - two; - log one -; - log two -; - more of one -; - more of two -; one - -; two - -",
		"name", "_msg", "blob1")
	f(`{service.name="shop"} log`, "log one; log two", "_msg")
	f(`{dataset="hits"} or {kind="server"} name:=two`, "- one; - two; two -", "name", "blob1")
	f("kind:*", "one; two", "name")
	f("dataset:*", "one; two", "blob1")
	f(`kind:"" dataset:"" more`, "more of one; more of two", "_msg")

	f("* | stats count() n, count(dataset) p", "8 2", "n", "p")
	f("* | stats by (service.name) count() n", "- 2; shop 6", "service.name", "n")
	f("* | stats count_uniq(trace_id) u, uniq_values(kind) k, max(duration) d, sum(double1) s",
		`2 ["server"] 2000000000 14`, "u", "k", "d", "s")
	f("* | stats histogram(double1) h", `[{"vmrange":"6.813e+00...7.743e+00","hits":2}]`, "h")
	f("* | stats quantile(1, duration) q, avg(double1) a", "2000000000 7", "q", "a")
	f("* | stats count() if (kind:*) n", "2", "n")
	f("* | sort by (_time desc, _msg desc) | limit 1", "more of two", "_msg")
	f("* | sort by (_time, _msg desc) offset 1 limit 1 | fields _msg, name", "- one", "_msg", "name")
	f("* | limit 3 | stats count() n", "3", "n")
	f("* | uniq by (trace_id) with hits", "- 2; 00000000000000000000000000000001 3; 00000000000000000000000000000002 3",
		"trace_id", "hits")
	f("* | top 1 by (service.name)", "shop 6", "service.name", "hits")
	f("* | field_values _msg | stats count() n", "5", "n")
	f("* | running_stats count() n | stats max(n) m", "8", "m")
}

// subqueriesOfKinds holds that a subquery asks the kinds of its question, and what bounds that.
func subqueriesOfKinds(t *testing.T, s *suite) {
	tenant := s.tenant()
	f := s.kindsTogether(t, tenant)
	f("trace_id:in(name:=two | fields trace_id) !kind:*", "log two; more of two", "_msg")
	f("_stream_id:in(blob1:=one | fields _stream_id)", "one; two", "blob1")
	f("log | join by (trace_id) (kind:* | fields trace_id, name) inner", "log one one; log two two", "_msg", "name")
	f("name:=one | fields name | union (blob1:=two | fields blob1)", "- two; one -", "name", "blob1")
	f(`"log one" | stream_context after 1`, "log one; more of one", "_msg")
	f("name:=two | stream_context before 1", "one; two", "name")

	q := s.allKinds(tenant, "trace_id:in(name:=two | fields trace_id)")
	q.ExtraFilters = []string{`!kind:*`}
	if got := s.lines(t, q, "_msg"); got != "" {
		t.Errorf("a subquery sees what the extra filter hides: %s", got)
	}
	q = s.allKinds(tenant, "* | stats count(duration) d, count(double1) n")
	q.HiddenFields = []string{"dur*"}
	if got := s.lines(t, q, "d", "n"); got != "0 2" {
		t.Errorf("with a hidden field: %s, want 0 2", got)
	}
}

// someKinds holds that only those kinds are asked that the question names, each once.
func someKinds(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.threeKinds(t, tenant)
	f := func(want string, kinds ...edge.Kind) {
		t.Helper()
		q := s.allKinds(tenant, "* | stats count() n")
		q.Kind, q.Also = kinds[0], kinds[1:]
		if got := s.lines(t, q, "n"); got != want {
			t.Errorf("%v have %s rows, want %s", kinds, got, want)
		}
	}
	f("2", edge.KindDataPoint)
	f("2", edge.KindDataPoint, edge.KindDataPoint)
	f("6", edge.KindDataPoint, edge.KindLog)
	f("6", edge.KindLog, edge.KindSpan)
}
