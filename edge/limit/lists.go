package limit

import "edgescope/edge/platform"

const (
	second = 1000        // ms
	minute = 60 * second // ms

	workersPage = "https://developers.cloudflare.com/workers/platform/limits/"
	vercelPage  = "https://vercel.com/docs/functions/limitations"
	denoPage    = "https://docs.deno.com/subhosting/"

	cloudFrontPage = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"
)

// Lists are the published limits, as read on the pages named. They are not to be changed: a policy file says others.
var Lists = []*Plan{
	{
		Platform: platform.CloudflareWorkers, Name: "Free", CPUMS: 10, MaxCPUMS: 10, StartupMS: second, MemoryMB: 128,
		BodyMB: 100, Subrequests: 50, RequestsPerDay: 100_000, Source: Source{
			Page: workersPage, AsOf: "2026", Note: "6 connections open at a time; code 64 MiB, older pages 10 MB",
		},
	},
	{
		Platform: platform.CloudflareWorkers, Name: "Paid", CPUMS: 30 * second, MaxCPUMS: 5 * minute, StartupMS: second,
		MemoryMB: 128, BodyMB: 100, Subrequests: 10_000, Source: Source{
			Page: workersPage, AsOf: "2026",
			Note: "CPU up to 5 min where configured, cron and queue handlers 15 min; bodies 200 MB in zones of a higher " +
				"plan; 6 connections open at a time; code 64 MiB, older pages 10 MB",
		},
	},
	{
		Platform: platform.AWSLambda, Name: "@Edge viewer", WallMS: 5 * second, MemoryMB: 128, BodyMB: 40. / 1024,
		Source: Source{Page: cloudFrontPage, AsOf: "2026"},
	},
	{
		Platform: platform.AWSLambda, Name: "@Edge origin", WallMS: 30 * second, BodyMB: 1,
		Source: Source{Page: cloudFrontPage, AsOf: "2026"},
	},
	lambda("x86"), lambda("arm"),
	{
		Platform: platform.CloudFront, Name: "Functions", CPUMS: 1, MaxCPUMS: 1, MemoryMB: 2,
		Source: Source{AsOf: "2026", Note: "about 1 ms; second hand"},
	},
	{
		Platform: platform.Fastly, Name: "Compute", CPUMS: 50, MaxCPUMS: 50, WallMS: 2 * minute, MemoryMB: 128,
		Subrequests: 32, Source: Source{
			Page: "https://docs.fastly.com/products/compute-resource-limits", AsOf: "2025-10",
			Note: "memory is the heap; package 100 MB",
		},
	},
	{
		Platform: platform.Netlify, Name: "Pro", CPUMS: 50, MaxCPUMS: 50, FirstByteMS: 40 * second, MemoryMB: 512,
		Source: Source{
			Page: "https://docs.netlify.com/edge-functions/limits/", AsOf: "2026",
			Note: "edge functions, the same on all plans; code 20 MB",
		},
	},
	{
		Platform: platform.Vercel, Name: "Hobby", WallMS: 300 * second, MemoryMB: 2048, BodyMB: 4.5,
		Source: Source{Page: vercelPage, AsOf: "2025-12"},
	},
	{
		Platform: platform.Vercel, Name: "Pro", WallMS: 800 * second, MemoryMB: 4096, BodyMB: 4.5,
		Source: Source{Page: vercelPage, AsOf: "2025-12", Note: "300 s unless configured"},
	},
	{
		Platform: platform.Vercel, Name: "Edge runtime", FirstByteMS: 25 * second, MemoryMB: 128,
		Source: Source{Page: vercelPage, AsOf: "2025-12", Note: "deprecated; code 1, 2 or 4 MB by plan"},
	},
	{
		Platform: platform.Deno, Name: "Free", CPUMS: 50, MaxCPUMS: 50, CPUMean: true, MemoryMB: 512,
		Source: Source{Page: denoPage, AsOf: "2026-03"},
	},
	{
		Platform: platform.Deno, Name: "Pro", CPUMS: 200, MaxCPUMS: 200, CPUMean: true, MemoryMB: 512,
		Source: Source{Page: denoPage, AsOf: "2026-03"},
	},
	{
		Platform: "gcp_cloud_run", WallMS: 60 * minute, MemoryMB: 32 * 1024, BodyMB: 32,
		Source: Source{Page: "https://cloud.google.com/run/quotas", AsOf: "2026", Note: "5 min unless configured"},
	},
	{
		Platform: platform.AzureFunctions, WallMS: 230 * second, Source: Source{
			Page: "https://learn.microsoft.com/azure/azure-functions/functions-scale", AsOf: "2026",
			Note: "time to the answer of an HTTP request",
		},
	},
}

// lambda is AWS Lambda on a kind of processor: its limits are the same.
func lambda(processor string) *Plan {
	return &Plan{
		Platform: platform.AWSLambda, Name: processor, WallMS: 15 * minute, StartupMS: 10 * second, MemoryMB: 10_240,
		BodyMB: 6, Source: Source{
			Page: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html", AsOf: "2026",
			Note: "1,000 at a time, 1,000 more each 10 s and function; a CPU for each 1,769 MB",
		},
	}
}
