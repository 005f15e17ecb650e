package webtest

import (
	"math"
	"time"

	"edgescope/query"
	"edgescope/query/money"
)

// figure is a made one between two bounds.
func figure(value, low, high, n float64, origin string) query.Figure {
	return query.Figure{Value: query.Num(value), Low: query.Num(low), High: query.Num(high), N: query.Num(n), Origin: origin}
}

func priced(value, n float64) query.Figure {
	return figure(value, value*.97, value*1.03, n, query.OriginPriceList)
}

// nothing is a figure that is not known.
var nothing = figure(math.NaN(), math.NaN(), math.NaN(), 0, query.OriginPriceList)

// cost is an account that will pass its budget, and one of which a memory is not known.
func (c *Collector) cost() any {
	out := &money.Cost{About: c.about(), Month: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Choices: choices}
	out.Total = money.Spending{Range: nothing, Today: nothing, ToDate: nothing, Forecast: nothing, PerMillion: nothing}
	if c.Bare {
		return out
	}
	spending := money.Spending{
		Range: priced(11.2, 98_000), Today: priced(8.12, 70_000), ToDate: priced(212.6, 1_840_000), PerMillion: priced(.44, 1_840_000),
		Forecast: figure(318.4, 290.1, 351.7, 3_100_000, query.OriginModel),
	}
	out.Total = spending
	out.Accounts = []money.AccountCost{
		{
			Platform: "cloudflare.workers", Plan: "Paid", Services: []string{"shop", "img"}, Spending: spending, Factor: 1, Budget: 300,
			Passes: time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC), ElsewhereOf: "forecast",
			Meters: madeMeters(), Elsewhere: madeElsewhere(), Invoices: madeInvoices(),
		},
		{
			Platform: "aws_lambda", Plan: "x86", Assumed: true, Services: []string{"mail"},
			Spending: money.Spending{Range: nothing, Today: nothing, ToDate: nothing, Forecast: nothing, PerMillion: nothing},
			Factor:   1, Budget: query.None(), ElsewhereOf: "to date",
			Missing: []string{"aws_lambda x86 charges for memory, and that of mail is not known: name it in memory of the policy"},
		},
	}
	out.Routes = madeRoutes()
	out.RouteCount, out.Prices = len(out.Routes), madePrices()
	return out
}

func madeMeters() []money.MeterUse {
	return []money.MeterUse{
		{
			Of: "requests", Used: figure(482e6, 470e6, 494e6, 1_840_000, query.OriginMeasured), Included: 10e6,
			Forecast: figure(721e6, 660e6, 795e6, 3_100_000, query.OriginModel), Price: .30, Per: 1e6,
		},
		{
			Of: "cpu_ms", Used: figure(3.37e9, 3.29e9, 3.45e9, 1_840_000, query.OriginMeasured), Included: 30e6,
			Forecast: figure(5.04e9, 4.6e9, 5.6e9, 3_100_000, query.OriginModel), Price: .02, Per: 1e6,
		},
	}
}

func madeElsewhere() []money.Elsewhere {
	return []money.Elsewhere{
		{
			Platform: "cloudflare.workers", Plan: "Paid", Current: true, Bill: figure(318.4, 309, 328, 1_840_000, query.OriginModel),
			AsOf: "2026",
		},
		{Platform: "fastly", Plan: "Compute", Bill: figure(602.5, 584, 621, 1_840_000, query.OriginModel), AsOf: "2026-05"},
		{
			Platform: "cloudfront", Plan: "Functions", Bill: figure(71.9, 70, 74, 1_840_000, query.OriginModel), AsOf: "2026",
			Warnings: []string{"shop: p99 of CPU is 6.4 ms, cloudfront Functions allows 1 ms"},
		},
		{
			Platform: "aws_lambda", Plan: "x86", Bill: nothing, AsOf: "2026",
			Missing: "needs memory of its services in the policy",
		},
	}
}

func madeInvoices() []money.InvoicedMonth {
	return []money.InvoicedMonth{
		{
			Month: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Invoice: 301.18,
			Model: figure(287.4, 279, 296, 2_700_000, query.OriginModel), Factor: 1.048,
		},
		{
			Month: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Invoice: 280, Model: nothing, Factor: query.None(),
			Missing: "only 12 of the month's 30 days have invocations here",
		},
	}
}

func madeRoutes() []money.RouteCost {
	var out []money.RouteCost
	for i, route := range []string{"/img/:id", "/api/cart", "/api/search", "/"} {
		share := []float64{.61, .22, .12, .05}[i]
		out = append(out, money.RouteCost{
			Service: "shop", Route: route, Platform: "cloudflare.workers", Plan: "Paid", Requests: query.Num(482e6 * share),
			Samples: query.Num(1_840_000 * share), CPU: query.Num(9 - 2*float64(i)), Duration: query.Num(61 - 9*float64(i)),
			Share: query.Num(share), Bill: priced(212.6*share, 1_840_000*share), Range: priced(11.2*share, 98_000*share),
			PerMillion: priced(.3+.02*(9-2*float64(i)), 1_840_000*share),
		})
	}
	out = append(out, money.RouteCost{
		Service: "mail", Route: "/send", Platform: "aws_lambda", Plan: "x86", Requests: 37, Samples: 37, CPU: query.None(), Duration: 180,
		Share: query.None(), Bill: nothing, Range: nothing, PerMillion: nothing,
	})
	return out
}

func madePrices() []money.PriceList {
	return []money.PriceList{
		{
			Platform: "cloudflare.workers", Plan: "Paid", Month: 5, Used: true, AsOf: "2026",
			Source: "https://developers.cloudflare.com/workers/platform/pricing/", Meters: []money.ListMeter{
				{Of: "requests", Included: 10e6, Per: 1e6, Price: .3}, {Of: "cpu_ms", Included: 30e6, Per: 1e6, Price: .02},
			},
		},
		{
			Platform: "aws_lambda", Plan: "x86", Used: true, AsOf: "2025", Old: true, Source: "https://aws.amazon.com/lambda/pricing/",
			Meters: []money.ListMeter{
				{Of: "requests", Included: 1e6, Per: 1e6, Price: .2},
				{
					Of: "gb_s", Included: 4e5, Per: 1, Price: .0000166667,
					Tiers: []money.ListTier{{Above: 6e9, Price: .000015}, {Above: 15e9, Price: .0000133334}},
				},
			},
		},
		{
			Platform: "fastly", Plan: "Compute", Month: 7, Credit: 2, Own: true, AsOf: "2026-05", Source: "contract 4711",
			Meters: []money.ListMeter{{Of: "requests", Per: 1e6, Price: .5}},
		},
	}
}

// bill is that of the first account of cost.
func (c *Collector) bill() any {
	out := &money.Bill{
		About: c.about(), Month: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Budget: query.None(), Today: nothing, ToDate: nothing,
		Forecast: nothing, PerMillion: nothing,
	}
	if !c.Bare {
		out.Accounts, out.Budget, out.Over = 1, 300, []string{"cloudflare.workers Paid"}
		out.Today, out.ToDate, out.PerMillion = priced(8.12, 70_000), priced(212.6, 1_840_000), priced(.44, 1_840_000)
		out.Forecast = figure(318.4, 290.1, 351.7, 3_100_000, query.OriginModel)
	}
	return out
}
