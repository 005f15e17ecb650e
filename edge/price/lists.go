package price

import "edgescope/edge/platform"

const (
	million = 1e6
	hourMS  = 3_600_000 // of CPU time
	hour    = 3600      // s
)

// Lists are the published prices, as read on the pages named. They are not to be changed: a policy file overrides them.
var Lists = []*Plan{
	{
		Platform: platform.CloudflareWorkers, Name: "Paid", Base: 5, Meters: []Meter{
			{Of: Requests, Included: 10 * million, Per: million, Price: .30},
			{Of: CPU, Included: 30 * million, Per: million, Price: .02},
		}, Source: Source{Page: "https://developers.cloudflare.com/workers/platform/pricing/", AsOf: "2026"},
	},
	lambda("x86", [3]float64{.0000166667, 6e9, 15e9}, Provisioned{.0000041667, .0000097222}),
	lambda("arm", [3]float64{.0000133334, 7.5e9, 18.75e9}, Provisioned{.0000033334, .0000077778}),
	{
		Platform: platform.AWSLambda, Name: "@Edge", StepMS: 1, Meters: []Meter{
			{Of: Requests, Per: million, Price: .60}, {Of: GBs, Per: 1, Price: .00005001},
		}, Source: Source{Page: "https://aws.amazon.com/lambda/pricing/", AsOf: "2026"},
	},
	{
		Platform: platform.CloudFront, Name: "Functions", Meters: []Meter{
			{Of: Requests, Included: 2 * million, Per: million, Price: .10},
		}, Source: Source{Page: "https://aws.amazon.com/cloudfront/pricing/", AsOf: "2026"},
	},
	{
		Platform: platform.Fastly, Name: "Compute", Meters: []Meter{
			{Of: Requests, Included: 10 * million, Per: million, Price: .50},
			{Of: CPU, Included: 100 * million, Per: million, Price: .05},
		}, Source: Source{Page: "https://www.fastly.com/pricing", AsOf: "2026-05"},
	},
	{
		Platform: platform.Vercel, Name: "Pro", Base: 20, Credit: 20, Meters: []Meter{
			{Of: Requests, Per: million, Price: .60},
			{Of: CPU, Per: hourMS, Price: .128},
			{Of: GBs, Per: hour, Price: .0106},
		}, Source: Source{Page: "https://vercel.com/docs/functions/usage-and-pricing", AsOf: "2026"},
	},
	{
		Platform: platform.Deno, Name: "Pro", Base: 20, Meters: []Meter{
			{Of: Requests, Included: 5 * million, Per: million, Price: 2},
			{Of: CPU, Included: 40 * hourMS, Per: hourMS, Price: .05},
			{Of: GBs, Included: 1000 * hour, Per: hour, Price: .016},
		}, Source: Source{Page: "https://deno.com/deploy/pricing", AsOf: "2026-05"},
	},
	{ // a credit is 0.02
		Platform: platform.Netlify, Name: "Pro", Base: 20, Credit: 60, Meters: []Meter{
			{Of: Requests, Per: 10_000, Price: .04}, {Of: GBs, Per: hour, Price: .10},
		}, Source: Source{Page: "https://docs.netlify.com/manage/accounts-and-billing/billing/", AsOf: "2025"},
	},
	{
		Platform: "gcp_cloud_run", Name: "requests, tier 1", CPUs: 1, StepMS: 100, Meters: []Meter{
			{Of: Requests, Included: 2 * million, Per: million, Price: .40},
			{Of: VCPUs, Included: 180_000, Per: 1, Price: .000024},
			{Of: GBs, Included: 360_000, Per: 1, Price: .0000025},
		}, Source: Source{Page: "https://cloud.google.com/run/pricing", AsOf: "undated"},
	},
	{
		Platform: platform.AzureFunctions, Name: "Flex", Meters: []Meter{
			{Of: Requests, Included: 250_000, Per: million, Price: .40},
			{Of: GBs, Included: 100_000, Per: 1, Price: .000026},
		}, Source: Source{Page: "https://azure.microsoft.com/pricing/details/functions/", AsOf: "2026"},
	},
	{
		Platform: platform.AzureFunctions, Name: "Consumption", StepMS: 1, Meters: []Meter{
			{Of: Requests, Included: million, Per: million, Price: .20},
			{Of: GBs, Included: 400_000, Per: 1, Price: .000016},
		}, Source: Source{Page: "https://azure.microsoft.com/pricing/details/functions/", AsOf: "2026"},
	},
}

// lambda is AWS Lambda in us-east-1 on a kind of processor: a GB and second, a tenth less above the first amount of a
// month, a fifth less above the second. What is included does not count for provisioned instances.
func lambda(processor string, gbs [3]float64, kept Provisioned) *Plan {
	return &Plan{
		Platform: platform.AWSLambda, Name: processor, StepMS: 1, Provisioned: &kept, Meters: []Meter{
			{Of: Requests, Included: million, Per: million, Price: .20},
			{Of: GBs, Included: 400_000, Per: 1, Price: gbs[0], Tiers: []Tier{
				{gbs[1], gbs[0] * .9}, {gbs[2], gbs[0] * .8},
			}},
		}, Source: Source{Page: "https://aws.amazon.com/lambda/pricing/", AsOf: "2026"},
	}
}
