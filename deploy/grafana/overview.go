package main

// overview answers: is anything wrong, where, since when?
func overview() *dashboard {
	d := begin("overview", "Overview", "Is anything wrong, where, since when?", "/")
	for _, f := range overviewFigures() {
		d.put(4, 4, f)
	}
	d.put(12, 10, worstRegions())
	d.put(12, 10, lines(about{
		"Latency", "Half, 95 of 100 and 99 of 100 invocations took no longer than this.", "s",
	}, latencyLines(byService)...))
	d.put(8, 8, lines(about{
		"Invocations by outcome", "Invocations a second. Everything but ok and canceled is an error of the function.",
		"reqps",
	}, line{perSecond(byService.of(requestsMetric), "edge_outcome"), "{{edge_outcome}}"}).stacked().colored(
		[2]string{"ok", "green"}, [2]string{"canceled", "text"}, [2]string{"error", "red"},
		[2]string{"exception", "dark-red"},
		[2]string{"exceeded_cpu", "orange"}, [2]string{"exceeded_memory", "dark-orange"}, [2]string{"timeout", "purple"}))
	d.put(8, 8, regionLatency(byColo))
	d.put(8, 8, outcomes())
	d.put(24, 9, slowest(""))
	return d
}

func overviewFigures() []*panel {
	all, durations := byService.of(requestsMetric), byService.of(durationMetric)
	p95, p95Before := quantile(0.95, inRange(durations)), quantile(0.95, before(durations))
	return []*panel{
		figure(about{
			"Invocations", "Invocations a second, on average over the range. They are weighted: a sampled one stands for many.",
			"reqps",
		}, sum(inRange(all))+" / "+rangeS, noLimits),
		figure(about{
			"Errors", "The part of the invocations whose outcome is neither ok nor canceled. Orange from 1 %, red from 5 %.",
			"percentunit",
		}, errorRatio(byService, inRange), errorLimits),
		figure(about{"Latency p95", "95 of 100 invocations took no longer than this.", "s"}, p95, noLimits),
		figure(about{
			"Change of p95", "How much longer that is than in the range before this one; empty where that has nothing. Orange " +
				"from 20 %, red from 50 %.", "percentunit",
		}, p95+" / "+p95Before+" - 1", riseLimits),
		figure(about{
			"Cold starts", "The part of the invocations that began with a cold start, of those that tell.", "percentunit",
		}, coldRatio(byService, inRange), noLimits),
		figure(about{
			"Cache hits", "The part that was answered from the cache, of the invocations that could be: hit, stale and " +
				"revalidated of those and miss and expired.", "percentunit",
		}, hitRatio(byService, inRange), noLimits),
	}
}

// worstRegions compares each region with itself, in the range before.
func worstRegions() *panel {
	const by = "cloud_region"
	durations := byColo.of(durationMetric)
	p95 := quantile(0.95, inRange(durations), by)
	return table(about{
		"Regions, slowest against before first",
		"p95 of each region, and how much longer that is than in the range before this one. Orange from 20 %, red from 50 %.",
		"none",
	},
		"-Change of p95",
		column{name: "Region", field: by, links: []dataLink{toPage("Region in edgescope", "/regions/"+itself)}},
		column{name: "Invocations/s", expr: sum(inRange(byColo.of(requestsMetric)), by) + " / " + rangeS, unit: "reqps"},
		column{name: "Errors", expr: errorRatio(byColo, inRange, by), unit: "percentunit", limits: errorLimits},
		column{name: "p95", expr: p95, unit: "s"},
		column{
			name: "Change of p95", expr: p95 + " / " + quantile(0.95, before(durations), by) + " - 1",
			unit: "percentunit", limits: riseLimits,
		},
	)
}

func latencyLines(f family) []line {
	durations := inStep(f.of(durationMetric))
	return []line{
		{quantile(0.5, durations), "p50"}, {quantile(0.95, durations), "p95"}, {quantile(0.99, durations), "p99"},
	}
}

// regionLatency draws the regions that are slowest on average.
func regionLatency(f family) *panel {
	return lines(about{
		"Latency p95 by region", "The 8 regions that are slowest on average. Choose a point to see the region in edgescope.",
		"s",
	}, line{"topk_avg(8, " + quantile(0.95, inStep(f.of(durationMetric)), "cloud_region") + ")", "{{cloud_region}}"}).
		links(toPage("Region in edgescope", "/regions/"+ofRegion))
}

// outcomes draws what the cache did.
func outcomes() *panel {
	return lines(about{
		"Cache outcomes", "Invocations a second by what the cache did; those that tell of no cache are not in it.", "reqps",
	}, line{perSecond(byService.of(cacheMetric), "edge_cache_status"), "{{edge_cache_status}}"}).stacked().colored(
		[2]string{"hit", "green"}, [2]string{"stale", "light-green"}, [2]string{"revalidated", "semi-dark-green"},
		[2]string{"miss", "orange"}, [2]string{"expired", "yellow"}, [2]string{"bypass", "text"},
		[2]string{"dynamic", "blue"})
}

// slowest lists the slowest invocations that meet a LogsQL filter, with links to their traces.
func slowest(filter string) *panel {
	expr := chosenServices + " edge.invocation:=true " + filter +
		" | sort by (duration desc) limit 20 | fields _time, trace_id, service.name, name, cloud.region, " +
		"http.response.status_code, faas.coldstart, edge.cache.status, duration"
	return events(about{
		"Slowest invocations", "Spans, not totals: each with its trace, in Explore and on edgescope's page.", "string",
	}, expr, "-Duration",
		column{name: "Ended", field: "Time", width: 180},
		column{name: "Trace", field: "trace_id", width: 290, links: toTrace()},
		column{name: "Service", field: "service.name"},
		column{name: "Name", field: "name"},
		column{
			name: "Region", field: "cloud.region", width: 90,
			links: []dataLink{toPage("Region in edgescope", "/regions/"+itself)},
		},
		column{name: "Status", field: "http.response.status_code", width: 80},
		column{name: "Cold", field: "faas.coldstart", width: 80},
		column{name: "Cache", field: "edge.cache.status", width: 90},
		column{name: "Duration", field: "duration", unit: "ns", width: 110},
	)
}
