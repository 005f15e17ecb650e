package webtest

import (
	"math"
	"time"

	"edgescope/query"
	"edgescope/query/money"
)

// limits are a service that is over a limit, one that is near, one with few events, and one that shares a quota.
func (c *Collector) limits() any {
	out := &money.Limits{About: c.about(), Services: []money.ServiceLimits{}, Choices: choices}
	if c.Bare {
		return out
	}
	none := query.None()
	budget := func(name, unit string, limit, used, high, n float64) money.Budget {
		b := money.Budget{
			Name: name, Unit: unit, Limit: query.Num(limit), Measure: money.MeasureP99, Over: 0, ExceededRatio: 0,
			Used: figure(used, math.NaN(), high, n, query.OriginMeasured),
			Part: figure(used/limit, math.NaN(), high/limit, n, query.OriginMeasured),
		}
		switch part := used / limit; {
		case n == 0:
			b.State, b.Measure, b.Missing = money.BudgetMissing, "", "no sizes come: send http.request.body.size"
			b.Used, b.Part, b.Over = nothing, nothing, none
		case n < 100:
			b.State, b.Measure = money.BudgetFew, money.MeasureMax
		case part >= 1:
			b.State, b.Over = money.BudgetOver, .068
		case part >= .8:
			b.State = money.BudgetTight
		case part >= .5:
			b.State = money.BudgetWatch
		default:
			b.State = money.BudgetOK
		}
		return b
	}
	const workers = "https://developers.cloudflare.com/workers/platform/limits/"
	free := money.PlanLimits{Plan: "Free", AsOf: "2026", Source: workers, Remark: "6 connections open at a time", Budgets: []money.Budget{
		budget(money.BudgetCPU, "ms", 10, 12, 12.3, 184_000), budget(money.BudgetStartup, "ms", 1000, 412, 431, 3_400),
		budget(money.BudgetSubrequests, "", 50, 9, 9.4, 90_000), budget(money.BudgetBody, "bytes", 100<<20, 0, 0, 0),
	}}
	compute := money.PlanLimits{Plan: "Compute", AsOf: "2025-10", Remark: "package 100 MB", Budgets: []money.Budget{
		budget(money.BudgetCPU, "ms", 50, 43, 44, 20_100), budget(money.BudgetMemory, "bytes", 128<<20, 0, 0, 0),
	}}
	compute.Budgets[0].Trend = &money.BudgetTrend{
		PerDay:  figure(.4, .2, .6, 28, query.OriginModel),
		Reaches: Now.AddDate(0, 0, 17), Earliest: Now.AddDate(0, 0, 11), Latest: Now.AddDate(0, 0, 35),
	}
	free.Budgets[1].Trend = &money.BudgetTrend{PerDay: figure(.4, -2, 3, 28, query.OriginModel)}
	lambda := money.PlanLimits{Plan: "x86", AsOf: "2026", Budgets: []money.Budget{budget(money.BudgetWall, "ms", 900_000, 1200, math.NaN(), 37)}}
	day := budget(money.BudgetRequests, "", 100_000, 92_000, 103_000, 640_000)
	day.Measure = money.MeasureDay
	out.Services = []money.ServiceLimits{
		{Service: "image-resize", Platform: "cloudflare.workers", Said: true, State: money.BudgetOver, Nearest: money.BudgetCPU, Plans: []money.PlanLimits{free}},
		{
			Platform: "cloudflare.workers", Said: true, State: money.BudgetTight, Nearest: money.BudgetRequests,
			Plans: []money.PlanLimits{{Plan: "Free", AsOf: "2026", Source: workers, Remark: "shared by image-resize", Budgets: []money.Budget{day}}},
		},
		{Service: "checkout", Platform: "fastly", State: money.BudgetTight, Nearest: money.BudgetCPU, Plans: []money.PlanLimits{compute}},
		{Service: "mail", Platform: "aws_lambda", State: money.BudgetFew, Nearest: money.BudgetWall, Plans: []money.PlanLimits{lambda}},
	}
	out.Unknown = []string{"fly"}
	return out
}

// forecast is two weeks, a gap in them, and the week that follows.
func (c *Collector) forecast() any {
	end := Now.Truncate(time.Hour)
	day, month := Now.Truncate(query.Day), time.Date(Now.Year(), Now.Month(), 1, 0, 0, 0, 0, time.UTC)
	f := &money.Forecast{
		About: c.about(), Start: end, Error: query.None(), Choices: choices, Quotas: []money.Quota{},
		Measured: []query.Num{}, Expected: []query.Num{}, Low: []query.Num{}, High: []query.Num{},
		Reason: "0 hours of the past are known: a forecast needs 3 days",
	}
	f.Today = money.Expectation{From: day, To: day.Add(query.Day), SoFar: nothing, All: nothing}
	f.Month = money.Expectation{From: month, To: month.AddDate(0, 1, 0), SoFar: nothing, All: nothing}
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
	f.Today.SoFar, f.Today.All = figure(41_000, math.NaN(), math.NaN(), 41_000, query.OriginMeasured), figure(92_000, 88_000, 97_000, 41_000, query.OriginModel)
	f.Month.SoFar, f.Month.All = figure(1.9e6, math.NaN(), math.NaN(), 1.9e6, query.OriginMeasured), figure(2.7e6, 2.6e6, 2.9e6, 1.9e6, query.OriginModel)
	f.Quotas = []money.Quota{{
		Platform: "cloudflare.workers", Plan: "Free", Said: true, Services: []string{"image-resize"}, Of: "requests", Per: "day",
		Limit: 100_000, State: money.BudgetTight, Period: f.Today, Part: figure(.92, .88, .97, 41_000, query.OriginModel),
		Then: "further requests fail until midnight UTC", AsOf: "2026",
	}, {
		Platform: "fastly", Plan: "Compute", Said: true, Services: []string{"checkout"}, Of: "requests", Per: "month",
		Limit: 2.5e6, State: money.BudgetOver, Period: f.Month, Part: figure(1.08, 1.04, 1.16, 1.9e6, query.OriginModel),
		Reached: Now.AddDate(0, 0, 3), Earliest: Now.AddDate(0, 0, 2), Then: "further requests cost 0.50 USD a million", AsOf: "2026-05",
	}}
	return f
}
