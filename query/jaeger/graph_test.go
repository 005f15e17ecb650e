package jaeger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/rollup"
	"edgescope/query"
	"edgescope/query/jaeger"
	"edgescope/query/jaeger/monitor"
)

// callsWorld is a handler over traces in which shop calls pay, and something without a name calls shop, with their
// rollups.
func callsWorld(t *testing.T) (http.Handler, time.Time) {
	t.Helper()
	s, _ := world(t)
	now := time.Now().UTC()
	r := rollup.New(rollup.Options{Collector: "test", Now: func() time.Time { return now }})
	write := func(of edge.Tenant, events ...edge.Event) {
		if err := s.WriteEvents(t.Context(), of, events); err != nil {
			t.Fatal(err)
		}
		r.Add(&edge.Batch{Tenant: of, Arrival: now.UnixNano(), Part: r.Part(), Events: events})
	}
	for i := range byte(12) {
		at, outcome := now.Add(-time.Duration(i+2)*time.Minute).UnixNano(), edge.OutcomeOK
		if i%4 == 0 {
			outcome = edge.OutcomeException
		}
		call := func(id, parent byte, facts edge.Facts) edge.Event {
			e := edge.Event{
				Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "GET " + facts.Route, Time: at, HasDuration: true,
				Duration: int64(30 * time.Millisecond), TraceID: edge.TraceID{9, i}, SpanID: edge.SpanID{id}, Facts: facts,
			}
			if parent != 0 {
				e.ParentID = edge.SpanID{parent}
			}
			return e
		}
		invoked := edge.Facts{Service: "shop", Route: "/cart/:id", Invocation: true, Outcome: outcome, Source: edge.SourceOTLP}
		write(tenant, call(1, 0, edge.Facts{}), call(2, 1, invoked), call(3, 2, edge.Facts{Service: "shop"}),
			call(4, 3, edge.Facts{Service: "pay"}))
		write(tenant+1, call(1, 0, edge.Facts{Service: "zebra"}), call(2, 1, edge.Facts{Service: "shop"}))
	}
	if err := r.Flush(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	clock := func() time.Time { return now }
	return jaeger.New(s, query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return tenant, nil }, Now: clock,
	}, monitor.New(s, clock).Answer), now
}

// TestRequestsOfTheTabs replays what Jaeger UI's tabs Monitor and System Architecture and Grafana's graph send.
func TestRequestsOfTheTabs(t *testing.T) {
	h, now := callsWorld(t)
	for i, q := range readRequests(t, "testdata/tabs.json") {
		t.Run(fmt.Sprintf("%d %s", i, q.Source), func(t *testing.T) { q.replay(t, h, now) })
	}
}

func TestDependencies(t *testing.T) {
	h, now := callsWorld(t)
	ms := func(ago time.Duration) string { return strconv.FormatInt(now.Add(-ago).UnixMilli(), 10) }
	f := func(params string, status int, data, errs string) {
		t.Helper()
		want := fmt.Sprintf(`{"data":%s,"total":0,"limit":0,"offset":0,"errors":%s}`, data, errs)
		for _, prefix := range []string{jaeger.Prefix, ""} {
			code, body := get(t, h, http.MethodGet, prefix+"/api/dependencies"+params, "x-tenant", "8")
			if code != status || body != want+"\n" {
				t.Errorf("%s%s: got  %d %s\nwant %d %s", prefix, params, code, body, status, want)
			}
		}
	}
	const pay, shop = `{"parent":"shop","child":"pay","callCount":12}`,
		`{"parent":"missing-service-name","child":"shop","callCount":12}`
	f("", 200, "["+shop+","+pay+"]", "null")
	f("?endTs="+ms(0)+"&lookback=604800000", 200, "["+shop+","+pay+"]", "null")
	f("?service=pay", 200, "["+pay+"]", "null")
	f("?service=missing-service-name", 200, "["+shop+"]", "null")
	f("?service=nobody", 200, "[]", "null")
	f("?service=zebra", 200, "[]", "null")
	f("?endTs="+ms(time.Hour), 200, "[]", "null")
	f("?endTs="+ms(2*time.Minute)+"&lookback=1000", 200,
		"["+strings.ReplaceAll(shop+","+pay, ":12", ":1")+"]", "null")
	f("?lookback=0", 200, "[]", "null")
	wrong := func(param, why string) string {
		text, _ := json.Marshal("unable to parse param '" + param + "': " + why)
		return `[{"code":400,"msg":` + string(text) + `}]`
	}
	f("?endTs=now", 400, "null", wrong("endTs", `strconv.ParseInt: parsing "now": invalid syntax`))
	f("?lookback=1h", 400, "null", wrong("lookback", `strconv.ParseInt: parsing "1h": invalid syntax`))
	f("?lookback=-1", 400, "null", wrong("lookback", "-1 is negative"))
}

// tabDecoders read graphs and figures.
var tabDecoders = map[string]decoder{
	// The tab System Architecture takes data for a list of edges without a look, and draws what has all three members.
	"ui dependencies": func(body []byte) (int, error) {
		var a struct {
			Data *[]struct {
				Parent, Child *string
				CallCount     *float64
			}
		}
		if err := json.Unmarshal(body, &a); err != nil || a.Data == nil {
			return 0, fmt.Errorf("data is no list: %w", err)
		}
		for _, c := range *a.Data {
			if c.Parent == nil || c.Child == nil || c.CallCount == nil || *c.Parent == "" || *c.Child == "" {
				return 0, errors.New("an edge without an end or a count")
			}
		}
		return len(*a.Data), nil
	},
	// Grafana fails on any entry of errors.
	"grafana dependencies": func(body []byte) (int, error) {
		var a struct {
			Data []struct {
				Parent    string `json:"parent"`
				Child     string `json:"child"`
				CallCount int    `json:"callCount"`
			} `json:"data"`
			Errors []struct {
				Code int    `json:"code"`
				Msg  string `json:"msg"`
			} `json:"errors"`
		}
		if err := json.Unmarshal(body, &a); err != nil || len(a.Errors) > 0 {
			return 0, fmt.Errorf("%v, %w", a.Errors, err)
		}
		return len(a.Data), nil
	},
	"ui metrics": func(body []byte) (int, error) { return readMetrics(body, 1) },
	// The table of operations is made of series with a second label.
	"ui operation metrics": func(body []byte) (int, error) { return readMetrics(body, 2) },
	"ui minstep": func(body []byte) (int, error) {
		var a struct{ Data int }
		err := json.Unmarshal(body, &a)
		return a.Data, err
	},
}

// readMetrics reads a family of metrics as the tab Monitor does, and returns the number of its points. What is no number
// there is no point of a curve.
func readMetrics(body []byte, labels int) (points int, err error) {
	var a struct {
		Name    string
		Metrics *[]struct {
			Labels       []struct{ Name, Value *string }
			MetricPoints []struct {
				Timestamp  *time.Time
				GaugeValue *struct{ DoubleValue *float64 }
			}
		}
	}
	if err := json.Unmarshal(body, &a); err != nil || a.Metrics == nil || a.Name == "" {
		return 0, fmt.Errorf("metrics are no list: %w", err)
	}
	for _, m := range *a.Metrics {
		if len(m.Labels) != labels || *m.Labels[0].Name != "service_name" || labels > 1 && *m.Labels[1].Name != "operation" {
			return 0, fmt.Errorf("%d labels, want %d", len(m.Labels), labels)
		}
		for _, p := range m.MetricPoints {
			if p.Timestamp == nil || p.GaugeValue == nil || p.GaugeValue.DoubleValue == nil {
				return 0, errors.New("a point without a time or a value")
			}
			points++
		}
	}
	return points, nil
}
