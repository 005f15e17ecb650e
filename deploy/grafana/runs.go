package main

import "strings"

// theRun is the newest summary of the chosen load test: the newest that ended when none is chosen. A summary is a span
// that holds everything as JSON (docs/adr/004), so that LogsQL can take it apart.
const theRun = "{service.name=\"edgescope-loadgen\"} name:=loadgen.run edge.run.name:~`^(?:${name:regex})$` " +
	"edge.run.id:~`^(?:${run:regex})$` | sort by (_time desc) limit 1"

// loadRuns answers: did the load test pass, and what did the edge see meanwhile?
func loadRuns() *dashboard {
	d := begin("runs", "Load tests", "Did the load test pass, and what did the edge see meanwhile?", "/runs",
		ofEvents("name", "Load test", "What the run is called.", "edge.run.name", "name:=loadgen.run"),
		ofEvents("run", "Run", "All is the newest of these in the range.", "edge.run.id",
			"name:=loadgen.run edge.run.name:~`^(?:${name:regex})$`"))
	d.put(24, 8, listOfRuns())
	d.put(12, 9, overTime(about{
		"Client: latency", "What the client waited from the moment that the schedule meant; service is from sending.", "ms",
	}, "p50, p95, p99, service_p95", [2]string{"service_p95", "service p95"}))
	d.put(12, 9, overTime(about{
		"Client: requests", "Requests a second, and those without an answer or with a status from 500 on.", "reqps",
	}, "requests / width as requests_s, errors / width as errors_s", [2]string{"requests_s", "requests"},
		[2]string{"errors_s", "errors"}))
	d.put(12, 9, lines(about{
		"Edge: latency by region", "p95 of the invocations in the same minutes: without the way to the client.", "s",
	}, line{quantile(0.95, inStep(byColo.of(durationMetric)), "cloud_region"), "{{cloud_region}}"}).
		links(toPage("Region in edgescope", "/regions/"+ofRegion)))
	d.put(12, 9, lines(about{
		"Edge: errors, cold starts, cache hits", "Parts of the invocations in the same minutes.", "percentunit",
	}, line{errorRatio(byService, inStep), "errors"}, line{coldRatio(byService, inStep), "cold starts"},
		line{hitRatio(byService, inStep), "cache hits"}).ratio().
		colored([2]string{"errors", "red"}, [2]string{"cold starts", "blue"}, [2]string{"cache hits", "green"}))
	d.put(8, 8, listOf(about{"Client: regions", "What the client saw of each region.", "string"}, "regions",
		"name, requests, failed, response.p50, response.p95", "-p95", clientColumns("Region")...))
	d.put(8, 8, listOf(about{"Client: steps", "What the client saw of each step of the script.", "string"}, "steps",
		"name, requests, failed, response.p50, response.p95", "-p95", clientColumns("Step")...))
	d.put(8, 8, listOf(about{"Thresholds", "What the script demands, and what came of it.", "string"}, "thresholds",
		"expression, limit, actual, ok", "Held",
		column{name: "Threshold", field: "expression"},
		column{name: "Limit", field: "limit", unit: "none"},
		column{name: "Actual", field: "actual", unit: "none"},
		column{name: "Held", field: "ok"},
	).mapped("Held", map[string]string{"true": "green", "false": "red"}))
	return d
}

// ofEvents is a variable with the values of a field of events. The newest data may be a run that is not over.
func ofEvents(name, label, description, field, query string) variable {
	return variable{
		Name: name, Label: label, Description: description, Type: "query", Datasource: &logs, Definition: field,
		Query: map[string]any{
			"type": "fieldValue", "field": field, "query": query, "limit": 500,
			"refId": "VictoriaLogsVariableQueryEditor-VariableQuery",
		},
		IncludeAll: true, AllValue: ".*", Current: option{Selected: true, Text: "All", Value: "$__all"},
		Options: []option{}, Refresh: 2, Sort: 1,
	}
}

func listOfRuns() *panel {
	const expr = "{service.name=\"edgescope-loadgen\"} name:=loadgen.run edge.run.name:~`^(?:${name:regex})$` " +
		"| sort by (_time desc) partition by (edge.run.id) limit 1 | sort by (_time desc) limit 50 " +
		"| unpack_json from edge.run fields (started, requests, failed, rate, response.p95, reason) " +
		"| math round((started - 60000000000) / 1000000) as from, round((_time + 60000000000) / 1000000) as to " +
		"| fields _time, edge.run.id, edge.run.name, edge.run.verdict, reason, requests, failed, rate, response.p95, from, to"
	return events(about{
		"Load tests, newest first", "Choose a run to see its minutes below, or its page in edgescope. A run that lasts is " +
			"told of every 10 s.", "string",
	}, expr, "-Told",
		column{name: "Told", field: "Time", width: 180},
		column{name: "Load test", field: "edge.run.name"},
		column{name: "Verdict", field: "edge.run.verdict", width: 110},
		column{name: "Reason", field: "reason"},
		column{name: "Requests", field: "requests", unit: "short", width: 110},
		column{name: "Failed", field: "failed", unit: "short", width: 90, limits: limits(from(1, "red"))},
		column{name: "Requests/s", field: "rate", unit: "reqps", width: 130},
		column{name: "p95", field: "response.p95", unit: "ms", width: 110},
		column{name: "Run", field: "edge.run.id", width: 290, links: []dataLink{
			{
				Title: "Its minutes here", URL: "/d/edgescope-runs?var-run=" + itself +
					"&var-name=${__data.fields[\"Load test\"]:percentencode}" +
					"&from=${__data.fields.from:percentencode}&to=${__data.fields.to:percentencode}&${edgescope:queryparam}",
			},
			{TargetBlank: true, Title: "This run in edgescope", URL: pages + "/runs/" + itself},
		}},
		column{name: "from", field: "from", hidden: true},
		column{name: "to", field: "to", hidden: true},
	).mapped("Verdict", map[string]string{
		"passed": "green", "failed": "red", "invalid": "orange", "interrupted": "orange", "error": "red", "running": "blue",
	})
}

// overTime draws what the client saw in each second or more of the run. fields are names, or expressions of LogsQL's
// math; names are pairs of a field and what its line is called.
func overTime(a about, fields string, names ...[2]string) *panel {
	var maths, shown []string
	columns := []column{{name: "Time", field: "Time"}}
	called := map[string]string{}
	for _, n := range names {
		called[n[0]] = n[1]
	}
	for f := range strings.SplitSeq(fields, ", ") {
		if _, as, ok := strings.Cut(f, " as "); ok {
			maths, f = append(maths, f), as
		}
		name := f
		if called[f] != "" {
			name = called[f]
		}
		shown, columns = append(shown, f), append(columns, column{name: name, field: f, unit: a.unit})
	}
	p := drawn(a, logs)
	p.rows(theRun+" | unpack_json from edge.run fields (started, points) | unroll (points) "+
		"| filter points:* | unpack_json from points "+
		"| math "+strings.Join(append(maths, "started + at * 1000000000 as begin"), ", ")+
		" | format \"<time:begin>\" as _time | fields _time, "+strings.Join(shown, ", "), columns)
	p.FieldConfig.Overrides = []override{}
	return p
}

// listOf has a row for each element of a list of the run's summary: none of a run that has just begun.
func listOf(a about, list, fields, sorted string, columns ...column) *panel {
	return events(a, theRun+" | unpack_json from edge.run fields ("+list+") | unroll ("+list+") | filter "+list+
		":* | unpack_json from "+list+" | fields _time, "+fields, sorted, columns...)
}

func clientColumns(name string) []column {
	return []column{
		{name: name, field: "name"},
		{name: "Requests", field: "requests", unit: "short", width: 90},
		{name: "Failed", field: "failed", unit: "short", width: 70, limits: limits(from(1, "red"))},
		{name: "p50", field: "response.p50", unit: "ms", width: 90},
		{name: "p95", field: "response.p95", unit: "ms", width: 90},
	}
}
