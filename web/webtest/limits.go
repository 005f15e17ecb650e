package webtest

import (
	"math"
	"time"

	"edgescope/query"
)

// limits are a service that is over a limit, one that is near, one with few events, and one that shares a quota.
func (c *Collector) limits() any {
	out := &query.Limits{About: c.about(), Services: []query.ServiceLimits{}, Choices: choices}
	if c.Bare {
		return out
	}
	none := query.None()
	budget := func(name, unit string, limit, used, high, n float64) query.Budget {
		b := query.Budget{
			Name: name, Unit: unit, Limit: query.Num(limit), Measure: query.MeasureP99, Over: 0, ExceededRatio: 0,
			Used: money(used, math.NaN(), high, n, query.OriginMeasured),
			Part: money(used/limit, math.NaN(), high/limit, n, query.OriginMeasured),
		}
		switch part := used / limit; {
		case n == 0:
			b.State, b.Measure, b.Missing = query.BudgetMissing, "", "no sizes come: send http.request.body.size"
			b.Used, b.Part, b.Over = nothing, nothing, none
		case n < 100:
			b.State, b.Measure = query.BudgetFew, query.MeasureMax
		case part >= 1:
			b.State, b.Over = query.BudgetOver, .068
		case part >= .8:
			b.State = query.BudgetTight
		case part >= .5:
			b.State = query.BudgetWatch
		default:
			b.State = query.BudgetOK
		}
		return b
	}
	const workers = "https://developers.cloudflare.com/workers/platform/limits/"
	free := query.PlanLimits{Plan: "Free", AsOf: "2026", Source: workers, Remark: "6 connections open at a time", Budgets: []query.Budget{
		budget(query.BudgetCPU, "ms", 10, 12, 12.3, 184_000), budget(query.BudgetStartup, "ms", 1000, 412, 431, 3_400),
		budget(query.BudgetSubrequests, "", 50, 9, 9.4, 90_000), budget(query.BudgetBody, "bytes", 100<<20, 0, 0, 0),
	}}
	compute := query.PlanLimits{Plan: "Compute", AsOf: "2025-10", Remark: "package 100 MB", Budgets: []query.Budget{
		budget(query.BudgetCPU, "ms", 50, 43, 44, 20_100), budget(query.BudgetMemory, "bytes", 128<<20, 0, 0, 0),
	}}
	compute.Budgets[0].Trend = &query.BudgetTrend{
		PerDay:  money(.4, .2, .6, 28, query.OriginModel),
		Reaches: Now.AddDate(0, 0, 17), Earliest: Now.AddDate(0, 0, 11), Latest: Now.AddDate(0, 0, 35),
	}
	free.Budgets[1].Trend = &query.BudgetTrend{PerDay: money(.4, -2, 3, 28, query.OriginModel)}
	lambda := query.PlanLimits{Plan: "x86", AsOf: "2026", Budgets: []query.Budget{budget(query.BudgetWall, "ms", 900_000, 1200, math.NaN(), 37)}}
	day := budget(query.BudgetRequests, "", 100_000, 92_000, 103_000, 640_000)
	day.Measure = query.MeasureDay
	out.Services = []query.ServiceLimits{
		{Service: "image-resize", Platform: "cloudflare.workers", Said: true, State: query.BudgetOver, Nearest: query.BudgetCPU, Plans: []query.PlanLimits{free}},
		{
			Platform: "cloudflare.workers", Said: true, State: query.BudgetTight, Nearest: query.BudgetRequests,
			Plans: []query.PlanLimits{{Plan: "Free", AsOf: "2026", Source: workers, Remark: "shared by image-resize", Budgets: []query.Budget{day}}},
		},
		{Service: "checkout", Platform: "fastly", State: query.BudgetTight, Nearest: query.BudgetCPU, Plans: []query.PlanLimits{compute}},
		{Service: "mail", Platform: "aws_lambda", State: query.BudgetFew, Nearest: query.BudgetWall, Plans: []query.PlanLimits{lambda}},
	}
	out.Unknown = []string{"fly"}
	return out
}

// forecast is two weeks, a gap in them, and the week that follows.
func (c *Collector) forecast() any {
	end := Now.Truncate(time.Hour)
	day, month := Now.Truncate(query.Day), time.Date(Now.Year(), Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	f := &query.Forecast{
		About: c.about(), Start: end, Error: query.None(), Choices: choices, Quotas: []query.Quota{},
		Measured: []query.Num{}, Expected: []query.Num{}, Low: []query.Num{}, High: []query.Num{},
		Reason: "0 hours of the past are known: a forecast needs 3 days",
	}
	f.Today = query.Expectation{From: day, To: day.Add(query.Day), SoFar: nothing, All: nothing}
	f.Month = query.Expectation{From: month, To: month.AddDate(0, 1, 0), SoFar: nothing, All: nothing}
	if c.Bare {
		return f
	}
	const before, after = 14 * 24, 7 * 24
	f.Start = end.Add(-before * time.Hour)
	usual := func(i int) float64 {
		return 3800 * (1 + .6*math.Sin(2*math.Pi*float64(f.Start.Add(time.Duration(i)*time.Hour).Hour())/24))
	}
	for i := range before {
		v := query.Num(usual(i) * (1 + .05*math.Sin(float64(i*i))))
		if i > 200 && i < 212 {
			v = query.None()
		}
		f.Measured = append(f.Measured, v)
	}
	for i := range after {
		v := query.Num(usual(before + i))
		f.Expected, f.Low, f.High = append(f.Expected, v), append(f.Low, v*.92), append(f.High, v*1.09)
	}
	f.Method, f.Reason, f.Error, f.Tests = "season", "", .061, 28
	f.Today.SoFar, f.Today.All = money(41_000, math.NaN(), math.NaN(), 41_000, query.OriginMeasured), money(92_000, 88_000, 97_000, 41_000, query.OriginModel)
	f.Month.SoFar, f.Month.All = money(1.9e6, math.NaN(), math.NaN(), 1.9e6, query.OriginMeasured), money(2.7e6, 2.6e6, 2.9e6, 1.9e6, query.OriginModel)
	f.Quotas = []query.Quota{{
		Platform: "cloudflare.workers", Plan: "Free", Said: true, Services: []string{"image-resize"}, Of: "requests", Per: "day",
		Limit: 100_000, State: query.BudgetTight, Period: f.Today, Part: money(.92, .88, .97, 41_000, query.OriginModel),
		Then: "further requests fail until midnight UTC", AsOf: "2026",
	}, {
		Platform: "fastly", Plan: "Compute", Said: true, Services: []string{"checkout"}, Of: "requests", Per: "month",
		Limit: 2.5e6, State: query.BudgetOver, Period: f.Month, Part: money(1.08, 1.04, 1.16, 1.9e6, query.OriginModel),
		Reached: Now.AddDate(0, 0, 3), Earliest: Now.AddDate(0, 0, 2), Then: "further requests cost 0.50 USD a million", AsOf: "2026-05",
	}}
	return f
}
