package main

// regions answers: which region is slow against its own norm? Which has gone silent?
func regions() *dashboard {
	d := begin("regions", "Regions", "Which region is slow against what it was? Which has gone silent?", "/regions",
		region())
	d.put(24, 11, allRegions())
	d.put(12, 9, regionLatency(inRegions))
	d.put(12, 9, lines(about{
		"Invocations by region", "Invocations a second of the 8 busiest regions.", "reqps",
	}, line{"topk_avg(8, " + perSecond(inRegions.of(requestsMetric), "cloud_region") + ")", "{{cloud_region}}"}).
		links(toPage("Region in edgescope", "/regions/"+ofRegion)))
	d.put(12, 9, lines(about{
		"Errors by region", "The part of each region's invocations that failed, of the 8 regions with most.", "percentunit",
	}, line{"topk_avg(8, " + errorRatio(inRegions, inStep, "cloud_region") + ")", "{{cloud_region}}"}).ratio().
		links(toPage("Region in edgescope", "/regions/"+ofRegion)))
	d.put(12, 9, lines(about{
		"Latency of these regions",
		"Half, 95 of 100 and 99 of 100 invocations of all chosen regions together took no longer.", "s",
	}, latencyLines(inRegions)...))
	d.put(24, 9, slowest("cloud.region:~`^(?:${region:regex})$`"))
	return d
}

func allRegions() *panel {
	const by = "cloud_region"
	durations, all := inRegions.of(durationMetric), inRegions.of(requestsMetric)
	p95 := quantile(0.95, inRange(durations), by)
	return table(about{
		"Regions",
		"Change of p95 compares with the range before this one, orange from 20 %, red from 50 %. Last heard is how long " +
			"ago the newest window of 10 s with an invocation began, orange from 1 min, red from 5.",
		"none",
	},
		"-Change of p95",
		column{name: "Region", field: by, links: []dataLink{
			toPage("Region in edgescope", "/regions/"+itself),
			toPage("Its traces in edgescope", "/traces?region="+itself),
		}},
		column{name: "Invocations/s", expr: sum(inRange(all), by) + " / " + rangeS, unit: "reqps"},
		column{name: "Errors", expr: errorRatio(inRegions, inRange, by), unit: "percentunit", limits: errorLimits},
		column{name: "p50", expr: quantile(0.5, inRange(durations), by), unit: "s"},
		column{name: "p95", expr: p95, unit: "s"},
		column{name: "p99", expr: quantile(0.99, inRange(durations), by), unit: "s"},
		column{
			name: "Change of p95", expr: p95 + " / " + quantile(0.95, before(durations), by) + " - 1",
			unit: "percentunit", limits: riseLimits,
		},
		column{name: "Cold starts", expr: coldRatio(inRegions, inRange, by), unit: "percentunit"},
		column{name: "Cache hits", expr: hitRatio(inRegions, inRange, by), unit: "percentunit"},
		column{
			name: "Last heard", expr: "time() - max by (cloud_region) (tlast_over_time(" + all + "[" + wholeRange + "]))",
			unit: "s", limits: limits(from(60, "orange"), from(300, "red")),
		},
	)
}
