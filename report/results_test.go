package report_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
)

// counters are those of a run of one request, made by change, without the ones that every run has.
func counters(t *testing.T, config string, change func(*load.Result)) map[string]int64 {
	t.Helper()
	s := reporttest.New(t, "config: {phases: [{duration: 5, arrivalCount: 9}]"+config+"}\nscenarios: [{flow: [{get: "+
		"{url: /cart}}]}]")
	r := s.Request(s.Start, "0/GET /cart", "", 200, 5)
	change(r)
	s.Summary.Add(r)
	s.Summary.Close()
	p := s.Summary.Aggregate()
	delete(p.Counters, "vusers.failed")
	delete(p.Counters, "http.downloaded_bytes")
	return p.Counters
}

func TestWhatAResultCounts(t *testing.T) {
	f := func(config string, change func(*load.Result), want map[string]int64) {
		t.Helper()
		if diff := cmp.Diff(want, counters(t, config, change)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", config, diff)
		}
	}
	answered := func(more map[string]int64) map[string]int64 {
		want := map[string]int64{"http.requests": 1, "http.responses": 1, "http.codes.200": 1}
		maps.Copy(want, more)
		return want
	}
	cold := true
	f("", func(*load.Result) {}, answered(nil))
	f("", func(r *load.Result) { r.Code, r.Failure = 0, "ECONNRESET" }, map[string]int64{"http.requests": 1})
	f("", func(r *load.Result) { r.Cut = true }, answered(map[string]int64{"edgescope.http.cut": 1}))
	f("", func(r *load.Result) { r.ColdStart, r.CacheStatus = &cold, "miss" },
		answered(map[string]int64{"edgescope.cold_starts": 1, "edgescope.cache.miss": 1}))
	f("", func(r *load.Result) { r.BadCookies = 2 },
		answered(map[string]int64{"errors.cookie_parse_error_invalid_cookie": 2}))
	f("", func(r *load.Result) {
		r.Outcomes = []plan.Outcome{{OK: true, Type: "statusCode"}, {Type: "statusCode"}}
	},
		answered(map[string]int64{
			"plugins.expect.ok": 1, "plugins.expect.ok.statusCode": 1, "plugins.expect.failed": 1,
			"plugins.expect.failed.statusCode": 1,
		}))
	// Apdex: what takes up to four times the threshold is tolerated.
	for took, want := range map[float64]string{5: "satisfied", 35: "tolerated", 500: "frustrated"} {
		all := map[string]int64{"apdex.satisfied": 0, "apdex.tolerated": 0, "apdex.frustrated": 0}
		all["apdex."+want] = 1
		f(", plugins: {apdex: {}}, apdex: {threshold: 10}", func(r *load.Result) {
			r.Latency,
				r.TTFB = reporttest.MS(took), reporttest.MS(took)
		}, answered(all))
	}
}

// New and reused connections have series of their own; what was spent on a connection is only in those of new ones.
func TestSeriesOfConnections(t *testing.T) {
	f := func(reused bool, want string, absent ...string) {
		t.Helper()
		s := reporttest.New(t, reporttest.Shop)
		r := s.Request(s.Start, "buy/GET /cart", "/cart", 200, 5)
		r.Reused, r.TCP, r.TLS = reused, reporttest.MS(1), reporttest.MS(2)
		s.Summary.Add(r)
		p := s.Summary.Aggregate()
		for _, name := range []string{"edgescope.response_time", "edgescope.service_time", "edgescope.ttfb"} {
			if p.Summaries[name].Count != 1 || p.Summaries[name+want].Count != 1 {
				t.Errorf("reused %v: %d in %s, %d in %s", reused, p.Summaries[name].Count, name,
					p.Summaries[name+want].Count, name+want)
			}
		}
		for _, name := range absent {
			if _, ok := p.Summaries[name]; ok {
				t.Errorf("reused %v: there is %s", reused, name)
			}
		}
	}
	f(false, ".cold", "edgescope.ttfb.warm")
	f(true, ".warm", "edgescope.ttfb.cold", "edgescope.phase.tcp", "edgescope.phase.tls")
}

// Names that a target or a script makes up do not fill the memory of a run: behind the first ones all are "other".
func TestNamesThatAreMadeUpAreBounded(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	for i := range 600 {
		r := s.Request(s.Start, "buy/GET /cart", "/cart", 200, 5)
		r.EdgeRegion = fmt.Sprintf("R%d", i)
		s.Summary.Add(r)
	}
	for i := range 1200 {
		s.Summary.Add(&load.Metric{At: s.Start, Metric: processor.Metric{
			Kind: processor.Counter,
			Name: fmt.Sprintf("mine.%d", i), Value: 1,
		}})
	}
	s.Summary.Add(&load.Metric{At: s.Start, Metric: processor.Metric{
		Kind: processor.Counter, Name: "mine.3",
		Value: 1,
	}})
	s.Summary.Close()
	run := s.Summary.Run(report.RunInfo{}, s.Ended(), nil)
	regions := map[string]int64{}
	for _, p := range run.Regions {
		regions[p.Name] = p.Requests
	}
	if len(regions) != 501 || regions["other"] != 100 || regions["R0"] != 1 {
		t.Errorf("%d regions, %d requests of others; want 500 and 100", len(regions), regions["other"])
	}
	p := s.Summary.Aggregate()
	mine := p.Family("mine.")
	if len(mine) != 1000 || p.Counters["other"] != 200 || mine["3"] != 2 {
		t.Errorf("%d metrics, %d others, %d of one that was seen", len(mine), p.Counters["other"], mine["3"])
	}
}

// While a run lasts its summary holds the open point; the status counts what is wrong since the start.
func TestARunThatLasts(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	s.Summary.Add(&load.PhaseStart{At: s.Start, Phase: s.Plan.Phases[0]})
	for i := range 4 {
		at := s.Start.Add(time.Duration(i) * time.Second)
		s.Summary.Advance(at)
		s.Summary.Add(&load.UserStart{At: at, Scenario: "buy"})
		s.Summary.Add(s.Request(at, "buy/GET /cart", "/cart", uint16(200+300*(i%2)), 5))
	}
	now := s.Start.Add(3500 * time.Millisecond)
	run := s.Summary.Run(report.RunInfo{}, now, nil)
	if n := len(run.Points); n != 4 || run.Points[3].Requests != 1 || run.Points[3].At != 3 ||
		run.Points[3].Active != 4 {
		t.Errorf("%d points, the last %+v; want 4 with the open one", n, run.Points[n-1])
	}
	st := s.Summary.Status(now)
	if st.Users != 4 || st.Errors != 2 || st.Response.Count() != 4 || st.Phase.Name != "steady" ||
		st.Left != 9*time.Second {
		t.Errorf("%d users, %d errors, %d answers, phase %s, %v left", st.Users, st.Errors, st.Response.Count(),
			st.Phase.Name, st.Left)
	}
}

func TestExitCodesOfAComparison(t *testing.T) {
	for verdict, want := range map[string]int{
		report.Better: 0, report.Same: 0, report.Worse: 1,
		report.NotComparable: 2,
	} {
		if got := (&report.Comparison{Verdict: verdict}).ExitCode(); got != want {
			t.Errorf("%s ends with %d, want %d", verdict, got, want)
		}
	}
}
