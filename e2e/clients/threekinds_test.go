package clients_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"
)

type otlpAttr struct {
	Key   string            `json:"key"`
	Value map[string]string `json:"value"`
}

func otlpAttrs(pairs ...string) (attrs []otlpAttr) {
	for i := 0; i+1 < len(pairs); i += 2 {
		attrs = append(attrs, otlpAttr{pairs[i], map[string]string{"stringValue": pairs[i+1]}})
	}
	return attrs
}

func unixNano(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }

// sendThreeKinds sends spans, log records and data points of two services and two data sets, no two at one time, and
// returns how many of each kind.
func (c collector) sendThreeKinds(t *testing.T, at time.Time) map[string]int {
	t.Helper()
	const n = 24
	for i := range n {
		service, region := []string{"shop", `pay "ü"`, "shop"}[i%3], []string{"fra1", "iad1"}[i%2]
		when := at.Add(time.Duration(i) * 7 * time.Second)
		trace := fmt.Sprintf("%032x", i/3+1)
		resource := map[string]any{"attributes": otlpAttrs("service.name", service, "cloud.region", region)}
		span := map[string]any{
			"traceId": trace, "spanId": fmt.Sprintf("%016x", i+1), "name": fmt.Sprint("GET /", i%5), "kind": i%5 + 1,
			"startTimeUnixNano": unixNano(when.Add(-time.Duration(i) * time.Millisecond)), "endTimeUnixNano": unixNano(when),
			"attributes": otlpAttrs("a", strconv.Itoa(i%4), "url.path", fmt.Sprint("/p/", i), "js", `{"x":1,"y":["z"]}`,
				"quoted", "a\"b\\c\n\td", "only.spans", "yes"),
		}
		if i%6 == 0 {
			span["status"] = map[string]any{"code": 2, "message": "boom"}
		}
		c.sendJSON(t, "/v1/traces", map[string]any{"resourceSpans": []any{map[string]any{
			"resource": resource, "scopeSpans": []any{map[string]any{"spans": []any{span}}},
		}}})
		c.sendJSON(t, "/v1/logs", map[string]any{"resourceLogs": []any{map[string]any{
			"resource": resource, "scopeLogs": []any{map[string]any{"logRecords": []any{map[string]any{
				"timeUnixNano": unixNano(when.Add(time.Millisecond)), "traceId": trace, "severityNumber": i%24 + 1,
				"severityText": []string{"INFO", "ERROR", "warn"}[i%3],
				"body":         map[string]string{"stringValue": fmt.Sprintf("request %d took %dms from 10.0.0.%d ключ", i, i*3, i)},
				"attributes":   otlpAttrs("a", strconv.Itoa(i%4), "only.logs", strconv.Itoa(i)),
			}}}},
		}}})
		c.sendJSON(t, "/v1/datapoints/"+[]string{"hits", "jobs"}[i%2], map[string]any{
			"timestamp": when.Add(2 * time.Millisecond).Format(time.RFC3339Nano), "indexes": []string{"k" + strconv.Itoa(i%3)},
			"blobs": []string{"b" + strconv.Itoa(i%4), "x\ty"}, "doubles": []float64{float64(i), 0.5},
		})
	}
	return map[string]int{spans: n, logs: n, dataPoints: n}
}

// sendJSON posts to the ingest port.
func (c collector) sendJSON(t *testing.T, path string, body any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("ingest")+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if status, answer := answerTo(t, req); status/100 != 2 {
		t.Fatalf("%s: %d %s", path, status, answer)
	}
}
