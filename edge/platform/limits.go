package platform

// Source says where a figure comes from and when it was looked up. Figures age: a page shows the date beside them.
type Source struct {
	URL string
	// AsOf is the date of the page that was read: "2026", "2026-03" or "2024-05-01".
	AsOf string
	// Note says what else to know, such as that the figure is second hand.
	Note string
}

// Price is what a plan costs in US dollars. Time from start to end and data sent are free on Workers.
type Price struct {
	Platform, Plan string
	Month          float64
	// IncludedRequests and IncludedCPUMS are in the monthly price; further ones cost PerMRequests and PerMCPUMS a
	// million.
	IncludedRequests, IncludedCPUMS float64
	PerMRequests, PerMCPUMS         float64
	Source                          Source
}

// WorkersPaid is the price of Cloudflare Workers, plan Paid with the Standard usage model.
func WorkersPaid() Price {
	return Price{
		Platform: CloudflareWorkers, Plan: "Paid", Month: 5,
		IncludedRequests: 10e6, IncludedCPUMS: 30e6, PerMRequests: 0.30, PerMCPUMS: 0.02,
		Source: Source{URL: "https://developers.cloudflare.com/workers/platform/pricing/", AsOf: "2026"},
	}
}

// AnalyticsEngine is the price of data points, in which IncludedRequests and PerMRequests count points written.
func AnalyticsEngine() Price {
	return Price{
		Platform: CloudflareWorkers, Plan: "Analytics Engine", IncludedRequests: 10e6, PerMRequests: 0.25,
		Source: Source{URL: "https://developers.cloudflare.com/workers/platform/pricing/", AsOf: "2026"},
	}
}

// Cost returns the US dollars of a month with that many requests of cpuMS milliseconds of CPU each.
func (p Price) Cost(requests, cpuMS float64) float64 {
	const million = 1e6
	return p.Month +
		max(0, requests-p.IncludedRequests)/million*p.PerMRequests +
		max(0, requests*cpuMS-p.IncludedCPUMS)/million*p.PerMCPUMS
}
