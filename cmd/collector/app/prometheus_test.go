package app_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// metrics are a gauge, a counter and a histogram of a service in a region, with descriptions, units and attributes whose
// names can't stand in a label.
func metrics(service string, at time.Time) string {
	point := fmt.Sprintf(`"timeUnixNano":"%d","startTimeUnixNano":"%d","attributes":[`+
		`{"key":"http.route","value":{"stringValue":"/a"}},{"key":"größe.in %%","value":{"stringValue":"L"}},`+
		`{"key":"1st","value":{"stringValue":"x"}},{"key":"_hidden","value":{"stringValue":"y"}}]`,
		at.UnixNano(), at.Add(-time.Minute).UnixNano())
	return fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}},`+
		`{"key":"cloud.region","value":{"stringValue":"fra1"}}]},"scopeMetrics":[{"metrics":[`+
		`{"name":"process.memory","unit":"By","description":"Memory in use","gauge":{"dataPoints":[{%[2]s,"asDouble":7}]}},`+
		`{"name":"http.requests","description":"Served","sum":{"aggregationTemporality":2,"isMonotonic":true,`+
		`"dataPoints":[{%[2]s,"asInt":"3"}]}},`+
		`{"name":"http.duration","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[{%[2]s,"count":"2",`+
		`"sum":1.5,"bucketCounts":["1","1"],"explicitBounds":[1]}]}}]}]}]}`, service, point)
}

// TestPrometheusKnowsWhatWasSent: what a client sends in OTLP is found by the names that it sent, has its type, its unit
// and its help, and leaves whole. The names that questions may have are those that the door makes of them.
func TestPrometheusKnowsWhatWasSent(t *testing.T) {
	g := startGuarded(t)
	send := func(token, path, body string) {
		t.Helper()
		if code, answer := g.Do(t, collectortest.Request{
			Method: http.MethodPost, URL: g.URL("ingest") + path, Body: body,
			Headers: append(collectortest.Bearer(token), "Content-Type", "application/json"),
		}); code != http.StatusOK {
			t.Fatalf("%d %s", code, answer)
		}
	}
	now := time.Now()
	send(collectortest.ShopToken, "/v1/metrics", metrics("shopper", now))
	send(collectortest.NewsToken, "/v1/metrics", strings.ReplaceAll(metrics("zebra", now), "http.requests", "zebra.requests"))
	send(collectortest.ShopToken, "/v1/traces", collectortest.Trace("shopper", collectortest.ShopTrace, now))
	ask := func(path string, v any, params ...string) string {
		t.Helper()
		form := url.Values{}
		for i := 0; i+1 < len(params); i += 2 {
			form.Add(params[i], params[i+1])
		}
		code, body := g.Get(t, collectortest.ShopToken, path+"?"+form.Encode())
		if code != http.StatusOK || strings.Contains(body, "zebra") || strings.Contains(body, "edge_tenant") {
			t.Fatalf("%s %v: %d %.500s", path, params, code, body)
		}
		if v != nil {
			if err := json.Unmarshal([]byte(body), v); err != nil {
				t.Fatalf("%s: %v: %.500s", path, err, body)
			}
		}
		return body
	}
	var values struct{ Data []string }
	runtest.Eventually(t, func() string { return fmt.Sprint(values.Data) }, func() bool {
		ask("/api/v1/label/__name__/values", &values)
		return slices.Contains(values.Data, "http_duration_seconds_bucket") && slices.Contains(values.Data, "edge_route_requests")
	})
	for asked, want := range map[string]string{
		"U__cloud_2e_region": "fra1", "U__http_2e_route": "/a", "U__gr_f6__df_e_2e_in_20__25_": "L", "U__1st": "x",
		"U__key__hidden": "y", "cloud.region": "fra1",
	} {
		if ask("/api/v1/label/"+asked+"/values", &values, "match[]", `{"process.memory_bytes"}`); !slices.Equal(values.Data,
			[]string{want}) {
			t.Errorf("values of %s: %q, want %s", asked, values.Data, want)
		}
	}
	for _, text := range []string{
		`{"http.requests_total","http.route"="/a","größe.in %"="L","1st"="x",key_hidden="y"}`,
		`sum by ("cloud.region") ({"http.requests_total"})`, `http_requests_total * on ("http.route") {"http.requests_total"} / 3`,
	} {
		var a struct {
			Data struct{ Result []struct{ Value [2]any } }
		}
		if ask("/api/v1/query", &a, "query", `sum(`+text+`)`); len(a.Data.Result) != 1 || a.Data.Result[0].Value[1] != "3" {
			t.Errorf("%s: got %+v", text, a)
		}
	}
	var described struct {
		Data map[string][]struct{ Type, Unit, Help string }
	}
	ask("/api/v1/metadata", &described)
	got := map[string]string{}
	for name, list := range described.Data {
		if len(list) == 1 && !strings.HasPrefix(name, "edge_") || name == "edge_route_requests" {
			got[name] = list[0].Type + "|" + list[0].Unit + "|" + strings.SplitN(list[0].Help, ",", 2)[0]
		}
	}
	if diff := gocmp.Diff(map[string]string{
		"process_memory_bytes": "gauge|bytes|Memory in use", "http_requests_total": "counter||Served",
		"http_duration_seconds": "histogram|seconds|", "edge_route_requests": "gauge||Invocations",
	}, got); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	leaves(t, ask, now)
}

// leaves looks at exports: what was sent, each sample once, without the tenant's number.
func leaves(t *testing.T, ask func(path string, v any, params ...string) string, now time.Time) {
	var line struct {
		Metric     map[string]string
		Values     []float64
		Timestamps []int64
	}
	ask("/api/v1/export", &line, "match[]", "process_memory_bytes")
	want := map[string]string{
		"__name__": "process_memory_bytes", "service_name": "shopper", "job": "shopper", "cloud_region": "fra1",
		"http_route": "/a", "gr_e_in_": "L", "key_1st": "x", "key_hidden": "y",
	}
	if !maps.Equal(line.Metric, want) || !slices.Equal(line.Values, []float64{7}) ||
		!slices.Equal(line.Timestamps, []int64{now.UnixMilli()}) {
		t.Errorf("exported: %+v", line)
	}
	rows, err := csv.NewReader(strings.NewReader(ask("/api/v1/export/csv", nil, "match[]", `{__name__!=""}`, "format",
		"__name__,service_name,__value__,__timestamp__:rfc3339"))).ReadAll()
	if err != nil || len(rows) < 10 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if text := ask("/federate", nil, "match[]", `{"http.requests_total"}`); !strings.HasPrefix(text,
		"# TYPE http_requests_total untyped\nhttp_requests_total{") || !strings.Contains(text, "} 3 ") {
		t.Errorf("federated: %s", text)
	}
}

// TestRulesOfVmalertAreAnswered asks what the rules of deploy/vmalert ask, as vmalert does.
func TestRulesOfVmalertAreAnswered(t *testing.T) {
	c := collectortest.Start(t, t.TempDir())
	files, err := filepath.Glob("../../../deploy/vmalert/*.yml")
	if err != nil || len(files) != 3 {
		t.Fatalf("%v, %v", files, err)
	}
	rules := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Groups []struct {
				Type    string
				Headers []string
				Rules   []struct{ Alert, Expr string }
			}
		}
		if err := yaml.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		for _, group := range f.Groups {
			path := "/api/v1/query"
			if group.Type == "vlogs" {
				path = "/select/logsql/stats_query"
			}
			for _, rule := range group.Rules {
				rules++
				form := url.Values{"query": {rule.Expr}, "time": {strconv.FormatInt(time.Now().Unix(), 10)}, "step": {"30s"}}
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("query")+path+"?"+form.Encode(), nil)
				if err != nil {
					t.Fatal(err)
				}
				for _, header := range group.Headers {
					name, value, _ := strings.Cut(header, ": ")
					req.Header.Set(name, value)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				var a struct {
					Status, Error string
					Infos         []string
				}
				if err := json.NewDecoder(res.Body).Decode(&a); err != nil || a.Status != "success" || a.Infos != nil {
					t.Errorf("%s of %s: %d %+v, %v", rule.Alert, file, res.StatusCode, a, err)
				}
				res.Body.Close()
			}
		}
	}
	if rules < 7 {
		t.Errorf("%d rules", rules)
	}
}
