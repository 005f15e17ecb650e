// Package price tells what the requests of a load test cost its target: before, by what a script would send, and after,
// by what was sent.
package price

import (
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	listed "edgescope/edge/price"
	"edgescope/internal/near"
	"edgescope/internal/run"
	"edgescope/policy"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/report/text"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

// Flags say by which prices a run is priced.
type Flags struct{ policy, plan string }

// Register adds the flags to those of a verb.
func (f *Flags) Register(flags *run.Flags) {
	flags.Group("Price")
	flags.String(&f.policy, "policy", "", "tell what the run costs its target by this policy `file` (section load)")
	flags.String(&f.plan, "plan", "", "tell what it costs on this `plan`: platform and name, such as \"cloudflare.workers Paid\"")
}

// Pricer prices requests to a target. A nil Pricer prices nothing.
type Pricer struct {
	loads []policy.Load
	plans []*listed.Plan // of each load
	now   time.Time
}

// Open reads the policy, and finds what a request to the target uses and which plans it is on. It returns nil when
// nobody asked for a price. Its errors are bad usage.
func (f *Flags) Open(target string) (*Pricer, error) {
	if f.policy == "" && f.plan == "" {
		return nil, nil //nolint:nilnil // a nil Pricer is one that nobody asked for
	}
	file := &policy.Policy{}
	if f.policy != "" {
		var err error
		if file, err = policy.Read(f.policy); err != nil {
			return nil, run.Usage("%w", err)
		}
	}
	host := target
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		host = u.Host
	}
	loads := file.LoadsOf(host)
	if f.plan != "" {
		of, err := f.onPlan(file, loads)
		if err != nil {
			return nil, err
		}
		loads = []policy.Load{of}
	}
	if len(loads) == 0 {
		return nil, run.Usage("%s has no price of a request to %s: write one in its load, such as "+
			"{platform: cloudflare.workers, plan: Paid, cpu: 7ms}, or give --plan", f.policy, host)
	}
	p := &Pricer{loads: loads, now: time.Now()}
	for i := range loads {
		p.plans = append(p.plans, file.Plan(loads[i].Platform, loads[i].Plan))
	}
	return p, nil
}

// onPlan is the load on the plan of --plan, of which nothing is known where the policy has none.
func (f *Flags) onPlan(file *policy.Policy, loads []policy.Load) (policy.Load, error) {
	platform, name, _ := strings.Cut(f.plan, " ")
	if file.Plan(platform, name) == nil {
		var known []string
		for _, p := range file.Plans() {
			known = append(known, p.String())
		}
		return policy.Load{}, run.Usage("--plan %q: there are no prices of it%s; there are those of %s", f.plan,
			near.Hint(f.plan, known...), strings.Join(known, "; "))
	}
	same := func(l policy.Load) bool { return l.Platform == platform && l.Plan == name }
	if i := slices.IndexFunc(loads, same); i >= 0 {
		return loads[i], nil
	}
	return policy.Load{Platform: platform, Plan: name}, nil
}

// of prices requests. A request's duration that the policy does not name is between 0 and mean milliseconds, where that
// was measured, else above 0.
func (p *Pricer) of(requests int64, mean float64) []sums.Price {
	if p == nil {
		return nil
	}
	prices := make([]sums.Price, len(p.loads))
	for i := range p.loads {
		prices[i] = priceOf(&p.loads[i], p.plans[i], float64(requests), mean)
		prices[i].Old = p.plans[i].Source.Old(p.now)
	}
	return prices
}

func priceOf(l *policy.Load, plan *listed.Plan, requests, mean float64) sums.Price {
	out := sums.Price{
		Platform: plan.Platform, Plan: plan.Name, Requests: int64(requests), AsOf: plan.Source.AsOf, Source: plan.Source.Page,
	}
	charges := func(of ...string) bool {
		return slices.ContainsFunc(plan.Meters, func(m listed.Meter) bool { return slices.Contains(of, m.Of) })
	}
	const ms = float64(time.Millisecond)
	low := listed.Work{Invocations: requests, DurationMS: requests * float64(l.Duration) / ms, CPUMS: requests * float64(l.CPU) / ms}
	high, bounded := low, true
	var unknown []string
	if l.Duration == 0 && (charges(listed.GBs, listed.VCPUs) || charges(listed.CPU) && l.CPU == 0) {
		high.DurationMS, bounded = requests*mean, mean > 0
	}
	if l.Duration == 0 && charges(listed.GBs, listed.VCPUs) {
		unknown = append(unknown, "duration")
	}
	if l.CPU == 0 && charges(listed.CPU) {
		unknown = append(unknown, "CPU time")
		high.CPUMS = high.DurationMS
	}
	// A request's time is named as it is charged; that of answers as they came is no finer than the bounds.
	charged := *plan
	charged.StepMS = 0
	low.MemoryGB, high.MemoryGB = l.MemoryGB, l.MemoryGB
	if l.MemoryGB == 0 && charges(listed.GBs) {
		unknown = append(unknown, "memory")
		low.DurationMS, bounded = 0, false
	}
	if len(unknown) > 0 {
		out.Unknown = "since load of the policy names no " + strings.Join(unknown, ", ") + " of a request"
	}
	if use, err := charged.UseOf(low); err == nil {
		out.Low = charged.Marginal(use)
	}
	if use, err := charged.UseOf(high); err == nil && bounded {
		most := charged.Marginal(use)
		out.High = &most
	}
	return out
}

// OfReport prices what a run sent: requests, and handshakes of WebSockets, whose messages are none.
func (p *Pricer) OfReport(r *report.Report) []sums.Price {
	of := &r.Aggregate
	handshakes := int64(of.Summaries[sums.SeriesConnect].Count)
	return p.of(of.Counters[sums.Requests]+handshakes, of.Summaries[sums.SeriesService].Mean)
}

const (
	// walkers is how many users are walked to count what they send.
	walkers = 1000
	// mostSteps is after how many steps of a user nobody counts on: a loop may be endless.
	mostSteps = 10_000
)

// requestsOf estimates how many requests so many users of a script send, by what its scenarios have before any answer.
// guessed tells that functions of the script decide, or how long a loop goes on.
func requestsOf(script *plan.Plan, users, seed uint64) (requests int64, guessed bool) {
	sum, n := 0, int(min(users, walkers))
	for user := range n {
		w := walk{scope: script.NewScope(seed, user, nil)}
		flow := script.PickFlow(w.scope)
		if flow.Start != nil {
			flow.Start(w.scope)
		}
		w.all(flow.Steps)
		sum, guessed = sum+w.requests, guessed || w.guessed
	}
	if n == 0 {
		return 0, false
	}
	return int64(math.Round(float64(sum) / float64(n) * float64(users))), guessed
}

// walk counts what a user sends, without sending it.
type walk struct {
	scope           *value.Scope
	requests, steps int
	guessed         bool
}

func (w *walk) all(steps []plan.Step) {
	for _, step := range steps {
		if w.steps++; w.steps > mostSteps {
			w.guessed = true
			return
		}
		w.one(step)
	}
}

func (w *walk) one(step plan.Step) {
	switch s := step.(type) {
	case *plan.Request:
		w.guessed = w.guessed || s.IfFunction != ""
		if send, err := s.Send(w.scope); send && err == nil {
			w.requests++
		}
	case *plan.Connect:
		w.requests++
	case *plan.Parallel:
		w.all(s.Steps)
	case *plan.Loop:
		for range s.Passes(w.scope) {
			w.all(s.Steps)
			if s.While != "" || w.steps > mostSteps {
				w.guessed = true
				break
			}
		}
	}
}

// Tell says what a script would cost: so many users of it, whose randomness follows from the seed. Errors of writing are
// the writer's.
func (p *Pricer) Tell(w io.Writer, script *plan.Plan, users, seed uint64) {
	if p == nil {
		return
	}
	requests, guessed := requestsOf(script, users, seed)
	prices := p.of(requests, math.NaN())
	each := float64(requests) / float64(max(users, 1))
	note := ""
	if guessed {
		note = ", as far as loops and functions of the script let it be told"
	}
	say(w, "\nprice, with nothing included: %s, about %.4g a user%s", text.Plural(requests, "request"), each, note)
	for i := range prices {
		p := &prices[i]
		line := fmt.Sprintf("%-32s %s", p.On(), p.Amount())
		if p.Unknown != "" {
			line += ", " + p.Unknown
		}
		say(w, "%s (prices of %s, %s)", line, p.AsOf, p.Source)
		if p.Old {
			say(w, "warning: the prices of %s are older than a year, or undated: check them", p.On())
		}
	}
}

// say writes a line, in which nothing of a script or policy commands the terminal.
func say(w io.Writer, format string, args ...any) {
	_, _ = io.WriteString(w, text.Printable(fmt.Sprintf(format, args...)+"\n"))
}
