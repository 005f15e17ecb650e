package main

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// provisioned is a data source as Grafana reads it.
type provisioned struct {
	Name, UID, Type, Access, URL string
	JSONData                     settings          `yaml:"jsonData"`
	SecureJSONData               map[string]string `yaml:"secureJsonData"`
}

type settings struct {
	HTTPMethod      string `yaml:"httpMethod"`
	TimeInterval    string `yaml:"timeInterval"`
	MaxLines        string `yaml:"maxLines"`
	HTTPHeaderName1 string `yaml:"httpHeaderName1"`
	DerivedFields   []struct {
		Name, URL     string
		MatcherType   string `yaml:"matcherType"`
		MatcherRegex  string `yaml:"matcherRegex"`
		DatasourceUID string `yaml:"datasourceUid"`
	} `yaml:"derivedFields"`
	TracesToLogsV2 struct {
		DatasourceUID string `yaml:"datasourceUid"`
		CustomQuery   bool   `yaml:"customQuery"`
		Query         string
	} `yaml:"tracesToLogsV2"`
	TracesToMetrics struct {
		DatasourceUID string                        `yaml:"datasourceUid"`
		Tags          []struct{ Key, Value string } `yaml:"tags"`
		Queries       []struct{ Name, Query string }
	} `yaml:"tracesToMetrics"`
}

// provision reads a file of data sources as Grafana does: variables of the environment are put into values, and two $
// are one of its own (pkg/services/provisioning/values).
func provision(t *testing.T, file string, environment map[string]string) map[string]provisioned {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	expand(t, &document, environment)
	var f struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []provisioned
	}
	if err := document.Decode(&f); err != nil || f.APIVersion != 1 {
		t.Fatalf("%s: %v, version %d", file, err, f.APIVersion)
	}
	byUID := map[string]provisioned{}
	for _, d := range f.Datasources {
		byUID[d.UID] = d
	}
	return byUID
}

func expand(t *testing.T, n *yaml.Node, environment map[string]string) {
	t.Helper()
	if n.Kind == yaml.ScalarNode {
		parts := strings.Split(n.Value, "$$")
		for i, part := range parts {
			parts[i] = os.Expand(part, func(name string) string {
				value, there := environment[name]
				if !there {
					t.Errorf("%q names %s, which nobody is told to set", n.Value, name)
				}
				return value
			})
		}
		if value := strings.Join(parts, "$"); value != n.Value {
			n.SetString(value)
		}
	}
	for _, child := range n.Content {
		expand(t, child, environment)
	}
}

func environment(collector string) map[string]string {
	return map[string]string{
		"EDGESCOPE_QUERY_URL": collector, "EDGESCOPE_PAGES_URL": ownPages, "EDGESCOPE_TOKEN": "", "EDGESCOPE_ACCOUNT": "0",
	}
}

const sourcesFile = "provisioning/datasources/edgescope.yml"

// TestVariablesFindWhatIsProvisioned holds that the data sources of the dashboards are those of the provisioning.
func TestVariablesFindWhatIsProvisioned(t *testing.T) {
	sources := provision(t, sourcesFile, environment("http://collector:4320"))
	for _, d := range dashboards() {
		for _, v := range d.Templating.List {
			if s := sources[text(v.Current.Value)]; v.Type == "datasource" &&
				(s.Type != v.Query || s.Name != v.Current.Text || s.URL != "http://collector:4320" || s.Access != "proxy") {
				t.Errorf("%s: variable %s is %v, provisioned is %+v", d.UID, v.Name, v.Current, s)
			}
		}
	}
	for uid, s := range sources {
		if s.JSONData.HTTPHeaderName1 != "Authorization" || s.SecureJSONData["httpHeaderValue1"] != "Bearer " {
			t.Errorf("%s: the token goes as %q: %q", uid, s.JSONData.HTTPHeaderName1, s.SecureJSONData["httpHeaderValue1"])
		}
	}
	sql := provision(t, "optional/edgescope-sql.yml", environment("http://collector:4320"))["edgescope-sql"]
	if want := "http://collector:4320/client/v4/accounts/0/analytics_engine/sql"; sql.URL != want {
		t.Errorf("SQL is asked at %s, want %s", sql.URL, want)
	}
}

func text(v any) string { s, _ := v.(string); return s }

// spansLeadToLogsAndMetrics asks what a click on a span asks, of a span with and without the tags.
func spansLeadToLogsAndMetrics(t *testing.T, w *world) {
	t.Helper()
	sources := provision(t, sourcesFile, environment(w.URL("query")))
	traces := sources[tracesUID].JSONData
	r := &reader{t: t, collector: w.URL("query"), from: w.from, to: w.to}
	if toLogs := traces.TracesToLogsV2; toLogs.DatasourceUID != logsUID || !toLogs.CustomQuery ||
		traces.TracesToMetrics.DatasourceUID != metricsUID {
		t.Errorf("spans lead elsewhere: %+v", traces)
	}
	for id, message := range map[string]string{w.trace: "card declined", shortTrace: "short id"} {
		rows := r.askLogs("trace to logs", strings.ReplaceAll(traces.TracesToLogsV2.Query, "${__span.traceId}", id))
		if len(rows) != 1 || rows[0]["_msg"] != message {
			t.Errorf("logs of a span of trace %s: %v", id, rows)
		}
	}
	for filter, want := range map[string]string{`{kind=~".+"}`: "kind", `{dataset!=""}`: "dataset"} {
		rows := r.askLogs(filter, filter+" | limit 5")
		if len(rows) != 5 || rows[0][want] == "" {
			t.Errorf("%s finds %v", filter, rows)
		}
	}
	for _, tags := range []string{"", `http_route="/cart/:id", service_version="v2"`} {
		for _, q := range traces.TracesToMetrics.Queries {
			expr := strings.NewReplacer("$__tags", tags, "$__interval", "60s").Replace(q.Query)
			form := url.Values{"query": {expr}, "time": {nano(w.to)[:10]}}
			if found := r.metricsAnswer(q.Name, "/api/v1/query", form); len(found) != 1 {
				t.Errorf("%s: %v", q.Name, found)
			}
		}
	}
	for _, tag := range traces.TracesToMetrics.Tags {
		if !slices.Contains([]string{"http_route", "service_version"}, tag.Value) {
			t.Errorf("totals of routes have no label %s", tag.Value)
		}
	}
}

// rowsLeadToTracesAndPages follows the links of rows of events.
func rowsLeadToTracesAndPages(t *testing.T, w *world) {
	t.Helper()
	site := newSite(t, w)
	r := &reader{t: t, collector: w.URL("query"), from: w.from, to: w.to}
	logs := provision(t, sourcesFile, environment(w.URL("query")))[logsUID]
	rows := r.askLogs("links", "trace_id:* | sort by (_time desc) limit 500")
	for _, f := range logs.JSONData.DerivedFields {
		i := slices.IndexFunc(rows, func(row map[string]string) bool { return row[f.MatcherRegex] != "" })
		if i < 0 || f.MatcherType != "label" {
			t.Errorf("%s: no row has %s", f.Name, f.MatcherRegex)
			continue
		}
		to := strings.ReplaceAll(f.URL, "${__value.raw}", rows[i][f.MatcherRegex])
		if f.DatasourceUID == "" {
			site.opens(t, to)
			continue
		}
		r.opensTrace(to)
	}
}

// opensTrace asks for a trace as Grafana's data source for Jaeger does.
func (r *reader) opensTrace(id string) {
	r.t.Helper()
	for _, hint := range []string{"", "?start=" + nano(r.from)[:13] + "&end=" + nano(r.to)[:13]} {
		status, body, err := runtest.Get(r.t.Context(), r.collector+"/api/traces/"+id+hint)
		if err != nil || status != http.StatusOK || !strings.Contains(string(body), `"traceID":"`+id+`"`) {
			r.t.Errorf("trace %q: %d %.300s %v", id, status, body, err)
		}
	}
}

// TestTheTokenGoesWithEveryQuestion asks through each data source as the tenant whose token the environment has, and as
// nobody. Each is asked what Grafana asks when it tests the data source.
func TestTheTokenGoesWithEveryQuestion(t *testing.T) {
	tenants := collectortest.StartTenants(t)
	tests := map[string]string{
		metricsUID: "/api/v1/query?query=1%2B1&time=4", logsUID: "/select/logsql/query?query=*&limit=1",
		tracesUID: "/api/services",
	}
	for token, want := range map[string]int{
		collectortest.ReadToken: http.StatusOK, collectortest.PointToken: http.StatusForbidden, "": http.StatusUnauthorized,
	} {
		environment := environment(tenants.URL("query"))
		environment["EDGESCOPE_TOKEN"] = token
		for uid, s := range provision(t, sourcesFile, environment) {
			status, answer := tenants.Do(t, collectortest.Request{
				Method: http.MethodGet, URL: s.URL + tests[uid],
				Headers: []string{s.JSONData.HTTPHeaderName1, s.SecureJSONData["httpHeaderValue1"]},
			})
			if status != want {
				t.Errorf("%s with the token %q: %d %s, want %d", uid, token, status, answer, want)
			}
			status, _ = tenants.Do(t, collectortest.Request{Method: http.MethodGet, URL: s.URL + "/health"})
			if status != http.StatusOK {
				t.Errorf("%s/health: %d: the plugin for logs asks it", s.URL, status)
			}
		}
	}
}

// TestTheCollectorOfComposeIsAskedByItsName holds that the flags of compose.yml are the collector's, and that Grafana's
// address for it is the name of its service.
func TestTheCollectorOfComposeIsAskedByItsName(t *testing.T) {
	text, err := os.ReadFile("compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Command     []string
			Environment map[string]string
			Volumes     []string
			Ports       []string
		}
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	collector, grafana := compose.Services["collector"], compose.Services["grafana"]
	if _, err := collectortest.New(t.TempDir(), collector.Command...); err != nil {
		t.Errorf("the collector does not start so: %v", err)
	}
	for _, ports := range slices.Concat(collector.Ports, grafana.Ports) {
		if !strings.HasPrefix(ports, "127.0.0.1:") {
			t.Errorf("port %s is open to other machines", ports)
		}
	}
	if got := grafana.Environment["EDGESCOPE_QUERY_URL"]; got != "http://collector:4320" ||
		!slices.Contains(collector.Command, "--query-addr=0.0.0.0:4320") {
		t.Errorf("Grafana asks at %s", got)
	}
	provision(t, sourcesFile, grafana.Environment)
	for _, v := range grafana.Volumes {
		folder, _, _ := strings.Cut(v, ":")
		if strings.HasPrefix(folder, ".") {
			if _, err := os.Stat(filepath.Join(".", folder)); err != nil {
				t.Error(err)
			}
		}
	}
	var providers struct {
		Providers []struct{ Options struct{ Path string } }
	}
	text, err = os.ReadFile("provisioning/dashboards/edgescope.yml")
	if err != nil || yaml.Unmarshal(text, &providers) != nil ||
		!slices.Contains(grafana.Volumes, "./dashboards:"+providers.Providers[0].Options.Path+":ro") {
		t.Errorf("dashboards are looked for at %+v: %v", providers, err)
	}
}

var copied = regexp.MustCompile(`(?m)^COPY (\w+) (\w+)$`)

// TestComposeBuildsWhatTheCollectorIsMadeOf holds that the build is given every folder that the program is in.
func TestComposeBuildsWhatTheCollectorIsMadeOf(t *testing.T) {
	text, err := os.ReadFile("compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var compose struct {
		Services map[string]struct {
			Build struct {
				Context string
				Inline  string `yaml:"dockerfile_inline"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &compose); err != nil {
		t.Fatal(err)
	}
	build := compose.Services["collector"].Build
	if _, err := os.Stat(filepath.Join(build.Context, "go.mod")); err != nil {
		t.Error(err)
	}
	given := map[string]bool{}
	for _, m := range copied.FindAllStringSubmatch(build.Inline, -1) {
		given[m[1]] = m[1] == m[2]
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "edgescope/cmd/collector").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if path, ours := strings.CutPrefix(name, "edgescope/"); ours {
			if folder, _, _ := strings.Cut(path, "/"); !given[folder] {
				t.Errorf("the build lacks %s", folder)
			}
		}
	}
}
