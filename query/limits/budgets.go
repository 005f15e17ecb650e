package limits

import (
	"math"

	"edgescope/edge"
	"edgescope/edge/limit"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// few is the number of events below which nothing is judged, enough the one from which a p99 is.
	few, enough = 100, 1000
	percentile  = .99

	unitMS, unitBytes = "ms", "bytes"
	mebi              = 1 << 20
)

// budgets makes the budgets of what a service used.
type budgets struct {
	use    *use
	days   []daily
	asking *tables.Asking
	lines  map[string]*line // that were computed: plans have the same
}

// of returns the budgets that a plan has, those with something measured first.
func (b *budgets) of(p *limit.Plan) []money.Budget {
	u := b.use
	cpu, dailyCPU := b.spread(&u.CPU, 1, u.raw(u.CPU.Total())), dailyCPU
	if p.CPUMean {
		cpu.mean(1000 * u.CPUSum / u.CPU.Total())
		dailyCPU = dailyCPUMean
	}
	wall := u.All()
	ttfb, body := b.fact(edge.KeyTTFB, 1), b.fact(keyRequestBody, bytes)
	if response := b.fact(keyResponseBody, bytes); response.used.Value > body.used.Value || body.n == 0 {
		body = response
	}
	var out []money.Budget
	for _, of := range []struct {
		name, unit string
		limit      float64
		spread     spread
		exceeded   float64
		trend      func(*daily) float64
	}{
		{money.BudgetCPU, unitMS, p.CPUMS, cpu, u.Exceeded[0], dailyCPU},
		{money.BudgetWall, unitMS, p.WallMS, b.spread(wall, 1, u.raw(wall.Total())), u.Exceeded[2], dailyWall},
		{money.BudgetFirstByte, unitMS, p.FirstByteMS, ttfb, 0, nil},
		{money.BudgetStartup, unitMS, p.StartupMS, b.spread(&u.Init, 1, u.raw(u.Init.Total())), 0, dailyInit},
		{money.BudgetSubrequests, "", p.Subrequests, b.fact(edge.KeySubrequests, numbers), 0, nil},
		{money.BudgetMemory, unitBytes, p.MemoryMB * mebi, b.fact(edge.KeyMemory, bytes), u.Exceeded[1], nil},
		{money.BudgetBody, unitBytes, p.BodyMB * mebi, body, 0, nil},
	} {
		if of.limit <= 0 {
			continue
		}
		budget := of.spread.against(of.limit)
		budget.Name, budget.Unit, budget.Exceeded = of.name, of.unit, query.Num(of.exceeded)
		budget.ExceededRatio = tally.Ratio(of.exceeded, u.Requests)
		if of.exceeded > 0 {
			budget.State = money.BudgetOver
		}
		if of.spread.n == 0 {
			budget.Missing = missing[of.name]
		} else if of.trend != nil {
			budget.Trend = b.trend(&budget, of.trend)
		}
		out = append(out, budget)
	}
	return out
}

// Distributions are of seconds and tell milliseconds: what is no length of time is kept as if it were nanoseconds.
const bytes, numbers = 1e6, 1e6

// missing says how what is not sent is sent.
var missing = map[string]string{
	money.BudgetCPU: "no CPU times come: Workers tell them in tails, Logpush and their own export; " +
		"else send edge.cpu.time (ns) or Server-Timing cpu;dur=",
	money.BudgetWall:        "no durations come: send spans with start and end, or double1 of a data point",
	money.BudgetFirstByte:   "no time to first byte comes: send edge.ttfb (ns)",
	money.BudgetStartup:     "no init durations come: send faas.init_duration (s), or edge.init.duration (ns), with a cold start",
	money.BudgetSubrequests: "no requests of invocations come: send their client spans with them, or edge.subrequests",
	money.BudgetMemory: "no memory comes: Lambda tells it in its report (maxMemoryUsedMB), others as edge.memory.used " +
		"(bytes); Workers tell only that it was exceeded",
	money.BudgetBody: "no sizes come: send http.request.body.size and http.response.body.size",
}

// spread is what of many values is held against a limit.
type spread struct {
	n       float64
	used    query.Figure
	measure string
	over    func(limit float64) query.Num
}

// spread takes a distribution with n events behind it, whose milliseconds are scale units.
func (b *budgets) spread(d *tally.Distribution, scale, n float64) spread {
	s := spread{n: n, used: absent(), over: func(limit float64) query.Num {
		return tally.Ratio(d.Above(limit/scale), d.Total())
	}}
	s.used.N = query.Num(math.Round(n))
	at := func(q float64) query.Num { return d.Quantile(q) * query.Num(scale) }
	switch {
	case n <= 0:
	case n < enough:
		s.measure, s.used.Value = money.MeasureMax, at(1)*middle
	default:
		s.measure, s.used.Value = money.MeasureP99, at(percentile)
		s.used.High = at(judge.UpperQuantile(int(n), percentile))
	}
	return s
}

// middle makes of the end of a bucket of a histogram its middle: the greatest value is somewhere in it.
var middle = query.Num(math.Pow(10, -1./36))

// fact takes what events tell; the greatest value is known exactly.
func (b *budgets) fact(key string, scale float64) spread {
	f := b.use.facts[key]
	if f == nil {
		f = &fact{}
	}
	s, most := b.spread(&f.Distribution, scale, f.n), query.Num(f.most*scale/bytes)
	if s.measure == money.MeasureMax {
		s.used.Value = most
	}
	s.used.Value, s.used.High = min(s.used.Value, most), min(s.used.High, most) // a bucket may end above it
	return s
}

// mean holds the mean against the limit.
func (s *spread) mean(of float64) {
	if s.n > 0 {
		s.measure, s.used.Value, s.used.High = money.MeasureMean, query.Num(of), query.None()
	}
}

// against makes the budget of a limit.
func (s *spread) against(limit float64) money.Budget {
	b := money.Budget{
		Limit: query.Num(limit), Used: s.used, Measure: s.measure, Part: s.used, Over: query.None(),
		State: money.BudgetMissing,
	}
	if s.n <= 0 {
		return b
	}
	b.Over = s.over(limit)
	b.Part.Value, b.Part.High = s.used.Value/query.Num(limit), s.used.High/query.Num(limit)
	b.State = stateOf(float64(b.Part.Value))
	if s.n < few {
		b.State = money.BudgetFew
	}
	return b
}

// stateOf returns the state of a part of a limit.
func stateOf(part float64) string {
	const watch, tight = .5, .8
	switch {
	case part >= 1:
		return money.BudgetOver
	case part >= tight:
		return money.BudgetTight
	case part >= watch:
		return money.BudgetWatch
	}
	return money.BudgetOK
}
