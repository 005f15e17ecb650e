package clients_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

const vmalert = "github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert"

// TestVMAlert runs the rules of deploy/vmalert, of both tongues, by vmalert against a collector that asks for tokens:
// each fires for the service that it is about, with its texts, and none for one that is well.
func TestVMAlert(t *testing.T) {
	t.Parallel()
	c, shop, _ := startTenants(t)
	c.token = shop.write
	c.sendAlarming(t, time.Now())
	c.token = shop.read
	c.expectValue(t, `sum(sum_over_time(edge_service_requests{service_name=~"ill|silent|well"}[1h]))`, 360)

	rules := quickRules(t)
	received := receiveAlerts(t)
	url := startVictoria(t, vmalert, "-rule="+filepath.Join(rules, "*.yml"), "-datasource.url="+c.URL("query"),
		"-datasource.bearerToken="+shop.read, "-notifier.url="+received.url, "-evaluationInterval=1s",
		"-rule.updateEntriesLimit=3")
	want := map[string][]string{}
	for _, alert := range regexp.MustCompile(`(?m)- alert: (\w+)`).FindAllStringSubmatch(readAll(t, rules), -1) {
		want[alert[1]] = []string{"ill"}
	}
	want["EdgeSilent"] = []string{"silent"}
	if len(want) < 7 {
		t.Fatalf("deploy/vmalert has only the alerts %v", slices.Collect(maps.Keys(want)))
	}
	var got map[string][]string
	eventually(t, func() string {
		return fmt.Sprintf("alerts fired (-want +got):\n%s\nrules: %s", gocmp.Diff(want, got), rulesOf(t, url))
	}, func() bool {
		got = received.services()
		return gocmp.Equal(want, got)
	})
	for name, summary := range received.summaries() {
		if summary == "" || strings.Contains(summary, "<no value>") || strings.Contains(summary, "{{") {
			t.Errorf("%s says %q", name, summary)
		}
	}
	if text := rulesOf(t, url); strings.Contains(text, "error") {
		t.Errorf("rules that can't be evaluated: %s", text)
	}
}

// tokens are those of a tenant.
type tokens struct{ write, read string }

// startTenants runs a collector that asks for tokens, of two tenants.
func startTenants(t *testing.T) (c collector, shop, news tokens) {
	t.Helper()
	shop = tokens{"shop-writes-0123456789abcdef", "shop-reads-0123456789abcdef"}
	news = tokens{"news-writes-0123456789abcdef", "news-reads-0123456789abcdef"}
	text := fmt.Sprintf(`tenants: [{id: 1, name: shop}, {id: 2, name: news}]
tokens:
  - {token: %s, tenant: shop, scopes: [write]}
  - {token: %s, tenant: shop, scopes: [read]}
  - {token: %s, tenant: news, scopes: [write]}
  - {token: %s, tenant: news, scopes: [read]}
`, shop.write, shop.read, news.write, news.read)
	file := filepath.Join(t.TempDir(), "tokens.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return startCollector(t, "--tokens", file), shop, news
}

// quickRules are the rules of deploy/vmalert, asked each second and fired at once.
func quickRules(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files, err := filepath.Glob("../../deploy/vmalert/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of rules, %v", len(files), err)
	}
	interval, wait := regexp.MustCompile(`(?m)^( +interval:) .*`), regexp.MustCompile(`(?m)^ +for: .*\n`)
	for _, file := range files {
		text := wait.ReplaceAllString(interval.ReplaceAllString(string(readFile(t, file)), "$1 1s"), "")
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readAll(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		all.Write(readFile(t, file))
	}
	return all.String()
}

// rulesOf returns the rules that vmalert could not evaluate, as "name: error".
func rulesOf(t *testing.T, url string) string {
	t.Helper()
	_, body := answerTo(t, get(t, url+"/api/v1/rules"))
	answer := unmarshal[struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, LastError string }
			}
		}
	}](t, []byte(body))
	var out []string
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if r.LastError != "" {
				out = append(out, r.Name+": error: "+r.LastError)
			}
		}
	}
	return strings.Join(out, "\n")
}

// alertReceiver is what Alertmanager would be: it takes alerts.
type alertReceiver struct {
	url string

	mu     sync.Mutex
	alerts map[string]firing // by name and labels
}

type firing struct {
	Labels, Annotations map[string]string
	EndsAt              time.Time
}

func receiveAlerts(t *testing.T) *alertReceiver {
	t.Helper()
	r := &alertReceiver{alerts: map[string]firing{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		var list []firing
		if err == nil {
			err = json.Unmarshal(body, &list)
		}
		if err != nil || !strings.HasSuffix(q.URL.Path, "/api/v2/alerts") {
			t.Errorf("%s: %v: %.200s", q.URL, err, body)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, a := range list {
			r.alerts[fmt.Sprint(a.Labels)] = a
		}
	}))
	t.Cleanup(s.Close)
	r.url = s.URL
	return r
}

// services are those for which alerts fired, by the name of the alert.
func (r *alertReceiver) services() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]string{}
	for _, a := range r.alerts {
		service := a.Labels["service_name"] + a.Labels["service.name"]
		if name := a.Labels["alertname"]; !slices.Contains(out[name], service) {
			out[name] = append(out[name], service)
		}
	}
	for _, services := range out {
		slices.Sort(services)
	}
	return out
}

func (r *alertReceiver) summaries() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]string{}
	for _, a := range r.alerts {
		out[a.Labels["alertname"]] = a.Annotations["summary"]
	}
	return out
}

// sendAlarming sends what each alert of deploy/vmalert looks for, of the service ill and of one that went silent, and as
// many requests of one that is well.
func (c collector) sendAlarming(t *testing.T, now time.Time) {
	t.Helper()
	f := func(service string, n int, ago, took time.Duration, status int, attributes ...string) {
		resource := map[string]any{"attributes": otlpAttrs("service.name", service, "cloud.platform", "aws_lambda",
			"cloud.region", "eu-central-1")}
		var list []any
		for i := range n {
			end := now.Add(-ago - time.Duration(i)*100*time.Millisecond)
			span := map[string]any{
				"traceId": fmt.Sprintf("%016x%016x", end.UnixNano(), i), "spanId": fmt.Sprintf("%016x", end.UnixNano()),
				"name": "GET /a", "kind": 2, "startTimeUnixNano": unixNano(end.Add(-took)), "endTimeUnixNano": unixNano(end),
				"attributes": otlpAttrs(append([]string{
					"http.request.method", "GET", "http.route", "/a", "http.response.status_code", strconv.Itoa(status),
				}, attributes...)...),
			}
			if status >= 500 {
				span["status"] = map[string]any{"code": 2}
				span["events"] = []any{map[string]any{
					"name": "exception", "timeUnixNano": unixNano(end), "attributes": otlpAttrs("exception.type", "TypeError"),
				}}
			}
			list = append(list, span)
		}
		c.sendJSON(t, "/v1/traces", map[string]any{"resourceSpans": []any{map[string]any{
			"resource": resource, "scopeSpans": []any{map[string]any{"spans": list}},
		}}})
	}
	f("ill", 60, time.Minute, 3*time.Second, 500, "faas.coldstart", "true", "http.response.header.x-cache", "miss")
	f("ill", 60, time.Minute, 3*time.Second, 200, "faas.coldstart", "true", "http.response.header.x-cache", "miss")
	f("well", 120, time.Minute, 20*time.Millisecond, 200, "faas.coldstart", "false", "http.response.header.x-cache", "hit")
	f("silent", 120, 20*time.Minute, 20*time.Millisecond, 200, "faas.coldstart", "false", "http.response.header.x-cache", "hit")
	var records []any
	for i := range 30 {
		records = append(records, map[string]any{
			"timeUnixNano": unixNano(now.Add(-time.Minute - time.Duration(i)*time.Second)), "severityNumber": 17,
			"body": map[string]string{"stringValue": "boom"},
		})
	}
	c.sendJSON(t, "/v1/logs", map[string]any{"resourceLogs": []any{map[string]any{
		"resource":  map[string]any{"attributes": otlpAttrs("service.name", "ill")},
		"scopeLogs": []any{map[string]any{"logRecords": records}},
	}}})
}
