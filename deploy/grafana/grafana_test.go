package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reader is who looks at a dashboard: the collector that the data sources ask, the range, and what is chosen. What it
// asks is what Grafana 12 asks (its Prometheus data source and victoriametrics-logs-datasource 0.30).
type reader struct {
	t         *testing.T
	collector string
	from, to  time.Time
	chosen    map[string]choiceOf
}

// choiceOf is what a variable is: values, or the text that stands for all of them.
type choiceOf struct {
	all    string
	values []string
}

var variableText = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}`)

// put replaces variables in a text; more are those of one panel, link or row. One that is not known fails.
func (r *reader) put(text string, more map[string]string, preset func(choiceOf) string) string {
	return variableText.ReplaceAllStringFunc(text, func(found string) string {
		m := variableText.FindStringSubmatch(found)
		name, path, format := cmp.Or(m[1], m[2]), m[3], m[4]
		if path != "" {
			name += "." + path
		}
		if value, ok := more[name]; ok {
			return formatted(r.t, choiceOf{values: []string{value}}, format, preset)
		}
		if t, ok := map[string]time.Time{"__from": r.from, "__to": r.to}[name]; ok {
			if format == "date:iso" {
				return t.UTC().Format("2006-01-02T15:04:05.000Z")
			}
			return strconv.FormatInt(t.UnixMilli(), 10)
		}
		c, ok := r.chosen[name]
		if !ok {
			r.t.Errorf("%s: there is no variable %q", text, name)
		}
		if format == "queryparam" {
			return "var-" + name + "=" + url.QueryEscape(strings.Join(c.values, "&var-"+name+"="))
		}
		return formatted(r.t, c, format, preset)
	})
}

func formatted(t *testing.T, c choiceOf, format string, preset func(choiceOf) string) string {
	if c.all != "" {
		return c.all // a value for all of them is put in as it is, whatever the format
	}
	switch format {
	case "":
		return preset(c)
	case "raw":
		return strings.Join(c.values, ",")
	case "regex":
		return regexOf(c, func(s string) string { return regexSpecial.ReplaceAllString(s, `\$0`) })
	case "percentencode":
		return strings.NewReplacer("+", "%20").Replace(url.QueryEscape(strings.Join(c.values, ",")))
	}
	t.Errorf("format %q is none of those that the test knows", format)
	return ""
}

// regexSpecial are the characters that Grafana's format regex escapes (escapeRegex of @grafana/data).
var regexSpecial = regexp.MustCompile(`[.*+?^=!:${}()|\[\]/\\]`)

func regexOf(c choiceOf, escape func(string) string) string {
	list := make([]string, len(c.values))
	for i, v := range c.values {
		list[i] = escape(v)
	}
	if len(list) == 1 {
		return list[0]
	}
	return "(" + strings.Join(list, "|") + ")"
}

// prometheusRegex is how the Prometheus data source puts a value into an expression: special characters with two
// backslashes, for the quotes.
func prometheusRegex(c choiceOf) string {
	return regexOf(c, func(s string) string {
		s = strings.ReplaceAll(s, `\`, `\\\\`)
		return regexp.MustCompile(`[$^*{}\[\]'+?.()|]`).ReplaceAllString(s, `\\$0`)
	})
}

// byOr is how the data source for logs puts values into an expression.
func byOr(c choiceOf) string {
	if len(c.values) == 1 {
		return c.values[0]
	}
	return "(" + strings.Join(c.values, " OR ") + ")"
}

// roundIntervals are the steps to which Grafana rounds (rangeUtil.roundInterval): below the first number, the second,
// in milliseconds.
var roundIntervals = [][2]int64{
	{10, 1},
	{15, 10},
	{35, 20},
	{75, 50},
	{150, 100},
	{350, 200},
	{750, 500},
	{1500, 1000},
	{3500, 2000},
	{7500, 5000},
	{12500, 10000},
	{17500, 15000},
	{25000, 20000},
	{45000, 30000},
	{90000, 60000},
	{210000, 120000},
	{450000, 300000},
	{750000, 600000},
	{1050000, 900000},
	{1500000, 1200000},
	{2700000, 1800000},
	{5400000, 3600000},
	{9000000, 7200000},
	{16200000, 10800000},
	{32400000, 21600000},
	{86400000, 43200000},
}

// interval is the step of a panel.
func (r *reader) interval(p *panel) time.Duration {
	least, err := time.ParseDuration(cmp.Or(p.Interval, "20s"))
	if err != nil {
		r.t.Fatal(err)
	}
	exact, rounded := r.to.Sub(r.from).Milliseconds()/int64(max(p.MaxDataPoints, 1)), int64(86400000)
	for _, limit := range roundIntervals {
		if exact < limit[0] {
			rounded = limit[1]
			break
		}
	}
	return max(time.Duration(rounded)*time.Millisecond, least)
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d.Seconds()), 10) }

// builtin are the variables that Grafana knows itself.
func (r *reader) builtin(step time.Duration) map[string]string {
	length := r.to.Sub(r.from)
	return map[string]string{
		"__interval": seconds(step) + "s", "__rate_interval": seconds(max(step+20*time.Second, 80*time.Second)) + "s",
		"__range": seconds(length) + "s", "__range_s": seconds(length),
		"__range_ms": strconv.FormatInt(length.Milliseconds(), 10),
	}
}

// promSeries is a series of an answer of the Prometheus API; an instant one has one point.
type promSeries struct {
	Metric map[string]string `json:"metric"`
	Values [][2]any          `json:"values"`
	Value  [2]any            `json:"value"`
}

// points are the numbers by time in seconds.
func (s *promSeries) points(t *testing.T) map[float64]float64 {
	t.Helper()
	out := map[float64]float64{}
	for _, v := range append(s.Values, s.Value) {
		if v[0] == nil {
			continue
		}
		n, err := strconv.ParseFloat(v[1].(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		out[v[0].(float64)] = n
	}
	return out
}

// askMetrics asks what a target of a panel asks.
func (r *reader) askMetrics(p *panel, target *target, step time.Duration) []promSeries {
	r.t.Helper()
	expr := r.put(target.Expr, r.builtin(step), prometheusRegex)
	form := url.Values{"query": {expr}}
	path := "/api/v1/query"
	if target.Instant {
		form.Set("time", seconds(time.Duration(r.to.UnixNano())))
	} else {
		path = "/api/v1/query_range"
		form.Set("start", seconds(time.Duration(r.from.Truncate(step).UnixNano())))
		form.Set("end", seconds(time.Duration(r.to.Truncate(step).UnixNano())))
		form.Set("step", seconds(step))
	}
	return r.metricsAnswer(p.Title, path, form)
}

func (r *reader) metricsAnswer(who, path string, form url.Values) []promSeries {
	r.t.Helper()
	status, body := r.post(path, "", form)
	var a struct {
		Status          string
		Infos, Warnings []string
		Data            struct {
			ResultType string
			Result     []promSeries
		}
	}
	if err := json.Unmarshal(body, &a); err != nil || status != http.StatusOK || a.Status != "success" {
		r.t.Fatalf("%s: %s: %d %s (%v)", who, form.Get("query"), status, body, err)
	}
	if a.Infos != nil || a.Warnings != nil {
		r.t.Errorf("%s: %s: is told %v %v, which the panel would show", who, form.Get("query"), a.Infos, a.Warnings)
	}
	return a.Data.Result
}

func (r *reader) post(path, rawQuery string, form url.Values) (int, []byte) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.collector+path+"?"+rawQuery,
		strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer ") // as provisioned, where nobody signs in
	return do(r.t, request)
}

func do(t *testing.T, request *http.Request) (int, []byte) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

// askLogs asks for rows of events as the plugin does: everything in the URL, no body, times in seconds.
func (r *reader) askLogs(who, expr string) []map[string]string {
	r.t.Helper()
	v := url.Values{
		"query": {r.put(expr, r.builtin(time.Minute), byOr)}, "limit": {"1000"},
		"start": {strconv.FormatInt(r.from.Unix(), 10)}, "end": {strconv.FormatInt(r.to.Unix(), 10)},
	}
	status, body := r.post("/select/logsql/query", v.Encode(), nil)
	if status != http.StatusOK {
		r.t.Fatalf("%s: %s: %d %s", who, v.Get("query"), status, body)
	}
	var rows []map[string]string
	for d := json.NewDecoder(strings.NewReader(string(body))); d.More(); {
		var row map[string]string
		if err := d.Decode(&row); err != nil {
			r.t.Fatalf("%s: %v", who, err)
		}
		if _, err := time.Parse(time.RFC3339Nano, row["_time"]); err != nil {
			r.t.Errorf("%s: a row without a time gets that of the question: %v", who, row)
		}
		rows = append(rows, row)
	}
	return rows
}

// look chooses the first value or the default of each variable, after asking for them.
func look(t *testing.T, w *world, d *dashboard) *reader {
	t.Helper()
	r := &reader{t: t, collector: w.URL("query"), from: w.from, to: w.to, chosen: map[string]choiceOf{}}
	for _, v := range d.Templating.List {
		switch v.Type {
		case "query":
			if found := r.valuesOf(&v); len(found) == 0 {
				t.Errorf("variable %s finds nothing", v.Name)
			}
			r.chosen[v.Name] = choiceOf{all: v.AllValue}
		default:
			r.chosen[v.Name] = choiceOf{values: []string{fmt.Sprint(v.Current.Value)}}
		}
	}
	return r
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

// valuesOf asks for the values of a variable.
func (r *reader) valuesOf(v *variable) (found []string) {
	r.t.Helper()
	query := v.Query.(map[string]any)
	if v.Datasource.Type == logsType {
		form := url.Values{
			"query": {r.put(query["query"].(string), nil, byOr)}, "field": {query["field"].(string)},
			"limit": {fmt.Sprint(query["limit"])},
			"start": {strconv.FormatInt(r.from.UnixMilli(), 10)}, "end": {strconv.FormatInt(r.to.UnixMilli(), 10)},
		}
		status, body := r.post("/select/logsql/field_values", "", form)
		var a struct {
			Values []struct {
				Value string
				Hits  float64
			}
		}
		if err := json.Unmarshal(body, &a); err != nil {
			r.t.Fatalf("%s: %d %s", v.Name, status, body)
		}
		for _, one := range a.Values {
			found = append(found, one.Value)
		}
		return found
	}
	m := labelValues.FindStringSubmatch(query["query"].(string))
	if m == nil {
		r.t.Fatalf("%s: %v is not label_values", v.Name, query["query"])
	}
	form := url.Values{
		"match[]": {r.put(m[1], nil, prometheusRegex)}, "limit": {"40000"},
		"start": {strconv.FormatInt(r.from.Unix(), 10)}, "end": {strconv.FormatInt(r.to.Unix(), 10)},
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet,
		r.collector+"/api/v1/label/"+m[2]+"/values?"+form.Encode(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	status, body := do(r.t, request)
	var a struct{ Data []string }
	if err := json.Unmarshal(body, &a); err != nil {
		r.t.Fatalf("%s: %d %s", v.Name, status, body)
	}
	return a.Data
}
