package platform

// Source says where a figure comes from and when it was looked up. Figures age: a page shows the date beside them.
type Source struct {
	URL string
	// AsOf is the date of the page that was read: "2026", "2026-03" or "2024-05-01".
	AsOf string
	// Note says what else to know, such as that the figure is second hand.
	Note string
}

// Limits are what a plan of a platform allows a function. A 0 was not looked up or does not apply.
type Limits struct {
	Platform, Plan string
	// CPUMS is the CPU time of one invocation in milliseconds: what it has by default, and at most when configured.
	CPUMS, MaxCPUMS int
	// WallMS is the time from start to end of one invocation in milliseconds, FirstByteMS that to the first byte.
	WallMS, FirstByteMS int
	StartupMS           int
	MemoryMB            int
	CodeMB              int
	Subrequests         int
	RequestsPerDay      int
	Source              Source
}

const (
	workersLimits = "https://developers.cloudflare.com/workers/platform/limits/"
	minutes       = 60_000 // ms
)

// platformLimits are the limits of the platforms' plans. Fastly Compute, CloudFront Functions, Azure and Cloud Run were
// not looked up.
var platformLimits = []Limits{
	{
		Platform: CloudflareWorkers, Plan: "Free", CPUMS: 10, MaxCPUMS: 10, StartupMS: 1000, MemoryMB: 128,
		Subrequests:    50,
		RequestsPerDay: 100_000, Source: Source{URL: workersLimits, AsOf: "2026"},
	},
	{
		Platform: CloudflareWorkers, Plan: "Paid", CPUMS: 30_000, MaxCPUMS: 5 * minutes, StartupMS: 1000, MemoryMB: 128,
		CodeMB:      10,
		Subrequests: 10_000, Source: Source{
			URL: workersLimits, AsOf: "2026",
			Note: "cron and queue handlers 15 min of CPU; newest page: code 64 MiB",
		},
	},
	{
		Platform: AWSLambda, WallMS: 15 * minutes, MemoryMB: 10_240,
		Source: Source{AsOf: "2026", Note: "secondary pages of 2023 to 2026"},
	},
	{
		Platform: Netlify, Plan: "Edge functions", CPUMS: 50, MaxCPUMS: 50, FirstByteMS: 40_000, MemoryMB: 512,
		CodeMB: 20,
		Source: Source{URL: "https://docs.netlify.com/edge-functions/limits/", AsOf: "2026"},
	},
	{
		Platform: Vercel, Plan: "Edge runtime", FirstByteMS: 25_000, MemoryMB: 128, CodeMB: 4,
		Source: Source{
			URL: "https://vercel.com/docs/functions/limitations", AsOf: "2024-05",
			Note: "old page; code 1, 2 or 4 MB by plan",
		},
	},
	{
		Platform: Deno, Plan: "Deploy", CPUMS: 50, MaxCPUMS: 200, MemoryMB: 512,
		Source: Source{URL: "https://docs.deno.com/subhosting/", AsOf: "2026-03", Note: "CPU is an average, by tier"},
	},
}

// LimitsOf returns the limits of the plans of a platform, none if they were not looked up.
func LimitsOf(platform string) []Limits {
	var all []Limits
	for _, l := range platformLimits {
		if l.Platform == platform {
			all = append(all, l)
		}
	}
	return all
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
