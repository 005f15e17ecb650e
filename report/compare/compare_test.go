package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/formats"
	"edgescope/report/sums"
	"edgescope/report/text"
)

// simulation makes runs of 60 s whose level wanders from second to second as that of real ones does: an AR(1) process
// of rho 0.5 with 8 % standard deviation around a lognormal of about 20 ms.
type simulation struct {
	rate   int     // requests per second
	spread float64 // between runs, relative
	slower float64 // factor
	errors float64 // share
}

func (s simulation) run(seed uint64) *report.Report {
	random := rand.New(rand.NewPCG(seed, 99))
	r := &report.Report{Edgescope: report.Edgescope{
		Version: report.Version, ScriptHash: "h",
		Layout: distribution.Layout, Series: map[string]distribution.Buckets{},
	}}
	r.Edgescope.Run = edge.Run{Verdict: edge.VerdictPassed, Phases: []edge.RunPhase{{
		Duration: 60,
		Arrivals: int64(60 * s.rate),
	}}}
	level := random.NormFloat64() * 0.08
	whole := max(s.slower, 1) * math.Exp(s.spread*random.NormFloat64())
	for second := range 60 {
		if second%5 == 0 {
			r.Edgescope.Blocks = append(r.Edgescope.Blocks, sums.Block{At: float64(second), Width: 5})
		}
		block := &r.Edgescope.Blocks[second/5]
		var h distribution.Histogram
		h.Add(block.Response)
		for range s.rate {
			ms := 20 * whole * (1 + level) * math.Exp(0.4*random.NormFloat64())
			h.Record(time.Duration(ms * 1e6))
			block.Requests++
			if random.Float64() < s.errors {
				block.Errors++
			}
		}
		block.Response = h.Buckets()
		level = 0.5*level + 0.08*math.Sqrt(1-0.25)*random.NormFloat64()
	}
	return r
}

// share is the part of n pairs of simulated runs that are judged so.
func share(n int, base, now simulation, verdict string) float64 {
	hits := 0
	for i := range n {
		c := Runs([]*report.Report{base.run(uint64(2 * i))}, now.run(uint64(2*i+1)), 0)
		if c.Verdict == verdict {
			hits++
		}
	}
	return float64(hits) / float64(n)
}

func TestComparisonsOfSimulatedRuns(t *testing.T) {
	f := func(what string, base, now simulation, verdict string, least, most float64) {
		t.Helper()
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if got := share(pairs, base, now, verdict); got < least || got > most {
				t.Errorf("%.1f %% of %d pairs are %s, want %g to %g %%", 100*got, pairs, verdict, 100*least, 100*most)
			}
		})
	}
	plain, spread := simulation{rate: 50}, simulation{rate: 50, spread: 0.03}
	f("a system is neither worse nor better than itself", plain, plain, report.Same, 0.95, 1)
	f("nor worse with 3 % between its runs", spread, spread, report.Worse, 0, 0.05)
	f("20 % slower is found", plain, simulation{rate: 50, slower: 1.2}, report.Worse, 0.9, 1)
	f("20 % slower is found between runs that differ", spread, simulation{rate: 50, spread: 0.03, slower: 1.2},
		report.Worse, 0.9, 1)
	f("20 % faster is found", simulation{rate: 50, slower: 1.25}, plain, report.Better, 0.9, 1)
	f("2 % of errors are found", plain, simulation{rate: 50, errors: 0.02}, report.Worse, 0.9, 1)
	f("equal errors are none", simulation{rate: 50, errors: 0.02}, simulation{rate: 50, errors: 0.02}, report.Worse, 0,
		0.05)
}

// BenchmarkComparison compares b.N pairs of simulated minutes of one system, of systems whose runs differ by 3 %, and
// of one that is 20 % slower: the shares of verdicts are reported, false-alarms/% and found/%.
func BenchmarkComparison(b *testing.B) {
	f := func(name string, base, now simulation, verdict, metric string) {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(100*share(b.N, base, now, verdict), metric)
		})
	}
	plain, spread := simulation{rate: 50}, simulation{rate: 50, spread: 0.03}
	f("itself", plain, plain, report.Worse, "false-alarms/%")
	f("itself/3 % between runs", spread, spread, report.Worse, "false-alarms/%")
	f("20 % slower", plain, simulation{rate: 50, slower: 1.2}, report.Worse, "found/%")
	f("20 % slower/3 % between runs", spread, simulation{rate: 50, spread: 0.03, slower: 1.2}, report.Worse, "found/%")
}

// The point estimates of the comparison are those of the plain distributions, and several baselines are one pool.
func TestComparisonReadsTheFiguresOfTheRuns(t *testing.T) {
	a, b, now := simulation{rate: 50}.run(1), simulation{rate: 50}.run(2), simulation{rate: 50, slower: 1.5}.run(3)
	quantile := func(q float64, reports ...*report.Report) float64 {
		var h distribution.Histogram
		for _, r := range reports {
			for _, block := range r.Edgescope.Blocks {
				h.Add(block.Response)
			}
		}
		return text.Round(float64(h.Quantile(q))/1e6, 3)
	}
	c := Runs([]*report.Report{a, b}, now, 0)
	for i, q := range []float64{0.5, 0.95} {
		ch := c.Changes[i]
		if ch.Base != quantile(q, a, b) || ch.New != quantile(q, now) || ch.Low >= ch.Change || ch.Change >= ch.High ||
			ch.Verdict != report.Worse {
			t.Errorf("%+v; want %v and %v, and the change inside its interval", ch, quantile(q, a, b), quantile(q, now))
		}
	}
	if len(c.Baselines) != 2 || c.ExitCode() != 1 || !strings.Contains(c.Sentence(),
		"worse than the baseline: response_time p50 +") {
		t.Errorf("%d baselines, exit %d, %s", len(c.Baselines), c.ExitCode(), c.Sentence())
	}
	again := Runs([]*report.Report{a, b}, now, 0)
	if fmt.Sprint(again.Changes) != fmt.Sprint(c.Changes) {
		t.Error("the same files gave another answer")
	}
	for line := range strings.Lines(formats.Changes(c, 80)) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("longer than 80 columns: %q", line)
		}
	}
}

func TestWhatIsNotComparable(t *testing.T) {
	f := func(change func(*report.Edgescope), want string) {
		t.Helper()
		base, now := simulation{rate: 50}.run(1), simulation{rate: 50}.run(2)
		change(&now.Edgescope)
		c := Runs([]*report.Report{base}, now, 0)
		if c.Verdict != report.NotComparable || c.ExitCode() != 2 || !strings.Contains(strings.Join(c.Reasons, "\n"),
			want) || len(c.Changes) > 0 {
			t.Errorf("%s %q; want not comparable: %s", c.Verdict, c.Reasons, want)
		}
	}
	f(func(e *report.Edgescope) { e.ScriptHash = "other" }, "the scripts differ")
	f(func(e *report.Edgescope) { e.Run.Phases[0].Arrivals++ },
		"the loads differ: 3,000 users in 1 phases of 60 s against 3,001")
	f(func(e *report.Edgescope) { e.Run.Phases[0].Duration = 20 }, "the new run lasted 20s, want at least 30s")
	f(func(e *report.Edgescope) { e.Environment.CPUs = 64 }, "the load was made otherwise")
	f(func(e *report.Edgescope) { e.Environment.Connections = 8 }, "8 shared connections")
	f(func(e *report.Edgescope) { e.Environment.Protocol = "2" },
		"the load was made otherwise: /, 0 CPUs against /, 0 CPUs, HTTP/2")
	f(func(e *report.Edgescope) { e.Environment.Protocol = "h2c" }, "against /, 0 CPUs, h2c")
	f(func(e *report.Edgescope) { e.Environment.Network = "a proxy" }, "against /, 0 CPUs, a proxy")
	f(func(e *report.Edgescope) { e.Run.Verdict = edge.VerdictInvalid }, "the new run is invalid")
	f(func(e *report.Edgescope) { e.Run.Verdict = edge.VerdictInterrupted }, "the new run is interrupted")
	f(func(e *report.Edgescope) { e.Blocks = e.Blocks[:2] }, "the new run has 500 complete answers, want at least 1000")
	cold := distribution.Buckets{Counts: distribution.Counts{{Index: 5, N: 100}}}
	f(func(e *report.Edgescope) {
		e.Series = map[string]distribution.Buckets{sums.SeriesResponse: cold, sums.SeriesResponse + sums.Cold: cold}
	}, "100 % of the requests went over new connections, 0 % before")
	nothing := simulation{rate: 50}.run(1)
	nothing.Aggregate.Counters = map[string]int64{"vusers.created": 3, "vusers.failed": 3, "errors.x": 3}
	if c := Runs([]*report.Report{nothing}, simulation{rate: 50}.run(2), 0); c.Verdict != report.NotComparable ||
		c.Reasons[0] != "the baseline shows nothing of its target (no user completed: 3 of 3 failed, x (3))" {
		t.Errorf("a baseline that shows nothing: %s %q", c.Verdict, c.Reasons)
	}
	if c := Runs(nil, simulation{rate: 50}.run(1), 0); c.Verdict != report.NotComparable {
		t.Errorf("without a baseline the run is %s", c.Verdict)
	}
}

// What differs without a reason to refuse the comparison is told.
func TestNotesOfAComparison(t *testing.T) {
	base, now := simulation{rate: 50}.run(1), simulation{rate: 50}.run(2)
	now.Edgescope.Environment = report.Environment{Processor: "B", Loadgen: "2", Protocol: "1.1"}
	c := Runs([]*report.Report{base}, now, 0)
	want := []string{
		"the processors differ: unknown and B", "loadgen differs: version unknown and 2",
		"p99 is not judged: it needs 10,000 requests in each run",
	}
	if c.Verdict == report.NotComparable || !slices.Equal(c.Notes, want) {
		t.Errorf("%s %q, notes %q; want %q", c.Verdict, c.Reasons, c.Notes, want)
	}
}

func TestSlowStepIsFoundAmongOthers(t *testing.T) {
	steps := func(seed uint64, factor float64) *report.Report {
		r := simulation{rate: 50}.run(seed)
		r.Edgescope.Steps = map[string]distribution.Buckets{}
		for step, rate := range map[string]float64{"s/a": 1, "s/b": factor} {
			one := simulation{rate: 25, slower: rate}.run(seed + 1000)
			for i := range r.Edgescope.Blocks {
				b := &r.Edgescope.Blocks[i]
				if b.Steps == nil {
					b.Steps = map[string]distribution.Buckets{}
				}
				b.Steps[step] = one.Edgescope.Blocks[i].Response
			}
			r.Edgescope.Steps[step] = distribution.Buckets{}
		}
		return r
	}
	c := Runs([]*report.Report{steps(1, 1)}, steps(2, 1.5), 0)
	verdicts := map[string]string{}
	for _, ch := range c.Changes {
		verdicts[ch.Step+" "+ch.Metric] = ch.Verdict
	}
	if verdicts["s/a response_time p95"] != report.Same || verdicts["s/b response_time p95"] != report.Worse ||
		c.Verdict != report.Worse {
		t.Errorf("verdicts %v, want s/b alone worse", verdicts)
	}
}

func TestHolmDividesTheLevel(t *testing.T) {
	f := func(ps []float64, want ...string) {
		t.Helper()
		changes := make([]change, len(ps))
		for i, p := range ps {
			changes[i] = change{Change: report.Change{Verdict: report.Same}, worse: p}
		}
		holm(changes, report.Worse, func(c *change) float64 { return c.worse })
		var got []string
		for _, c := range changes {
			got = append(got, c.Verdict)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", ps, got, want)
		}
	}
	f([]float64{0.02}, report.Worse)
	f([]float64{0.03}, report.Same)
	f([]float64{0.02, 0.02}, report.Same, report.Same)
	f([]float64{0.02, 0.01}, report.Worse, report.Worse) // 0.01 <= 2.5 %/2, then 0.02 <= 2.5 %
	f([]float64{0.5, 0.001, 0.02}, report.Same, report.Worse, report.Same)
}

// A change counts only if it is greater than the least effect, and than a millisecond: on a fast target a tenth of a
// millisecond is a large share.
func TestSmallChangesDoNotCount(t *testing.T) {
	f := func(minEffect, slower, scale float64, want string) {
		t.Helper()
		base, now := simulation{rate: 50, slower: 1}.run(1), simulation{rate: 50, slower: slower}.run(2)
		for _, r := range []*report.Report{base, now} {
			for i := range r.Edgescope.Blocks {
				b := &r.Edgescope.Blocks[i]
				b.Response = scaled(b.Response, scale)
			}
		}
		if c := Runs([]*report.Report{base}, now, minEffect); c.Verdict != want {
			t.Errorf("%g times as slow, times of %g, at least %g: %s, want %s", slower, scale, minEffect, c.Verdict, want)
		}
	}
	f(0, 1.5, 1, report.Worse)
	f(0.6, 1.5, 1, report.Same)
	f(0, 1.5, 1.0/64, report.Same) // 20 ms become 0.3, and a half more is far below 1 ms
}

// scaled is a distribution of times that are so many times as long.
func scaled(b distribution.Buckets, scale float64) distribution.Buckets {
	var h, out distribution.Histogram
	h.Add(b)
	for i := range h.Count() {
		out.Record(time.Duration(float64(h.Quantile((float64(i)+0.5)/float64(h.Count()))) * scale))
	}
	return out.Buckets()
}

// Before a run starts only what is planned can be held against a baseline.
func TestPlansThatDiffer(t *testing.T) {
	base, planned := simulation{rate: 50}.run(1), &report.Report{}
	planned.Edgescope.ScriptHash = base.Edgescope.ScriptHash
	planned.Edgescope.Run.Phases = []edge.RunPhase{{Name: "of another name", Duration: 60, Arrivals: 3000}}
	if got := Plans(base, planned); len(got) != 0 {
		t.Errorf("%q, want none: nothing was measured yet", got)
	}
	planned.Edgescope.ScriptHash, planned.Edgescope.Environment.CPUs = "other", 3
	planned.Edgescope.Run.Phases[0].ToRate = 7
	got := strings.Join(Plans(base, planned), "\n")
	for _, want := range []string{"the scripts differ", "the loads differ", "the load was made otherwise"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
}
