package promql_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query/promql"
	"edgescope/store/embedded"
)

// promAnswer is an answer of the Prometheus API.
type promAnswer struct {
	Status string   `json:"status"`
	Infos  []string `json:"infos"`
	Error  string   `json:"error"`
	Data   struct {
		Result []struct {
			Metric map[string]string `json:"metric"`
			Value  [2]any            `json:"value"`
			Values [][2]any          `json:"values"`
		} `json:"result"`
	} `json:"data"`
}

func number(t *testing.T, point [2]any) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(point[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// openStore fills the engine with half an hour of totals: every window has 30 events of one colo and 60 of another, as
// totals of 10 s, 5 min and 1 h, with durations of which half are between 0.1 and 0.2 s, and a client's counter that
// grows by 3 a second.
func openStore(t *testing.T) (h http.Handler, end time.Time) {
	t.Helper()
	s, end := openEngine(t)
	return promql.New(s, promql.Options{}), end
}

func openEngine(t *testing.T) (s *embedded.Store, end time.Time) {
	t.Helper()
	s, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	end = time.Now().Add(-time.Hour).Truncate(time.Hour)
	named := func(name string, labels ...edge.Attr) *edge.Series {
		return &edge.Series{Labels: append([]edge.Attr{{Key: edge.LabelName, Value: name}}, labels...)}
	}
	var samples []edge.Sample
	add := func(series *edge.Series, at time.Time, v float64) {
		samples = append(samples, edge.Sample{Series: series, Time: at.UnixMilli(), Value: v})
	}
	label := func(key, value string) edge.Attr { return edge.Attr{Key: key, Value: value} }
	fra, iad := named("edge_colo_requests", label("edge_colo", "FRA")),
		named("edge_colo_requests", label("edge_colo", "IAD"))
	wide := named("edge_colo_requests:5m", label("edge_colo", "FRA"))
	fast, slow := named("edge_colo_duration_seconds_bucket", label("vmrange", "1.000e-01...2.000e-01")),
		named("edge_colo_duration_seconds_bucket", label("vmrange", "9.000e-01...1.000e+00"))
	counter := named("http_total", label("job", "shop"))
	const windows = 180
	for i := 1; i <= windows; i++ { // stamped like the question's last moment, so that a range has whole windows
		at := end.Add(time.Duration(i-windows) * 10 * time.Second)
		add(fra, at, 30)
		add(iad, at, 60)
		add(fast, at, 45)
		add(slow, at, 45)
		add(counter, at, float64(30*i))
		if at.Unix()%300 == 0 {
			add(wide, at, 900)
		}
	}
	if err := s.WriteSamples(t.Context(), 0, samples); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	return s, end
}

func ask(t *testing.T, h http.Handler, method, path string, form url.Values) promAnswer {
	t.Helper()
	target, body := path+"?"+form.Encode(), io.Reader(nil)
	if method == http.MethodPost {
		target, body = path, strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), method, target, body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var a promAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s %s: %d %v: %s", method, target, w.Code, err, w.Body)
	}
	return a
}

// TestRatesOfTotalsAreRight asks the real engine: whatever the function, the range and the door, a rate times its range
// is the number of events that were counted.
func TestRatesOfTotalsAreRight(t *testing.T) {
	h, end := openStore(t)
	f := func(text string, want float64) {
		t.Helper()
		form := url.Values{"query": {text}, "time": {strconv.FormatInt(end.Unix(), 10)}}
		for _, door := range [][2]string{
			{http.MethodGet, "/api/v1/query"},
			{http.MethodPost, "/api/v1/query"},
			{http.MethodPost, "/prometheus/api/v1/query"},
		} {
			a := ask(t, h, door[0], door[1], form)
			if len(a.Data.Result) != 1 || math.Abs(number(t, a.Data.Result[0].Value)-want) > want*1e-3 ||
				len(a.Infos) == 0 {
				t.Errorf("%v %s: got %+v, want %v and infos", door, text, a, want)
			}
		}
	}
	const perSecond = 9 // 90 in 10 s
	f("sum(rate(edge_colo_requests[1m]))", perSecond)
	f("sum(rate(edge_colo_requests[30m])) * 1800", 180*90)
	f("sum(increase(edge_colo_requests[10m]))", perSecond*600)
	f("sum(delta(edge_colo_requests[10m]))", perSecond*600)
	f("sum(irate(edge_colo_requests[5m]))", perSecond)
	f("sum(idelta(edge_colo_requests[5m]))", 90)
	f("sum(rollup_rate(edge_colo_requests[5m], \"max\"))", perSecond)
	f("sum(rate(edge_colo_requests[5s]))", perSecond)
	f("sum(increase(edge_colo_requests[1s]))", perSecond)
	f("sum(rate(edge_colo_requests))", perSecond)
	f("sum(increase(edge_colo_requests[10m:1m]))", perSecond*600)
	f("sum(rate(edge_colo_requests{edge_colo=\"FRA\"}[5m] offset 10m))", 3)
	f("sum(rate({__name__=~\"edge_colo_requests|edge_colo_none\"}[5m]))", perSecond)
	f("rate(edge_colo_requests:5m[10m])", 3)
	f("increase(edge_colo_requests:5m[1m])", 180)
	f("irate(edge_colo_requests:5m[30m])", 3)
	f("max_over_time(sum(rate(edge_colo_requests[1m]))[10m:1m])", perSecond)
	f("sum(rate(edge_colo_requests[5m])) / on () group_left () sum(rate(http_total[5m]))", 3)
	f("histogram_quantile(0.5, sum by (le) (rate(edge_colo_duration_seconds_bucket[5m])))", 0.2)
	f("sum(rate(edge_colo_duration_seconds_bucket[5m]))", perSecond)

	// A series of a client has what it had.
	a := ask(t, h, http.MethodGet, "/api/v1/query",
		url.Values{"query": {"rate(http_total[5m])"}, "time": {strconv.FormatInt(end.Unix(), 10)}})
	if len(a.Data.Result) != 1 || math.Abs(number(t, a.Data.Result[0].Value)-3) > 1e-3 || a.Infos != nil {
		t.Errorf("a client's counter: %+v", a)
	}

	// Over time, as Grafana asks: the points add up to the events.
	a = ask(t, h, http.MethodPost, "/api/v1/query_range", url.Values{
		"query": {"sum(rate(edge_colo_requests[1m]))"}, "step": {"60"},
		"start": {strconv.FormatInt(end.Add(-29*time.Minute).Unix(), 10)}, "end": {strconv.FormatInt(end.Unix(), 10)},
	})
	total := 0.0
	for _, point := range a.Data.Result[0].Values {
		total += number(t, point) * 60
	}
	if total != 180*90 || len(a.Infos) != 1 || !strings.Contains(a.Infos[0], "rate_over_sum(edge_colo_requests[1m])") {
		t.Errorf("%v events over time, want %d; infos %q", total, 180*90, a.Infos)
	}
	// An error is passed on as it is.
	if a := ask(t, h, http.MethodGet, "/api/v1/query",
		url.Values{"query": {"rate(edge_colo_requests[5m]) + nothing("}}); a.Status != "error" || a.Infos != nil {
		t.Errorf("got %+v, want the engine's error", a)
	}
}

// TestAnswersPassWhole: infos are put into an answer that went well, however it comes, and into no other.
func TestAnswersPassWhole(t *testing.T) {
	f := func(status int, want string, parts ...string) {
		t.Helper()
		next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if status != 0 {
				w.WriteHeader(status)
			}
			for _, part := range parts {
				if n, err := io.WriteString(w, part); n != len(part) || err != nil {
					t.Errorf("wrote %d, %v", n, err)
				}
			}
		})
		h := promql.New(fake{next: next}, promql.Options{})
		w := httptest.NewRecorder()
		h.ServeHTTP(w,
			httptest.NewRequestWithContext(t.Context(), http.MethodGet,
				"/api/v1/query?query=rate(edge_service_requests[5m])", nil))
		if got := w.Body.String(); got != want {
			t.Errorf("%q: got %s, want %s", parts, got, want)
		}
	}
	const info = `"infos":["rate(edge_service_requests[5m]) is asked as rate_over_sum(edge_service_requests[5m]): what ` +
		`is stored are totals of windows, not counters"],`
	f(0, `{"status":"success",`+info+`"data":1}`, `{"status":"success","data":1}`)
	f(200, `{"status":"success",`+info+`"data":1}`, `{`, `"status":`, `"success","da`, `ta":1}`)
	f(422, `{"status":"error","errorType":"execution","error":"x"}`+"\n", `{"status":"error","errorType":"422",`, `"error":"x"}`)
	f(400, `{"status":"error","errorType":"bad_data","error":"missing \"x\""}`+"\n", "missing ", "\"x\"\n")
	f(422, `{"status":"error","errorType":"execution","error":"too many points"}`+"\n",
		`{"error":"too many points; (see -search.maxPointsPerTimeseries command-line flag)"}`)
	// The engine's flags are not the collector's.
	told := func(said, want string) {
		t.Helper()
		f(422, `{"status":"error","errorType":"execution","error":"`+want+"\"}\n", `{"error":"`+said+`"}`)
	}
	told("not enough memory for x, which returns 7 points according to -search.maxMemoryPerQuery=67108864; requested "+
		"memory: 9 bytes; possible solutions are: a; increasing -search.maxMemoryPerQuery",
		"not enough memory for x, which returns 7 points; at most 67108864 bytes are given; requested "+
			"memory: 9 bytes; possible solutions are: a; a larger --max-question-memory of the collector")
	told("cannot select more than -search.maxSamplesPerQuery=1000 samples; possible solutions: increase the "+
		"-search.maxSamplesPerQuery; reduce time range", "cannot select more than 1000 samples; possible solutions: reduce time range")
	told("cannot process more than 9 samples per series; either increase -search.maxSamplesPerSeries or reduce time range",
		"cannot process more than 9 samples per series; reduce time range")
	told("timeout exceeded: 1.5 seconds; the timeout can be adjusted with `-search.maxQueryDuration` command-line flag",
		"timeout exceeded: 1.5 seconds")
	f(503, `{"status":"error","errorType":"timeout","error":"x: timeout exceeded during query execution: 1 s: ask for a `+
		"shorter range or less\"}\n", `{"errorType":"422","error":"x: timeout exceeded during query execution: 1 s"}`)
	f(413, `{"status":"error","errorType":"bad_data","error":"x"}`+"\n", "x")
	f(503, `{"status":"error","errorType":"timeout","error":"timeout exceeded"}`+"\n", "timeout exceeded")
	f(500, `{"status":"error","errorType":"internal","error":"`+strings.Repeat("a", 16<<10)+"\"}\n",
		strings.Repeat("a", 10<<10), strings.Repeat("a", 10<<10))
	f(200, `{"status":"other","x":"yyyyyyyyyyyyyyy"}`, `{"status":"other",`, `"x":"yyyyyyyyyyyyyyy"}`)
	f(200, `{}`, `{}`)
	f(200, ``)
}
