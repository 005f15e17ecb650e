package main

// coldStarts answers: how often, how long, what does it cost the user?
func coldStarts() *dashboard {
	d := begin("cold-starts", "Cold starts", "How often, how long, and what do they cost the user?", "/cold-starts")
	for _, f := range coldFigures() {
		d.put(4, 4, f)
	}
	d.put(12, 9, lines(about{
		"Cold starts by region", "The part of each region's invocations that began cold, of the 8 regions with most.",
		"percentunit",
	}, line{"topk_avg(8, " + coldRatio(byColo, inStep, "cloud_region") + ")", "{{cloud_region}}"}).ratio().
		links(toPage("Region in edgescope", "/regions/"+ofRegion)))
	durations := func(cold string) string { return inStep(byService.of(durationMetric, cold)) }
	d.put(12, 9, lines(about{"Cold and warm latency", "95 of 100 cold and of 100 warm invocations took no longer.", "s"},
		line{quantile(0.95, durations(isCold)), "cold p95"}, line{quantile(0.95, durations(isWarm)), "warm p95"},
	).colored([2]string{"cold p95", "blue"}, [2]string{"warm p95", "orange"}))
	d.put(12, 9, coldTable(about{
		"Versions", "Cold starts by version: a new one begins with some in every region.", "none",
	}, "Version", "service_version"))
	d.put(12, 9, coldTable(about{
		"Routes", "Cold starts by route.", "none",
	}, "Route", "http_route"))
	d.put(24, 9, heatmap(about{
		"Durations of cold invocations", "How many cold invocations took how long, over time. Buckets grow by a seventh.",
		"s",
	}, "prometheus_buckets("+sum(durations(isCold), "vmrange")+")"))
	d.put(24, 9, slowest("faas.coldstart:=true"))
	return d
}

func coldFigures() []*panel {
	durations := byService.of(durationMetric)
	all := quantile(0.95, inRange(durations))
	cold := quantile(0.95, inRange(byService.of(durationMetric, isCold)))
	warm := quantile(0.95, inRange(byService.of(durationMetric, isWarm)))
	return []*panel{
		figure(about{
			"Cold starts", "The part of the invocations that began with a cold start, of those that tell.", "percentunit",
		}, coldRatio(byService, inRange), noLimits),
		figure(about{"Cold p95", "95 of 100 cold invocations took no longer than this.", "s"}, cold, noLimits),
		figure(about{"Warm p95", "95 of 100 warm invocations took no longer than this.", "s"}, warm, noLimits),
		figure(about{
			"Cold starts add", "How much longer the p95 of all invocations is than that of the warm ones: what users feel.", "s",
		}, all+" - "+warm, noLimits),
		figure(about{"Init p95", "95 of 100 initialisations took no longer than this; empty where none tells.", "s"},
			quantile(0.95, inRange(byService.of(initMetric))), noLimits),
		figure(about{"Init in total", "All initialisations of the range together: the wait that was caused.", "s"},
			sum(inRange(byService.of(initSumMetric))), noLimits),
	}
}

// coldTable has a row for each value of a label of the route family.
func coldTable(a about, name, by string) *panel {
	return table(a, "-Cold starts/s",
		column{name: name, field: by},
		column{
			name: "Cold starts/s", expr: sum(inRange(byRoute.of(coldMetric, isCold)), by) + " / " + rangeS, unit: "reqps",
		},
		column{name: "Part", expr: coldRatio(byRoute, inRange, by), unit: "percentunit"},
		column{name: "Cold p95", expr: quantile(0.95, inRange(byRoute.of(durationMetric, isCold)), by), unit: "s"},
		column{name: "Warm p95", expr: quantile(0.95, inRange(byRoute.of(durationMetric, isWarm)), by), unit: "s"},
		column{name: "Init p95", expr: quantile(0.95, inRange(byRoute.of(initMetric)), by), unit: "s"},
	)
}
