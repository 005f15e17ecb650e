package storetest

import (
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/edge"
	"edgescope/store"
)

// unsafeText returns a text that changes with its bytes, as a receiver's do.
func unsafeText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func seriesTenants(t *testing.T, s *suite) {
	a, b := s.tenant(), s.tenant()
	at := s.now.UnixMilli()
	s.writeSamples(t, a, edge.Sample{Series: newSeries("__name__", "st_tenants", "zone", "z"), Time: at, Value: 1})
	s.writeSamples(t, b, edge.Sample{Series: newSeries("__name__", "st_tenants", "zone", "z"), Time: at, Value: 2})
	f := func(tenant edge.Tenant, text string, want ...float64) {
		t.Helper()
		var got []float64
		for _, r := range s.ask(t, tenant, text, s.now) {
			got = append(got, r.Values...)
			if r.Label(edge.LabelTenant) != "" {
				t.Errorf("%s: the label of the tenant shows: %v", text, r.Labels)
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	f(a, `st_tenants`, 1)
	f(b, `st_tenants`, 2)
	f(a, `sum(st_tenants)`, 1)
	f(a, `st_tenants{edge_tenant="`+strconv.Itoa(int(b))+`"}`)
	f(a, `st_tenants{edge_tenant=~".*"}`, 1)
	f(a, `st_tenants{zone="z" or edge_tenant="`+strconv.Itoa(int(b))+`"}`, 1)
	f(a, `{__name__=~"st_ten.*"}`, 1)
	f(a, `sum(sum_over_time(st_tenants[1m])) + count(st_tenants)`, 2)
}

func greatestSample(t *testing.T, s *suite) {
	tenant := s.tenant()
	id := newSeries("__name__", "st_greatest")
	for _, v := range []float64{5, 7, 7, 3} { // each a write of its own
		s.writeSamples(t, tenant, edge.Sample{Series: id, Time: s.now.UnixMilli(), Value: v})
	}
	s.writeSamples(t, tenant, edge.Sample{Series: id, Time: s.now.UnixMilli() + 10_000, Value: 1})
	got := s.ask(t, tenant, "sum_over_time(st_greatest[1m])", s.now.Add(10*time.Second))
	if len(got) != 1 || got[0].Values[0] != 8 {
		t.Errorf("the sum is %v, want 7 + 1", got)
	}
}

// becomesVisible asks over and over while something new comes, without Flush: answers of before must not stay for
// longer than Writer promises (a second, four for samples; the test gives twice that, and to a busy machine more).
func becomesVisible(t *testing.T, s *suite) {
	tenant := s.tenant()
	rows := func() int { return len(s.rows(t, s.question(tenant, edge.KindSpan, "*"))) }
	series := func() int { return len(s.ask(t, tenant, `st_visible{zone!=""}`, s.now.Add(time.Second))) }
	if rows()+series() != 0 {
		t.Fatal("there is something before")
	}
	if err := s.store.WriteEvents(t.Context(), tenant, many(s.now, 1)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a row", rows)
	sample := edge.Sample{Series: newSeries("__name__", "st_visible", "zone", "z"), Time: s.now.UnixMilli(), Value: 1}
	if err := s.store.WriteSamples(t.Context(), tenant, []edge.Sample{sample}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a new series", series)
}

func waitFor(t *testing.T, what string, found func() int) {
	t.Helper()
	deadline := time.After(8 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for found() == 0 {
		select {
		case <-deadline:
			t.Fatalf("%s does not show within 8s", what)
		case <-tick.C:
		}
	}
}

func seriesSteps(t *testing.T, s *suite) {
	tenant := s.tenant()
	for i, v := range []float64{1, 2, 4} {
		id := newSeries("__name__", "st_steps", "zone", "z", "a", "first")
		at := s.now.Add(time.Duration(i-6) * 10 * time.Second)
		s.writeSamples(t, tenant, edge.Sample{Series: id, Time: at.UnixMilli(), Value: v})
	}
	got, err := s.store.Series(t.Context(), store.SeriesQuestion{
		Tenant: tenant, MetricsQL: `sum_over_time(st_steps[10s])`,
		From: s.now.Add(-60 * time.Second), To: s.now.Add(-20 * time.Second), Step: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Series{{
		Labels: []edge.Attr{{Key: "a", Value: "first"}, {Key: "zone", Value: "z"}},
		Values: []float64{1, 2, 4, math.NaN(), math.NaN()},
	}}
	if diff := gocmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("series (-want +got):\n%s", diff)
	}
	if got := s.ask(t, tenant, `st_steps`, s.now.Add(-40*time.Second)); len(got) != 1 ||
		got[0].Label(edge.LabelName) != "st_steps" {
		t.Errorf("an instant question answers %v, want one series with its name", got)
	}
}

func seriesIdentity(t *testing.T, s *suite) {
	a, b := s.tenant(), s.tenant()
	name := []byte("st_identity")
	id := newSeries("__name__", unsafeText(name))
	s.writeSamples(t, a, edge.Sample{Series: id, Time: s.now.UnixMilli(), Value: 1})
	s.writeSamples(t, a, edge.Sample{Series: id, Time: s.now.UnixMilli() + 1000, Value: 2})
	s.writeSamples(t, b, edge.Sample{Series: id, Time: s.now.UnixMilli(), Value: 5})
	if len(id.Labels) != 1 || id.Labels[0].Value != "st_identity" {
		t.Errorf("the labels became %v", id.Labels)
	}
	copy(name, "XXXXXXXXXXX")
	if got := s.ask(t, a, "sum_over_time(st_identity[1m])", s.now.Add(time.Second)); len(got) != 1 ||
		got[0].Values[0] != 3 {
		t.Errorf("tenant a has %v, want 3", got)
	}
	if got := s.ask(t, b, "sum_over_time(st_identity[1m])", s.now.Add(time.Second)); len(got) != 1 ||
		got[0].Values[0] != 5 {
		t.Errorf("tenant b has %v, want 5", got)
	}
}

func prometheusTenants(t *testing.T, s *suite) {
	a, b := s.tenant(), s.tenant()
	at := s.now.UnixMilli()
	s.writeSamples(t, a, edge.Sample{Series: newSeries("__name__", "st_prom", "zone", "of-a"), Time: at, Value: 1})
	others := newSeries("__name__", "st_prom", "only_b", "x", "zone", "of-b")
	s.writeSamples(t, b, edge.Sample{Series: others, Time: at, Value: 2})
	h := s.store.Prometheus(a)
	other := strconv.Itoa(int(b))
	form := url.Values{
		"query": {"st_prom"}, "time": {seconds(s.now)}, "start": {seconds(s.now.Add(-time.Hour))},
		"end": {seconds(s.now.Add(time.Minute))}, "step": {"60"}, "match[]": {"st_prom"},
	}
	with := func(key, value string) url.Values {
		v := maps.Clone(form)
		v.Set(key, value)
		return v
	}
	for _, prefix := range []string{"", "/prometheus"} {
		for _, path := range []string{
			"/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/api/v1/labels",
			"/api/v1/label/zone/values", "/api/v1/status/tsdb",
		} {
			for _, v := range []url.Values{
				form, with("extra_filters[]", `{edge_tenant="`+other+`"}`),
				with("extra_filters", `{zone=~".+" or edge_tenant="`+other+`"}`),
				with("extra_label", "edge_tenant="+other), with("query", `st_prom{edge_tenant="`+other+`"}`),
				with("match[]", `st_prom{only_b="x"}`),
			} {
				for _, post := range []bool{false, true} {
					status, body := call(h, prefix+path, v, post)
					if status != http.StatusOK || strings.Contains(body, "of-b") || strings.Contains(body, "only_b") {
						t.Errorf("%s %v: tenant b shows, or status %d: %s", path, v, status, body)
					}
				}
			}
		}
	}
	_, body := call(h, "/api/v1/query", form, false)
	var answer struct {
		Data struct {
			Result []struct{ Metric map[string]string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data.Result) != 1 ||
		answer.Data.Result[0].Metric["zone"] != "of-a" {
		t.Errorf("the tenant's own series is not in %s (%v)", body, err)
	}
}

// prometheusIsOfOneOrigin: a page that somebody visits must not read answers.
func prometheusIsOfOneOrigin(t *testing.T, s *suite) {
	h := s.store.Prometheus(s.tenant())
	for _, path := range []string{
		"/api/v1/query?query=st_prom", "/api/v1/labels", "/api/v1/query?query=(",
		"/api/v1/status/buildinfo",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		for name := range w.Result().Header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: status %d has the header %s", path, w.Code, name)
			}
		}
	}
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func call(h http.Handler, path string, form url.Values, post bool) (status int, body string) {
	r := httptest.NewRequest(http.MethodGet, path+"?"+form.Encode(), nil)
	if post {
		r = httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func prometheusOnlyReads(t *testing.T, s *suite) {
	tenant := s.tenant()
	s.writeSamples(t, tenant, edge.Sample{
		Series: newSeries("__name__", "st_readonly"), Time: s.now.UnixMilli(),
		Value: 1,
	})
	h := s.store.Prometheus(tenant)
	for _, path := range []string{
		"/api/v1/admin/tsdb/delete_series", "/prometheus/api/v1/admin/tsdb/delete_series",
		"//api/v1/admin/tsdb/delete_series",
		"/api/v1/import/prometheus", "/api/v1/write", "/write", "/api/v1/export", "/internal/force_merge",
		"/internal/resetRollupResultCache",
		"/snapshot/create", "/snapshot/delete_all", "/api/v1/admin/status/metric_names_stats/reset",
		"/api/v1/export/csv", "/api/v1/export/native", "/federate",
		"/tags/delSeries", "/vmalert/", "/metrics", "/", "/api/v1/label/a/b/values",
		"/vmui/../api/v1/admin/tsdb/delete_series",
	} {
		for _, post := range []bool{false, true} {
			if status, _ := call(h, path, url.Values{"match[]": {"st_readonly"}}, post); status != http.StatusNotFound {
				t.Errorf("%s: status is %d, want 404", path, status)
			}
		}
	}
	if got := s.ask(t, tenant, "st_readonly", s.now); len(got) != 1 {
		t.Errorf("the series is gone: %v", got)
	}
}

func checkRefuses(t *testing.T, s *suite) {
	attrs := func(n int) (attrs []edge.Attr) {
		for i := range n {
			attrs = append(attrs, edge.Attr{Key: "k" + strconv.Itoa(i), Value: "v"})
		}
		return attrs
	}
	f := func(what string, ok bool, change func(*edge.Event)) {
		t.Helper()
		e := span("shop", "one", s.now)
		change(&e)
		if err := s.store.Check(&e); (err == nil) != ok {
			t.Errorf("%s: Check answers %v, want refused = %v", what, err, !ok)
		}
	}
	f("a plain span", true, func(*edge.Event) {})
	f("yesterday", true, func(e *edge.Event) { e.Time -= int64(24 * time.Hour) })
	f("years ago", false, func(e *edge.Event) { e.Time = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano() })
	f("time zero", false, func(e *edge.Event) { e.Time = 0 })
	f("an hour ahead", true, func(e *edge.Event) { e.Time += int64(time.Hour) })
	f("next month", false, func(e *edge.Event) { e.Time += int64(31 * 24 * time.Hour) })
	f("a long name", true, func(e *edge.Event) { e.Attrs = []edge.Attr{{Key: strings.Repeat("n", 128), Value: "v"}} })
	tooLong := []edge.Attr{{Key: strings.Repeat("n", 129), Value: "v"}}
	f("too long a name", false, func(e *edge.Event) { e.Attrs = tooLong })
	f("a long name of a resource", false, func(e *edge.Event) { e.Resource = tooLong })
	f("many attributes", true, func(e *edge.Event) { e.Attrs = attrs(1900) })
	f("too many attributes", false, func(e *edge.Event) { e.Attrs = attrs(2001) })
	f("a large value", true, func(e *edge.Event) { e.Name = strings.Repeat("x", 1<<20) })
	f("too large a value", false, func(e *edge.Event) { e.Name = strings.Repeat("x", 2<<20) })
	f("an unknown kind", false, func(e *edge.Event) { e.Kind = 9 })

	// What Check lets through is kept, to the last field.
	tenant := s.tenant()
	e := span("shop", strings.Repeat("x", 1<<20), s.now)
	e.Attrs = append(attrs(1900), edge.Attr{Key: strings.Repeat("n", 128), Value: "long"},
		edge.Attr{Key: "_time", Value: "t"}, edge.Attr{Key: "_stream", Value: "s"})
	s.write(t, tenant, e)
	got := s.rows(t, s.question(tenant, edge.KindSpan, "*"))
	if len(got) != 1 || len(got[0]["name"]) != 1<<20 || got[0]["k1899"] != "v" ||
		got[0][strings.Repeat("n", 128)] != "long" || got[0]["attr._time"] != "t" || got[0]["attr._stream"] != "s" {
		t.Errorf("a large event is not kept whole: %d rows", len(got))
	}
}

func metricsText(t *testing.T, s *suite) {
	var b strings.Builder
	s.store.WriteMetrics(&b)
	if n := strings.Count(b.String(), "\n"); n < 5 {
		t.Errorf("metrics have %d lines:\n%s", n, b.String())
	}
}

func concurrentUse(t *testing.T, s *suite) {
	tenant := s.tenant()
	id := newSeries("__name__", "st_concurrent")
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 20 {
				at := s.now.Add(time.Duration(w*20+i) * time.Millisecond)
				if err := s.store.WriteEvents(t.Context(), tenant, many(at, 10)); err != nil {
					t.Error(err)
				}
				if err := s.store.WriteSamples(t.Context(), tenant,
					[]edge.Sample{{Series: id, Time: at.UnixMilli(), Value: 1}}); err != nil {
					t.Error(err)
				}
				q := s.question(tenant, edge.KindSpan, "* | count()")
				if err := s.store.Rows(t.Context(), q, func(store.Row) error { return nil }); err != nil {
					t.Error(err)
				}
				if _, err := s.store.Series(t.Context(), store.SeriesQuestion{
					Tenant:    tenant,
					MetricsQL: "st_concurrent", To: s.now,
				}); err != nil {
					t.Error(err)
				}
				s.store.WriteMetrics(io.Discard)
			}
		})
	}
	wg.Wait()
	s.store.Flush()
	if got := s.rows(t, s.question(tenant, edge.KindSpan, "* | count() n")); got[0]["n"] != "800" {
		t.Errorf("%s rows, want 800", got[0]["n"])
	}
	if got := s.ask(t, tenant, "sum_over_time(st_concurrent[1m])", s.now.Add(time.Second)); len(got) != 1 ||
		got[0].Values[0] != 80 {
		t.Errorf("samples add up to %v, want 80", got)
	}
}

func reopenKeeps(t *testing.T, s *suite) {
	tenant := s.tenant()
	id := newSeries("__name__", "st_reopen")
	if err := s.store.WriteEvents(t.Context(), tenant, many(s.now, 100)); err != nil {
		t.Fatal(err)
	}
	if err := s.store.WriteSamples(t.Context(), tenant, []edge.Sample{{
		Series: id, Time: s.now.UnixMilli(),
		Value: 4,
	}}); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Close(); err != nil { // at once: nothing was flushed
		t.Fatal(err)
	}
	if err := s.store.WriteEvents(t.Context(), tenant, many(s.now, 1)); err == nil {
		t.Error("a closed store takes events")
	}
	s.store = s.open(t)
	if got := s.rows(t, s.question(tenant, edge.KindSpan, "* | count() n")); got[0]["n"] != "100" {
		t.Errorf("%s rows after reopening, want 100", got[0]["n"])
	}
	// the identity of before still holds
	s.writeSamples(t, tenant, edge.Sample{Series: id, Time: s.now.UnixMilli() + 1, Value: 2})
	if got := s.ask(t, tenant, "sum_over_time(st_reopen[1m])", s.now.Add(time.Second)); len(got) != 1 ||
		got[0].Values[0] != 6 {
		t.Errorf("samples after reopening are %v, want 4 + 2", got)
	}
}
