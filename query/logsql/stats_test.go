package logsql_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
)

func TestStatsQuery(t *testing.T) {
	w := newWorld(t, span("a", time.Second), span("a", time.Minute+time.Second), span("b", 2*time.Second))
	stats := func(path string, params ...string) (data struct {
		ResultType string
		Result     []struct {
			Metric map[string]string
			Value  []any
			Values [][]any
		}
	},
	) {
		t.Helper()
		status, body := w.get(path, params...)
		answer := struct {
			Status string
			Data   any
		}{Data: &data}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK ||
			answer.Status != "success" {
			t.Fatalf("%v: %d %s (%v)", params, status, body, err)
		}
		return data
	}
	unix := float64(now.Unix())
	data := stats("stats_query", "query", "* | stats by (name) count() n, max(duration) d | sort by (name)")
	got := map[string]any{}
	for _, r := range data.Result {
		got[r.Metric["__name__"]+" "+r.Metric["name"]] = r.Value
	}
	want := map[string]any{
		"n a": []any{unix, "2"}, "d a": []any{unix, "1000"}, "n b": []any{unix, "1"}, "d b": []any{unix, "1000"},
	}
	if diff := cmp.Diff(want, got); diff != "" || data.ResultType != "vector" {
		t.Errorf("stats_query, %s (-want +got):\n%s", data.ResultType, diff)
	}

	data = stats("stats_query", "query", "* | histogram(duration) h")
	if len(data.Result) != 1 || data.Result[0].Metric["__name__"] != "h_bucket" ||
		!strings.Contains(data.Result[0].Metric["vmrange"], "...") || data.Result[0].Value[1] != "3" {
		t.Errorf("a histogram is %+v, want one bucket with 3", data.Result)
	}

	data = stats("stats_query_range", "query", "* | stats by (name) count() n", "start", "5m", "end", "now", "step",
		"1m")
	got = map[string]any{}
	for _, r := range data.Result {
		got[r.Metric["name"]] = r.Values
	}
	want = map[string]any{"a": [][]any{{unix - 120, "1"}, {unix - 60, "1"}}, "b": [][]any{{unix - 60, "1"}}}
	if diff := cmp.Diff(want, got); diff != "" || data.ResultType != "matrix" {
		t.Errorf("stats_query_range, %s (-want +got):\n%s", data.ResultType, diff)
	}
	data = stats("stats_query_range", "query", "* | count() n", "start", "5m", "end", "now", "step", "1m", "offset",
		"30s")
	if got, want := fmt.Sprint(data.Result[0].Values),
		fmt.Sprint([][]any{{unix - 90, "1"}, {unix - 30, "2"}}); got != want {
		t.Errorf("with an offset: %s, want %s", got, want)
	}

	f := func(path string, says string, params ...string) {
		t.Helper()
		status, body := w.get(path, params...)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `"status":"error","errorType":"422"`) ||
			!strings.Contains(body, says) {
			t.Errorf("%s %v: %d %s, want 422 with %q", path, params, status, body, says)
		}
	}
	f("stats_query", "stats", "query", "*")
	f("stats_query", "query is missing")
	f("stats_query", "nonsense", "query", "* | nonsense")
	f("stats_query_range", "step", "query", "* | count() n")
	f("stats_query_range", "step", "query", "* | count() n", "step", "0s")
}

func TestHits(t *testing.T) {
	w := newWorld(t, span("a", time.Second), span("a", 2*time.Minute), span("a", 2*time.Minute), span("b", time.Second),
		span("c", time.Second))
	at := func(age time.Duration) string { return now.Add(-age).Format(time.RFC3339Nano) }
	type line struct {
		Fields     map[string]string
		Timestamps []string
		Values     []int
		Total      int
	}
	times := []string{at(3 * time.Minute), at(2 * time.Minute), at(time.Minute)}
	f := func(want []line, params ...string) {
		t.Helper()
		status, body := w.get("hits", append(params, "query", "*")...)
		var got struct{ Hits []line }
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
			t.Fatalf("%v: %d %s", params, status, body)
		}
		if diff := cmp.Diff(want, got.Hits); diff != "" {
			t.Errorf("%v (-want +got):\n%s", params, diff)
		}
	}
	none := map[string]string{}
	f([]line{{none, times, []int{0, 2, 3}, 5}}, "step", "1m", "start", "3m", "end", "now")
	f([]line{{none, times, []int{0, 2, 3}, 5}}, "step", "1m", "start", "2m30s", "end", "now-1s")
	f([]line{{none, times[1:], []int{2, 3}, 5}}, "step", "1m")
	f([]line{
		{map[string]string{"name": "a"}, times, []int{0, 2, 1}, 3},
		{map[string]string{"name": "b"}, times, []int{0, 0, 1}, 1},
		{map[string]string{"name": "c"}, times, []int{0, 0, 1}, 1},
	}, "step", "1m", "start", "3m", "end", "now", "field", "name")
	f([]line{{map[string]string{"name": "a"}, times, []int{0, 2, 1}, 3}, {none, times, []int{0, 0, 2}, 2}},
		"step", "1m", "start", "3m", "end", "now", "field", "name", "fields_limit", "1")
	f([]line{}, "step", "1m", "start", "3m", "end", "now", "extra_filters", "name:=nobody")

	for _, params := range [][]string{
		{"query", "*"}, {"query", "*", "step", "-1m"}, {"query", "*", "step", "1ms", "start", "2001", "end", "now"},
	} {
		if status, body := w.get("hits", params...); status != http.StatusBadRequest ||
			!strings.Contains(body, "step") {
			t.Errorf("%v: %d %s, want 400 about the step", params, status, body)
		}
	}
}

func TestFieldNamesAndValues(t *testing.T) {
	w := newWorld(t, span("a", time.Second, edge.Attr{Key: "odd name", Value: "x"}), span("a", time.Second),
		span("b", time.Second))
	f := func(path string, want string, params ...string) {
		t.Helper()
		status, body := w.get(path, append(params, "query", "*")...)
		if status != http.StatusOK || strings.TrimSpace(body) != want {
			t.Errorf("%s %v: %d %s, want %s", path, params, status, body, want)
		}
	}
	// The hits of a name are the rows of the blocks that have it.
	f("field_names",
		`{"values":[{"value":"name","hits":3},{"value":"odd name","hits":3},{"value":"service.name","hits":3}]}`,
		"filter", "name")
	f("field_values", `{"values":[{"value":"a","hits":2},{"value":"b","hits":1}]}`, "field", "name")
	f("field_values", `{"values":[{"value":"b","hits":1}]}`, "field", "name", "filter", "b")
	f("field_values", `{"values":[{"value":"x","hits":1}]}`, "field", "odd name", "extra_filters", `"odd name":*`)
	if _, body := w.get("field_values", "query", "*", "field", "name", "limit", "1"); !strings.Contains(body,
		`"hits":0`) || strings.Count(body, "value\"") != 1 {
		t.Errorf("a limit that is reached: %s, want one value with hits 0", body)
	}
	if status, _ := w.get("field_values", "query", "*"); status != http.StatusBadRequest {
		t.Errorf("no field: status is %d, want 400", status)
	}
}
