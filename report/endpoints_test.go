package report_test

import (
	"fmt"
	"testing"

	"edgescope/report/reporttest"
)

func TestEndpointsOfDynamicURLs(t *testing.T) {
	count := func(settings string, urls int) map[string]int64 {
		s := reporttest.New(t, "config: {phases: [{duration: 5, arrivalCount: 9}], plugins: {metrics-by-endpoint: {"+settings+
			"}}}\nscenarios: [{flow: [{get: {url: '/a/{{ id }}', name: poll}}]}]")
		for i := range urls {
			r := s.Request(s.Start, "0/poll", "/a/{{ id }} (poll)", 200, 5)
			r.Name, r.URL = "poll", fmt.Sprintf("https://shop.test/a/%d?x=y", i)
			s.Summary.Add(r)
		}
		again := s.Request(s.Start, "0/poll", "/a/{{ id }} (poll)", 200, 5)
		again.Name, again.URL = "poll", "https://shop.test/a/7?x=z"
		s.Summary.Add(again)
		without := s.Request(s.Start, "0/poll", "", 200, 5)
		s.Summary.Add(without)
		s.Summary.Close()
		p := s.Summary.Aggregate()
		return p.Family("plugins.metrics-by-endpoint.")
	}
	f := func(counters map[string]int64, endpoint string, want int64) {
		t.Helper()
		if got := counters[endpoint+".codes.200"]; got != want {
			t.Errorf("%s was answered %d times, want %d of %v", endpoint, got, want, counters)
		}
	}
	grouped := count("", 20)
	f(grouped, "/a/{{ id }} (poll)", 21)
	apart := count("groupDynamicURLs: false, stripQueryString: true", 1002)
	f(apart, "/a/0 (poll)", 1)
	f(apart, "/a/7 (poll)", 2) // one that was seen is itself, however many there are
	f(apart, "/a/999 (poll)", 1)
	f(apart, "/a/1000 (poll)", 0)
	f(apart, "other", 2)
	f(apart, "", 0) // a request without an endpoint
}
