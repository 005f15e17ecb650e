package slo

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/filter"
)

const (
	// few is the number of events below which there is no verdict.
	few = 100
	// mostPromises bounds the promises of an objective that an answer has: the worst.
	mostPromises = 20
)

// objective tells how an SLO stands, of what was counted.
func objective(s *policy.SLO, measures []*measure, all map[*measure]counted, at time.Time) query.Objective {
	win := periodWindow(s.Period, at)
	o := query.Objective{
		Name: s.Name, Service: s.Service, SLI: s.SLI, Target: query.Num(s.Target / 100),
		Period: int64(s.Period.Seconds()), Threshold: query.None(), JudgedAt: query.None(), By: s.By,
		From: win.From, Step: int64(win.Step.Seconds()), Promises: []query.Promise{},
	}
	if s.SLI == policy.SLILatency {
		o.Threshold = query.Num(s.Threshold.Seconds() * 1000)
		o.JudgedAt = query.Num(edgeOf(nearestBucket(s.Threshold)) * 1000)
	}
	for _, m := range measures {
		groups := all[m]
		if len(groups) == 0 && s.Service != "" && len(s.By) == 0 {
			groups = counted{s.Service: &history{values: []string{s.Service}}}
		}
		for _, h := range groups {
			p := m.stands(h, at)
			m.name(&p, h.values)
			o.Promises = append(o.Promises, p)
		}
	}
	slices.SortFunc(o.Promises, worstFirst)
	return o
}

// name says what a promise is of.
func (m *measure) name(p *query.Promise, values []string) {
	p.Source = m.source
	for i, value := range values {
		switch m.by[i] {
		case edge.LabelService:
			p.Service = value
		case edge.LabelRoute:
			p.Route = value
		case edge.LabelRegion:
			p.Region = value
		case edge.LabelVersion:
			p.Version = value
		}
	}
}

// urgencies are the states of promises, the least urgent first.
var urgencies = []string{
	query.PromiseNoData, query.PromiseFew, query.PromiseOK, query.PromiseOverspent, query.PromiseTicket,
	query.PromisePage,
}

func worstFirst(a, b query.Promise) int {
	return cmp.Or(
		cmp.Compare(slices.Index(urgencies, b.State), slices.Index(urgencies, a.State)),
		compare(a.Remaining.Value, b.Remaining.Value),
		compare(b.Total, a.Total),
		strings.Compare(a.Service, b.Service), strings.Compare(a.Route, b.Route), strings.Compare(a.Region, b.Region),
		strings.Compare(a.Version, b.Version),
	)
}

// compare puts absent numbers last.
func compare(a, b query.Num) int {
	switch {
	case a.OK() && b.OK():
		return cmp.Compare(a, b)
	case a.OK():
		return -1
	case b.OK():
		return 1
	}
	return 0
}

// stands tells how a promise stands.
func (m *measure) stands(h *history, at time.Time) query.Promise {
	sum := &counts{}
	for i := range h.period {
		sum.add(&h.period[i])
	}
	p := query.Promise{
		Bad: query.Num(sum.bad), Total: query.Num(sum.total), Burn: query.None(), Burns: m.burns(h),
		Estimated: sum.requests > sum.events*1.0000001,
	}
	n := sum.raw(sum.total)
	p.Good, p.Remaining = m.figures(sum, n)
	p.State = state(&p, n)
	if p.State == query.PromisePage || p.State == query.PromiseTicket {
		p.Since = m.since(h, p.Burns, at)
	}
	m.forecast(&p, h, at)
	if n > 0 {
		p.Course = m.course(h.period, sum)
	}
	return p
}

// figures are the share of good events and the part of the budget that is left, with intervals by the number of events
// that were received.
func (m *measure) figures(sum *counts, n float64) (good, remaining query.Figure) {
	good = query.Figure{
		Value: query.None(), Low: query.None(), High: query.None(), N: query.Num(math.Round(n)), Origin: query.OriginMeasured,
	}
	remaining = good
	if n <= 0 {
		return good, remaining
	}
	low, high := judge.Share{K: sum.raw(sum.bad), N: n}.Wilson()
	good.Value, good.Low, good.High = query.Num(1-sum.share().Ratio()), query.Num(1-high), query.Num(1-low)
	left := func(bad float64) query.Num { return query.Num(1 - bad/m.promise.Budget()) }
	remaining.Value, remaining.Low, remaining.High = query.Num(m.promise.Remaining(sum.share())), left(high), left(low)
	return good, remaining
}

// burns tells how a promise stands with each rule.
func (m *measure) burns(h *history) []query.Burn {
	out := make([]query.Burn, len(judge.BurnRules))
	for i, r := range judge.BurnRules {
		long, short := h.last(r.Long), h.last(r.Short)
		out[i] = query.Burn{
			Severity: string(r.Urgency), Part: query.Num(r.Part), At: query.Num(r.Threshold(m.promise)),
			Long: int64(r.Long.Seconds()), Short: int64(r.Short.Seconds()),
			InLong: query.Num(m.promise.Burn(long.share())), InShort: query.Num(m.promise.Burn(short.share())),
			N: query.Num(math.Round(long.raw(long.total))), Bad: query.Num(long.raw(long.bad)),
			Tells: r.Tells(m.promise, long.share(), short.share(), long.raw(long.bad)),
		}
	}
	return out
}

// state is the verdict on a promise with n events.
func state(p *query.Promise, n float64) string {
	known, told := false, ""
	for _, b := range p.Burns {
		known = known || b.InShort.OK() && b.InLong.OK()
		if b.Tells && told != string(judge.Page) {
			told = b.Severity
		}
	}
	switch {
	case told != "":
		return told // query.PromisePage and PromiseTicket are the words of the rules
	case !known:
		return query.PromiseNoData
	case n < few:
		return query.PromiseFew
	case p.Remaining.Value <= 0:
		return query.PromiseOverspent
	default:
		return query.PromiseOK
	}
}

// since returns when the burn began that is told of: the first of the newest buckets of the long window that all burn
// faster than the rule allows. It is zero when all of them do.
func (m *measure) since(h *history, burns []query.Burn, at time.Time) time.Time {
	i := slices.IndexFunc(burns, func(b query.Burn) bool { return b.Tells })
	r := &judge.BurnRules[i]
	place := reachOf(r.Long)
	buckets := h.reaches[place][:]
	win := reaches[place].window(at)
	for b := len(buckets) - 1; b >= 0; b-- {
		if burn := m.promise.Burn(buckets[b].share()); !(burn > r.Threshold(m.promise)) {
			return win.From.Add(time.Duration(b+1) * win.Step)
		}
	}
	return time.Time{}
}

// forecast tells how fast the budget goes now, and when it is gone at that burn.
func (m *measure) forecast(p *query.Promise, h *history, at time.Time) {
	for _, r := range judge.BurnRules {
		long := h.last(r.Long)
		if long.raw(long.total) < few {
			continue
		}
		burn := m.promise.Burn(long.share())
		p.Burn, p.BurnOver = query.Num(burn), int64(r.Long.Seconds())
		left := float64(p.Remaining.Value)
		if lasts, ends := m.promise.Lasts(left, burn); ends && left > 0 && lasts <= m.promise.Period {
			p.Exhausted = at.Add(lasts).Truncate(time.Second)
		}
		return
	}
}

// course returns which part of the budget was left at the start of each bucket of the period, and at its end.
func (m *measure) course(buckets []counts, sum *counts) []query.Num {
	out := make([]query.Num, 0, len(buckets)+1)
	spent := 0.0
	for i := range buckets {
		out = append(out, query.Num(m.promise.Remaining(judge.Share{K: spent, N: sum.total})))
		spent += buckets[i].bad
	}
	return append(out, query.Num(m.promise.Remaining(sum.share())))
}

// chosen are the promises that a question's filters let pass. Objectives of which none does are left out.
func chosen(all []query.Objective, conditions []filter.Condition) []query.Objective {
	out := make([]query.Objective, 0, len(all))
	for _, o := range all {
		var pass []query.Promise
		for i := range o.Promises {
			if passes(&o.Promises[i], conditions) {
				pass = append(pass, o.Promises[i])
			}
		}
		if len(pass) == 0 && (len(o.Promises) > 0 || o.Service != "" && !serviceOf(o.Service, conditions)) {
			continue
		}
		o.Promises = append([]query.Promise{}, pass...)
		out = append(out, o)
	}
	return out
}

// worst cuts the promises of an objective to the worst.
func worst(o *query.Objective) {
	n := min(len(o.Promises), mostPromises)
	o.Promises, o.More = o.Promises[:n], len(o.Promises)-n
}

func serviceOf(service string, conditions []filter.Condition) bool {
	return passes(&query.Promise{Service: service}, conditions)
}

// passes tells whether a promise meets the conditions on what it is of. What it is not of alone, such as the region of
// a promise of a service, is no reason to leave it out.
func passes(p *query.Promise, conditions []filter.Condition) bool {
	is := map[string]string{
		edge.KeyServiceName: p.Service, edge.KeyRoute: p.Route, edge.KeyRegion: p.Region, edge.KeyServiceVersion: p.Version,
	}
	for i := range conditions {
		if value := is[conditions[i].Key]; value != "" && !conditions[i].Holds(value) {
			return false
		}
	}
	return true
}
