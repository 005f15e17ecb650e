package app_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// foreignQuestions asks for what belongs to news, by every way that the question languages know, with shop's token.
func (g *guarded) foreignQuestions(t *testing.T) {
	_, news := g.Get(t, collectortest.NewsToken, "/select/logsql/query?query=*&limit=1")
	var row struct {
		Stream string `json:"_stream_id"`
	}
	if err := json.NewDecoder(strings.NewReader(news)).Decode(&row); err != nil || row.Stream == "" {
		t.Fatalf("news' own row %q has no stream id: %v", news, err)
	}
	ask := func(path string, keys ...string) {
		t.Helper()
		v := url.Values{}
		for i := 0; i < len(keys); i += 2 {
			v.Add(keys[i], keys[i+1])
		}
		for _, r := range []collectortest.Request{
			{Method: http.MethodGet, URL: g.URL("query") + path + "?" + v.Encode()},
			{Method: http.MethodPost, URL: g.URL("query") + path, Body: v.Encode()},
		} {
			r.Headers = append(collectortest.Bearer(collectortest.ShopToken), "Content-Type",
				"application/x-www-form-urlencoded", "AccountID", "2")
			if code, body := g.Do(t, r); strings.Contains(strings.ToLower(body), "zebra") || code >= 500 {
				t.Errorf("%s %s %v: %d %.400s", r.Method, path, keys, code, body)
			}
		}
	}
	everything := `{__name__!=""}`
	for _, selector := range []string{
		everything, `{edge_tenant="2"}`, `{__name__=~".+",edge_tenant=~".*"}`, `{edge_tenant="2" or edge_tenant="1"}`,
		`{edge_tenant!="1"}`,
		`{__name__=~".+",edge_tenant=""}`, `{__name__=~".+" or edge_tenant="2"}`,
	} {
		ask("/api/v1/query", "query", selector)
		ask("/api/v1/query", "query", `count(`+selector+`) by (service_name)`)
		ask("/api/v1/query", "query", `label_replace(last_over_time(`+selector+`[1h]),"edge_tenant","1","","")`)
		ask("/api/v1/query", "query", `union(sum_over_time(`+selector+`[1h]), sum_over_time(`+selector+`[1h] offset -1m))`)
		ask("/api/v1/query_range", "query", `sum_over_time(`+selector+`[1h])`, "step", "60")
		ask("/api/v1/series", "match[]", selector)
		ask("/api/v1/labels", "match[]", selector)
		ask("/api/v1/label/service_name/values", "match[]", selector)
		ask("/api/v1/label/__name__/values", "match[]", selector)
		ask("/api/v1/export", "match[]", selector)
		ask("/api/v1/export/csv", "match[]", selector, "format", "__name__,service_name,edge_tenant,__value__")
		ask("/federate", "match[]", selector)
		ask("/prometheus/federate", "match[]", selector)
		ask("/prometheus/api/v1/query", "query", selector)
		ask("/prometheus/prometheus/api/v1/query", "query", selector)
		for _, path := range []string{"/api/v1/export", "/api/v1/export/csv", "/api/v1/export/native", "/federate", "/prometheus/api/v1/export"} {
			for _, format := range []string{"", "prometheus", "promapi", "__name__,edge_tenant,service_name,__value__"} {
				ask(path, "match[]", selector, "format", format)
				ask(path, "match[]", selector, "match[]", everything, "extra_label", "edge_tenant=2", "format", format)
				ask(path, "match", selector, "extra_filters[]", `{edge_tenant="2"}`, "start", "0", "format", format)
			}
		}
		ask("/api/v1/query", "query", `sum by (service_name) (rate(`+selector+`[1h]))`)
	}
	for _, selector := range []string{
		"edge_service_requests", `edge_service_requests{edge_tenant="2"}`,
		`{__name__=~"edge_(service|colo)_.*",edge_tenant=~".*"}`,
		`edge_service_requests{edge_tenant="2" or edge_tenant="1"}`,
	} { // what is rewritten is as confined
		ask("/api/v1/query", "query", `increase(`+selector+`[1h])`)
		ask("/api/v1/query_range", "query", `rate(`+selector+`[1h])`, "step", "60")
		ask("/prometheus/api/v1/query", "query", `WITH (r(q) = rate(q[1h])) r(`+selector+`)`, "extra_label",
			"edge_tenant=2")
	}
	g.foreignSpans(ask)
	g.foreignPoints(t, ask)
	for _, more := range [][]string{
		{"extra_label", "edge_tenant=2"},
		{"extra_label", "edge.tenant=2"},
		{"extra_filters[]", `{"edge.tenant"="2"}`},
		{"extra_filters[]", `{edge_tenant="2"}`},
		{"extra_filters", `{edge_tenant="2"}`},
		{"extra_filters[]", `{edge_tenant="1"}`, "extra_filters[]", `{edge_tenant="2"}`},
		{"trace", "1"},
		{"nocache", "1"},
		{"tenant", "2"},
		{"accountID", "2"},
		{"reduce_mem_usage", "1"},
	} {
		ask("/api/v1/query", append([]string{"query", `sum_over_time(` + everything + `[1h])`}, more...)...)
		ask("/api/v1/series", append([]string{"match[]", everything}, more...)...)
		ask("/api/v1/label/service_name/values", more...)
	}
	for _, text := range []string{
		"*", "AccountID:2", "_stream_id:" + row.Stream, "_stream_id:in(" + row.Stream + ")",
		"_stream:{service.name!=''}", "{service.name=~'.+'}",
		"trace_id:" + collectortest.NewsTrace, "* | union (*)", "* | join by (kind) (*)",
		"_stream_id:in(* | fields _stream_id)", "options(ignore_global_time_filter=true) *",
		"* | stream_context before 100 after 100", "* | block_stats", "* | facets", "* | query_stats", "*\n| fields *",
		"# comment\n*", "! shopper", "tenant_id:2 or *",
		`* | format "` + row.Stream + `" as _stream_id | stream_context before 100`,
		"trace_id:in(* | uniq by (trace_id) with hits)",
	} {
		for _, path := range []string{
			"query", "hits", "field_names", "field_values", "stats_query", "stats_query_range", "facets", "streams",
			"stream_ids",
			"stream_field_names", "stream_field_values", "query_time_range",
		} {
			for _, kind := range []string{"0", "1", "2"} {
				ask("/select/logsql/"+path, "query", text, "kind", kind, "field", "service.name", "step", "1m", "limit",
					"1000")
			}
		}
	}
	ask("/select/logsql/query", "query", "*", "extra_filters", "AccountID:2", "extra_stream_filters", "{AccountID=2}",
		"tenant", "2:0", "account_id", "2")
	ask("/select/tenant_ids", "AccountID", "2", "tenant", "2:0")
	for _, path := range []string{
		"traces/" + collectortest.NewsTrace, "traces/" + strings.ToUpper(collectortest.NewsTrace),
		"trace?id=" + collectortest.NewsTrace, "runs/" + collectortest.NewsTrace, "overview", "routes", "versions",
		"regions", "datasets",
		"cold-starts", "cache", "traces", "runs",
	} {
		for _, more := range []string{
			"", "tenant=2", "edge_tenant=2", "accountID=2", "q=edge_tenant%3A2", "service=*",
			"q=*",
		} {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			if code, body := g.Get(t, collectortest.ShopToken, "/api/edge/v1/"+path+sep+more); strings.Contains(body,
				"zebra") || code >= 500 {
				t.Errorf("%s %s: %d %.400s", path, more, code, body)
			}
		}
	}
	const trace = "/api/edge/v1/traces/" + collectortest.NewsTrace
	if code, body := g.Get(t, collectortest.ShopToken, trace); code != http.StatusNotFound {
		t.Errorf("another tenant's trace by its id: %d %s, want 404", code, body)
	}
	if code, body := g.Get(t, collectortest.NewsToken, trace); code != http.StatusOK || !strings.Contains(body, "zebra") {
		t.Errorf("one's own trace: %d %s", code, body)
	}
}

// foreignSpans asks in Jaeger's API.
func (g *guarded) foreignSpans(ask func(path string, keys ...string)) {
	trace := collectortest.NewsTrace
	for _, prefix := range []string{"/select/jaeger", ""} {
		for _, path := range []string{
			"/api/services", "/api/services/zebra/operations", "/api/services/shopper/operations", "/api/operations",
			"/api/traces", "/api/traces/" + trace, "/api/dependencies", "/api/metrics/calls", "/api/metrics/errors",
			"/api/metrics/latencies", "/api/v3/services", "/api/v3/operations", "/api/v3/traces/" + trace,
		} {
			ask(prefix+path, "service", "zebra", "spanKind", "server", "tenant", "2", "AccountID", "2", "quantile", ".5",
				"groupByOperation", "true")
		}
		ask(prefix+"/api/traces", "traceID", trace, "traceID", strings.ToUpper(trace))
		for _, text := range []string{`" or * or service.name:="`, "zebra", `*`, `{service.name=~".+"}`, "shopper"} {
			ask(prefix+"/api/operations", "service", text)
			ask(prefix+"/api/traces", "service", text, "operation", text, "tags", `{"edge_tenant":"2"}`)
			ask(prefix+"/api/traces", "service", "shopper", "tag", `x":="1" or *:`+text)
			for _, path := range []string{"/api/v3/traces", "/api/v3/trace-summaries"} {
				ask(prefix+path, "query.serviceName", text, "query.attributes", `{"x\" or *":"`+"y"+`"}`,
					"query.startTimeMin", "2020-01-01T00:00:00Z", "query.startTimeMax", "2040-01-01T00:00:00Z")
			}
		}
	}
}

// foreignPoints asks in SQL.
func (g *guarded) foreignPoints(t *testing.T, ask func(path string, keys ...string)) {
	sql := func(account string) string { return "/client/v4/accounts/" + account + "/analytics_engine/sql" }
	for _, account := range []string{"1", "shop", "any", "2%2F..%2F1", "*", "0"} {
		for _, text := range []string{
			"SHOW TABLES", "SELECT * FROM shopper", `SELECT * FROM "shopper" WHERE 1 OR index1 != ''`,
			`SELECT * FROM shopper WHERE blob1 IN ('" or * or "')`, `SELECT * FROM shopper WHERE blob1 LIKE '%'`,
			"SELECT count() FROM (SELECT * FROM shopper)", "SELECT name FROM system.tables", "SELECT * FROM system.columns",
			`SELECT topK(100)(index1), topK(100)(blob1) FROM shopper`, "SELECT `*` FROM `*`", `SELECT * FROM "{dataset!=''}"`,
		} {
			ask(sql(account), "query", text, "tenant", "2", "AccountID", "2", "database", "news")
		}
	}
	for account, want := range map[string]int{"news": 403, "2": 403, "shop": 200, "1": 200, "e3b0c44298fc1c149afbf4c8996fb924": 200} {
		if code, body := g.Get(t, collectortest.ShopToken, sql(account)+"?query=SHOW+TABLES"); code != want {
			t.Errorf("the account %s: %d %s, want %d", account, code, body, want)
		} else if refused := strings.HasPrefix(body, `{"success":false,"errors":[{"code":10000,`); refused != (want == 403) {
			t.Errorf("the account %s: %s", account, body)
		}
	}
	code, body := g.Get(t, collectortest.ShopToken, sql("shop")+"?query=SELECT+count()+FROM+zebra")
	if code != http.StatusUnprocessableEntity {
		t.Errorf("another tenant's table: %d %s, want 422: it is not there", code, body)
	}
	if code, body := g.Get(t, collectortest.NewsToken, sql("news")+"?query=SELECT+index1+FROM+zebra"); code != 200 ||
		!strings.Contains(body, "zebra") {
		t.Errorf("one's own table: %d %s", code, body)
	}
}

// claims looks for shop's telemetry, whose metric says that it is news', among news'.
func (g *guarded) claims(t *testing.T) {
	for _, path := range []string{
		"/api/v1/label/__name__/values", "/api/v1/series?match[]={__name__!=''}", "/api/v1/query?query=shopper_queue",
		"/api/v1/label/edge_tenant/values",
		"/select/logsql/query?query=*", "/select/logsql/query?kind=log&query=*",
		"/select/logsql/query?kind=datapoint&query=*", "/api/edge/v1/routes",
	} {
		if code, body := g.Get(t, collectortest.NewsToken, path); code != http.StatusOK ||
			strings.Contains(strings.ReplaceAll(body, path, ""), "shopper") {
			t.Errorf("%s: %d %.400s", path, code, body)
		}
	}
}

func (g *guarded) foreignHeaders(t *testing.T) {
	headers := append(collectortest.Bearer(collectortest.ShopToken), "AccountID", "2", "ProjectID", "0",
		"X-Scope-OrgID", "2", "X-Tenant", "2", "X-Member", "news")
	for _, path := range questions {
		if strings.Contains(path, "/tail") { // it has no end
			continue
		}
		if code, body := g.Do(t, collectortest.Request{
			Method: http.MethodGet, URL: g.URL("query") + path,
			Headers: headers,
		}); strings.Contains(body, "zebra") || code >= 500 {
			t.Errorf("%s: %d %.300s", path, code, body)
		}
	}
	// A tenant that a sender names is not where its telemetry goes.
	body := collectortest.Trace("misplaced", "55555555555555555555555555555555", time.Now())
	if code, answer := g.Do(t, collectortest.Request{
		Method: http.MethodPost,
		URL:    g.URL("ingest") + "/v1/traces?tenant=2", Body: body,
		Headers: append(headers, "Content-Type", "application/json"),
	}); code != http.StatusOK {
		t.Fatalf("%d %s", code, answer)
	}
	var own string
	runtest.Eventually(t, func() string { return own }, func() bool {
		_, own = g.Get(t, collectortest.ShopToken, "/select/logsql/query?query=*")
		return strings.Contains(own, "misplaced")
	})
	if _, others := g.Get(t, collectortest.NewsToken, "/select/logsql/query?query=*"); strings.Contains(others,
		"misplaced") {
		t.Errorf("shop's telemetry is news': %s", others)
	}
}

func (g *guarded) enginePages(t *testing.T) {
	for _, path := range []string{
		"/vmui", "/vmui/", "/vmui/index.html", "/prometheus/vmui/", "/api/v1/status/tsdb",
		"/prometheus/api/v1/status/tsdb", "/api/v1/status/active_queries",
		"/api/v1/status/top_queries", "/api/v1/status/metric_names_stats", "/api/v1/status/tsdb/", "/graph",
		"/graph/", "/prometheus/graph/", "/metric-relabel-debug", "/api/v1/admin/tsdb/delete_series",
		"/api/v1/import", "/api/v1/series/count",
	} {
		for _, token := range []string{collectortest.ShopToken, collectortest.NewsToken} {
			if code, body := g.Get(t, token, path); code != http.StatusNotFound {
				t.Errorf("%s: %d %.200s, want 404", path, code, body)
			}
		}
	}
	if code, body := g.Get(t, collectortest.ShopToken, "/api/v1/status/buildinfo"); code != http.StatusOK {
		t.Errorf("Grafana's question for the version: %d %s", code, body)
	}
}
