package main

import (
	"encoding/json"
	"net/url"
	"strings"
)

// begin makes a dashboard with what all have: variables, links to the others and to edgescope's own page of that path,
// and a mark where a version was first seen.
func begin(name, title, description, page string, variables ...variable) *dashboard {
	return &dashboard{
		UID: "edgescope-" + name, Title: "edgescope / " + title, Description: description, Tags: []string{"edgescope"},
		Editable: true, GraphTooltip: 1, SchemaVersion: schemaVersion, Refresh: "30s",
		Time: timeRange{"now-1h", "now"}, Timezone: "browser",
		Links: []dashLink{
			{
				IncludeVars: true, KeepTime: true, Tags: []string{"edgescope"}, Title: "edgescope", Type: "dashboards",
				Icon: "external link",
			},
			{
				Icon: "external link", Tooltip: "The page of edgescope's own dashboard, over the same range",
				TargetBlank: true, Title: "This in edgescope", Type: "link", Tags: []string{},
				URL: pages + page + "?" + pageRange,
			},
		},
		Annotations: annotations{[]annotation{{
			Datasource: metrics, Enable: true, Name: "Versions", IconColor: "purple", UseValueForTime: true,
			Target: annotationTarget{
				Expr: `1000 * min by (service_name, service_version) (` +
					`min_over_time(edge_deploy{service_name=~"$service"}[5m]))`,
				Interval: "60s", RefID: "Anno",
			},
			TitleFormat: "{{service_name}} {{service_version}}", TagKeys: "service_name,service_version",
		}}},
		Templating: templating{append(append([]variable{service()}, variables...), common()...)},
	}
}

// all is the choice of every value. Its regular expression finds what has no value too.
var all = option{Selected: true, Text: []string{"All"}, Value: []string{"$__all"}}

// values is a variable with the values of a label, any number of which may be chosen.
func values(name, label, description, query string) variable {
	return variable{
		Name: name, Label: label, Description: description, Type: "query", Datasource: &metrics,
		Definition: query,
		Query: map[string]any{
			"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery",
		},
		IncludeAll: true, AllValue: ".*", Multi: true, Current: all, Options: []option{}, Refresh: 2, Sort: 1,
	}
}

func service() variable {
	return values("service", "Service", "Whose invocations are counted.",
		"label_values(edge_service_requests, service_name)")
}

func region() variable {
	return values("region", "Region", "Where the function ran.",
		`label_values(edge_colo_requests{service_name=~"$service"}, cloud_region)`)
}

// common are the variables that stand behind those of a dashboard.
func common() []variable {
	return []variable{
		choice("signal", "Counted from",
			"Where the numbers come from. A service that sends both spans and data points is counted twice unless one is "+
				"chosen; edgescope's own pages take the first that it has, in this order.",
			[2]string{"all", ".*"}, [2]string{"spans", "span"}, [2]string{"tails", "tail"}, [2]string{"logs", "log"},
			[2]string{"data points", "datapoint"}),
		choice("width", "Windows",
			"How long the windows of the totals are that are read: 10 s up to a day, 5 min from a day to two weeks, 1 h "+
				"beyond. Longer ones read less.",
			[2]string{"10 s", "|"}, [2]string{"5 min", ":5m"}, [2]string{"1 h", ":1h"}),
		chosen("metrics", "Metrics", metricsType, metricsUID),
		chosen("logs", "Events", logsType, logsUID),
		chosen("traces", "Traces", tracesType, tracesUID),
		{
			Name: "edgescope", Label: "Pages", Description: "Where edgescope's own pages are: the base of links to them.",
			Type: "textbox", Query: ownPages, Hide: 2,
			Current: option{Selected: true, Text: ownPages, Value: ownPages},
			Options: []option{{Selected: true, Text: ownPages, Value: ownPages}},
		},
	}
}

const ownPages = "http://127.0.0.1:4321"

// choice is a variable with fixed values, pairs of what is read and what is asked; the first is the default.
func choice(name, label, description string, of ...[2]string) variable {
	v := variable{Name: name, Label: label, Description: description, Type: "custom"}
	texts := make([]string, len(of))
	for i, o := range of {
		texts[i] = o[0] + " : " + o[1]
		v.Options = append(v.Options, option{i == 0, o[0], o[1]})
	}
	v.Query, v.Current = strings.Join(texts, ","), v.Options[0]
	return v
}

// chosen is a variable for a data source: at first the one that the provisioning makes.
func chosen(name, label, kind, uid string) variable {
	return variable{
		Name: name, Label: label, Description: "The data source, where there is more than one: a tenant's, for example.",
		Type: "datasource", Query: kind, Options: []option{}, Refresh: 1,
		Current: option{Selected: true, Text: strings.ReplaceAll(uid, "-", " "), Value: uid},
	}
}

// Links. A page of edgescope has the range of the dashboard.
const (
	pages     = "${edgescope:raw}"
	pageRange = "from=${__from:date:iso}&to=${__to:date:iso}"
)

// toPage links to a page with a value in its path or query.
func toPage(title, path string) dataLink {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return dataLink{TargetBlank: true, Title: title, URL: pages + path + separator + pageRange}
}

const (
	itself   = "${__value.raw:percentencode}"
	ofRegion = "${__field.labels.cloud_region:percentencode}"
)

// toTrace links to a trace by the value of its own field: in Grafana's Explore, and on edgescope's page.
func toTrace() []dataLink {
	query, err := json.Marshal(map[string]any{"t": map[string]any{
		"datasource": "TRACES",
		"queries": []any{map[string]any{
			"refId": "A", "datasource": map[string]string{"type": tracesType, "uid": "TRACES"}, "query": "ID",
		}},
		"range": map[string]string{"from": "FROM", "to": "TO"},
	}})
	if err != nil {
		panic("BUG: " + err.Error())
	}
	panes := strings.NewReplacer("TRACES", "${traces:raw}", "ID", "${__value.raw}", "FROM", "${__from}", "TO", "${__to}").
		Replace(url.QueryEscape(string(query)))
	return []dataLink{
		{Title: "Trace in Explore", URL: "/explore?schemaVersion=1&panes=" + panes},
		{TargetBlank: true, Title: "Trace in edgescope", URL: pages + "/traces/" + itself},
	}
}

// chosenServices filters spans of services in LogsQL as ofServices does totals in MetricsQL.
const chosenServices = "{kind=~\".+\",service.name=~`^(?:${service:regex})$`}"
