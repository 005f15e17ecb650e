package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// TestLogsAndMetricsOfClients sends both signals through all doors of a built collector and asks for them in LogsQL and
// MetricsQL.
func TestLogsAndMetricsOfClients(t *testing.T) {
	c := collectortest.Start(t, t.TempDir())
	d := &doors{ingest: c.URL("ingest"), query: c.URL("query"), now: time.Now()}
	conn, err := grpc.NewClient(c.Addr("otlp-grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })

	d.accept(t, "/v1/logs", d.log("by path", 9))
	d.accept(t, "/", d.log("by what it is", 13)) // as Cloudflare's export posts
	d.accept(t, "/some/prefix", d.log("behind a prefix", 17))
	logs := plogotlp.NewExportRequest()
	if err := logs.UnmarshalJSON([]byte(d.log("over gRPC", 9))); err != nil {
		t.Fatal(err)
	}
	if res, err := plogotlp.NewGRPCClient(conn).Export(t.Context(), logs); err != nil ||
		res.PartialSuccess().RejectedLogRecords() != 0 {
		t.Errorf("logs over gRPC: %v, %q", err, res.PartialSuccess().ErrorMessage())
	}
	d.accept(t, "/v1/metrics", d.counter(-20, 5))
	d.accept(t, "/v1/metrics", d.counter(-10, 2))
	d.accept(t, "/v1/metrics", d.counter(-10, 2)) // a retry
	if res, err := pmetricotlp.NewGRPCClient(conn).Export(t.Context(), d.histogram()); err != nil ||
		res.PartialSuccess().RejectedDataPoints() != 0 {
		t.Errorf("metrics over gRPC: %v, %q", err, res.PartialSuccess().ErrorMessage())
	}

	d.expectLogs(t, "by path", "by what it is", "behind a prefix", "over gRPC")
	d.expectValue(t, `faas_coldstarts_total{service_name="doors"}`, 7, 7)
	d.expectValue(t, `increase(faas_coldstarts_total{job="doors"}[5m])`, 7, 7)
	d.expectValue(t, `sum(faas_init_duration_seconds_count{cloud_region="fra1"})`, 100, 100)
	// 100 observations between 0.5 s and 1 s, spread evenly over the buckets: the median is near the geometric middle.
	d.expectValue(t, `histogram_quantile(0.5, sum(faas_init_duration_seconds_bucket) by (vmrange))`, 0.65, 0.75)
}

// TestDeltasAddUpAcrossARestart: the totals of deltas begin again in a new process, and a question by increase is right
// all the same, although the new total is the greater one and nothing in the values shows a reset.
func TestDeltasAddUpAcrossARestart(t *testing.T) {
	data, now := t.TempDir(), time.Now()
	for i, value := range []int{5, 9} {
		c := collectortest.Start(t, data)
		d := &doors{ingest: c.URL("ingest"), query: c.URL("query"), now: now}
		d.accept(t, "/v1/metrics", d.counter(-60+10*i, value))
		if i == 1 {
			d.expectValue(t, `increase(faas_coldstarts_total{service_name="doors"}[5m])`, 14, 14)
		}
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

type doors struct {
	ingest, query string
	now           time.Time
}

// accept posts JSON that must be taken as a whole.
func (d *doors) accept(t *testing.T, path, body string) {
	t.Helper()
	if status, answer := runtest.Post(t, d.ingest+path, "application/json", "",
		[]byte(body)); status != http.StatusOK || answer != "{}" {
		t.Errorf("POST %s: %d %s, want full success", path, status, answer)
	}
}

// at is a time in JSON, seconds from now.
func (d *doors) at(seconds int) string {
	return strconv.FormatInt(d.now.Add(time.Duration(seconds)*time.Second).UnixNano(), 10)
}

const doorsResource = `"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"doors"}},` +
	`{"key":"cloud.region","value":{"stringValue":"fra1"}}]}`

func (d *doors) log(message string, severity int) string {
	return fmt.Sprintf(`{"resourceLogs":[{%s,"scopeLogs":[{"logRecords":[{"timeUnixNano":"%s","severityNumber":%d,`+
		`"body":{"stringValue":%q}}]}]}]}`,
		doorsResource, d.at(-5), severity, message)
}

// counter is a delta of a counter, of the 10 seconds that end then.
func (d *doors) counter(end, value int) string {
	return fmt.Sprintf(`{"resourceMetrics":[{%s,"scopeMetrics":[{"metrics":[{"name":"faas.coldstarts",`+
		`"unit":"{coldstart}","sum":{"aggregationTemporality":1,`+
		`"isMonotonic":true,"dataPoints":[{"startTimeUnixNano":"%s","timeUnixNano":"%s","asInt":"%d"}]}}]}]}]}`,
		doorsResource, d.at(end-10), d.at(end), value)
}

func (d *doors) histogram() pmetricotlp.ExportRequest {
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("cloud.region", "fra1")
	m := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("faas.init_duration")
	m.SetUnit("s")
	h := m.SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := h.DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(d.now.Add(-5 * time.Second)))
	p.SetScale(5) // 32 buckets for each doubling
	p.SetCount(100)
	p.Positive().SetOffset(-32)
	for i := range 32 {
		n := uint64(3)
		if i%8 == 0 {
			n = 4
		}
		p.Positive().BucketCounts().Append(n)
	}
	return pmetricotlp.NewExportRequestFromMetrics(metrics)
}

// expectLogs waits until exactly these messages are stored, each once.
func (d *doors) expectLogs(t *testing.T, want ...string) {
	t.Helper()
	var got string
	runtest.Eventually(t, func() string { return fmt.Sprintf("logs are %s, want %q", got, want) }, func() bool {
		got = d.ask(t, "/select/logsql/query", "ProjectID: 1", "query",
			`{service.name="doors",cloud.region="fra1"} | fields _msg`)
		all := strings.Count(got, "\n") == len(want)
		for _, message := range want {
			all = all && strings.Count(got, `{"_msg":"`+message+`"`) == 1
		}
		return all
	})
}

// expectValue waits until a question in MetricsQL has one answer, between the two.
func (d *doors) expectValue(t *testing.T, question string, low, high float64) {
	t.Helper()
	var got string
	runtest.Eventually(t, func() string { return fmt.Sprintf("%s answers %s, want %v..%v", question, got, low, high) },
		func() bool {
			got = d.ask(t, "/api/v1/query", "", "query", question, "time", strconv.FormatInt(d.now.Unix(), 10))
			var answer struct {
				Data struct {
					Result []struct{ Value [2]any }
				}
			}
			if err := json.Unmarshal([]byte(got), &answer); err != nil || len(answer.Data.Result) != 1 {
				return false
			}
			text, _ := answer.Data.Result[0].Value[1].(string)
			v, err := strconv.ParseFloat(text, 64)
			return err == nil && v >= low && v <= high
		})
}

// ask returns the answer to a GET with parameters and perhaps a header.
func (d *doors) ask(t *testing.T, path, header string, params ...string) string {
	t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		v.Set(params[i], params[i+1])
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.query+path+"?"+v.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d, %v: %.300s", path, res.StatusCode, err, body)
	}
	return string(body)
}
