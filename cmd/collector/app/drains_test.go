package app_test

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

const (
	rootToken   = "root-0123456789abcdef01234567"
	drainSecret = "a-signature-secret-of-a-drain"
)

// startDrained is a collector with a tenant 0 beside shop, whose drains are signed.
func startDrained(t *testing.T, data string) *guarded {
	t.Helper()
	g := &guarded{&collectortest.Tenants{Tokens: filepath.Join(t.TempDir(), "tokens.yml")}}
	text := strings.Replace(collectortest.TokenFile, "tenants:", "tenants:\n  - {id: 0, name: root}", 1) +
		"  - {token: " + rootToken + ", tenant: root, scopes: [read]}\n  - {drain_secret: " + drainSecret +
		", tenant: shop, scopes: [write]}\n"
	if err := os.WriteFile(g.Tokens, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	g.Collector = collectortest.Start(t, data, "--tokens", g.Tokens, "--vercel-verify", "c0de")
	return g
}

// refused returns what a tenant is told was refused: what, reason and sender, sorted.
func (g *guarded) refused(t *testing.T, token string) (all []string) {
	t.Helper()
	var answer struct {
		Refusals []struct {
			What, Reason, Sender string
			Count                float64
		}
	}
	status, text := g.Get(t, token, "/api/edge/v1/refusals?range=15m")
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("refusals: %d %s %v", status, text, err)
	}
	for _, r := range answer.Refusals {
		all = append(all, fmt.Sprintf("%v %s %s: %s", r.Count, r.What, r.Reason, r.Sender))
	}
	slices.Sort(all)
	return all
}

// TestRefusalsAreSeenByTheirTenant, and by nobody else, also after a restart.
func TestRefusalsAreSeenByTheirTenant(t *testing.T) {
	data := t.TempDir()
	g := startDrained(t, data)
	send := func(wantStatus int, text string, headers ...string) {
		t.Helper()
		headers = append(headers, "User-Agent", "agent/1.0", "Content-Type", "application/json")
		if status, answer := g.Do(t, collectortest.Request{
			Method: http.MethodPost, URL: g.URL("ingest") + "/v1/traces",
			Body: text, Headers: headers,
		}); status != wantStatus {
			t.Errorf("%d %s, want %d", status, answer, wantStatus)
		}
	}
	send(400, `{`, collectortest.Bearer(collectortest.ShopToken)...)
	send(400, `{`, collectortest.Bearer(collectortest.ShopToken)...)
	send(403, `{}`, collectortest.Bearer(collectortest.ReadToken)...)
	send(401, `{}`, collectortest.Bearer("a-token-that-is-unknown")...)
	send(401, `{}`, "X-Vercel-Signature", strings.Repeat("00", 20))
	want := map[string][]string{
		collectortest.ShopToken: {"1 request forbidden: agent at 127.0.0.1", "2 request malformed: agent at 127.0.0.1"},
		collectortest.NewsToken: nil,
		rootToken:               {"2 request unauthenticated: agent at 127.0.0.1, not signed in"},
	}
	for range 2 {
		for token, refused := range want {
			var got []string
			runtest.Eventually(t, func() string { return fmt.Sprintf("%s is told %q, want %q", token, got, refused) },
				func() bool {
					got = g.refused(t, token)
					return slices.Equal(got, refused)
				})
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		g = startDrained(t, data)
	}
}

// TestWhatPlatformsPushIsCounted: a file of Logpush and a signed log drain, each sent twice, are counted once.
func TestWhatPlatformsPushIsCounted(t *testing.T) {
	g := startDrained(t, t.TempDir())
	now := time.Now().Add(-2 * time.Second).UnixMilli()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprintf(z, `{"EventTimestampMs":%d,"EventType":"fetch","Outcome":"ok","ScriptName":"pushed",`+
		`"Event":{"RayID":"8f1e2d3c4b5a6978",`+
		`"Request":{"URL":"https://a.example/x","Method":"GET"},"Response":{"Status":200}},"WallTimeMs":12}`+"\n", now)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf(`{"id":"1","deploymentId":"dpl_1","projectId":"prj_1","projectName":"drained",`+
		`"source":"lambda","host":"h","timestamp":%d,"level":"info",`+
		`"message":"hi","requestId":"r1","proxy":{"timestamp":%d,"method":"GET","host":"h","path":"/x","region":"fra1",`+
		`"statusCode":200,"vercelId":"fra1::1"}}`, now, now)
	mac := hmac.New(sha1.New, []byte(drainSecret))
	mac.Write([]byte(line))
	for range 2 {
		for _, r := range []collectortest.Request{
			{
				Method: http.MethodPost, URL: g.URL("ingest") + "/v1/logpush", Body: packed.String(),
				Headers: append(collectortest.Bearer(collectortest.ShopToken), "Content-Encoding", "gzip"),
			},
			{
				Method: http.MethodPost, URL: g.URL("ingest") + "/v1/vercel", Body: line,
				Headers: []string{"X-Vercel-Signature", hex.EncodeToString(mac.Sum(nil))},
			},
			{
				Method: http.MethodPost, URL: g.URL("ingest") + "/", Body: `{"content":"tests"}`,
				Headers: collectortest.Bearer(collectortest.ShopToken),
			},
			{Method: http.MethodGet, URL: g.URL("ingest") + "/v1/vercel"}, // whose address is this?
		} {
			if status, answer := g.Do(t, r); status != http.StatusOK {
				t.Errorf("%s %s: %d %s", r.Method, r.URL, status, answer)
			}
		}
	}
	for _, service := range []string{"pushed", "drained"} {
		var got string
		runtest.Eventually(t, func() string { return fmt.Sprintf("%s: %.300s, want 1 request", service, got) },
			func() bool {
				_, got = g.Get(t, collectortest.ReadToken, "/api/edge/v1/overview?range=15m&service="+service)
				return strings.Contains(got, `"requests":1,`)
			})
	}
}
