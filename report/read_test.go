package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/reporttest"
)

func TestBucketsSurviveAFile(t *testing.T) {
	r := reporttest.ShopReport(t)
	got := reporttest.ThroughFile(t, r)
	if fmt.Sprint(got.Edgescope.Blocks) != fmt.Sprint(r.Edgescope.Blocks) || len(r.Edgescope.Blocks) == 0 {
		t.Error("the blocks changed on their way through a file")
	}
}

func TestReadRefusesWhatIsNoReport(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := report.Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	object := func(rest string) string {
		return `{"edgescope": {"version": 2, "layout": "` + distribution.Layout + `"` + rest + `}}`
	}
	f("", "no JSON report: no valid JSON at byte 0, or not all of it is there")
	f("config: {}", "no JSON report: no valid JSON at byte 1,")
	f("[]", "no JSON report: want an object, not array")
	f(`{"aggregate": {"counters": {"a": "x"}}}`, "no JSON report: aggregate.counters cannot be string")
	f(`{"aggregate": {}}`, "the object edgescope is missing")
	f(`{"edgescope": {"version": 9}}`, "the report has version 9, this loadgen reads version 2")
	f(`{"edgescope": {"version": 2, "layout": "x"}}`, `layout "x"`)
	f(object(`, "segment": {"index": 3, "count": 2}`), "segment 3/2 is none")
	f(object(`, "series": {"a": {"counts": "3:1 2:1"}}`), `bucket "2:1"`)
	f(object(`, "series": {"a": {"counts": "5000:1"}}`), `bucket "5000:1"`)
	f(object(`, "series": {"a": {"counts": "5:0"}}`), `bucket "5:0"`)
	f(object(`, "series": {"a": {"min_ns": 9, "max_ns": 3}}`), "distribution a: sum 0 ns, min 9ns, max 3ns")
	f(object(`, "blocks": [{"errors": 3, "requests": 2}]`), "block 0 has 3 errors of 2 requests")
	f(`{"intermediate": [{"period": 3}], "edgescope": {"version": 2, "layout": "`+distribution.Layout+`"}}`,
		"want a text")
}

func FuzzRead(f *testing.F) {
	f.Add(`{"aggregate": {"period": 0, "counters": {"http.requests": 3}}, "edgescope": {"version": 2, "layout": "` +
		distribution.Layout +
		`", "series": {"edgescope.response_time": {"sum_ns": 9, "min_ns": 1, "max_ns": 4, "counts": "3:1 9:2"}}}}`)
	f.Add(`{"edgescope": {"version": 2, "layout": "` + distribution.Layout +
		`", "blocks": [{"steps": {"a": {"counts": "1:1"}}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := report.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		var h distribution.Histogram
		for _, b := range r.Edgescope.Series {
			h.Add(b)
		}
		if q := h.Quantile(0.95); q < 0 {
			t.Errorf("p95 %v", q)
		}
		var buf bytes.Buffer
		if err := r.WriteJSON(&buf); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}
