package main

// cache answers: which route loses hits, what does that cost the origin?
func cache() *dashboard {
	d := begin("cache", "Cache", "Which route loses cache hits, and what does the origin pay for it?", "/cache")
	for _, f := range cacheFigures() {
		d.put(6, 4, f)
	}
	d.put(24, 11, losingRoutes())
	d.put(12, 9, outcomes())
	d.put(12, 9, lines(about{
		"Cache hits by region", "The part that was answered from the cache, of the 8 regions with the least.", "percentunit",
	}, line{"bottomk_avg(8, " + hitRatio(byColo, inStep, "cloud_region") + ")", "{{cloud_region}}"}).ratio().
		links(toPage("Region in edgescope", "/regions/"+ofRegion)))
	d.put(24, 9, lines(about{
		"Latency of hits and misses", "95 of 100 invocations that were answered from the cache took no longer, and of " +
			"those that were not.", "s",
	}, line{quantile(0.95, inStep(byService.of(durationMetric, served))), "hit p95"},
		line{quantile(0.95, inStep(byService.of(durationMetric, unmet))), "miss p95"},
	).colored([2]string{"hit p95", "green"}, [2]string{"miss p95", "orange"}))
	return d
}

func cacheFigures() []*panel {
	return []*panel{
		figure(about{
			"Cache hits", "The part that was answered from the cache, of the invocations that could be: hit, stale and " +
				"revalidated of those and miss and expired.", "percentunit",
		}, hitRatio(byService, inRange), noLimits),
		figure(about{"Asked in vain", "Invocations a second for which the cache had nothing: miss and expired.", "reqps"},
			"("+sum(inRange(byService.of(cacheMetric, unmet)))+" or 0 * "+sum(inRange(byService.of(cacheMetric)))+") / "+rangeS,
			noLimits),
		figure(about{"Hit p95", "95 of 100 invocations that were answered from the cache took no longer than this.", "s"},
			quantile(0.95, inRange(byService.of(durationMetric, served))), noLimits),
		figure(about{"Miss p95", "95 of 100 invocations that the cache could not answer took no longer than this.", "s"},
			quantile(0.95, inRange(byService.of(durationMetric, unmet))), noLimits),
	}
}

// losingRoutes tells of each route how many requests more the origin gets than it would have with the hit ratio of the
// range before.
func losingRoutes() *panel {
	const by = "http_route"
	now, earlier := hitRatio(byRoute, inRange, by), hitRatio(byRoute, before, by)
	all := sum(inRange(byRoute.of(requestsMetric)), by)
	return table(about{
		"Routes, most requests lost to the origin first",
		"Lost to the origin is the invocations times what the hit ratio was higher in the range before this one; empty " +
			"where it is not lower now.",
		"none",
	},
		"-Lost to the origin",
		column{name: "Route", field: by, links: []dataLink{
			toPage("Its traces in edgescope", "/traces?route="+itself),
		}},
		column{name: "Invocations/s", expr: all + " / " + rangeS, unit: "reqps"},
		column{name: "Cache hits", expr: now, unit: "percentunit"},
		column{name: "Before", expr: earlier, unit: "percentunit"},
		column{name: "Lost to the origin", expr: all + " * ((" + earlier + " - " + now + ") > 0)", unit: "short"},
		column{name: "p95", expr: quantile(0.95, inRange(byRoute.of(durationMetric)), by), unit: "s"},
	)
}
