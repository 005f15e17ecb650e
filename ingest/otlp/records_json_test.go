package otlp_test

import (
	"encoding/json"
	"math"
	"testing"

	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// FuzzLogsJSON feeds any JSON as every part of a log record between two good ones: all three must come through.
func FuzzLogsJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"b"}}]}}`))
	f.Add([]byte(`"SEVERITY_NUMBER_WARN4"`))
	f.Fuzz(func(t *testing.T, part []byte) {
		if !json.Valid(part) {
			return
		}
		const good = `{"body":{"stringValue":"good"}}`
		for _, name := range []string{
			"body", "attributes", "severityNumber", "severityText", "timeUnixNano", "traceId",
			"spanId", "eventName", "flags", "x",
		} {
			sink := &otlptest.Recorder{}
			doc := otlptest.LogDocument(good, `{"`+name+`":`+string(part)+`}`, good)
			if _, err := otlptest.New(t, sink).Logs(t.Context(), 0, []byte(doc), otlp.JSON); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if len(sink.Got) != 3 || sink.Got[0].Body != "good" || sink.Got[2].Body != "good" {
				t.Fatalf("%s: %d records came through, want 3", name, len(sink.Got))
			}
			for i := range sink.Got {
				checkText(t, &sink.Got[i])
			}
		}
	})
}

// FuzzMetricsJSON feeds any JSON as every part of a metric and its points between two good ones: the good ones must
// come through, and no sample is without a name or a number.
func FuzzMetricsJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	for _, s := range []string{
		`[1,"2",null,"NaN"]`, `{"offset":-3,"bucketCounts":["1",2]}`, `{"dataPoints":[{"asInt":"5"},null,7]}`, `1e300`,
		`"-Infinity"`,
		`[{"quantile":0.5,"value":1},null]`, `{"aggregationTemporality":1,"isMonotonic":true,` +
			`"dataPoints":[{"timeUnixNano":"1","asDouble":2}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, part []byte) {
		if !json.Valid(part) {
			return
		}
		good := otlptest.Gauge("good", otlptest.Number(1, "1"))
		for _, name := range []string{"name", "unit", "gauge", "sum", "histogram", "exponentialHistogram", "summary"} {
			checkMetrics(t, otlptest.MetricDocument(good, `{"name":"m","`+name+`":`+string(part)+`}`, good))
		}
		for _, name := range []string{
			"attributes", "startTimeUnixNano", "timeUnixNano", "asDouble", "asInt", "count", "sum", "flags",
			"bucketCounts",
			"explicitBounds", "quantileValues", "scale", "zeroCount", "zeroThreshold", "positive", "negative", "x",
		} {
			p := otlptest.Point(1, `"count":3,"bucketCounts":[1,2],"explicitBounds":[1],"`+name+`":`+string(part))
			checkMetrics(t, otlptest.MetricDocument(good, otlptest.Gauge("g", p), otlptest.Histogram(1, p),
				otlptest.Exponential(2, p), good))
		}
	})
}

func checkMetrics(t *testing.T, doc string) {
	t.Helper()
	sink := &otlptest.Recorder{}
	if _, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(doc), otlp.JSON); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	n := 0
	for _, s := range sink.GotSamples {
		if s.Series == "good{}" {
			n++
		}
		if math.IsNaN(s.Value) || s.Series == "" || s.Series[0] == '{' {
			t.Fatalf("sample %+v\n%s", s, doc)
		}
	}
	if n != 2 {
		t.Fatalf("%d good points came through, want 2\n%s", n, doc)
	}
}
