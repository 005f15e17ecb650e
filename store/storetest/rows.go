package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/store"
)

func rowsRenderAsWritten(t *testing.T, s *suite) {
	tenant := s.tenant()
	e := span("shop", "GET /img", s.now.Add(123456789))
	e.TraceID = edge.TraceID{0xab, 15: 1}
	e.SpanID = edge.SpanID{7: 2}
	e.Status, e.StatusMessage = edge.StatusError, "boom"
	e.Attrs = []edge.Attr{
		{Key: "url.path", Value: "/img/1?a=\"b\"\n"},
		{Key: "name", Value: "taken"},
		{Key: "", Value: "nameless"},
	}
	e.Resource = []edge.Attr{{Key: "host.name", Value: "h1"}, {Key: "url.path", Value: "other"}}
	e.Facts.ColdStart = edge.True
	e.Facts.Route = "/img"
	s.write(t, tenant, e)

	want := []map[string]string{{
		"_time": strconv.FormatInt(s.now.Add(123456789).UnixNano(), 10), "service.name": "shop", "cloud.region": "FRA",
		"trace_id": "ab000000000000000000000000000001", "span_id": "0000000000000002", "name": "GET /img",
		"kind":     "server",
		"duration": "5000000", "otel.status_code": "ERROR", "otel.status_description": "boom",
		"url.path": "/img/1?a=\"b\"\n", "attr.name": "taken", "attr.": "nameless", "host.name": "h1",
		"resource.url.path": "other",
		"faas.coldstart":    "true", "http.route": "/img",
	}}
	if diff := gocmp.Diff(want, s.rows(t, s.question(tenant, edge.KindSpan, "*"))); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func absentRegion(t *testing.T, s *suite) {
	tenant := s.tenant()
	known, unknown := span("shop", "known", s.now), span("shop", "unknown", s.now)
	unknown.Facts.Region = ""
	s.write(t, tenant, known, unknown)

	f := func(text string, want ...string) {
		t.Helper()
		if diff := gocmp.Diff(want, s.names(t, s.question(tenant, edge.KindSpan, text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	f(`{cloud.region=""}`, "unknown")
	f(`{cloud.region="FRA"}`, "known")
	f(`{service.name="shop"}`, "known", "unknown")
	f(`cloud.region:=FRA`, "known")
}

func callerMemory(t *testing.T, s *suite) {
	tenant := s.tenant()
	name := []byte("first")
	e := span("shop", unsafeText(name), s.now)
	attrs := []edge.Attr{{Key: "k", Value: unsafeText(name)}}
	e.Attrs = attrs
	events := []edge.Event{e}
	if err := s.store.WriteEvents(t.Context(), tenant, events); err != nil {
		t.Fatal(err)
	}
	copy(name, "XXXXX") // all of it belongs to the caller again
	attrs[0] = edge.Attr{Key: "other", Value: "other"}
	clear(events)
	s.store.Flush()

	got := s.rows(t, s.question(tenant, edge.KindSpan, "*"))
	if len(got) != 1 || got[0]["name"] != "first" || got[0]["k"] != "first" || got[0]["other"] != "" {
		t.Errorf("rows are %v, want one with name and k = first", got)
	}
}

func severalDaysAndKinds(t *testing.T, s *suite) {
	tenant := s.tenant()
	log := edge.Event{
		Kind: edge.KindLog, Time: s.now.UnixNano(), Body: "hello", SeverityNumber: 9,
		SeverityText: "INFO", Facts: edge.Facts{Service: "shop"},
	}
	point := edge.Event{
		Kind: edge.KindDataPoint, Time: s.now.UnixNano(), Dataset: "hits",
		Attrs: []edge.Attr{{Key: "blob1", Value: "b"}, {Key: "double1", Value: "1.5"}},
	}
	s.write(t, tenant,
		span("shop", "yesterday", s.now.Add(-24*time.Hour)), log, span("shop", "today", s.now), point,
		span("shop", "earlier", s.now.Add(-48*time.Hour)))

	q := s.question(tenant, edge.KindSpan, "*")
	q.From = s.now.Add(-72 * time.Hour)
	if diff := gocmp.Diff([]string{"earlier", "yesterday", "today"}, s.names(t, q)); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	at := strconv.FormatInt(s.now.UnixNano(), 10)
	f := func(kind edge.Kind, want map[string]string) {
		t.Helper()
		if diff := gocmp.Diff([]map[string]string{want}, s.rows(t, s.question(tenant, kind, "*"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	f(edge.KindLog, map[string]string{
		"_time": at, "service.name": "shop", "_msg": "hello", "severity_number": "9",
		"severity_text": "INFO",
	})
	f(edge.KindDataPoint, map[string]string{"_time": at, "dataset": "hits", "blob1": "b", "double1": "1.5"})
}

func rowsRange(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.write(t, tenant, span("shop", "before", s.now.Add(-1)), span("shop", "from", s.now),
		span("shop", "last", s.now.Add(time.Second-1)), span("shop", "to", s.now.Add(time.Second)))
	q := store.RowsQuestion{Tenant: tenant, LogsQL: "*", From: s.now, To: s.now.Add(time.Second)}
	if diff := gocmp.Diff([]string{"from", "last"}, s.names(t, q)); diff != "" {
		t.Errorf("From <= _time < To (-want +got):\n%s", diff)
	}
	q.To = q.From
	if got := s.names(t, q); len(got) != 0 {
		t.Errorf("an empty range has %v", got)
	}
	q.From, q.To = q.To, q.To.Add(1)
	if diff := gocmp.Diff([]string{"from"}, s.names(t, q)); diff != "" {
		t.Errorf("a range of one nanosecond (-want +got):\n%s", diff)
	}
}

func textCannotWidenRange(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.write(t, tenant, span("shop", "before", s.now.Add(-time.Hour)), span("shop", "within", s.now))
	f := func(text string, want ...string) {
		t.Helper()
		q := store.RowsQuestion{Tenant: tenant, LogsQL: text, From: s.now.Add(-time.Minute), To: s.now.Add(time.Minute)}
		if diff := gocmp.Diff(want, s.names(t, q)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	f("*", "within")
	f("_time:2d", "within")
	f("options(ignore_global_time_filter=true) *", "within")
	f("options(ignore_global_time_filter=true) _time:2d", "within")
	f("options(ignore_global_time_filter=true) name:=before or name:=within", "within")
}

func extraFilters(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.write(t, tenant, span("shop", "one", s.now), span("shop", "two", s.now), span("cart", "one", s.now))
	q := s.question(tenant, edge.KindSpan, "name:=one or name:=two")
	q.ExtraFilters = []string{`service.name:="shop"`, `name:in(one, three)`}
	got := s.rows(t, q)
	if len(got) != 1 || got[0]["name"] != "one" || got[0]["service.name"] != "shop" {
		t.Errorf("rows are %v, want one of shop only", got)
	}
	q = s.question(tenant, edge.KindSpan, `name:in(service.name:=cart | fields name)`)
	q.ExtraFilters = []string{`service.name:="shop"`}
	if got := s.rows(t, q); len(got) != 0 {
		t.Errorf("a subquery sees what the extra filter hides: %v", got)
	}
}

func hiddenFields(t *testing.T, s *suite) {
	tenant := s.tenant()
	e := span("shop", "one", s.now)
	e.Attrs = []edge.Attr{{Key: "user.id", Value: "7"}, {Key: "user.name", Value: "eve"}, {Key: "zone", Value: "z"}}
	s.write(t, tenant, e)
	q := s.question(tenant, edge.KindSpan, "*")
	q.HiddenFields = []string{"user.*", "duration"}
	got := s.rows(t, q)
	if len(got) != 1 || got[0]["user.id"]+got[0]["user.name"]+got[0]["duration"] != "" || got[0]["zone"] != "z" {
		t.Errorf("rows are %v, want no user.* and no duration", got)
	}
	q.LogsQL = "user.name:=eve"
	if got := s.rows(t, q); len(got) != 0 {
		t.Errorf("a filter finds a hidden field: %v", got)
	}
}

func badQueries(t *testing.T, s *suite) {
	tenant := s.tenant()
	none := func(store.Row) error { return nil }
	f := func(q store.RowsQuestion) {
		t.Helper()
		if err := s.store.Rows(t.Context(), q, none); !errors.Is(err, store.ErrBadQuery) {
			t.Errorf("%+v: error is %v, want ErrBadQuery", q, err)
		}
	}
	f(s.question(tenant, edge.KindSpan, ""))
	f(s.question(tenant, edge.KindSpan, "name:("))
	f(s.question(tenant, edge.KindSpan, "* | nonsense"))
	f(s.question(tenant, 77, "*"))
	f(store.RowsQuestion{LogsQL: "*", From: s.now, To: s.now.Add(1), Also: []edge.Kind{77}})
	f(store.RowsQuestion{LogsQL: "*", To: s.now})
	f(store.RowsQuestion{LogsQL: "*", From: s.now})
	q := s.question(tenant, edge.KindSpan, "*")
	q.ExtraFilters = []string{"* | delete name"}
	f(q)

	g := func(want error, q store.SeriesQuestion) {
		t.Helper()
		if _, err := s.store.Series(t.Context(), q); !errors.Is(err, want) {
			t.Errorf("%+v: error is %v, want %v", q, err, want)
		}
	}
	g(store.ErrBadQuery, store.SeriesQuestion{MetricsQL: "sum(", To: s.now})
	g(store.ErrBadQuery, store.SeriesQuestion{MetricsQL: "nonsense(x)", To: s.now})
	g(store.ErrBadQuery, store.SeriesQuestion{MetricsQL: "x"})
	g(store.ErrBadQuery, store.SeriesQuestion{
		MetricsQL: "x", From: s.now, To: s.now.Add(-1 * time.Hour),
		Step: time.Second,
	})
	g(store.ErrBadQuery, store.SeriesQuestion{MetricsQL: "x", From: s.now, To: s.now.Add(1), Step: -1})
	g(store.ErrTooMuch, store.SeriesQuestion{
		MetricsQL: "x", From: s.now.Add(-time.Hour), To: s.now,
		Step: time.Millisecond,
	})
}

var errStop = errors.New("enough")

func emitError(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.write(t, tenant, many(s.now, 500)...)
	calls := 0
	err := s.store.Rows(t.Context(), s.question(tenant, edge.KindSpan, "*"), func(store.Row) error {
		calls++
		if calls == 3 {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) || calls != 3 {
		t.Errorf("error is %v after %d calls, want that of emit after 3", err, calls)
	}
}

func cancelled(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.write(t, tenant, many(s.now, 500)...)
	ctx, cancel := withCancel(t)
	calls := 0
	err := s.store.Rows(ctx, s.question(tenant, edge.KindSpan, "*"), func(store.Row) error {
		calls++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("Rows: error is %v after %d calls, want context.Canceled after 1", err, calls)
	}
	if _, err := s.store.Series(ctx, store.SeriesQuestion{Tenant: tenant, MetricsQL: "x", To: s.now}); !errors.Is(err,
		context.Canceled) {
		t.Errorf("Series: error is %v, want context.Canceled", err)
	}
	if err := s.store.WriteEvents(ctx, tenant, many(s.now, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("WriteEvents: error is %v, want context.Canceled", err)
	}
}

func emitSerial(t *testing.T, s *suite) {
	tenant := s.tenant()
	for i := range 8 { // several parts, so that several workers find rows
		s.write(t, tenant, many(s.now.Add(time.Duration(i)*time.Second), 200)...)
	}
	var inside atomic.Int32
	rows := 0
	err := s.store.Rows(t.Context(), s.question(tenant, edge.KindSpan, "*"), func(store.Row) error {
		if inside.Add(1) != 1 {
			t.Error("emit is called while it runs")
		}
		rows++
		inside.Add(-1)
		return nil
	})
	if err != nil || rows != 1600 {
		t.Errorf("%d rows, error %v, want 1600", rows, err)
	}
}

func rowTenants(t *testing.T, s *suite) {
	a, b := s.tenant(), s.tenant()
	s.write(t, a, span("shop", "of a", s.now))
	s.write(t, b, span("shop", "of b", s.now))
	f := func(tenant edge.Tenant, text string, want ...string) {
		t.Helper()
		if diff := gocmp.Diff(want, s.names(t, s.question(tenant, edge.KindSpan, text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	f(a, "*", "of a")
	f(b, "*", "of b")
	f(a, `name:="of b" or *`, "of a")
	f(a, `name:in(* | fields name)`, "of a")
	f(a, `* | union (*)`, "of a", "of a")
}

func many(at time.Time, n int) []edge.Event {
	events := make([]edge.Event, n)
	for i := range events {
		events[i] = span("shop", fmt.Sprint("n", i), at.Add(time.Duration(i)))
	}
	return events
}
