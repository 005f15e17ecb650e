package collectortest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/internal/run/runtest"
)

// The tokens of the tests. What belongs to news has zebra in it, and no request of shop has: an answer to shop with a
// zebra is a leak.
const (
	ShopToken  = "shop-0123456789abcdef01234567"
	PointToken = "shop-points-0123456789abcdef0"
	ReadToken  = "shop-read-0123456789abcdef012"
	NewsToken  = "news-0123456789abcdef01234567"
	SlowToken  = "slow-0123456789abcdef01234567"

	ShopTrace = "11111111111111111111111111111111"
	NewsTrace = "22222222222222222222222222222222"
)

// TokenFile is the content of the file of tokens.
const TokenFile = `
tenants:
  - {id: 1, name: shop, members: [alice@shop.example]}
  - {id: 2, name: news}
  - {id: 3, name: slow, limit: {bytes_per_second: 50, burst: 1s}}
tokens:
  - {token: ` + ShopToken + `, tenant: shop, scopes: [read, write]}
  - {token: ` + PointToken + `, tenant: shop, scopes: [write], datasets: [orders]}
  - {token: ` + ReadToken + `, tenant: shop, scopes: [read]}
  - {token: ` + NewsToken + `, tenant: news, scopes: [read, write, admin]}
  - {token: ` + SlowToken + `, tenant: slow, scopes: [write]}
`

// Tenants is a collector with two tenants' telemetry, and the keys of an identity provider that it trusts.
type Tenants struct {
	*Collector
	// Tokens is the file of tokens.
	Tokens string
	// Key signs JSON Web Tokens of https://id.example.
	Key *rsa.PrivateKey
}

// StartTenants starts a collector that knows the tokens of TokenFile, JSON Web Tokens and a proxy's header X-Member.
func StartTenants(t testing.TB, args ...string) *Tenants {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		_, _ = fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"1","use":"sig","n":%q,"e":%q}]}`, b64(key.N.Bytes()),
			b64(big.NewInt(int64(key.E)).Bytes()))
	}))
	t.Cleanup(keys.Close)
	g := &Tenants{Tokens: filepath.Join(t.TempDir(), "tokens.yml"), Key: key}
	if err := os.WriteFile(g.Tokens, []byte(TokenFile), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Collector = Start(t, t.TempDir(), append([]string{
		"--tokens", g.Tokens, "--jwks-url", keys.URL, "--jwt-issuer", "https://id.example",
		"--trusted-proxy-header", "X-Member", "--trusted-proxies", "192.0.2.0/24",
	}, args...)...)
	return g
}

// Request is one request and the headers that it has, as pairs.
type Request struct {
	Method, URL, Body string
	Headers           []string
}

// Do sends a request and reads the answer, whatever its status.
func (g *Tenants) Do(t testing.TB, r Request) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(r.Headers); i += 2 {
		req.Header.Add(r.Headers[i], r.Headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return res.StatusCode, string(body)
}

// Get asks the query port with a token.
func (g *Tenants) Get(t testing.TB, token, path string) (int, string) {
	t.Helper()
	return g.Do(t, Request{Method: http.MethodGet, URL: g.URL("query") + path, Headers: Bearer(token)})
}

// Bearer is the header of a token.
func Bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// Trace is one invocation of a service as OTLP/JSON.
func Trace(service, id string, at time.Time) string {
	return fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}},`+
		`{"key":"service.version","value":{"stringValue":"%s-v1"}},{"key":"cloud.platform",`+
		`"value":{"stringValue":"cloudflare.workers"}}]},`+
		`"scopeSpans":[{"spans":[{"traceId":%q,"spanId":"b7ad6b7169203331","kind":2,"name":"GET /%s",`+
		`"attributes":[{"key":"http.route","value":{"stringValue":"/%s"}},{"key":"faas.coldstart",`+
		`"value":{"boolValue":true}}],`+
		`"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`,
		service, service, id, service, service, at.Add(-20*time.Millisecond).UnixNano(), at.UnixNano())
}

// signals are one metric, one log record and one tail event of a service. The metric claims to be another tenant's.
func signals(service string, at time.Time) (metric, log, tail string) {
	resource := fmt.Sprintf(`"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]}`, service)
	claim := `{"key":"edge_tenant","value":{"stringValue":"2"}},{"key":"edge.tenant","value":{"stringValue":"1"}}`
	metric = fmt.Sprintf(`{"resourceMetrics":[{%s,"scopeMetrics":[{"metrics":[{"name":"%s.queue","gauge":{"dataPoints":[`+
		`{"asDouble":3,"timeUnixNano":"%d","attributes":[%s]}]}}]}]}]}`, resource, service, at.UnixNano(), claim)
	log = fmt.Sprintf(`{"resourceLogs":[{%s,"scopeLogs":[{"logRecords":[{"timeUnixNano":"%d",`+
		`"body":{"stringValue":"%s speaks"}}]}]}]}`,
		resource, at.UnixNano(), service)
	tail = fmt.Sprintf(`[{"scriptName":"%s-tail","outcome":"ok","eventTimestamp":%d,"logs":[],"exceptions":[],`+
		`"event":{"request":{"url":"https://%s.example/","method":"GET","headers":{}},"response":{"status":200}}}]`,
		service, at.UnixMilli(), service)
	return metric, log, tail
}

// Fill sends the telemetry of both tenants through every door, and waits until each can see its own.
func (g *Tenants) Fill(t testing.TB) {
	t.Helper()
	now := time.Now()
	for _, s := range []sender{{ShopToken, "shopper", ShopTrace}, {NewsToken, "zebra", NewsTrace}} {
		headers := append(Bearer(s.token), "Content-Type", "application/json")
		for path, body := range s.bodies(now) {
			code, answer := g.Do(t, Request{
				Method: http.MethodPost, URL: g.URL("ingest") + path, Body: body,
				Headers: headers,
			})
			if code != http.StatusOK {
				t.Fatalf("%s to %s: %d %s", s.service, path, code, answer)
			}
		}
	}
	missing := ""
	runtest.Eventually(t, func() string { return missing }, func() bool {
		missing = g.missing(t, ShopToken, "shopper") + g.missing(t, NewsToken, "zebra")
		return missing == ""
	})
}

// sender is who sends the telemetry of a tenant.
type sender struct{ token, service, trace string }

// bodies are one of each kind, by the path that takes it.
func (s *sender) bodies(now time.Time) map[string]string {
	metric, log, tail := signals(s.service, now)
	return map[string]string{
		"/v1/traces":  Trace(s.service, s.trace, now),
		"/v1/metrics": metric,
		"/v1/logs":    log,
		"/tails":      tail,
		"/v1/datapoints/" + s.service: fmt.Sprintf(`{"indexes":[%q,"FRA",200],"doubles":[7,1],"blobs":[%[1]q]}`,
			s.service),
		"/?sniffed":                  Trace(s.service+"-sniffed", s.trace, now),
		"/behind/a/prefix/v1/traces": Trace(s.service+"-prefix", s.trace, now),
	}
}

// missing returns what a tenant can't see yet, "" when it sees all that Fill has sent.
func (g *Tenants) missing(t testing.TB, token, service string) string {
	for path, want := range map[string]string{
		"/api/v1/label/service_name/values":                               service,
		"/api/v1/label/__name__/values":                                   service + "_queue",
		"/api/edge/v1/routes":                                             service,
		"/select/logsql/query?query=*":                                    service + "-sniffed",
		"/select/logsql/query?query=service.name:%3D" + service + "-tail": service + "-tail",
		"/select/logsql/query?kind=log&query=*":                           service + " speaks",
		"/select/logsql/query?kind=datapoint&query=*":                     service,
	} {
		if _, answer := g.Get(t, token, path); !strings.Contains(answer, want) {
			return fmt.Sprintf("%s is not in the answer to %s: %.500s", want, path, answer)
		}
	}
	if _, answer := g.Get(t, token, "/api/edge/v1/overview"); strings.Contains(answer, `"empty":true`) {
		return service + " is not known yet: " + answer
	}
	return ""
}
