// Package porting answers what it would save to do in WebAssembly what JavaScript does now: of the CPU time of each
// service, by the ratios of the newest comparison of engines, and in dollars by the plan that the service is on.
package porting

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/edge/price"
	"edgescope/judge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// Options are what a Room needs beside the tables.
type Options struct {
	// Policy returns what holds for a tenant; nil holds nothing.
	Policy func(edge.Tenant) *policy.Policy
	// Retention is for how long comparisons are kept: they are rare, and count beyond the question's range.
	Retention time.Duration
}

// Room knows what WebAssembly would save, from a store. It is safe for concurrent use; its answers belong to the caller.
type Room struct {
	read *tables.Reader
	o    Options
}

// New makes a Room that asks that reader.
func New(read *tables.Reader, o Options) *Room {
	if o.Policy == nil {
		o.Policy = func(edge.Tenant) *policy.Policy { return &policy.Policy{} }
	}
	return &Room{read, o}
}

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathPorting: tables.All(x.Advise)}}
}

const (
	// movable is the share of CPU time that is taken to be movable where nobody says another.
	movable = 0.8
	// leastCPU is how many invocations must say their CPU time.
	leastCPU = 30
	// mostListed is how many services of platforms an answer has.
	mostListed = 50
	// fewBenches is among how many of the newest comparisons a readable one is looked for.
	fewBenches = 5
)

// Advise returns what moving work to WebAssembly would save.
func (x *Room) Advise(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.WASMAdvice, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.WASMAdvice{Movable: query.Num(cmp.Or(a.Q.Movable, movable)), Services: []query.WASMService{}}
	var services, platforms *tally.Table
	var benches []edge.Bench
	g, gctx := errgroup.WithContext(ctx)
	a.Ask(gctx, g, &services, a.Whole(tables.WithRequests|tables.WithCPU, edge.KeyServiceName))
	a.Ask(gctx, g, &platforms, a.Whole(tables.WithRequests, edge.KeyServiceName, edge.KeyCloudPlatform))
	g.Go(func() (err error) {
		benches, _, err = x.read.Benches(gctx, tenant, a.Now.Add(-x.o.Retention), a.Now.Add(10*time.Minute), fewBenches)
		return err
	})
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if len(benches) > 0 {
		out.Bench = benchOf(&benches[0])
	}
	m := model{out: out, policy: x.o.Policy(tenant), now: a.Now, seconds: covered(a).Seconds()}
	m.fill(services, platforms)
	out.About, err = a.About(ctx, services, platforms)
	return out, err
}

// covered is how much of the range has been.
func covered(a *tables.Asking) time.Duration {
	to := a.Win.To
	if a.Now.Before(to) {
		to = a.Now
	}
	return to.Sub(a.Win.From)
}

// benchOf takes from a comparison the ratios of the engines that are WebAssembly: of CPU time, which is what is to be
// saved, or of wall time where CPU time could not be measured.
func benchOf(b *edge.Bench) *query.WASMBench {
	out := &query.WASMBench{ID: b.ID, Name: b.Name, Started: b.Started, By: "cpu", Valid: b.AA.CPUValid}
	if b.AA.CPURatio == 0 {
		out.By, out.Valid = "wall", b.AA.Valid
	}
	for i := range b.Results {
		r := &b.Results[i]
		ratio, ci := r.CPURatio, r.CPUCI
		if out.By == "wall" {
			ratio, ci = r.Ratio, r.CI
		}
		if r.Engine == r.Baseline || r.WASMBytes == 0 || !(ratio > 0) || !(ci[0] > 0) {
			continue
		}
		out.Ratios = append(out.Ratios, query.WASMRatio{Size: r.Size, Engine: r.Engine, Ratio: query.Figure{
			Value: query.Num(ratio), Low: query.Num(ci[0]), High: query.Num(ci[1]), N: query.Num(b.Rounds),
			Origin: query.OriginMeasured,
		}})
	}
	return out
}

// model makes an answer of what was measured.
type model struct {
	out    *query.WASMAdvice
	policy *policy.Policy
	now    time.Time
	// seconds is how long the requests took that were counted.
	seconds float64
}

func (m *model) fill(services, platforms *tally.Table) {
	for name, row := range platforms.Groups {
		requests := tally.Sum(row).Requests
		values := tally.GroupValues(name)
		if requests == 0 || services.Groups[values[0]] == nil {
			continue
		}
		s := m.service(values[0], values[len(values)-1], requests, tally.Sum(services.Groups[values[0]]))
		m.out.Services = append(m.out.Services, s)
	}
	computes := func(s *query.WASMService) float64 {
		if !s.CPU.Value.OK() {
			return -1
		}
		return float64(s.Requests * s.CPU.Value)
	}
	slices.SortFunc(m.out.Services, func(a, b query.WASMService) int {
		return cmp.Or(cmp.Compare(computes(&b), computes(&a)), cmp.Compare(b.Requests, a.Requests),
			strings.Compare(a.Service, b.Service), strings.Compare(a.Platform, b.Platform))
	})
	m.out.Left = max(0, len(m.out.Services)-mostListed)
	m.out.Services = m.out.Services[:len(m.out.Services)-m.out.Left]
}

// service is the answer for a service on a platform with so many requests; t has all of the service.
func (m *model) service(name, platform string, requests float64, t *tally.Tally) query.WASMService {
	known := t.CPU.Total()
	n := math.Round(t.Events * min(1, known/max(t.Requests, 1e-9)))
	out := query.WASMService{
		Service: name, Platform: platform, Requests: query.Num(requests),
		PerMonth: tally.Ratio(requests*price.Month*3600, m.seconds),
		CPU: query.Figure{
			Value: tally.Ratio(1000*t.CPUSum, known), Low: query.None(), High: query.None(), N: query.Num(n),
			Origin: query.OriginMeasured,
		},
	}
	missing := func(format string, args ...any) { out.Missing = append(out.Missing, fmt.Sprintf(format, args...)) }
	charges, lack := m.plan(&out)
	switch {
	case known == 0:
		missing("its invocations do not say their CPU time (%s)", edge.KeyCPUTime)
	case n < leastCPU:
		missing("too few invocations say their CPU time: n=%.0f, want %d", n, leastCPU)
	case m.out.Bench == nil || len(m.out.Bench.Ratios) == 0:
		missing("no comparison of engines with WebAssembly was received: loadgen bench --otlp sends one")
	default:
		if lack != "" {
			missing("%s", lack)
		}
		for i := range m.out.Bench.Ratios {
			out.Ports = append(out.Ports, m.port(&out, &m.out.Bench.Ratios[i], charges))
		}
	}
	return out
}

// plan names the plan of a service, and returns what that charges for a millisecond of CPU time less; nil where that is
// not known, and why.
func (m *model) plan(s *query.WASMService) (charges func(ms float64) query.Num, lack string) {
	account, factor := m.policy.AccountOf(s.Platform, s.Service), 1.0
	var plan *price.Plan
	if account != nil {
		plan, factor = m.policy.PlanOf(account), account.Factor
	} else if s.Assumed = true; s.Platform != "" {
		for _, p := range m.policy.Plans() {
			if p.Platform == s.Platform {
				plan = p
				break
			}
		}
	}
	if plan == nil {
		s.Assumed = false
		if s.Platform == "" {
			return nil, "its invocations do not say their platform: name it in an account of the policy"
		}
		return nil, "there are no prices of " + s.Platform + ": write a list in prices of the policy"
	}
	s.Plan, s.AsOf, s.Source, s.Old = plan.Name, plan.Source.AsOf, plan.Source.Page, plan.Source.Old(m.now)
	s.Platform = cmp.Or(s.Platform, plan.Platform)
	memory := m.policy.MemoryOf(s.Service)
	// An invocation that computes for less long also takes less long: both are charged where a plan charges for them.
	if _, err := plan.UseOf(price.Work{DurationMS: 1, CPUMS: 1, MemoryGB: memory}); err != nil {
		return nil, err.Error()
	}
	return func(ms float64) query.Num {
		used, err := plan.UseOf(price.Work{DurationMS: ms, CPUMS: ms, MemoryGB: memory})
		if err != nil {
			return query.None()
		}
		return query.Num(factor * plan.Marginal(used))
	}, ""
}

// port is what an engine would save.
func (m *model) port(s *query.WASMService, r *query.WASMRatio, charges func(ms float64) query.Num) query.WASMPort {
	cpu := float64(s.CPU.Value)
	then := func(times query.Num) float64 { return judge.Ported(cpu, float64(m.out.Movable), float64(times)) }
	figure := func(origin string, of func(ms float64) query.Num) query.Figure {
		return query.Figure{
			Value: of(then(r.Ratio.Value)), Low: of(then(r.Ratio.Low)), High: of(then(r.Ratio.High)), N: s.CPU.N, Origin: origin,
		}
	}
	out := query.WASMPort{Size: r.Size, Engine: r.Engine}
	out.CPU = figure(query.OriginModel, func(ms float64) query.Num { return query.Num(ms) })
	out.CPU.Low, out.CPU.High = out.CPU.High, out.CPU.Low // the more times as fast, the less is left
	out.Saved = figure(query.OriginModel, func(ms float64) query.Num { return query.Num(cpu - ms) })
	dollars := func(invocations query.Num) query.Figure {
		return figure(query.OriginModel, func(ms float64) query.Num {
			if charges == nil {
				return query.None()
			}
			return charges((cpu - ms) * float64(invocations))
		})
	}
	out.PerMillion, out.Month = dollars(1e6), dollars(s.PerMonth)
	return out
}
