package logsql_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
)

// clientRequest is a request as a client sends it. Its answer must have what that client's own code insists on.
type clientRequest struct {
	Sender, Source, Method, Path, Query, Body, As string
	Headers                                       map[string]string
}

// TestClientsReadTheAnswers replays requests of testdata/requests.json and decodes their answers into the types that
// the clients decode them into, with the checks that those make.
func TestClientsReadTheAnswers(t *testing.T) {
	text, err := os.ReadFile("testdata/requests.json")
	if err != nil {
		t.Fatal(err)
	}
	w := shop(t)
	server := httptest.NewServer(w.h)
	defer server.Close()
	filled := moments(w)
	var requests []clientRequest
	if err := json.Unmarshal([]byte(filled.Replace(string(text))), &requests); err != nil {
		t.Fatal(err)
	}
	checks := clientChecks()
	for _, q := range requests {
		t.Run(q.Sender+" "+q.Path+" "+q.As, func(t *testing.T) {
			check := checks[q.As]
			if check == nil {
				t.Fatalf("nobody reads %q", q.As)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, q.Method, server.URL+q.Path+"?"+q.Query, strings.NewReader(q.Body))
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range q.Headers {
				req.Header.Set(name, value)
			}
			res, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			check(t, res)
		})
	}
}

// shop is a world with events of each kind, two of them at one time.
func shop(t *testing.T) *world {
	t.Helper()
	var events []edge.Event
	for i := range 30 {
		at := now.Add(-time.Duration(i) * 7 * time.Second).UnixNano()
		e := span("GET /cart", time.Duration(i)*7*time.Second, edge.Attr{Key: "level", Value: "info"})
		e.SpanKind, e.TraceID = edge.SpanServer, edge.TraceID{1, 15: byte(i)}
		events = append(events, e, edge.Event{
			Kind: edge.KindLog, Time: at, Body: "took " + strconv.Itoa(i) + " ms <b>'q'</b>", TraceID: e.TraceID, SeverityText: "INFO",
			Facts: edge.Facts{Service: "shop"},
		}, edge.Event{
			Kind: edge.KindDataPoint, Time: at + 1, Dataset: "hits", Attrs: []edge.Attr{{Key: "blob1", Value: "eu"}},
		})
	}
	return newWorld(t, events...)
}

// moments fills the range of the shop and one of its streams into requests.
func moments(w *world) *strings.Replacer {
	w.t.Helper()
	start, end := now.Add(-time.Hour), now.Add(time.Minute)
	_, ids := w.get("stream_ids", "query", "kind:=server")
	var found struct{ Values []struct{ Value string } }
	if err := json.Unmarshal([]byte(ids), &found); err != nil || len(found.Values) != 1 {
		w.t.Fatalf("streams: %s, %v", ids, err)
	}
	return strings.NewReplacer(
		"@START@", strconv.FormatInt(start.Unix(), 10), "@END@", strconv.FormatInt(end.Unix(), 10),
		"@STARTms@", strconv.FormatInt(start.UnixMilli(), 10), "@ENDms@", strconv.FormatInt(end.UnixMilli(), 10),
		"@STARTiso@", start.Format("2006-01-02T15:04:05.000Z"), "@ENDiso@", end.Format("2006-01-02T15:04:05.000Z"),
		"@STREAM@", found.Values[0].Value)
}

type clientCheck func(t *testing.T, res *http.Response)

func clientChecks() map[string]clientCheck {
	return map[string]clientCheck{
		"lines": func(t *testing.T, res *http.Response) { t.Helper(); lines(t, res) },
		"lines of all kinds": func(t *testing.T, res *http.Response) {
			t.Helper()
			if kinds := lines(t, res); kinds["span"] != 30 || kinds["log"] != 30 || kinds["point"] != 30 {
				t.Errorf("rows are %v, want 30 of each kind", kinds)
			}
		},
		"lines of logs": func(t *testing.T, res *http.Response) {
			t.Helper()
			if kinds := lines(t, res); kinds["log"] != 30 || len(kinds) != 1 {
				t.Errorf("rows are %v, want 30 log records", kinds)
			}
		},
		"nothing": func(t *testing.T, res *http.Response) {
			t.Helper()
			if res.StatusCode != http.StatusOK || res.ContentLength != 0 {
				t.Errorf("status %d, length %d, want an answer that says that it is empty", res.StatusCode, res.ContentLength)
			}
		},
		"text of an error": func(t *testing.T, res *http.Response) {
			t.Helper()
			if body := whole(t, res); res.StatusCode != http.StatusBadRequest || !strings.Contains(body, "bad query") {
				t.Errorf("%d %s, want 400 with a text", res.StatusCode, body)
			}
		},
		"error of stats":  statsError,
		"tail":            tailed,
		"vector":          func(t *testing.T, res *http.Response) { t.Helper(); statsSeries(t, res, "vector") },
		"matrix":          func(t *testing.T, res *http.Response) { t.Helper(); statsSeries(t, res, "matrix") },
		"hits":            func(t *testing.T, res *http.Response) { t.Helper(); hits(t, res, 1) },
		"hits of nothing": func(t *testing.T, res *http.Response) { t.Helper(); hits(t, res, 0) },
		"values":          fieldHits,
		"facets":          facetFields,
		"objects":         objects,
		"tenants":         tenants,
		"build":           build,
		"range":           timeRange,
	}
}

func whole(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// decoded reads an answer in JSON, which must be whole.
func decoded(t *testing.T, res *http.Response, v any) {
	t.Helper()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s: %s", res.StatusCode, res.Header.Get("Content-Type"), whole(t, res))
	}
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}

// lines reads rows as the plugin does (response_logs.go), and returns how many of each kind. Each must have a message:
// the plugin shows an empty line for one without.
func lines(t *testing.T, res *http.Response) (kinds map[string]int) {
	t.Helper()
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/stream+json" {
		t.Fatalf("%d %s: %s", res.StatusCode, res.Header.Get("Content-Type"), whole(t, res))
	}
	kinds = map[string]int{}
	for scan := bufio.NewScanner(res.Body); scan.Scan(); {
		kinds[line(t, scan.Text())]++
	}
	if len(kinds) == 0 {
		t.Error("no rows")
	}
	return kinds
}

// line reads one row and returns its kind.
func line(t *testing.T, text string) string {
	t.Helper()
	var row map[string]string
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if _, err := time.Parse(time.RFC3339Nano, row["_time"]); err != nil {
		t.Errorf("%s: its time: %v", text, err)
	}
	if row["_msg"] == "" {
		t.Errorf("%s: it has no message", text)
	}
	streamLabels(t, row["_stream"])
	switch {
	case row["kind"] != "":
		return "span"
	case row["dataset"] != "":
		return "point"
	}
	return "log"
}

// streamLabels reads a stream as the plugin does (stream_fields_parser.go), which knows no quotes around names.
func streamLabels(t *testing.T, stream string) {
	t.Helper()
	inner, ok := strings.CutPrefix(stream, "{")
	inner, end := strings.CutSuffix(inner, "}")
	if !ok || !end {
		t.Fatalf("stream %s", stream)
	}
	if inner == "" {
		return
	}
	for pair := range strings.SplitSeq(inner, `",`) {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || name == "" || name[0] == '"' || strings.Trim(value, `"`) == "" {
			t.Errorf("stream %s: %q", stream, pair)
		}
	}
}

// tailed reads the first row that is followed.
func tailed(t *testing.T, res *http.Response) {
	t.Helper()
	scan := bufio.NewScanner(res.Body)
	if res.StatusCode != http.StatusOK || !scan.Scan() {
		t.Fatalf("status %d: %v", res.StatusCode, scan.Err())
	}
	line(t, scan.Text())
}

// objects reads rows that pipes have made.
func objects(t *testing.T, res *http.Response) {
	t.Helper()
	text := whole(t, res)
	var row map[string]string
	for line := range strings.Lines(text) {
		if err := json.Unmarshal([]byte(line), &row); err != nil || row["_time"] != "" {
			t.Errorf("%s: %v", line, err)
		}
	}
	if res.StatusCode != http.StatusOK || row == nil {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// statsSeries reads numbers as the plugin does (response_stats.go): a time is a number, a value a text that is one.
func statsSeries(t *testing.T, res *http.Response, kind string) {
	t.Helper()
	var answer struct {
		Status string
		Data   struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  [2]any
				Values [][2]any
			}
		}
	}
	decoded(t, res, &answer)
	if answer.Status != "success" || answer.Data.ResultType != kind || len(answer.Data.Result) == 0 {
		t.Fatalf("%+v", answer)
	}
	for _, series := range answer.Data.Result {
		values := series.Values
		if kind == "vector" {
			values = append(values, series.Value)
		}
		if len(values) == 0 || series.Metric["__name__"] == "" {
			t.Errorf("%+v: no values or no name", series)
		}
		for _, value := range values {
			_, isNumber := value[0].(float64)
			text, _ := value[1].(string)
			if _, err := strconv.ParseFloat(text, 64); err != nil || !isNumber {
				t.Errorf("%+v: %v", value, err)
			}
		}
	}
}

// statsError reads an error as the plugin does (response.go): it shows errorType and error of a 422.
func statsError(t *testing.T, res *http.Response) {
	t.Helper()
	var answer struct{ Status, ErrorType, Error string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusUnprocessableEntity ||
		answer.Status != "error" || answer.Error == "" {
		t.Errorf("%d %+v, %v", res.StatusCode, answer, err)
	}
}

// hits reads counts as the plugin does (response_hits.go): as many times as values.
func hits(t *testing.T, res *http.Response, least int) {
	t.Helper()
	var answer struct {
		Hits []struct {
			Fields     map[string]string
			Timestamps []string
			Values     []float64
			Total      int
		}
	}
	decoded(t, res, &answer)
	if answer.Hits == nil || len(answer.Hits) < least {
		t.Errorf("%+v: a list must be there", answer)
	}
	for _, line := range answer.Hits {
		sum := 0.0
		for i, text := range line.Timestamps {
			if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
				t.Error(err)
			}
			sum += line.Values[i]
		}
		if len(line.Timestamps) != len(line.Values) || line.Fields == nil || int(sum) != line.Total {
			t.Errorf("%+v", line)
		}
	}
}

// fieldHits reads values and how many rows have them (language_provider.ts).
func fieldHits(t *testing.T, res *http.Response) {
	t.Helper()
	var answer struct {
		Values []struct {
			Value *string
			Hits  *float64
		}
	}
	decoded(t, res, &answer)
	for _, v := range answer.Values {
		if v.Value == nil || v.Hits == nil || *v.Hits <= 0 {
			t.Errorf("%+v", v)
		}
	}
	if len(answer.Values) == 0 {
		t.Error("no values")
	}
}

// facetFields reads the most frequent values of fields (facets.ts).
func facetFields(t *testing.T, res *http.Response) {
	t.Helper()
	var answer struct {
		Facets []struct {
			FieldName string `json:"field_name"`
			Values    []struct {
				FieldValue string `json:"field_value"`
				Hits       float64
			}
		}
	}
	decoded(t, res, &answer)
	names := map[string]bool{}
	for _, f := range answer.Facets {
		names[f.FieldName] = len(f.Values) > 0 && f.Values[0].Hits > 0
	}
	if !names["kind"] || !names["dataset"] || !names["severity_text"] {
		t.Errorf("facets of %v, want those of each kind", names)
	}
}

// tenants reads what the settings of the plugin offer (datasource.ts, fetchTenantIds).
func tenants(t *testing.T, res *http.Response) {
	t.Helper()
	var answer []struct {
		AccountID *int `json:"account_id"`
		ProjectID *int `json:"project_id"`
	}
	decoded(t, res, &answer)
	for i, tenant := range answer {
		if tenant.AccountID == nil || tenant.ProjectID == nil || *tenant.ProjectID != i {
			t.Errorf("%d: %+v", i, tenant)
		}
	}
	if len(answer) != 3 {
		t.Errorf("%d tenants, want one for each kind", len(answer))
	}
}

func build(t *testing.T, res *http.Response) {
	t.Helper()
	var answer struct {
		Status string
		Data   struct{ Version string }
	}
	decoded(t, res, &answer)
	if answer.Status != "success" || !strings.HasPrefix(answer.Data.Version, "v") {
		t.Errorf("%+v", answer)
	}
}

func timeRange(t *testing.T, res *http.Response) {
	t.Helper()
	var answer struct {
		Start, End    string
		HasTimeFilter *bool
	}
	decoded(t, res, &answer)
	for _, text := range []string{answer.Start, answer.End} {
		if _, err := time.Parse(time.RFC3339Nano, text); err != nil {
			t.Error(err)
		}
	}
	if answer.HasTimeFilter == nil || !*answer.HasTimeFilter {
		t.Errorf("%+v: the text has a range of its own", answer)
	}
}
