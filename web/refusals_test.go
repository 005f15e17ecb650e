package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"edgescope/query"
	"edgescope/web/webtest"
)

// refusedThings are a collector's answer: two requests, a record and a changed value.
func refusedThings() *query.Refusals {
	return &query.Refusals{
		Requests: 1234, Records: 1, Values: 9, More: 3,
		Refusals: []query.Refusal{
			{
				What: "request", Reason: "too_large", Sender: "curl at 10.0.0.1", Count: 1200, Last: now,
				Example: "the body has more than 67108864 bytes: send less at a time",
			},
			{
				What: "request", Reason: "of tomorrow", Sender: "<b>agent</b> at 10.0.0.2, not signed in", Count: 34,
				Last: now, Example: "<script>alert(1)</script>",
			},
			{What: "record", Reason: "not an object", Sender: "shop", Count: 1, Last: now, Example: "not an object"},
			{What: "value", Reason: "time ahead", Sender: "shop", Count: 9, Last: now},
		},
	}
}

// TestPagesTellWhatWasRefused in their range: one trace or load test has none.
func TestPagesTellWhatWasRefused(t *testing.T) {
	f := webtest.New(3)
	f.Refusals = refusedThings()
	site := over(t, f)
	for _, path := range []string{
		"/", "/regions", "/regions/GRU", "/cold-starts", "/cache", "/wasm", "/cost", "/limits", "/alerts", "/versions", "/traces", "/runs",
	} {
		notice := testid(document(t, site, path, http.StatusOK), "refused")
		if text := notice.Find("summary").Text(); !strings.Contains(text,
			"1\u202f234 requests and 1 record in the last 1h, most often: larger than the limit, from curl at 10.0.0.1.") {
			t.Errorf("%s: the notice says %q", path, text)
		}
	}
	for _, path := range []string{"/traces/" + webtest.TraceID, "/runs/" + webtest.RunID} {
		if n := testid(document(t, site, path, http.StatusOK), "refused").Length(); n != 0 {
			t.Errorf("%s has a notice", path)
		}
	}
	notice := testid(document(t, site, "/", http.StatusOK), "refused")
	var lines []string
	notice.Find("li").Each(func(i int, _ *goquery.Selection) {
		lines = append(lines, strings.Join(strings.Fields(notice.Find("li").Eq(i).Text()), " "))
	})
	want := []string{
		"1 200 requests: larger than the limit from curl at 10.0.0.1, last at 16:00:04 UTC the body has more than " +
			"67108864 bytes: send less at a time",
		"34 requests: of tomorrow from <b>agent</b> at 10.0.0.2, not signed in, last at 16:00:04 UTC " +
			"<script>alert(1)</script>",
		"1 record: not an object from shop, last at 16:00:04 UTC",
		"9 values: time ahead from shop, last at 16:00:04 UTC",
		"and 3 more reasons and senders",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("the notice lists\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestWithoutRefusalsThereIsNoNotice(t *testing.T) {
	f := func(refusals *query.Refusals) {
		t.Helper()
		from := webtest.New(3)
		from.Refusals = refusals
		if n := testid(document(t, over(t, from), "/", http.StatusOK), "refused").Length(); n != 0 {
			t.Errorf("a notice of %+v", refusals)
		}
	}
	f(nil) // an older collector
	f(&query.Refusals{})
	f(&query.Refusals{
		Values:   9,
		Refusals: []query.Refusal{{What: "value", Reason: "time ahead", Sender: "shop", Count: 9, Last: now}},
	})
}

// TestANoticeStaysShort, however many senders there are.
func TestANoticeStaysShort(t *testing.T) {
	f := webtest.New(3)
	f.Refusals = refusedThings()
	for i := range 90 {
		f.Refusals.Refusals = append(f.Refusals.Refusals,
			query.Refusal{What: "record", Reason: "r" + strconv.Itoa(i), Sender: "s", Count: 1, Last: now})
	}
	notice := testid(document(t, over(t, f), "/", http.StatusOK), "refused")
	if n := notice.Find("li").Length(); n != 21 || !strings.Contains(notice.Text(), "and 77 more reasons and senders") {
		t.Errorf("%d lines: %s", n, notice.Text())
	}
}
