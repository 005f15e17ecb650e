package otlptest

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest/normalize"
	"edgescope/store"
)

// Fixture is a request of the manifest: what a real client sent, and what must become of it.
type Fixture struct {
	ID, Transport, Method, Path, Body string
	Headers                           map[string]string
	Chunked                           bool
	Expect                            struct {
		Status         int
		PartialSuccess json.RawMessage `json:"partial_success"`
		StatusBody     bool            `json:"status_body"`
		ResponseBytes  *int            `json:"response_bytes"`
		ResponseJSON   json.RawMessage `json:"response_json"`
		Spans          *int
		Logs           *int
		MetricPoints   *int `json:"metric_points"`
		Events         []expectedEvent
	}
}

type expectedEvent struct {
	Match, Fields map[string]string
	Absent        []string
}

func fixtureDir(t testing.TB) string {
	t.Helper()
	//nolint:forbidigo // tests are told by the environment where the fixtures are
	shared := os.Getenv("EDGESCOPE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir := filepath.Join(shared, "fixtures", "otlp")
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		t.Skipf("no fixtures (set EDGESCOPE_SHARED to the folder that holds fixtures/otlp): %v", err)
	}
	return dir
}

// LoadFixtures reads the manifest of what real clients sent. It skips the test where there is none.
func LoadFixtures(t testing.TB) []Fixture {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(fixtureDir(t), "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Requests []Fixture }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Requests
}

// Sent returns the body as it was sent.
func (f *Fixture) Sent(t testing.TB) []byte {
	t.Helper()
	if f.Body == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(fixtureDir(t), f.Body))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// CheckPoints compares the data points that were taken, by their count and, where the fixture has them, by their
// values.
func (f *Fixture) CheckPoints(t *testing.T, set *metrics.Set, samples []sample) {
	t.Helper()
	want := 0
	if f.Expect.MetricPoints != nil {
		want = *f.Expect.MetricPoints
	}
	if got := set.GetOrCreateCounter("edgescope_otlp_data_points_total").Get(); got != uint64(want) {
		t.Errorf("%d data points taken, want %d", got, want)
	}
	const target = `cloud_platform="aws_lambda",cloud_region="us-east-1",faas_name="img-resize"`
	values := map[string]float64{
		`faas_coldstarts_total{` + target + `,faas_trigger="http",job="dev-js-metrics",otel_scope_name="m",` +
			`service_name="dev-js-metrics"}`: 3,
		`faas_init_duration_seconds_count{` + target +
			`,job="dev-js-metrics",otel_scope_name="m",service_name="dev-js-metrics"}`: 2,
		`faas_init_duration_seconds_sum{` + target +
			`,job="dev-js-metrics",otel_scope_name="m",service_name="dev-js-metrics"}`: 0.65,
		`faas_init_duration_seconds_bucket{` + target +
			`,job="dev-js-metrics",le="0",otel_scope_name="m",service_name="dev-js-metrics"}`: 0,
		`faas_init_duration_seconds_bucket{` + target +
			`,job="dev-js-metrics",le="5",otel_scope_name="m",service_name="dev-js-metrics"}`: 2,
		`faas_init_duration_seconds_bucket{` + target +
			`,job="dev-js-metrics",le="+Inf",otel_scope_name="m",service_name="dev-js-metrics"}`: 2,
		`edge_test_gauge{` + target + `,job="dev-js-metrics",otel_scope_name="m",service_name="dev-js-metrics"}`: 2.5,
	}
	if f.ID != "js-metrics" {
		return
	}
	for _, s := range samples {
		if v, ok := values[s.Series]; ok && v == s.Value && s.At == 1795215078367 {
			delete(values, s.Series)
		}
	}
	for series, v := range values {
		t.Errorf("no sample %s = %v", series, v)
	}
	if len(samples) != 1+16+2+1 {
		t.Errorf("%d samples, want 20", len(samples))
	}
}

// Request makes the request as it was sent, to a server.
func (f *Fixture) Request(t *testing.T, url string) *http.Request {
	t.Helper()
	path, contentType := f.Path, f.Headers["content-type"]
	if f.Transport == "grpc" { // the same message is good for HTTP
		path, contentType = "/v1/traces", "application/x-protobuf"
	}
	var body io.Reader = strings.NewReader(string(f.Sent(t)))
	if f.Chunked {
		body = io.MultiReader(body) // hides the length
	}
	req, err := http.NewRequestWithContext(t.Context(), f.Method, url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range f.Headers {
		req.Header.Set(k, v)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req
}

// CheckAnswer compares the answer.
func (f *Fixture) CheckAnswer(t *testing.T, resp *http.Response, body string) {
	t.Helper()
	want := f.Expect
	if resp.StatusCode != want.Status {
		t.Fatalf("status %d, want %d; body %q", resp.StatusCode, want.Status, body)
	}
	if want.ResponseBytes != nil && len(body) != *want.ResponseBytes {
		t.Errorf("answer has %d bytes, want %d", len(body), *want.ResponseBytes)
	}
	if want.ResponseJSON != nil && !equalJSON(body, string(want.ResponseJSON)) {
		t.Errorf("answer %s, want %s", body, want.ResponseJSON)
	}
	if resp.StatusCode != http.StatusOK {
		if f.Headers["content-type"] != "application/x-protobuf" && !strings.Contains(body, `"message":"`) {
			t.Errorf("answer %q is no google.rpc.Status with a message", body)
		}
		return
	}
	f.checkPartial(t, body)
}

func (f *Fixture) checkPartial(t *testing.T, body string) {
	t.Helper()
	switch want := string(f.Expect.PartialSuccess); want {
	case "null", "":
		if body != "" && body != "{}" {
			t.Errorf("answer %q, want a full success", body)
		}
	case `"warning-allowed"`:
		if strings.Contains(body, "rejectedSpans") {
			t.Errorf("answer %q, want no rejection", body)
		}
	default:
		var rejected struct{ Rejected int }
		if err := json.Unmarshal([]byte(want), &rejected); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(body, fmt.Sprintf(`"rejectedSpans":"%d"`, rejected.Rejected)) ||
			!strings.Contains(body, `"errorMessage":"`) {
			t.Errorf("answer %q, want %d rejected with a message", body, rejected.Rejected)
		}
	}
}

// CheckEvents compares the events that were taken, as rows.
func (f *Fixture) CheckEvents(t *testing.T, events []edge.Event) {
	t.Helper()
	for kind, want := range map[edge.Kind]*int{edge.KindSpan: f.Expect.Spans, edge.KindLog: f.Expect.Logs} {
		got := 0
		for i := range events {
			if events[i].Kind == kind {
				got++
			}
		}
		if want != nil && got != *want {
			t.Errorf("%d of kind %s taken, want %d", got, kind, *want)
		}
	}
	normalize.New(normalize.Options{}).Normalize(events)
	rows := rowsOf(events)
	for _, want := range f.Expect.Events {
		row := pick(rows, want.Match)
		if row == nil {
			t.Errorf("no row matches %v", want.Match)
			continue
		}
		for k, v := range want.Fields {
			if !equalField(k, row[k], v) {
				t.Errorf("%v: %s = %q, want %q", want.Match, k, row[k], v)
			}
		}
		for _, k := range want.Absent {
			if v, ok := row[k]; ok {
				t.Errorf("%v: %s = %q, want none", want.Match, k, v)
			}
		}
	}
}

// rowsOf renders events as the store keeps them.
func rowsOf(events []edge.Event) []map[string]string {
	var renderer store.RowRenderer
	rows := make([]map[string]string, len(events))
	for i := range events {
		row, _ := renderer.Render(&events[i])
		m := map[string]string{"$kind": events[i].Kind.String(), "_time_ns": strconv.FormatInt(events[i].Time, 10)}
		for _, field := range row {
			m[strings.Clone(field.Name)] = strings.Clone(field.Value)
		}
		rows[i] = m
	}
	return rows
}

func pick(rows []map[string]string, match map[string]string) map[string]string {
	for _, row := range rows {
		all := true
		for k, v := range match {
			all = all && row[k] == v
		}
		if all {
			return row
		}
	}
	return nil
}

// equalField compares as the README of the fixtures says: times within 1 us, numbers as numbers, JSON by structure.
func equalField(key, got, want string) bool {
	if got == want {
		return true
	}
	if key == "_time_ns" {
		g, err1 := strconv.ParseInt(got, 10, 64)
		w, err2 := strconv.ParseInt(want, 10, 64)
		return err1 == nil && err2 == nil && time.Duration(g-w).Abs() <= time.Microsecond
	}
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	if err1 == nil && err2 == nil {
		return g == w || math.IsNaN(g) && math.IsNaN(w)
	}
	return strings.ContainsAny(want, "[{") && equalJSON(got, want)
}

func equalJSON(got, want string) bool {
	var g, w any
	return json.Unmarshal([]byte(got), &g) == nil && json.Unmarshal([]byte(want), &w) == nil && reflect.DeepEqual(g, w)
}
