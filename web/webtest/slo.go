package webtest

import (
	"time"

	"edgescope/query"
)

// slo is what the made collector promises, with all states that a promise has.
func (c *Collector) slo() any {
	a := &query.SLO{About: c.about(), JudgedTo: Now.Add(-94 * time.Second), Objectives: []query.Objective{}}
	if c.Bare {
		return a
	}
	from, step := Now.Truncate(time.Hour).Add(time.Hour-30*query.Day), int64(6*3600)
	objective := func(o query.Objective, promises ...query.Promise) {
		o.From, o.Step, o.Period = from, step, 30*86400
		if o.SLI != "latency" {
			o.Threshold, o.JudgedAt = query.None(), query.None()
		}
		o.Promises = append([]query.Promise{}, promises...)
		a.Objectives = append(a.Objectives, o)
	}
	objective(query.Objective{Name: "checkout works", Service: "checkout", SLI: "availability", Target: .999},
		c.promise(query.Promise{Service: "checkout", State: query.PromisePage}, 2_410_000, .0006, 21.4))
	objective(query.Objective{
		Name: "images are fast", SLI: "latency", Target: .95, Threshold: 200, JudgedAt: 189.6, By: []string{"region"},
	},
		c.promise(query.Promise{Service: "image-resize", Region: "GRU", State: query.PromiseTicket}, 310_000, .041, 3.6),
		c.promise(query.Promise{Service: "image-resize", Region: "BOM", State: query.PromiseOverspent}, 120_000, .058, .9),
		c.promise(query.Promise{Service: "image-resize", Region: "FRA", State: query.PromiseOK}, 900_000, .012, .2),
		c.promise(query.Promise{Service: "image-resize", Region: "X9", State: query.PromiseFew}, 37, .02, .4))
	objective(query.Objective{Name: "starts warm", Service: "image-resize", SLI: "warm", Target: .97},
		c.promise(query.Promise{Service: "image-resize", State: query.PromiseOK, Estimated: true}, 1_600_000, .019, .6))
	objective(query.Objective{Name: "served from the cache", Service: "static", SLI: "hit", Target: .85},
		c.promise(query.Promise{Service: "static", State: query.PromiseNoData}, 0, 0, 0))
	a.Objectives[1].More, a.Promised = 9, len(a.Objectives)
	return a
}

// promise is one of n events, of which a share was bad, at a burn.
func (c *Collector) promise(p query.Promise, n, bad, burn query.Num) query.Promise {
	budget := map[string]query.Num{"checkout": .001, "image-resize": .05}[p.Service]
	p.Source, p.Total, p.Bad, p.Burn = "span", n, n*bad, query.None()
	none := query.Figure{Value: query.None(), Low: query.None(), High: query.None(), N: n, Origin: query.OriginMeasured}
	p.Good, p.Remaining = none, none
	if n > 0 {
		left := func(bad query.Num) query.Num { return 1 - bad/budget }
		p.Good.Value, p.Good.Low, p.Good.High = 1-bad, 1-bad*1.05, 1-bad*.95
		p.Remaining.Value, p.Remaining.Low, p.Remaining.High = left(bad), left(bad*1.05), left(bad*.95)
		for i := range 121 {
			p.Course = append(p.Course, left(bad*query.Num(i)/120))
		}
	}
	if n >= 100 {
		p.Burn, p.BurnOver = burn, 3600
	}
	if burn > 3 {
		p.Exhausted, p.Since = Now.Add(14*time.Hour), Now.Add(-25*time.Minute).Truncate(5*time.Minute)
	}
	for _, r := range []query.Burn{
		{Severity: "page", Part: .02, At: 14.4, Long: 3600, Short: 300},
		{Severity: "page", Part: .05, At: 6, Long: 6 * 3600, Short: 1800},
		{Severity: "ticket", Part: .1, At: 3, Long: 24 * 3600, Short: 2 * 3600},
		{Severity: "ticket", Part: .1, At: 1, Long: 72 * 3600, Short: 6 * 3600},
	} {
		r.InLong, r.InShort, r.N, r.Bad = p.Burn, p.Burn, n/50, n/50*min(1, burn*budget)
		r.Tells = p.State == r.Severity && burn > r.At
		p.Burns = append(p.Burns, r)
	}
	return p
}
