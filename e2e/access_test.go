package e2e_test

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/e2e"
)

// The tokens of the tests. What belongs to news has zebra in it, and no request of shop has: an answer to shop with a zebra is a
// leak.
const (
	shopToken  = "shop-0123456789abcdef01234567"
	pointToken = "shop-points-0123456789abcdef0"
	readToken  = "shop-read-0123456789abcdef012"
	newsToken  = "news-0123456789abcdef01234567"
	slowToken  = "slow-0123456789abcdef01234567"

	shopTrace = "11111111111111111111111111111111"
	newsTrace = "22222222222222222222222222222222"
)

const tokenFile = `
tenants:
  - {id: 1, name: shop, members: [alice@shop.example]}
  - {id: 2, name: news}
  - {id: 3, name: slow, limit: {bytes_per_second: 50, burst: 1s}}
tokens:
  - {token: ` + shopToken + `, tenant: shop, scopes: [read, write]}
  - {token: ` + pointToken + `, tenant: shop, scopes: [write], datasets: [orders]}
  - {token: ` + readToken + `, tenant: shop, scopes: [read]}
  - {token: ` + newsToken + `, tenant: news, scopes: [read, write, admin]}
  - {token: ` + slowToken + `, tenant: slow, scopes: [write]}
`

// guarded is a collector with two tenants' telemetry, and the keys of an identity provider that it trusts.
type guarded struct {
	*e2e.Program
	tokens string
	key    *rsa.PrivateKey
}

func startGuarded(t *testing.T, args ...string) *guarded {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"1","use":"sig","n":%q,"e":%q}]}`, b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes()))
	}))
	t.Cleanup(keys.Close)
	g := &guarded{tokens: filepath.Join(t.TempDir(), "tokens.yml"), key: key}
	if err := os.WriteFile(g.tokens, []byte(tokenFile), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Program, _ = startCollector(t, t.TempDir(), append([]string{
		"--tokens", g.tokens, "--jwks-url", keys.URL, "--jwt-issuer", "https://id.example",
		"--trusted-proxy-header", "X-Member", "--trusted-proxies", "192.0.2.0/24",
	}, args...)...)
	return g
}

// request is one request and the headers that it has, as pairs.
type request struct {
	method, url, body string
	headers           []string
}

func (g *guarded) do(t *testing.T, r request) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(r.headers); i += 2 {
		req.Header.Add(r.headers[i], r.headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.url, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", r.method, r.url, err)
	}
	return res.StatusCode, string(body)
}

func (g *guarded) get(t *testing.T, token, path string) (int, string) {
	t.Helper()
	return g.do(t, request{method: http.MethodGet, url: g.URL("query") + path, headers: bearer(token)})
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// trace is one invocation of a service as OTLP/JSON.
func trace(service, id string, at time.Time) string {
	return fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}},`+
		`{"key":"service.version","value":{"stringValue":"%s-v1"}},{"key":"cloud.platform","value":{"stringValue":"cloudflare.workers"}}]},`+
		`"scopeSpans":[{"spans":[{"traceId":%q,"spanId":"b7ad6b7169203331","kind":2,"name":"GET /%s",`+
		`"attributes":[{"key":"http.route","value":{"stringValue":"/%s"}},{"key":"faas.coldstart","value":{"boolValue":true}}],`+
		`"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`,
		service, service, id, service, service, at.Add(-20*time.Millisecond).UnixNano(), at.UnixNano())
}

// signals are one metric, one log record and one tail event of a service. The metric claims to be another tenant's.
func signals(service string, at time.Time) (metric, log, tail string) {
	resource := fmt.Sprintf(`"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]}`, service)
	claim := `{"key":"edge_tenant","value":{"stringValue":"2"}},{"key":"edge.tenant","value":{"stringValue":"1"}}`
	metric = fmt.Sprintf(`{"resourceMetrics":[{%s,"scopeMetrics":[{"metrics":[{"name":"%s.queue","gauge":{"dataPoints":[`+
		`{"asDouble":3,"timeUnixNano":"%d","attributes":[%s]}]}}]}]}]}`, resource, service, at.UnixNano(), claim)
	log = fmt.Sprintf(`{"resourceLogs":[{%s,"scopeLogs":[{"logRecords":[{"timeUnixNano":"%d","body":{"stringValue":"%s speaks"}}]}]}]}`,
		resource, at.UnixNano(), service)
	tail = fmt.Sprintf(`[{"scriptName":"%s-tail","outcome":"ok","eventTimestamp":%d,"logs":[],"exceptions":[],`+
		`"event":{"request":{"url":"https://%s.example/","method":"GET","headers":{}},"response":{"status":200}}}]`, service, at.UnixMilli(), service)
	return metric, log, tail
}

// fill sends the telemetry of both tenants through every door, and waits until each can see its own.
func (g *guarded) fill(t *testing.T) {
	t.Helper()
	now := time.Now()
	for _, s := range []struct{ token, service, trace string }{{shopToken, "shopper", shopTrace}, {newsToken, "zebra", newsTrace}} {
		headers := append(bearer(s.token), "Content-Type", "application/json")
		metric, log, tail := signals(s.service, now)
		for path, body := range map[string]string{
			"/v1/traces":                  trace(s.service, s.trace, now),
			"/v1/metrics":                 metric,
			"/v1/logs":                    log,
			"/tails":                      tail,
			"/v1/datapoints/" + s.service: `{"indexes":["` + s.service + `","FRA",200],"doubles":[7,1],"blobs":["` + s.service + `"]}`,
			"/?sniffed":                   trace(s.service+"-sniffed", s.trace, now),
			"/behind/a/prefix/v1/traces":  trace(s.service+"-prefix", s.trace, now),
		} {
			if code, answer := g.do(t, request{http.MethodPost, g.URL("ingest") + path, body, headers}); code != http.StatusOK {
				t.Fatalf("%s to %s: %d %s", s.service, path, code, answer)
			}
		}
	}
	missing := ""
	seen := func(token, service string) bool {
		for path, want := range map[string]string{
			"/api/v1/label/service_name/values": service, "/api/v1/label/__name__/values": service + "_queue", "/api/edge/v1/routes": service,
			"/select/logsql/query?query=*": service + "-sniffed", "/select/logsql/query?query=service.name:%3D" + service + "-tail": service + "-tail",
			"/select/logsql/query?kind=log&query=*": service + " speaks", "/select/logsql/query?kind=datapoint&query=*": service,
		} {
			if _, answer := g.get(t, token, path); !strings.Contains(answer, want) {
				missing = fmt.Sprintf("%s is not in the answer to %s: %.500s", want, path, answer)
				return false
			}
		}
		return true
	}
	eventually(t, func() string { return missing }, func() bool { return seen(shopToken, "shopper") && seen(newsToken, "zebra") })
}

func TestAccess(t *testing.T) {
	g := startGuarded(t)
	g.fill(t)
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
	"/api/edge/v1/overview", "/api/edge/v1/regions", "/api/edge/v1/regions/FRA", "/api/edge/v1/cold-starts", "/api/edge/v1/cache",
	"/api/edge/v1/routes", "/api/edge/v1/versions", "/api/edge/v1/traces", "/api/edge/v1/traces/" + newsTrace,
	"/api/edge/v1/trace?id=" + newsTrace, "/api/edge/v1/runs", "/api/edge/v1/runs/" + newsTrace, "/api/edge/v1/datasets",
	"/api/v1/query?query=up", "/api/v1/query_range?query=up", "/api/v1/labels", "/api/v1/label/service_name/values", "/api/v1/series?match[]={__name__!=''}",
	"/api/v1/status/tsdb", "/api/v1/status/buildinfo", "/api/v1/metadata", "/prometheus/api/v1/labels", "/vmui/", "/prometheus/vmui/",
	"/select/logsql/query?query=*", "/select/logsql/hits?query=*", "/select/logsql/field_names?query=*",
	"/select/logsql/field_values?query=*&field=service.name", "/select/logsql/stats_query?query=*|count()",
	"/select/logsql/stats_query_range?query=*|count()", "/select/logsql/tail?query=*", "/select/logsql/facets?query=*",
	"/select/logsql/streams?query=*", "/select/logsql/stream_ids?query=*", "/select/logsql/stream_field_names?query=*",
	"/select/logsql/stream_field_values?query=*&field=service.name", "/select/logsql/query_time_range?query=*", "/select/tenant_ids",
	"/select/buildinfo", "/metrics",
	"/select/jaeger/api/services", "/select/jaeger/api/services/zebra/operations", "/select/jaeger/api/operations?service=zebra",
	"/api/services", "/api/services/zebra/operations", "/api/operations?service=zebra",
}

func (g *guarded) nobody(t *testing.T) {
	for _, path := range questions {
		for name, headers := range map[string][]string{
			"no token":              nil,
			"an empty token":        bearer(""),
			"a wrong token":         bearer(strings.Replace(shopToken, "0", "1", 1)),
			"half a token":          bearer(shopToken[:len(shopToken)-1]),
			"a token in capitals":   bearer(strings.ToUpper(shopToken)),
			"two tokens":            append(bearer(shopToken), bearer(newsToken)...),
			"basic":                 {"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("shop:"+shopToken))},
			"no scheme":             {"Authorization", shopToken},
			"another header":        {"X-Authorization", "Bearer " + shopToken, "X-Token", shopToken, "Cookie", "edgescope=" + shopToken},
			"a proxy's header":      {"X-Member", "news", "X-Forwarded-For", "192.0.2.1", "X-Real-IP", "192.0.2.1", "Forwarded", "for=192.0.2.1"},
			"a tenant's own header": {"AccountID", "2", "ProjectID", "0", "X-Scope-OrgID", "2", "X-Tenant", "news"},
		} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodOptions} {
				code, body := g.do(t, request{method: method, url: g.URL("query") + path, headers: headers})
				if code < 400 || code >= 500 || strings.Contains(body, "zebra") {
					t.Errorf("%s %s with %s: %d %.300s", method, path, name, code, body)
				}
			}
		}
		if code, _ := g.get(t, "", path); code != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401", path, code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/health"} {
		if code, body := g.do(t, request{method: http.MethodGet, url: g.URL("query") + path}); code != http.StatusOK || strings.Contains(body, "zebra") {
			t.Errorf("%s: %d %s; it must answer everybody", path, code, body)
		}
	}
	token := url.Values{"token": {newsToken}, "access_token": {newsToken}, "authorization": {"Bearer " + newsToken}}
	if code, _ := g.get(t, "", "/api/edge/v1/overview?"+token.Encode()); code != http.StatusUnauthorized {
		t.Errorf("a token in the query string: status %d, want 401", code)
	}
}

// paths tries spellings that proxies, clients and routers read differently. Redirects are followed.
func (g *guarded) paths(t *testing.T) {
	for _, path := range []string{
		"//api/edge/v1/overview", "/api//edge/v1/overview", "/./api/edge/v1/overview", "/healthz/../api/edge/v1/overview",
		"/healthz/..%2fapi/edge/v1/overview", "/healthz%2f..%2fapi/edge/v1/overview", "/api%2fedge%2fv1%2foverview", "/%61pi/edge/v1/overview",
		"/API/edge/v1/overview", "/api/edge/v1/overview/", "/api/edge/v1/overview%00", "/api/edge/v1/overview;x=1", "/healthz/api/edge/v1/overview",
		"/healthz?x=/api/edge/v1/overview", "/readyz/%2e%2e/metrics", "/healthz/%2e%2e/api/v1/labels", "/prometheus/../api/v1/labels",
		"/select/jaeger//api/services", "/select//jaeger/api/services", "/select/jaeger/%61pi/services", "/select/jaeger/../jaeger/api/services",
		"/api/services/", "/api//services", "/api/services/zebra/operations/", "/api/services/..%2fservices", "/api/%73ervices", "/API/services",
		"/healthz/%2e%2e/api/services", "/select/jaeger", "/select/jaeger/", "/api/operations/", "/api/services;x=1",
		"/prometheus//api/v1/labels", "/api/v1/%6cabels", "/select/logsql//query?query=*", "/select//logsql/query?query=*",
		"/select/logsql/%71uery?query=*", "/select/logsql/streams/?query=*", "/health/../select/logsql/streams?query=*", "/select/..;/select/tenant_ids", "/healthz/..;/metrics", "/metrics/", "/metrics%2f", "//metrics", "/.//metrics", "/METRICS",
		"/healthz%23/../metrics", "/v1/traces/../metrics", "/regions/../metrics", "/%2e/metrics", "/healthz\\..\\metrics", "/debug/pprof/", "/debug/vars", "/admin/snapshot", "/internal/force_flush",
		"/snapshot/create", "/delete", "/api/v1/import", "/api/v1/write", "/api/v1/admin/tsdb/delete_series", "/flags", "/config", "/targets",
	} {
		for _, headers := range [][]string{nil, bearer("wrong")} {
			code, body := g.do(t, request{method: http.MethodGet, url: g.URL("query") + path, headers: headers})
			harmless := code >= 400 && code < 500 || code == http.StatusOK && (body == "ok\n" || body == "ready\n" || body == "OK")
			if !harmless || strings.Contains(body, "zebra") || strings.Contains(body, "vm_") {
				t.Errorf("%s with %v: %d %.300s", path, headers, code, body)
			}
		}
	}
}

// rawPaths sends request lines that Go's client would not.
func (g *guarded) rawPaths(t *testing.T) {
	for _, line := range []string{
		"GET /healthz/../metrics HTTP/1.1", "GET http://127.0.0.1/metrics HTTP/1.1", "GET metrics HTTP/1.1", "GET \\metrics HTTP/1.1",
		"GET //127.0.0.1/metrics HTTP/1.1", "GET /metrics HTTP/1.0", "get /metrics HTTP/1.1", "GET /healthz HTTP/1.1\r\nX-Original-URL: /metrics",
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
	mark := trace("intruder", "33333333333333333333333333333333", time.Now())
	point := `{"indexes":["intruder"],"blobs":["intruder"]}`
	workerd := `{"schemaVersion":"0","timestamp":"1","dataset":[105,110,116,114,117,100,101,114]}`
	for _, path := range []string{
		"/", "/v1/traces", "/V1/TRACES", "//v1/traces", "/v1//traces", "/v1/traces/", "/v1/traces/v1/traces", "/x/../v1/traces", "/v1%2ftraces",
		"/v1/logs", "/v1/metrics", "/v1/datapoints/shopper", "//v1/datapoints/shopper", "/v1/datapoints/../datapoints/shopper", "/v1/datapoints%2fshopper",
		"/x/v1/datapoints/shopper", "/anything", "/healthz", "/metrics",
	} {
		for _, headers := range [][]string{nil, bearer("wrong"), bearer(readToken), {"X-Member", "shop"}, {"AccountID", "1"}} {
			for _, body := range []string{mark, point, workerd} {
				code, answer := g.do(t, request{http.MethodPost, g.URL("ingest") + path, body, append(headers, "Content-Type", "application/json")})
				if code < 400 || code >= 500 || strings.Contains(answer, `"accepted"`) {
					t.Errorf("POST %s with %v: %d %.200s", path, headers, code, answer)
				}
			}
		}
	}
	// What was sent later with a token can be seen: what was sent before without one would be too.
	after := trace("afterwards", "44444444444444444444444444444444", time.Now())
	g.do(t, request{http.MethodPost, g.URL("ingest") + "/v1/traces", after, append(bearer(shopToken), "Content-Type", "application/json")})
	var rows string
	eventually(t, func() string { return rows }, func() bool {
		_, rows = g.get(t, shopToken, "/select/logsql/query?query=*")
		return strings.Contains(rows, "afterwards")
	})
	for _, token := range []string{shopToken, newsToken} {
		for _, kind := range []string{"span", "log", "datapoint"} {
			if _, rows := g.get(t, token, "/select/logsql/query?query=intruder&kind="+kind); rows != "" {
				t.Errorf("stored without a token: %s", rows)
			}
		}
	}
}

func (g *guarded) scopes(t *testing.T) {
	f := func(token, method, listener, path string, want int) {
		t.Helper()
		r := request{method: method, url: g.URL(listener) + path, headers: append(bearer(token), "Content-Type", "application/json")}
		if method == http.MethodPost {
			r.body = `{"indexes":["a"]}`
			if strings.HasSuffix(path, "traces") {
				r.body = "{}"
			}
		}
		if code, body := g.do(t, r); code != want {
			t.Errorf("%s: %s %s: got %d %.200s, want %d", token, method, path, code, body, want)
		}
	}
	f(shopToken, http.MethodGet, "query", "/api/edge/v1/overview", 200)
	f(readToken, http.MethodGet, "query", "/api/edge/v1/overview", 200)
	f(pointToken, http.MethodGet, "query", "/api/edge/v1/overview", 403)
	f(shopToken, http.MethodGet, "query", "/metrics", 403)
	f(newsToken, http.MethodGet, "query", "/metrics", 200)
	f(shopToken, http.MethodPost, "ingest", "/v1/traces", 200)
	f(readToken, http.MethodPost, "ingest", "/v1/traces", 403)
	f(readToken, http.MethodPost, "ingest", "/v1/datapoints/orders", 403)
	f(pointToken, http.MethodPost, "ingest", "/v1/datapoints/orders", 200)
	f(pointToken, http.MethodPost, "ingest", "/v1/datapoints/payments", 403)
	f(pointToken, http.MethodPost, "ingest", "/v1/datapoints/ORDERS", 403)
	f(pointToken, http.MethodPost, "ingest", "/v1/datapoints/payments/../orders", 400)
	f(pointToken, http.MethodPost, "ingest", "/v1/datapoints/payments%2forders", 400)
}

func (g *guarded) withdraw(t *testing.T) {
	without := strings.ReplaceAll(tokenFile, readToken, "another-0123456789abcdef01234")
	if err := os.WriteFile(g.tokens, []byte(without), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string { return "the withdrawn token works" }, func() bool {
		code, _ := g.get(t, readToken, "/api/edge/v1/overview")
		return code == http.StatusUnauthorized
	})
	if err := os.WriteFile(g.tokens, []byte("tenants: ["), 0o600); err != nil {
		t.Fatal(err)
	}
	// The bad file is seen within two looks; through all of it the table from before holds.
	eventually(t, func() string { return "the new token does not work" }, func() bool {
		code, _ := g.get(t, "another-0123456789abcdef01234", "/api/edge/v1/overview")
		return code == http.StatusOK
	})
}
