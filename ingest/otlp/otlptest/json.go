package otlptest

import (
	"fmt"
	"strconv"
	"strings"
)

// The ids and times of a good span.
const (
	IDsJSON   = `"traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef"`
	TimesJSON = `"startTimeUnixNano":"1795215078300000000","endTimeUnixNano":"1795215078341000000"`
)

// SpanJSON is a good span with these members beside.
func SpanJSON(members string) string { return `{` + IDsJSON + `,` + TimesJSON + `,` + members + `}` }

// DocumentJSON is a request of spans.
func DocumentJSON(spans ...string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`
}

// A request of one good span, in both encodings.
var (
	GoodJSON  = []byte(DocumentJSON(SpanJSON(`"name":"x"`)))
	GoodProto = Request(GoodSpan())
)

// LogDocument is a request of log records.
func LogDocument(records ...string) string {
	return `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},` +
		`"scopeLogs":[{"scope":{"name":"app","version":"2"},"logRecords":[` + strings.Join(records, ",") + `]}]}]}`
}

// MetricDocument wraps metrics into a request of one resource and scope.
func MetricDocument(metrics ...string) string {
	return `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[` + strings.Join(metrics, ",") + `]}]}]}`
}

// T0 is the moment from which times of data points count, in Unix milliseconds; Nano makes nanoseconds of them in JSON.
const (
	T0   = 1795215000000
	Nano = "000000"
)

// Number is a data point of a gauge or sum, after seconds from t0 and begun at t0.
func Number(seconds int, value string, more ...string) string {
	return fmt.Sprintf(`{"startTimeUnixNano":"%d%s","timeUnixNano":"%d%s","asDouble":%s%s}`, T0, Nano, T0+1000*seconds,
		Nano, value, strings.Join(append([]string{""}, more...), ","))
}

// Gauge is a metric of these points.
func Gauge(name string, points ...string) string {
	return `{"name":"` + name + `","gauge":{"dataPoints":[` + strings.Join(points, ",") + `]}}`
}

// Decimal is a number as text.
func Decimal(n int64) string { return strconv.FormatInt(n, 10) }

// Histogram is an explicit histogram named h.
func Histogram(temporality int, points ...string) string {
	return fmt.Sprintf(`{"name":"h","histogram":{"aggregationTemporality":%d,"dataPoints":[%s]}}`, temporality,
		strings.Join(points, ","))
}

// Point is a data point begun at t0 with those members.
func Point(seconds int, members string) string {
	return fmt.Sprintf(`{"startTimeUnixNano":"%d%s","timeUnixNano":"%d%s",%s}`, T0, Nano, T0+1000*seconds, Nano,
		members)
}

// Exponential is an exponential histogram named e.
func Exponential(temporality int, points ...string) string {
	return fmt.Sprintf(`{"name":"e","exponentialHistogram":{"aggregationTemporality":%d,"dataPoints":[%s]}}`,
		temporality, strings.Join(points, ","))
}
