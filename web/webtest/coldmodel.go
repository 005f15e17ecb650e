package webtest

import (
	"math"
	"time"

	"edgescope/query"
)

// coldModel is what the made collector models of three services: one learnt, one with what is published, one with
// nothing.
func (c *Collector) coldModel() any {
	a := &query.ColdModels{About: c.about(), Services: []query.ColdModel{}, Choices: choices}
	a.Read = query.ColdRead{
		From: Now.Add(-7 * query.Day).Truncate(time.Hour), To: Now.Add(-90 * time.Second).Truncate(10 * time.Second),
		Windows: 412_377, Places: 298, Busy: 61, LeftOut: 4,
	}
	if c.Bare {
		return a
	}
	a.Services = append(a.Services, learned(), prior(), untold())
	return a
}

const coldN = 182_440

var (
	absent      = query.None()
	coldUnknown = query.Figure{Value: absent, Low: absent, High: absent, N: absent, Origin: query.OriginModel}
)

func figureOf(v, by, n query.Num, origin string) query.Figure {
	return query.Figure{Value: v, Low: v * (1 - by), High: v * (1 + by), N: n, Origin: origin}
}

func coldFigure(v, by query.Num) query.Figure { return figureOf(v, by, coldN, query.OriginModel) }

func coldPriced(v query.Num) query.Figure {
	return query.Figure{Value: v, Low: absent, High: absent, N: coldN, Origin: query.OriginPriceList}
}

// learned is a service with a curve.
func learned() query.ColdModel {
	m := query.ColdModel{
		Service: "image-resize", Platform: "aws_lambda", State: query.ColdLearned, Requests: 182_440, Known: .97,
		Share: figureOf(.0898, .015, 182_440, query.OriginMeasured), Gaps: 61_204, Certain: 48_011, Cold: 9120, Warm: 38_891,
		Tau10: coldFigure(1690, .02), Tau50: coldFigure(2550, .03), Tau90: coldFigure(3390, .04),
		Causes: query.ColdCauses{
			Deploy: figureOf(.0062, .06, 182_440, query.OriginMeasured), Idle: coldFigure(.0505, .04), Burst: coldFigure(.0331, .06),
		},
		WhatIf: []query.ColdIf{
			{Faster: .5, Idle: coldFigure(.119, .05), Beyond: true},
			{Faster: 2, Idle: coldFigure(.012, .05)},
			{Faster: 5, Idle: coldFigure(.0004, .2)},
			{Faster: 10, Idle: coldFigure(0, 0)},
			{Faster: 1, Places: 1, Idle: coldFigure(0, 0)},
		},
		KeepWarm: &query.KeepWarm{
			Every: 1690, Places: 298, Extra: 457_060, Avoided: coldFigure(39_486, .04), Saved: coldFigure(15_794_000, .04), Cost: coldPriced(2.31),
		},
		Reserved: reserved(),
		Regions: []query.ColdRegion{
			{
				Region: "GRU", Share: figureOf(.12, .05, 12_300, query.OriginMeasured), Certain: 4100, Tau10: coldFigure(1700, .05),
				Tau50: coldFigure(2600, .06), Tau90: coldFigure(3300, .08), Idle: coldFigure(.08, .07),
			},
			{
				Region: "JNB", Share: figureOf(.21, .06, 4100, query.OriginMeasured), Certain: 2210, Tau10: coldFigure(1650, .06),
				Tau50: coldFigure(2500, .07), Tau90: coldFigure(3350, .09), Idle: coldFigure(.17, .07),
			},
		},
	}
	for i := range 61 {
		x := float64(i) / 60 * 5000
		gone := math.Min(1, math.Max(0, (x-1500)/2100))
		m.Curve = append(m.Curve, query.ColdPoint{
			Seconds: query.Num(x), Gone: query.Num(gone), Low: query.Num(math.Max(0, gone-.06)),
			High: query.Num(math.Min(1, gone+.06)),
		})
	}
	return m
}

// reserved is what instances that are kept warm would change of it.
func reserved() *query.Reserved {
	return &query.Reserved{
		Plan: "aws_lambda x86", Page: "https://aws.amazon.com/lambda/pricing/", AsOf: "2026", Memory: 1, Load: 2.1, Peak: 6.4,
		Now: coldPriced(89.86), Pays: .6, Options: []query.Reserve{
			{Residual: .01, Instances: 6, Cold: coldFigure(.0098, 0), Cost: coldPriced(115.4), Change: 25.6, Avoided: 62_400, Each: .00041},
			{Residual: .001, Instances: 8, Cold: coldFigure(.00086, 0), Cost: coldPriced(137.1), Change: 47.2, Avoided: 69_500, Each: .00068},
			{Residual: .0001, Instances: 10, Cold: coldFigure(.00006, 0), Cost: coldPriced(158.9), Change: 69, Avoided: 70_160, Each: .00098},
			{Residual: absent, Instances: 1, Cold: coldFigure(.0898, 0), Cost: coldPriced(88.2), Change: -1.7, Avoided: 0, Each: absent},
		},
	}
}

// prior is a service with too few gaps, on a platform of which something is published.
func prior() query.ColdModel {
	return query.ColdModel{
		Service: "catalog", Platform: "aws_lambda", State: query.ColdPrior, Requests: 2210, Known: 1, Gaps: 61, Certain: 21, Cold: 4,
		Warm: 17, Share: figureOf(.031, .2, 2210, query.OriginMeasured), Tau10: coldUnknown, Tau50: coldUnknown, Tau90: coldUnknown,
		Reason: "too few gaps to learn lifetimes: 21 that end for certain, 4 of them cold and 17 warm; it takes 30, and 5 of each",
		Prior:  &query.Published{Low: 600, High: 3600, Text: "published of AWS Lambda: 10 minutes (2019) to 45 to 60 minutes"},
		Causes: query.ColdCauses{
			Deploy: figureOf(.004, .4, 2210, query.OriginMeasured),
			Idle:   query.Figure{Value: absent, Low: .009, High: .021, N: 2210, Origin: query.OriginModel},
			Burst:  query.Figure{Value: absent, Low: .006, High: .018, N: 2210, Origin: query.OriginModel},
		},
	}
}

// untold is a service of which nothing is known.
func untold() query.ColdModel {
	return query.ColdModel{
		Service: "checkout", Platform: "cloudflare.workers", State: query.ColdUntold, Requests: 90_200, Known: 0, Share: coldUnknown,
		Reason: "no invocation tells whether it was a cold start", Tau10: coldUnknown, Tau50: coldUnknown, Tau90: coldUnknown,
		Causes: query.ColdCauses{Deploy: coldUnknown, Idle: coldUnknown, Burst: coldUnknown},
	}
}
