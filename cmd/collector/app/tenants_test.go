package app_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// guarded is a collector with two tenants' telemetry.
type guarded struct{ *collectortest.Tenants }

func startGuarded(t *testing.T, args ...string) *guarded {
	t.Helper()
	return &guarded{collectortest.StartTenants(t, args...)}
}

func TestAccess(t *testing.T) {
	g := startGuarded(t)
	g.Fill(t)
	t.Run("without a token, or with a wrong one, nothing is answered", g.nobody)
	t.Run("no spelling of a path leads around the token", g.paths)
	t.Run("a raw path leads nowhere either", g.rawPaths)
	t.Run("nothing is stored without a token", g.storesNothing)
	t.Run("a token allows its scopes and datasets", g.scopes)
	t.Run("questions see their own tenant, whatever they ask", g.foreignQuestions)
	t.Run("what a sender claims does not choose a tenant", g.claims)
	t.Run("headers do not choose a tenant", g.foreignHeaders)
	t.Run("engine pages that show all tenants do not exist", g.enginePages)
	t.Run("JSON Web Tokens", g.jsonWebTokens)
	t.Run("gRPC", g.grpc)
	t.Run("a rate is told, and when to come back", g.rate)
	t.Run("two tokens are refused on every port", g.twoTokens)
	t.Run("a real name is good behind sign-in", g.names)
	t.Run("a withdrawn token stops to work", g.withdraw)
}

// questions are one of each kind, and what an answer to nobody must not be.
var questions = []string{
	"/api/edge/v1/overview", "/api/edge/v1/regions", "/api/edge/v1/regions/FRA", "/api/edge/v1/cold-starts",
	"/api/edge/v1/cache",
	"/api/edge/v1/routes", "/api/edge/v1/versions", "/api/edge/v1/traces",
	"/api/edge/v1/traces/" + collectortest.NewsTrace,
	"/api/edge/v1/trace?id=" + collectortest.NewsTrace, "/api/edge/v1/runs",
	"/api/edge/v1/runs/" + collectortest.NewsTrace, "/api/edge/v1/datasets",
	"/api/edge/v1/norms", "/api/edge/v1/findings", "/api/edge/v1/deploys", "/api/edge/v1/deploys/v1",
	"/api/edge/v1/explain", "/api/edge/v1/cost", "/api/edge/v1/limits", "/api/edge/v1/forecast", "/api/edge/v1/slo",
	"/api/edge/v1/alerts", "/api/edge/v1/cold-model", "/api/edge/v1/latency", "/api/edge/v1/cache-advice",
	"/api/edge/v1/routing", "/admin/alerts/silences", "/admin/alerts/test?rule=EdgeSilent",
	"/api/v1/query?query=up", "/api/v1/query_range?query=up", "/api/v1/labels", "/api/v1/label/service_name/values",
	"/api/v1/series?match[]={__name__!=''}",
	"/api/v1/status/tsdb", "/api/v1/status/buildinfo", "/api/v1/metadata", "/prometheus/api/v1/labels", "/vmui/",
	"/prometheus/vmui/", "/graph", "/graph/", "/prometheus/graph/", "/federate?match[]={__name__!=''}",
	"/api/v1/export?match[]={__name__!=''}", "/api/v1/export/native?match[]={__name__!=''}", "/api/v1/export/csv?match[]={__name__!=''}&format=__name__",
	"/api/v1/format_query?query=up", "/api/v1/label/U__service_2e_name/values", "/api/v1/targets",
	"/prettify-query?query=up", "/expand-with-exprs?query=up", "/metric-relabel-debug",
	"/select/logsql/query?query=*", "/select/logsql/hits?query=*", "/select/logsql/field_names?query=*",
	"/select/logsql/field_values?query=*&field=service.name", "/select/logsql/stats_query?query=*|count()",
	"/select/logsql/stats_query_range?query=*|count()", "/select/logsql/tail?query=*", "/select/logsql/facets?query=*",
	"/select/logsql/streams?query=*", "/select/logsql/stream_ids?query=*", "/select/logsql/stream_field_names?query=*",
	"/select/logsql/stream_field_values?query=*&field=service.name", "/select/logsql/query_time_range?query=*",
	"/select/tenant_ids",
	"/select/buildinfo", "/metrics",
	"/select/jaeger/api/services", "/select/jaeger/api/services/zebra/operations",
	"/select/jaeger/api/operations?service=zebra",
	"/api/services", "/api/services/zebra/operations", "/api/operations?service=zebra",
	"/select/jaeger/api/traces?service=zebra", "/api/traces?service=zebra", "/api/traces/" + collectortest.NewsTrace,
	"/select/jaeger/api/traces/" + collectortest.NewsTrace, "/api/dependencies", "/select/jaeger/api/dependencies",
	"/api/metrics/calls?service=zebra", "/api/metrics/latencies?service=zebra&quantile=.5", "/api/metrics/minstep",
	"/api/v3/services", "/api/v3/operations?service=zebra", "/api/v3/traces/" + collectortest.NewsTrace,
	"/api/v3/traces?query.service_name=zebra", "/select/jaeger/api/v3/trace-summaries?query.serviceName=zebra",
	"/api/v1/export?match[]={__name__!=''}", "/api/v1/export/csv?match[]={__name__!=''}&format=__name__,__value__",
	"/federate?match[]={__name__!=''}", "/prometheus/federate?match[]={__name__!=''}", "/api/v1/format_query?query=up",
	"/prettify-query?query=up", "/expand-with-exprs?query=up", "/prometheus/graph/", "/graph",
	"/client/v4/accounts/news/analytics_engine/sql?query=SELECT%20*%20FROM%20zebra",
	"/client/v4/accounts/x/analytics_engine/sql/?query=SHOW%20TABLES",
}

func (g *guarded) nobody(t *testing.T) {
	for _, path := range questions {
		for name, headers := range map[string][]string{
			"no token":            nil,
			"an empty token":      collectortest.Bearer(""),
			"a wrong token":       collectortest.Bearer(strings.Replace(collectortest.ShopToken, "0", "1", 1)),
			"half a token":        collectortest.Bearer(collectortest.ShopToken[:len(collectortest.ShopToken)-1]),
			"a token in capitals": collectortest.Bearer(strings.ToUpper(collectortest.ShopToken)),
			"two tokens": append(collectortest.Bearer(collectortest.ShopToken),
				collectortest.Bearer(collectortest.NewsToken)...),
			"basic": {"Authorization", "Basic " +
				base64.StdEncoding.EncodeToString([]byte("shop:"+collectortest.ShopToken))},
			"no scheme": {"Authorization", collectortest.ShopToken},
			"another header": {
				"X-Authorization", "Bearer " + collectortest.ShopToken, "X-Token",
				collectortest.ShopToken, "Cookie", "edgescope=" + collectortest.ShopToken,
			},
			"a proxy's header": {
				"X-Member", "news", "X-Forwarded-For", "192.0.2.1", "X-Real-IP", "192.0.2.1",
				"Forwarded", "for=192.0.2.1",
			},
			"a tenant's own header": {"AccountID", "2", "ProjectID", "0", "X-Scope-OrgID", "2", "X-Tenant", "news"},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions} {
				code, body := g.Do(t, collectortest.Request{
					Method: method, URL: g.URL("query") + path,
					Headers: headers,
				})
				if code < 400 || code >= 500 || strings.Contains(body, "zebra") {
					t.Errorf("%s %s with %s: %d %.300s", method, path, name, code, body)
				}
			}
		}
		if code, _ := g.Get(t, "", path); code != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", path, code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/health", "/-/healthy", "/-/ready"} {
		if code, body := g.Do(t, collectortest.Request{
			Method: http.MethodGet,
			URL:    g.URL("query") + path,
		}); code != http.StatusOK || strings.Contains(body, "zebra") {
			t.Errorf("%s: %d %s; it must answer everybody", path, code, body)
		}
	}
	token := url.Values{
		"token": {collectortest.NewsToken}, "access_token": {collectortest.NewsToken},
		"authorization": {"Bearer " + collectortest.NewsToken},
	}
	if code, _ := g.Get(t, "", "/api/edge/v1/overview?"+token.Encode()); code != http.StatusUnauthorized {
		t.Errorf("a token in the query string: status %d, want 401", code)
	}
}

// paths tries spellings that proxies, clients and routers read differently. Redirects are followed.
func (g *guarded) paths(t *testing.T) {
	for _, path := range []string{
		"//api/edge/v1/overview", "/api//edge/v1/overview", "/./api/edge/v1/overview",
		"/healthz/../api/edge/v1/overview",
		"/healthz/..%2fapi/edge/v1/overview", "/healthz%2f..%2fapi/edge/v1/overview", "/api%2fedge%2fv1%2foverview",
		"/%61pi/edge/v1/overview",
		"/API/edge/v1/overview", "/api/edge/v1/overview/", "/api/edge/v1/overview%00", "/api/edge/v1/overview;x=1",
		"/healthz/api/edge/v1/overview",
		"/healthz?x=/api/edge/v1/overview", "/readyz/%2e%2e/metrics", "/healthz/%2e%2e/api/v1/labels",
		"/prometheus/../api/v1/labels",
		"/select/jaeger//api/services", "/select//jaeger/api/services", "/select/jaeger/%61pi/services",
		"/select/jaeger/../jaeger/api/services",
		"/api/services/", "/api//services", "/api/services/zebra/operations/", "/api/services/..%2fservices",
		"/api/%73ervices", "/API/services",
		"/healthz/%2e%2e/api/services", "/select/jaeger", "/select/jaeger/", "/api/operations/", "/api/services;x=1",
		"/prometheus//api/v1/labels", "/api/v1/%6cabels", "/select/logsql//query?query=*",
		"/select//logsql/query?query=*",
		"/select/logsql/%71uery?query=*", "/select/logsql/streams/?query=*", "/health/../select/logsql/streams?query=*",
		"/select/..;/select/tenant_ids", "/healthz/..;/metrics", "/metrics/", "/metrics%2f", "//metrics",
		"/.//metrics", "/METRICS",
		"/healthz%23/../metrics", "/v1/traces/../metrics", "/regions/../metrics", "/%2e/metrics",
		"/healthz\\..\\metrics", "/debug/pprof/", "/debug/vars", "/admin/snapshot", "/internal/force_flush",
		"/snapshot/create", "/delete", "/api/v1/import", "/api/v1/write", "/api/v1/admin/tsdb/delete_series", "/flags",
		"/config", "/targets",
	} {
		for _, headers := range [][]string{nil, collectortest.Bearer("wrong")} {
			code, body := g.Do(t, collectortest.Request{
				Method: http.MethodGet, URL: g.URL("query") + path,
				Headers: headers,
			})
			harmless := code >= 400 && code < 500 || code == http.StatusOK &&
				(body == "ok\n" || body == "ready\n" || body == "OK")
			if !harmless || strings.Contains(body, "zebra") || strings.Contains(body, "vm_") {
				t.Errorf("%s with %v: %d %.300s", path, headers, code, body)
			}
		}
	}
}

// rawPaths sends request lines that Go's client would not.
func (g *guarded) rawPaths(t *testing.T) {
	for _, line := range []string{
		"GET /healthz/../metrics HTTP/1.1", "GET http://127.0.0.1/metrics HTTP/1.1", "GET metrics HTTP/1.1",
		"GET \\metrics HTTP/1.1",
		"GET //127.0.0.1/metrics HTTP/1.1", "GET /metrics HTTP/1.0", "get /metrics HTTP/1.1",
		"GET /healthz HTTP/1.1\r\nX-Original-URL: /metrics",
		"GET /healthz HTTP/1.1\r\nX-Rewrite-URL: /metrics", "GET /healthz HTTP/1.1\r\nX-HTTP-Method-Override: POST",
		"GET /api/v1/labels HTTP/1.1\r\nAuthorization:\r\n Bearer x",
	} {
		conn, err := net.Dial("tcp", g.Addr("query"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s\r\nHost: collector\r\nConnection: close\r\n\r\n", line)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		body, _ := io.ReadAll(res.Body) // what came before an error counts too
		res.Body.Close()
		conn.Close()
		if res.StatusCode == http.StatusOK && string(body) != "ok\n" || strings.Contains(string(body), "zebra") {
			t.Errorf("%q: %d %.300s", line, res.StatusCode, body)
		}
	}
}

func (g *guarded) storesNothing(t *testing.T) {
	mark := collectortest.Trace("intruder", "33333333333333333333333333333333", time.Now())
	point := `{"indexes":["intruder"],"blobs":["intruder"]}`
	workerd := `{"schemaVersion":"0","timestamp":"1","dataset":[105,110,116,114,117,100,101,114]}`
	for _, path := range []string{
		"/", "/v1/traces", "/V1/TRACES", "//v1/traces", "/v1//traces", "/v1/traces/", "/v1/traces/v1/traces",
		"/x/../v1/traces", "/v1%2ftraces",
		"/v1/logs", "/v1/metrics", "/v1/datapoints/shopper", "//v1/datapoints/shopper",
		"/v1/datapoints/../datapoints/shopper", "/v1/datapoints%2fshopper",
		"/x/v1/datapoints/shopper", "/anything", "/healthz", "/metrics",
	} {
		for _, headers := range [][]string{
			nil, collectortest.Bearer("wrong"),
			collectortest.Bearer(collectortest.ReadToken),
			{"X-Member", "shop"},
			{"AccountID", "1"},
		} {
			for _, body := range []string{mark, point, workerd} {
				code, answer := g.Do(t, collectortest.Request{
					Method: http.MethodPost, URL: g.URL("ingest") + path,
					Body: body, Headers: append(headers, "Content-Type", "application/json"),
				})
				if code < 400 || code >= 500 || strings.Contains(answer, `"accepted"`) {
					t.Errorf("POST %s with %v: %d %.200s", path, headers, code, answer)
				}
			}
		}
	}
	// What was sent later with a token can be seen: what was sent before without one would be too.
	after := collectortest.Trace("afterwards", "44444444444444444444444444444444", time.Now())
	g.Do(t, collectortest.Request{
		Method: http.MethodPost, URL: g.URL("ingest") + "/v1/traces", Body: after,
		Headers: append(collectortest.Bearer(collectortest.ShopToken), "Content-Type", "application/json"),
	})
	var rows string
	runtest.Eventually(t, func() string { return rows }, func() bool {
		_, rows = g.Get(t, collectortest.ShopToken, "/select/logsql/query?query=*")
		return strings.Contains(rows, "afterwards")
	})
	for _, token := range []string{collectortest.ShopToken, collectortest.NewsToken} {
		for _, kind := range []string{"span", "log", "datapoint"} {
			if _, rows := g.Get(t, token, "/select/logsql/query?query=intruder&kind="+kind); rows != "" {
				t.Errorf("stored without a token: %s", rows)
			}
		}
	}
}

func (g *guarded) scopes(t *testing.T) {
	f := func(token, method, listener, path string, want int) {
		t.Helper()
		r := collectortest.Request{
			Method: method, URL: g.URL(listener) + path,
			Headers: append(collectortest.Bearer(token), "Content-Type", "application/json"),
		}
		if method == http.MethodPost {
			r.Body = `{"indexes":["a"]}`
			if strings.HasSuffix(path, "traces") {
				r.Body = "{}"
			}
		}
		if code, body := g.Do(t, r); code != want {
			t.Errorf("%s: %s %s: got %d %.200s, want %d", token, method, path, code, body, want)
		}
	}
	f(collectortest.ShopToken, http.MethodGet, "query", "/api/edge/v1/overview", 200)
	f(collectortest.ReadToken, http.MethodGet, "query", "/api/edge/v1/overview", 200)
	f(collectortest.PointToken, http.MethodGet, "query", "/api/edge/v1/overview", 403)
	f(collectortest.ShopToken, http.MethodGet, "query", "/metrics", 403)
	f(collectortest.NewsToken, http.MethodGet, "query", "/metrics", 200)
	f(collectortest.ShopToken, http.MethodPost, "ingest", "/v1/traces", 200)
	f(collectortest.ReadToken, http.MethodPost, "ingest", "/v1/traces", 403)
	f(collectortest.ReadToken, http.MethodPost, "ingest", "/v1/datapoints/orders", 403)
	f(collectortest.PointToken, http.MethodPost, "ingest", "/v1/datapoints/orders", 200)
	f(collectortest.PointToken, http.MethodPost, "ingest", "/v1/datapoints/payments", 403)
	f(collectortest.PointToken, http.MethodPost, "ingest", "/v1/datapoints/ORDERS", 403)
	f(collectortest.PointToken, http.MethodPost, "ingest", "/v1/datapoints/payments/../orders", 400)
	f(collectortest.PointToken, http.MethodPost, "ingest", "/v1/datapoints/payments%2forders", 400)
}

func (g *guarded) withdraw(t *testing.T) {
	without := strings.ReplaceAll(collectortest.TokenFile, collectortest.ReadToken, "another-0123456789abcdef01234")
	if err := os.WriteFile(g.Tokens, []byte(without), 0o600); err != nil {
		t.Fatal(err)
	}
	runtest.Eventually(t, func() string { return "the withdrawn token works" }, func() bool {
		code, _ := g.Get(t, collectortest.ReadToken, "/api/edge/v1/overview")
		return code == http.StatusUnauthorized
	})
	if err := os.WriteFile(g.Tokens, []byte("tenants: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	// The bad file is seen within two looks; through all of it the table from before holds.
	runtest.Eventually(t, func() string { return "the new token does not work" }, func() bool {
		code, _ := g.Get(t, "another-0123456789abcdef01234", "/api/edge/v1/overview")
		return code == http.StatusOK
	})
}
