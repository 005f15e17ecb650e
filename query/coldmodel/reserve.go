package coldmodel

import (
	"fmt"
	"math"
	"time"

	"edgescope/edge/price"
	"edgescope/judge"
	"edgescope/query"
)

const (
	// month is what costs and savings are of.
	month = 30 * query.Day
	// mostLoad is up to how many instances at work in a region costs are looked for.
	mostLoad = 2000
)

// residuals are the shares of cold starts that numbers of instances are looked up for.
var residuals = []float64{.01, .001, .0001}

// seconds is for how long the service has had invocations, of what was read.
func (s *service) seconds() float64 {
	first := math.MaxInt
	for _, p := range s.places {
		for hour, n := range p.hourly {
			if n > 0 {
				first = min(first, hour)
				break
			}
		}
	}
	if first == math.MaxInt {
		return s.to.Sub(s.from).Seconds()
	}
	return max(1, s.to.Sub(s.from.Add(time.Duration(first)*time.Hour)).Seconds())
}

// aMonth is n at the rate of what was read.
func (s *service) aMonth(n float64) float64 { return n * month.Seconds() / s.seconds() }

// mean is the mean time of an invocation, init that of a start, in seconds; NaN when nobody says.
func (s *service) mean() float64 { return s.sums.DurationSum / s.sums.Requests }

func (s *service) init() float64 { return s.sums.InitSum / s.sums.Init.Above(-1) }

// plan is the price list that holds for the service: that of its account, else the first of its platform.
func (s *service) plan(platform string) *price.Plan {
	if a := s.policy.AccountOf(platform, s.name); a != nil {
		return s.policy.Plan(platform, a.Plan)
	}
	for _, p := range s.policy.Plans() {
		if p.Platform == platform {
			return p
		}
	}
	return nil
}

// keepWarm tells what a request to each place would avoid, sent whenever a tenth of instances would be gone.
func (s *service) keepWarm(m *query.ColdModel) *query.KeepWarm {
	k := &query.KeepWarm{
		Every: m.Tau10.Value, Places: len(s.places), Avoided: scaled(m.Causes.Idle, s.aMonth(s.requests)),
	}
	k.Extra = query.Num(month.Seconds() / float64(m.Tau10.Value) * float64(len(s.places)))
	k.Saved = scaled(k.Avoided, 1000*s.init())
	k.Cost = unknown()
	plan := s.plan(m.Platform)
	if plan == nil {
		k.Reason = "there are no prices of " + m.Platform
		return k
	}
	n := float64(k.Extra)
	use, err := plan.UseOf(price.Work{
		Invocations: n, DurationMS: n * 1000 * s.mean(), CPUMS: n * float64(s.sums.CPU.Quantile(.5)),
		MemoryGB: s.policy.MemoryOf(s.name),
	})
	if err != nil {
		k.Reason = err.Error()
		return k
	}
	if cost := plan.Marginal(use); !math.IsNaN(cost) {
		k.Cost = query.Figure{
			Value: query.Num(cost), Low: query.None(), High: query.None(), N: m.Share.N, Origin: query.OriginPriceList,
		}
		return k
	}
	k.Reason = "nobody says how much CPU time an invocation takes"
	return k
}

// scaled is a figure in another unit.
func scaled(f query.Figure, by float64) query.Figure {
	f.Value, f.Low, f.High = f.Value*query.Num(by), f.Low*query.Num(by), f.High*query.Num(by)
	f.Origin = query.OriginModel
	return f
}

// reserve tells what instances that are kept warm would change, nil where the platform has none.
func (s *service) reserve(m *query.ColdModel) *query.Reserved {
	plan := s.plan(m.Platform)
	if plan == nil || plan.Provisioned == nil || s.cold+s.warm == 0 {
		return nil
	}
	out := &query.Reserved{
		Plan: plan.String(), Page: plan.Source.Page, AsOf: plan.Source.AsOf, Old: plan.Source.Old(s.to),
		Memory: query.Num(s.policy.MemoryOf(s.name)), Now: unknown(), Pays: query.None(), Worth: query.Num(s.worth(plan)), Options: []query.Reserve{},
	}
	regions := s.loads(plan)
	for i := range regions {
		r := &regions[i]
		out.Load, out.Peak = out.Load+query.Num(r.Load()), out.Peak+query.Num(r.peak)
		if r.Load() > mostLoad {
			out.Reason = fmt.Sprintf("more than %d instances work at a time in one region: nothing is looked up", mostLoad)
		}
	}
	if g := regions[0]; g.OnDemand > g.Run {
		out.Pays = query.Num(g.Reserved / (g.OnDemand - g.Run))
	}
	switch {
	case out.Reason != "":
		return out
	case math.IsNaN(s.mean()):
		out.Reason = "nobody says how long invocations take"
		return out
	case !out.Memory.OK():
		out.Reason = "what memory an instance has is not known, so nothing has a price: name it in the policy's memory"
	}
	out.Now = priced(cost(regions, func(*load) int { return 0 }), m.Share.N)
	for _, residual := range residuals {
		out.Options = append(out.Options, s.option(regions, residual, m, out.Now))
	}
	if out.Memory.OK() {
		if best := s.option(regions, math.NaN(), m, out.Now); best.Instances > 0 {
			out.Options = append(out.Options, best)
		}
	}
	return out
}

// load is what a region has to do.
type load struct {
	judge.Reserve

	peak float64 // instances at work in the busiest hour
}

// worth is what an avoided cold start is worth, by the policy.
func (s *service) worth(plan *price.Plan) float64 {
	if a := s.policy.AccountOf(plan.Platform, s.name); a != nil {
		return a.ColdStart
	}
	return 0
}

// loads are what each region has to do, by the mean times of the service.
func (s *service) loads(plan *price.Plan) []load {
	onDemand := math.NaN()
	for _, meter := range plan.Meters {
		if meter.Of == price.GBs {
			onDemand = meter.Price / meter.Per
		}
	}
	init := s.init()
	if math.IsNaN(init) {
		init = 0 // nobody pays for what is not known
	}
	byName, order := map[string][]*presence{}, []string{}
	for _, p := range s.places {
		if byName[p.region] == nil {
			order = append(order, p.region)
		}
		byName[p.region] = append(byName[p.region], p)
	}
	var out []load
	for _, name := range order {
		var t totals
		hourly := make([]float64, len(byName[name][0].hourly))
		for _, p := range byName[name] {
			t.add(p.totals)
			for hour, n := range p.hourly {
				hourly[hour] += n
			}
		}
		cold := s.share()
		if t.cold+t.warm > 0 {
			cold = t.share()
		}
		l := load{Reserve: judge.Reserve{
			Rate: t.requests / s.seconds(), Seconds: s.mean(), Init: init, Memory: s.policy.MemoryOf(s.name),
			Period: month.Seconds(), Cold: cold, Reserved: plan.Provisioned.Reserved, Run: plan.Provisioned.Run,
			OnDemand: onDemand, Value: s.worth(plan),
		}}
		busiest := 0.0
		for _, n := range hourly {
			busiest = max(busiest, n)
		}
		l.peak = busiest * t.requests / t.events / 3600 * s.mean()
		out = append(out, l)
	}
	return out
}

// cost is what all regions cost with so many instances.
func cost(regions []load, instances func(*load) int) float64 {
	sum := 0.0
	for i := range regions {
		sum += regions[i].Cost(instances(&regions[i]))
	}
	return sum
}

func priced(cost float64, n query.Num) query.Figure {
	return query.Figure{
		Value: query.Num(cost), Low: query.None(), High: query.None(), N: n, Origin: query.OriginPriceList,
	}
}

// option looks up how many instances leave a share of cold starts, NaN: how many cost least.
func (s *service) option(regions []load, residual float64, m *query.ColdModel, now query.Figure) query.Reserve {
	instances := func(r *load) int {
		if math.IsNaN(residual) {
			return r.Cheapest()
		}
		return r.For(residual)
	}
	out := query.Reserve{Residual: query.Num(residual), Cost: priced(cost(regions, instances), m.Share.N)}
	n, cold, before := 0.0, 0.0, 0.0
	for i := range regions {
		r := &regions[i]
		c := instances(r)
		requests := r.Rate * r.Period
		out.Instances += c
		n, cold, before = n+requests, cold+requests*r.Residual(c), before+requests*r.Cold
	}
	out.Cold = query.Figure{
		Value: query.Num(cold / n), Low: query.Num(cold / n), High: query.Num(before / n), N: m.Share.N,
		Origin: query.OriginModel,
	}
	out.Change, out.Avoided, out.Each = out.Cost.Value-now.Value, query.Num(before-cold), query.None()
	if out.Avoided > 0 {
		out.Each = out.Change / out.Avoided
	}
	return out
}
