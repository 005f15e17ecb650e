package report

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/load/network"
	"edgescope/report/distribution"
	"edgescope/report/text"
)

// simulation makes runs of 60 s whose level wanders from second to second as that of real ones does: an AR(1) process of
// rho 0.5 with 8 % standard deviation around a lognormal of about 20 ms.
type simulation struct {
	rate   int     // requests per second
	spread float64 // between runs, relative
	slower float64 // factor
	errors float64 // share
}

func (s simulation) run(seed uint64) *Report {
	random := rand.New(rand.NewPCG(seed, 99))
	r := &Report{Edgescope: Edgescope{Version: Version, ScriptHash: "h", Layout: distribution.Layout, Series: map[string]distribution.Buckets{}}}
	r.Edgescope.Run = edge.Run{Verdict: edge.VerdictPassed, Phases: []edge.RunPhase{{Duration: 60, Arrivals: int64(60 * s.rate)}}}
	level := random.NormFloat64() * 0.08
	whole := max(s.slower, 1) * math.Exp(s.spread*random.NormFloat64())
	for second := range 60 {
		if second%5 == 0 {
			r.Edgescope.Blocks = append(r.Edgescope.Blocks, Block{At: float64(second), Width: 5})
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
		c := Compare([]*Report{base.run(uint64(2 * i))}, now.run(uint64(2*i+1)), 0)
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
	f("a system is neither worse nor better than itself", plain, plain, Same, 0.95, 1)
	f("nor worse with 3 % between its runs", spread, spread, Worse, 0, 0.05)
	f("20 % slower is found", plain, simulation{rate: 50, slower: 1.2}, Worse, 0.9, 1)
	f("20 % slower is found between runs that differ", spread, simulation{rate: 50, spread: 0.03, slower: 1.2}, Worse, 0.9, 1)
	f("20 % faster is found", simulation{rate: 50, slower: 1.25}, plain, Better, 0.9, 1)
	f("2 % of errors are found", plain, simulation{rate: 50, errors: 0.02}, Worse, 0.9, 1)
	f("equal errors are none", simulation{rate: 50, errors: 0.02}, simulation{rate: 50, errors: 0.02}, Worse, 0, 0.05)
}

// BenchmarkComparison compares b.N pairs of simulated minutes of one system, of systems whose runs differ by 3 %, and of one
// that is 20 % slower: the shares of verdicts are reported, false-alarms/% and found/%.
func BenchmarkComparison(b *testing.B) {
	f := func(name string, base, now simulation, verdict, metric string) {
		b.Run(name, func(b *testing.B) {
			b.ReportMetric(100*share(b.N, base, now, verdict), metric)
		})
	}
	plain, spread := simulation{rate: 50}, simulation{rate: 50, spread: 0.03}
	f("itself", plain, plain, Worse, "false-alarms/%")
	f("itself/3 % between runs", spread, spread, Worse, "false-alarms/%")
	f("20 % slower", plain, simulation{rate: 50, slower: 1.2}, Worse, "found/%")
	f("20 % slower/3 % between runs", spread, simulation{rate: 50, spread: 0.03, slower: 1.2}, Worse, "found/%")
}

// The point estimates of the comparison are those of the plain distributions, and several baselines are one pool.
func TestComparisonReadsTheFiguresOfTheRuns(t *testing.T) {
	a, b, now := simulation{rate: 50}.run(1), simulation{rate: 50}.run(2), simulation{rate: 50, slower: 1.5}.run(3)
	quantile := func(q float64, reports ...*Report) float64 {
		var h distribution.Histogram
		for _, r := range reports {
			for _, block := range r.Edgescope.Blocks {
				h.Add(block.Response)
			}
		}
		return text.Round(float64(h.Quantile(q))/1e6, 3)
	}
	c := Compare([]*Report{a, b}, now, 0)
	for i, q := range []float64{0.5, 0.95} {
		ch := c.Changes[i]
		if ch.Base != quantile(q, a, b) || ch.New != quantile(q, now) || ch.Low >= ch.Change || ch.Change >= ch.High || ch.Verdict != Worse {
			t.Errorf("%+v; want %v and %v, and the change inside its interval", ch, quantile(q, a, b), quantile(q, now))
		}
	}
	if len(c.Baselines) != 2 || c.ExitCode() != 1 || !strings.Contains(c.Sentence(), "worse than the baseline: response_time p50 +") {
		t.Errorf("%d baselines, exit %d, %s", len(c.Baselines), c.ExitCode(), c.Sentence())
	}
	again := Compare([]*Report{a, b}, now, 0)
	if fmt.Sprint(again.Changes) != fmt.Sprint(c.Changes) {
		t.Error("the same files gave another answer")
	}
	for line := range strings.Lines(c.Text()) {
		if len(strings.TrimRight(line, "\n")) > 80 {
			t.Errorf("longer than 80 columns: %q", line)
		}
	}
}

func TestWhatIsNotComparable(t *testing.T) {
	f := func(change func(*Edgescope), want string) {
		t.Helper()
		base, now := simulation{rate: 50}.run(1), simulation{rate: 50}.run(2)
		change(&now.Edgescope)
		c := Compare([]*Report{base}, now, 0)
		if c.Verdict != NotComparable || c.ExitCode() != 2 || !strings.Contains(strings.Join(c.Reasons, "\n"), want) || len(c.Changes) > 0 {
			t.Errorf("%s %q; want not comparable: %s", c.Verdict, c.Reasons, want)
		}
	}
	f(func(e *Edgescope) { e.ScriptHash = "other" }, "the scripts differ")
	f(func(e *Edgescope) { e.Run.Phases[0].Arrivals++ }, "the loads differ: 3,000 users in 1 phases of 60 s against 3,001")
	f(func(e *Edgescope) { e.Run.Phases[0].Duration = 20 }, "the new run lasted 20s, want at least 30s")
	f(func(e *Edgescope) { e.Environment.CPUs = 64 }, "the load was made otherwise")
	f(func(e *Edgescope) { e.Environment.Connections = 8 }, "8 shared connections")
	f(func(e *Edgescope) { e.Environment.Protocol = "2" }, "the load was made otherwise: /, 0 CPUs against /, 0 CPUs, HTTP/2")
	f(func(e *Edgescope) { e.Environment.Protocol = "h2c" }, "against /, 0 CPUs, h2c")
	f(func(e *Edgescope) { e.Environment.Network = "a proxy" }, "against /, 0 CPUs, a proxy")
	f(func(e *Edgescope) { e.Run.Verdict = edge.VerdictInvalid }, "the new run is invalid")
	f(func(e *Edgescope) { e.Run.Verdict = edge.VerdictInterrupted }, "the new run is interrupted")
	f(func(e *Edgescope) { e.Blocks = e.Blocks[:2] }, "the new run has 500 complete answers, want at least 1000")
	cold := distribution.Buckets{Counts: distribution.Counts{{Index: 5, N: 100}}}
	f(func(e *Edgescope) {
		e.Series = map[string]distribution.Buckets{seriesResponse: cold, coldSeries.response: cold}
	}, "100 % of the requests went over new connections, 0 % before")
	if c := Compare(nil, simulation{rate: 50}.run(1), 0); c.Verdict != NotComparable {
		t.Errorf("without a baseline the run is %s", c.Verdict)
	}
}

// What differs without a reason to refuse the comparison is told.
func TestNotesOfAComparison(t *testing.T) {
	base, now := simulation{rate: 50}.run(1), simulation{rate: 50}.run(2)
	now.Edgescope.Environment = Environment{Processor: "B", Loadgen: "2", Protocol: "1.1"}
	c := Compare([]*Report{base}, now, 0)
	want := []string{"the processors differ: unknown and B", "loadgen differs: version unknown and 2", "p99 is not judged: it needs 10,000 requests in each run"}
	if c.Verdict == NotComparable || !slices.Equal(c.Notes, want) {
		t.Errorf("%s %q, notes %q; want %q", c.Verdict, c.Reasons, c.Notes, want)
	}
}

func TestEnvironmentOfARun(t *testing.T) {
	f := func(info RunInfo, connections int, want string) {
		t.Helper()
		e := info.environment(connections, "http://t.test")
		if e.OS == "" || e.Arch == "" || e.CPUs == 0 {
			t.Errorf("%+v says nothing of the machine", e)
		}
		e.OS, e.Arch, e.CPUs = "linux", "amd64", 1
		if got := e.String(); got != want {
			t.Errorf("%+v: %q, want %q", info, got, want)
		}
	}
	f(RunInfo{}, 0, "linux/amd64, 1 CPU")
	f(RunInfo{Protocol: network.HTTP3}, 1, "linux/amd64, 1 CPU, 1 shared connection, HTTP/3")
	f(RunInfo{Network: network.Options{UnixSocket: "/x", Reset: true, Sessions: network.SessionsNone}}, 0,
		"linux/amd64, 1 CPU, a unix socket, connections closed by reset, TLS sessions: none")
	f(RunInfo{Network: network.Options{Proxy: func(u *url.URL) (*url.URL, error) { return u, nil }, Routes: make([]network.Route, 1), Sessions: network.SessionsUser}}, 0,
		"linux/amd64, 1 CPU, a proxy, connections sent elsewhere")
	f(RunInfo{Network: network.Options{Proxy: func(*url.URL) (*url.URL, error) { return nil, nil }}}, 0, "linux/amd64, 1 CPU")
}

func TestSlowStepIsFoundAmongOthers(t *testing.T) {
	steps := func(seed uint64, factor float64) *Report {
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
	c := Compare([]*Report{steps(1, 1)}, steps(2, 1.5), 0)
	verdicts := map[string]string{}
	for _, ch := range c.Changes {
		verdicts[ch.Step+" "+ch.Metric] = ch.Verdict
	}
	if verdicts["s/a response_time p95"] != Same || verdicts["s/b response_time p95"] != Worse || c.Verdict != Worse {
		t.Errorf("verdicts %v, want s/b alone worse", verdicts)
	}
}

func TestHolmDividesTheLevel(t *testing.T) {
	f := func(ps []float64, want ...string) {
		t.Helper()
		changes := make([]Change, len(ps))
		for i, p := range ps {
			changes[i] = Change{Verdict: Same, worse: p}
		}
		holm(changes, Worse, func(c *Change) float64 { return c.worse })
		var got []string
		for _, c := range changes {
			got = append(got, c.Verdict)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", ps, got, want)
		}
	}
	f([]float64{0.02}, Worse)
	f([]float64{0.03}, Same)
	f([]float64{0.02, 0.02}, Same, Same)
	f([]float64{0.02, 0.01}, Worse, Worse) // 0.01 <= 2.5 %/2, then 0.02 <= 2.5 %
	f([]float64{0.5, 0.001, 0.02}, Same, Worse, Same)
}

func TestBucketsSurviveAFile(t *testing.T) {
	r := simulation{rate: 50}.run(1)
	r.Aggregate.Period = []byte("0")
	var buf bytes.Buffer
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got.Edgescope.Blocks) != fmt.Sprint(r.Edgescope.Blocks) {
		t.Error("the blocks changed on their way through a file")
	}
}

func TestReadRefusesWhatIsNoReport(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	object := func(rest string) string {
		return `{"edgescope": {"version": 2, "layout": "` + distribution.Layout + `"` + rest + `}}`
	}
	f("", "no JSON report")
	f(`{"aggregate": {}}`, "the object edgescope is missing")
	f(`{"edgescope": {"version": 9}}`, "the report has version 9, this loadgen reads version 2")
	f(`{"edgescope": {"version": 2, "layout": "x"}}`, `layout "x"`)
	f(object(`, "segment": {"index": 3, "count": 2}`), "segment 3/2 is none")
	f(object(`, "series": {"a": {"counts": "3:1 2:1"}}`), `bucket "2:1"`)
	f(object(`, "series": {"a": {"counts": "5000:1"}}`), `bucket "5000:1"`)
	f(object(`, "series": {"a": {"counts": "5:0"}}`), `bucket "5:0"`)
	f(object(`, "series": {"a": {"min_ns": 9, "max_ns": 3}}`), "distribution a: sum 0 ns, min 9ns, max 3ns")
	f(object(`, "blocks": [{"errors": 3, "requests": 2}]`), "block 0 has 3 errors of 2 requests")
	f(`{"intermediate": [{"period": 3}], "edgescope": {"version": 2, "layout": "`+distribution.Layout+`"}}`, "want a text")
}

func FuzzRead(f *testing.F) {
	f.Add(`{"aggregate": {"period": 0, "counters": {"http.requests": 3}}, "edgescope": {"version": 2, "layout": "` + distribution.Layout +
		`", "series": {"edgescope.response_time": {"sum_ns": 9, "min_ns": 1, "max_ns": 4, "counts": "3:1 9:2"}}}}`)
	f.Add(`{"edgescope": {"version": 2, "layout": "` + distribution.Layout + `", "blocks": [{"steps": {"a": {"counts": "1:1"}}}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Read(strings.NewReader(text))
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
