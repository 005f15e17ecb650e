package merge_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report"
	"edgescope/report/merge"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
)

const dividedScript = `
config:
  phases: [{duration: 25, arrivalRate: 20}]
  ensure:
    thresholds: [{edgescope.response_time.p95: 60}, {http.codes.500: 1}, {edgescope.response_time.p50: 10}]
    maxErrorRate: 3
    conditions: [{expression: "vusers.created_by_name.buy == 500 and http.codes.200 > 400"}]
scenarios: [{name: buy, flow: [{get: {url: /cart}}]}]
`

// segmentsOf adds a run of 500 users up as a whole and as n segments, and returns the reports of both after a file.
func segmentsOf(t *testing.T, n int, change func(i int, o *report.Outcome)) (whole *report.Report,
	parts []*report.Report,
) {
	t.Helper()
	s := reporttest.New(t, dividedScript)
	schedule := load.NewSchedule(s.Plan.Phases, 1)
	summaries := make([]*report.Summary, n)
	for i := range summaries {
		summaries[i] = report.NewSummary(report.Options{
			Plan: s.Plan, Schedule: schedule, Started: s.Start, Segment: &load.Segment{Index: i, Count: n},
		})
	}
	for k := range schedule.Total() {
		offset, _ := schedule.At(k)
		at := s.Start.Add(offset)
		for _, sum := range append(slices.Clone(summaries), s.Summary) {
			sum.Advance(at)
		}
		for _, sum := range []*report.Summary{s.Summary, summaries[k%uint64(n)]} {
			addUser(s, sum, k, at)
		}
	}
	s.Summary.Close()
	v := s.Summary.Judge(report.Outcome{})
	end := s.Start.Add(26 * time.Second)
	whole = reporttest.ThroughFile(t, s.Summary.Report(report.RunInfo{ID: "a", Name: "divided", Seed: 3}, end, &v))
	for i, sum := range summaries {
		sum.Close()
		var o report.Outcome
		if change != nil {
			change(i, &o)
		}
		v := sum.Judge(o)
		parts = append(parts, reporttest.ThroughFile(t, sum.Report(report.RunInfo{ID: "b", Name: "divided", Seed: 3},
			end, &v)))
	}
	return whole, parts
}

func addUser(s *reporttest.Script, sum *report.Summary, k uint64, at time.Time) {
	sum.Add(&load.UserStart{At: at, Scenario: "buy", Lag: reporttest.MS(0.1)})
	r := s.Request(at, "buy/GET /cart", "/cart", 200, float64(5+k*k%70))
	r.EdgeRegion, r.CacheStatus, r.Reused = []string{"FRA", "IAD", "SIN"}[k%3], []string{"hit", "miss"}[k%2], k%4 == 0
	r.Outcomes = []plan.Outcome{{OK: k%10 != 7, Type: "statusCode", Want: "200", Got: "500"}}
	if k%50 == 9 {
		r.Code = 500
	}
	sum.Add(r)
	sum.Add(&load.UserEnd{At: at.Add(reporttest.MS(80)), Scenario: "buy", Length: reporttest.MS(80)})
}

func TestMergedRunIsTheWholeRun(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8} {
		whole, parts := segmentsOf(t, n, nil)
		slices.Reverse(parts) // the order of the files does not matter
		merged, err := merge.Reports(parts)
		if err != nil {
			t.Fatal(err)
		}
		options := cmp.Options{
			cmpopts.IgnoreFields(report.Edgescope{}, "Segments"),
			// Points of a merged run are as long as its blocks, and a merged run has an id of its own.
			cmpopts.IgnoreFields(edge.Run{}, "ID", "Points"),
		}
		if diff := cmp.Diff(whole, reporttest.ThroughFile(t, merged), options); diff != "" {
			t.Fatalf("%d segments (-whole +merged):\n%s", n, diff)
		}
		if got := len(merged.Edgescope.Run.Points); got != len(whole.Edgescope.Blocks) ||
			merged.Edgescope.Segments != n {
			t.Errorf("%d points of %d segments, want %d of %d", got, merged.Edgescope.Segments,
				len(whole.Edgescope.Blocks), n)
		}
		if merged.Edgescope.Run.ExitCode != 1 || len(merged.Edgescope.Checks) != 5 {
			t.Errorf("exit %d with %d checks, want 1 with 5", merged.Edgescope.Run.ExitCode,
				len(merged.Edgescope.Checks))
		}
	}
}

func TestMergeRefusesWhatIsNoRun(t *testing.T) {
	f := func(change func([]*report.Report) []*report.Report, want string) {
		t.Helper()
		_, parts := segmentsOf(t, 3, nil)
		if _, err := merge.Reports(change(parts)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f(func(p []*report.Report) []*report.Report { return nil }, "no segment is given")
	f(func(p []*report.Report) []*report.Report { return p[:2] }, "segment 2/3 is there 0 times")
	f(func(p []*report.Report) []*report.Report { return append(p, p[1]) }, "segment 1/3 is there 2 times")
	f(func(p []*report.Report) []*report.Report { p[1].Edgescope.Seed++; return p }, "segment 1/3 has seed 4, not 3")
	f(func(p []*report.Report) []*report.Report { p[1].Edgescope.ScriptHash = "x"; return p },
		"segment 1/3 ran another script")
	f(func(p []*report.Report) []*report.Report { p[1].Edgescope.Segment.Count = 4; return p },
		"segment 1/4 is of another division than 0/3")
	f(func(p []*report.Report) []*report.Report { p[1].Edgescope.Segment = nil; return p },
		"report 2 is of a whole run")
	f(func(p []*report.Report) []*report.Report { p[0].Edgescope.Segment = nil; return p },
		"report 1 is of a whole run")
	f(func(p []*report.Report) []*report.Report { p[2].Edgescope.Windows = nil; return p },
		"segment 2/3 has 0 windows for 3 periods")
	f(func(p []*report.Report) []*report.Report {
		p[0].Edgescope.Ensure[0].Metric, p[0].Edgescope.Ensure[0].Text = "", "1 <"
		return p
	}, `condition "1 <"`)
}

func TestOneSegmentDecidesForTheWhole(t *testing.T) {
	f := func(change func(i int, o *report.Outcome), after func([]*report.Report), wantCode int, want string) {
		t.Helper()
		_, parts := segmentsOf(t, 3, change)
		if after != nil {
			after(parts)
		}
		merged, err := merge.Reports(parts)
		if err != nil {
			t.Fatal(err)
		}
		if r := merged.Edgescope.Run; r.ExitCode != wantCode || !strings.Contains(r.Reason, want) {
			t.Errorf("exit %d: %s; want %d: %s", r.ExitCode, r.Reason, wantCode, want)
		}
	}
	f(nil, nil, 1, "thresholds failed: edgescope.response_time.p95 < 60, http.codes.500 < 1")
	f(func(i int, o *report.Outcome) {
		if i == 1 {
			o.Err, o.Interrupted = errors.New("terminated signal received"), true
		}
	}, nil, 130, "segment 1/3: terminated signal received")
	f(func(i int, o *report.Outcome) {
		if i == 2 {
			o.Err = &load.StartError{Late: 5 * time.Second}
		}
	}, nil, 4, "segment 2/3: the start at")
	f(func(i int, o *report.Outcome) {
		if i == 2 {
			o.Aborted = "http.codes.500 < 1 cannot hold any more"
		}
	}, nil, 1, "aborted: segment 2/3: http.codes.500 < 1")
	f(nil, func(p []*report.Report) {
		p[1].Edgescope.Run.Started = p[1].Edgescope.Run.Started.Add(4 * time.Second)
	}, 4, "the segments started 4s apart")
}

func TestComparisonConcludesAReport(t *testing.T) {
	whole, _ := segmentsOf(t, 1, nil)
	whole.Conclude(&report.Comparison{Verdict: report.Worse})
	if r := whole.Edgescope.Run; r.ExitCode != 1 || !strings.Contains(r.Reason, "thresholds failed") ||
		!strings.Contains(r.Reason, "; worse than the baseline") {
		t.Errorf("exit %d: %s", r.ExitCode, r.Reason)
	}
}

// A segment may hold users that all fail, or none: only the whole run is judged by what it shows.
func TestTheWholeRunIsJudgedByWhatItShows(t *testing.T) {
	f := func(ensure string, failing func(k int) bool, wantCode int, wantReason string) {
		t.Helper()
		s := reporttest.New(t, "config: {phases: [{duration: 1, arrivalCount: 4}]"+ensure+"}\nscenarios: [{name: buy, flow: "+
			"[{get: {url: /cart}}]}]")
		var parts []*report.Report
		for i := range 3 { // the third has one user, as the first two have of another kind
			segment := &load.Segment{Index: i, Count: 3}
			schedule := load.NewSchedule(s.Plan.Phases, 1)
			sum := report.NewSummary(report.Options{Plan: s.Plan, Schedule: schedule, Started: s.Start, Segment: segment})
			for k := i; k < 4; k += 3 {
				sum.Add(&load.UserStart{At: s.Start, Scenario: "buy"})
				end := &load.UserEnd{At: s.Start, Scenario: "buy"}
				r := s.Request(s.Start, "buy/GET /cart", "/cart", 404, 5)
				if failing(k) {
					end.Err = "ETIMEDOUT"
				}
				sum.Add(r)
				sum.Add(end)
			}
			sum.Close()
			v := sum.Judge(report.Outcome{})
			if v.ExitCode != 0 {
				t.Errorf("segment %d: exit %d: %s", i, v.ExitCode, v.Reason)
			}
			parts = append(parts, reporttest.ThroughFile(t, sum.Report(report.RunInfo{ID: "b"}, s.Start, &v)))
		}
		merged, err := merge.Reports(parts)
		if err != nil {
			t.Fatal(err)
		}
		if r := merged.Edgescope.Run; r.ExitCode != wantCode || r.Reason != wantReason {
			t.Errorf("exit %d: %q, want %d: %q", r.ExitCode, r.Reason, wantCode, wantReason)
		}
	}
	all, most := func(int) bool { return true }, func(k int) bool { return k != 2 }
	f("", all, 1, "no user completed: 4 of 4 failed, ETIMEDOUT (4)")
	f("", most, 1, "every answer was an error: 404 (4)")
	f(", ensure: {allow: onlyErrors}", most, 0, "")
	f(", ensure: {allow: [onlyErrors, noUserCompleted]}", all, 0, "")
}
