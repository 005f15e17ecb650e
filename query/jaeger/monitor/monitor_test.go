package monitor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/ingest/rollup"
	"edgescope/query"
	"edgescope/query/engine"
	"edgescope/query/gate"
	"edgescope/query/jaeger/monitor"
	"edgescope/query/tables"
	"edgescope/store"
	"edgescope/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const tenant edge.Tenant = 7

// world is a store with the rollups of invocations before it, and a clock that stands still inside a window.
type world struct {
	t       testing.TB
	store   *embedded.Store
	rollup  *rollup.Rollup
	monitor *monitor.Monitor
	now     time.Time
}

func newWorld(t testing.TB, o rollup.Options) *world {
	t.Helper()
	s, err := embedded.Open(context.Background(), embedded.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, store: s, now: time.Now().UTC().Truncate(time.Hour).Add(-time.Hour + 17*time.Minute + 34*time.Second)}
	o.Collector, o.Now, o.Log = "test", w.clock, slog.New(slog.DiscardHandler)
	w.rollup = rollup.New(o)
	w.monitor = monitor.New(s, w.clock)
	return w
}

func (w *world) clock() time.Time { return w.now }

// call is an invocation so long ago.
type call struct {
	service, route, outcome string
	ago, took               time.Duration
	weight                  float64
	point                   bool // a data point tells of it, not a span
}

func (w *world) event(c call) edge.Event {
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "fetch", Time: w.now.Add(-c.ago).UnixNano(),
		Duration: int64(c.took), HasDuration: true,
		Facts: edge.Facts{
			Service: c.service, Route: c.route, Outcome: c.outcome, Weight: max(1, c.weight), Invocation: true,
			Source: edge.SourceOTLP,
		},
	}
	if c.outcome == "" {
		e.Facts.Outcome = edge.OutcomeOK
	}
	if c.point {
		e.Kind, e.Facts.Source = edge.KindDataPoint, edge.SourceDataPoints
	}
	return e
}

func (w *world) write(of edge.Tenant, calls ...call) {
	w.t.Helper()
	var events []edge.Event
	for _, c := range calls {
		events = append(events, w.event(c))
	}
	if err := w.store.WriteEvents(context.Background(), of, events); err != nil {
		w.t.Fatal(err)
	}
	w.rollup.Add(&edge.Batch{Tenant: of, Arrival: w.now.UnixNano(), Part: w.rollup.Part(), Events: events})
	if err := w.rollup.Flush(context.Background(), w.store); err != nil {
		w.t.Fatal(err)
	}
	w.store.Flush()
}

// family is an answer as Jaeger UI reads it.
type family struct {
	Name, Type, Help string
	Metrics          []struct {
		Labels       []struct{ Name, Value string }
		MetricPoints []struct {
			Timestamp  time.Time
			GaugeValue struct{ DoubleValue *float64 }
		}
	}
}

// ask asks for a figure; the query is that of a URL, with {end} for the clock's now.
func (w *world) ask(figure, text string) (family, error) {
	w.t.Helper()
	form, err := url.ParseQuery(strings.ReplaceAll(text, "{end}", strconv.FormatInt(w.now.UnixMilli(), 10)))
	if err != nil {
		w.t.Fatal(err)
	}
	a, err := w.monitor.Answer(w.t.Context(), tenant, figure, form)
	if err != nil {
		return family{}, err
	}
	return w.read(a), nil
}

func (w *world) read(a any) (f family) {
	w.t.Helper()
	var body bytes.Buffer
	n, err := a.(io.WriterTo).WriteTo(&body)
	if err != nil || n != int64(body.Len()) {
		w.t.Fatalf("%d bytes of %d, %v", n, body.Len(), err)
	}
	d := json.NewDecoder(&body)
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil || f.Metrics == nil {
		w.t.Fatalf("%v: %+v", err, f)
	}
	return f
}

// series are the points of each series, by its labels' values, and by how long ago each is in milliseconds.
func (w *world) series(f family) map[string]map[int]float64 {
	out := map[string]map[int]float64{}
	for _, m := range f.Metrics {
		var values []string
		for i, l := range m.Labels {
			if want := []string{"service_name", "operation"}[i]; l.Name != want {
				w.t.Errorf("label %d is %s, want %s", i, l.Name, want)
			}
			values = append(values, l.Value)
		}
		points := map[int]float64{}
		for _, p := range m.MetricPoints {
			points[int(w.now.Sub(p.Timestamp).Milliseconds())] = *p.GaugeValue.DoubleValue
		}
		out[strings.Join(values, " ")] = points
	}
	return out
}

// must asks for what is not refused.
func (w *world) must(figure, text string) map[string]map[int]float64 {
	w.t.Helper()
	f, err := w.ask(figure, text)
	if err != nil {
		w.t.Fatalf("%s?%s: %v", figure, text, err)
	}
	return w.series(f)
}

// TestFiguresAreThoseOfTheInvocations counts invocations anew for each point of many grids.
func TestFiguresAreThoseOfTheInvocations(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	random := rand.New(rand.NewPCG(13, 1))
	var calls []call
	for range 1000 {
		calls = append(calls, call{
			service: []string{"shop", "pay", "", `a/b "c"`}[random.IntN(4)],
			route:   []string{"", "/cart/:id", "/pay"}[random.IntN(3)],
			outcome: []string{edge.OutcomeOK, edge.OutcomeOK, edge.OutcomeException, edge.OutcomeCanceled}[random.IntN(4)],
			ago:     time.Duration(random.Int64N(int64(3 * time.Hour))),
			took:    time.Duration(math.Exp(random.NormFloat64()) * float64(20*time.Millisecond)),
			weight:  float64(1 + 9*random.IntN(2)),
		})
	}
	w.write(tenant, calls...)
	w.write(tenant+1, call{service: "shop", ago: time.Minute, took: time.Hour, weight: 1000})
	for _, g := range []grid{
		{time.Hour, time.Minute, 10 * time.Minute, window}, // Jaeger UI
		{time.Hour, 5 * time.Second, 10 * time.Minute, window},
		{10 * time.Minute, time.Second, time.Minute, window},
		{time.Minute, 500 * time.Millisecond, 10 * time.Second, window},
		{time.Hour, 7 * time.Second, 30 * time.Second, window},
		{2 * time.Hour, 5 * time.Minute, 5 * time.Minute, window},
		{2 * time.Hour, 15 * time.Minute, 30 * time.Minute, window},
		{2 * time.Hour, 90 * time.Second, 10 * time.Second, window},
		{2 * time.Hour, time.Hour, time.Hour, 5 * time.Minute},
		{20 * time.Hour, 10 * time.Hour, 10 * time.Hour, time.Hour},
		{20 * time.Hour, 10 * time.Hour, 90 * time.Minute, 5 * time.Minute},
		{0, time.Minute, 3 * time.Hour, window},
		{time.Minute, time.Hour, 20 * time.Minute, window},
		{3 * time.Hour, 11 * time.Second, 45 * time.Minute, window}, // more points than are made at a time
		{time.Hour, time.Minute, 15 * time.Second, window},          // rates of 20 s
	} {
		w.compare(calls, g)
	}
}

// window is the length of the shortest rollups.
const window = 10 * time.Second

// grid is the points of a question, and the length of the rollups that answer it.
type grid struct{ lookback, step, ratePer, width time.Duration }

func (w *world) compare(calls []call, g grid) {
	w.t.Helper()
	grid := fmt.Sprintf("&endTs={end}&lookback=%d&step=%d&ratePer=%d", g.lookback.Milliseconds(), g.step.Milliseconds(),
		g.ratePer.Milliseconds())
	const services = "service=shop&service=pay&service=missing-service-name&service=" + `a%2Fb%20%22c%22`
	for _, by := range []string{"", "&groupByOperation=true"} {
		got := map[string]map[string]map[int]float64{
			"calls": w.must("calls", services+grid+by), "errors": w.must("errors", services+grid+by),
			"p50": w.must("latencies", "quantile=0.5&"+services+grid+by),
			"p95": w.must("latencies", "quantile=0.95&"+services+grid+by),
		}
		for name, of := range names(calls, by != "") {
			points := int(g.lookback/g.step) + 1
			for point := 0; point < points; point += max(1, points/37) { // of many some
				ago := g.lookback - time.Duration(point)*g.step
				w.comparePoint(got, name, w.truth(of, ago, g), int(ago.Milliseconds()), grid+by)
			}
		}
	}
}

// names groups calls by what their series is named.
func names(calls []call, byOperation bool) map[string][]call {
	out := map[string][]call{}
	for _, c := range calls {
		name := c.service
		if name == "" {
			name = "missing-service-name"
		}
		switch {
		case byOperation && c.route == "":
			name += " unknown"
		case byOperation:
			name += " " + c.route
		}
		out[name] = append(out[name], c)
	}
	return out
}

// truth is what was before a point: how many a second, which part failed, and the durations in ms.
type truth struct {
	rate, errors float64
	took         []float64
}

func (w *world) truth(calls []call, ago time.Duration, g grid) (r truth) {
	ratePer := (g.ratePer + g.width - 1).Truncate(g.width)
	to := time.Unix(0, w.now.Add(-ago).UnixNano()/int64(g.width)*int64(g.width))
	from := to.Add(-ratePer)
	failed, all := 0.0, 0.0
	for _, c := range calls {
		if at := w.now.Add(-c.ago); at.Before(from) || !at.Before(to) {
			continue
		}
		all += c.weight
		if c.outcome == edge.OutcomeException {
			failed += c.weight
		}
		for range int(c.weight) {
			r.took = append(r.took, float64(c.took)/1e6)
		}
	}
	slices.Sort(r.took)
	r.rate, r.errors = all/ratePer.Seconds(), failed/all
	return r
}

func (w *world) comparePoint(got map[string]map[string]map[int]float64, name string, want truth, ago int, grid string) {
	w.t.Helper()
	const bucket = 1.137 // from the lower end of a range of durations to the upper
	rate, ok := got["calls"][name][ago]
	if !ok && want.rate > 0 || math.Abs(rate-want.rate) > 1e-9 {
		w.t.Errorf("%s: %s %d ms ago: %v calls a second, want %v", grid, name, ago, rate, want.rate)
	}
	for figure, quantile := range map[string]float64{"errors": 0, "p50": 0.5, "p95": 0.95} {
		v, ok := got[figure][name][ago]
		if none := len(want.took) == 0; ok == none {
			w.t.Errorf("%s: %s of %s %d ms ago: %v, of %d invocations", grid, figure, name, ago, v, len(want.took))
		}
		if !ok || len(want.took) == 0 {
			continue
		}
		if figure == "errors" {
			if math.Abs(v-want.errors) > 1e-9 {
				w.t.Errorf("%s: %s %d ms ago: errors %v, want %v", grid, name, ago, v, want.errors)
			}
			continue
		}
		rank := int(math.Ceil(quantile * float64(len(want.took))))
		if true := want.took[max(0, rank-1)]; v < true/bucket || v > true*bucket {
			w.t.Errorf("%s: %s %d ms ago: %s is %v ms, want %v", grid, name, ago, figure, v, true)
		}
	}
}

// TestFiguresAreThoseOfOurPages compares with the overview of the same range.
func TestFiguresAreThoseOfOurPages(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	w.now = w.now.Truncate(10 * time.Minute) // pages begin with whole windows
	random := rand.New(rand.NewPCG(3, 4))
	var calls []call
	for range 500 {
		calls = append(calls, call{
			service: "shop", ago: time.Duration(random.Int64N(int64(2 * time.Hour))),
			took:    time.Duration(random.ExpFloat64() * float64(30*time.Millisecond)),
			outcome: []string{edge.OutcomeOK, edge.OutcomeExceededCPU}[random.IntN(2)],
			point:   random.IntN(2) == 0, // the pages count a service by its spans where it has any
		})
	}
	w.write(tenant, calls...)
	e := engine.New(tables.New(w.store, w.clock, tables.AtOnce), engine.Options{})
	q, err := query.Parse(url.Values{"range": {"1h"}, "service": {"shop"}}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	page, err := e.Overview(t.Context(), tenant, q)
	if err != nil {
		t.Fatal(err)
	}
	const grid = "&service=shop&endTs={end}&lookback=0&ratePer=3600000&step=60000"
	for figure, want := range map[string]query.Num{
		"calls?": page.Total.Rate, "errors?": page.Total.ErrorRatio, "latencies?quantile=0.5": page.Total.P50,
		"latencies?quantile=0.95": page.Total.P95, "latencies?quantile=0.99": page.Total.P99,
	} {
		name, params, _ := strings.Cut(figure, "?")
		if got := w.must(name, params+grid)["shop"][0]; math.Abs(got-float64(want)) > 1e-9*float64(want) || want == 0 {
			t.Errorf("%s: %v, our page says %v", figure, got, want)
		}
	}
}

func TestFamiliesAreNamedAsJaegersAre(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	w.write(tenant, call{service: "shop", route: "/a", ago: time.Minute, took: time.Millisecond})
	f := func(figure, params, want string) {
		t.Helper()
		a, err := w.ask(figure, "service=shop&"+params)
		if err != nil || a.Name != want || a.Type != "GAUGE" || a.Help == "" || strings.Contains(a.Help, "%") ||
			len(a.Metrics) != 1 {
			t.Errorf("%s %s: %+v, %v; want %s", figure, params, a, err, want)
		}
	}
	f("latencies", "quantile=0.95", "service_latencies")
	f("calls", "", "service_call_rate")
	f("errors", "", "service_error_rate")
	f("latencies", "quantile=.5&groupByOperation=true", "service_operation_latencies")
	f("calls", "groupByOperation=1", "service_operation_call_rate")
	f("errors", "groupByOperation=true", "service_operation_error_rate")
}

// TestTheTextOfAnAnswer holds the spelling that Jaeger's UI was tried with.
func TestTheTextOfAnAnswer(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	w.write(tenant, call{service: "<shop>", route: "/a", ago: time.Minute, took: time.Millisecond, weight: 15})
	a, err := w.monitor.Answer(t.Context(), tenant, "calls", url.Values{
		"service": {"<shop>"}, "groupByOperation": {"true"}, "endTs": {strconv.FormatInt(w.now.UnixMilli(), 10)},
		"lookback": {"0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	if _, err := a.(io.WriterTo).WriteTo(&body); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(body.String()), "")
	if want := `{"name":"service_operation_call_rate","type":"GAUGE","help":"invocationspersecond","metrics":[` +
		`{"labels":[{"name":"service_name","value":"<shop>"},{"name":"operation","value":"/a"}],"metricPoints":[` +
		`{"timestamp":"` + w.now.Format(time.RFC3339) + `","gaugeValue":{"doubleValue":0.025}}]}]}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatIsNotThereIsLeftOut(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	w.write(tenant, call{service: "shop", ago: 30 * time.Minute, took: time.Millisecond},
		call{service: "rests", ago: 5 * time.Hour, took: time.Millisecond})
	f := func(figure, params string, want string) {
		t.Helper()
		a := w.must(figure, params)
		if got := fmt.Sprint(a); got != want {
			t.Errorf("%s %s: got %s, want %s", figure, params, got, want)
		}
	}
	const grid = "&endTs={end}&lookback=3600000&step=1200000&ratePer=600000"
	f("calls", "service=shop"+grid, "map[shop:map[0:0 1200000:0.0016666666666666668 2400000:0 3600000:0]]")
	f("errors", "service=shop"+grid, "map[shop:map[1200000:0]]")
	f("latencies", "quantile=0&service=nobody"+grid, "map[]")
	f("calls", "service=nobody&service=rests"+grid, "map[]")
	f("calls", "service=shop&service=nobody&service=shop"+grid,
		"map[shop:map[0:0 1200000:0.0016666666666666668 2400000:0 3600000:0]]")
	f("calls", "service=shop.*&service=%22"+grid, "map[]") // names, not expressions
	f("calls", "service=shop&spanKind=client"+grid, "map[]")
	f("errors", "service=shop&spanKind=server&spanKind=client"+grid, "map[shop:map[1200000:0]]")
	f("calls", "service=shop&endTs=0&lookback=0", "map[]")
	f("calls", "service=shop&endTs=0&lookback=9000000000000&step=1000000000", "map[]")
	f("calls", "service=shop&endTs=9000000000000&lookback=0", "map[]")
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	f := func(figure, params string, status int, want string) {
		t.Helper()
		_, err := w.ask(figure, params)
		var refused *gate.RefusedError
		if !errors.As(err, &refused) || refused.Status != status || refused.Reason != want {
			t.Errorf("%s?%s: %v, want %d %s", figure, params, err, status, want)
		}
	}
	f("calls", "", 400, "unable to parse param 'service': please provide at least one service name")
	f("calls", "service=", 400, "unable to parse param 'service': please provide at least one service name")
	f("latencies", "service=a", 400, `unable to parse param 'quantile': strconv.ParseFloat: parsing "": invalid syntax`)
	f("latencies", "service=a&quantile=95", 400, "unable to parse param 'quantile': want a number from 0 to 1")
	f("calls", "service=a&spanKind=sever", 400, "unable to parse param 'spanKind': unsupported span kind: 'sever'")
	f("calls", "service=a&groupByOperation=maybe", 400,
		`unable to parse param 'groupByOperation': strconv.ParseBool: parsing "maybe": invalid syntax`)
	f("calls", "service=a&endTs=now", 400,
		`unable to parse param 'endTs': strconv.ParseInt: parsing "now": invalid syntax`)
	f("calls", "service=a&lookback=-1", 400, "unable to parse param 'lookback': -1 is negative")
	f("calls", "service=a&step=0", 400, "unable to parse param 'step': want a number of milliseconds above 0")
	f("calls", "service=a&ratePer=0", 400,
		"unable to parse param 'ratePer': want a number of milliseconds above 0, and at most 366 days")
	f("calls", "service=a&ratePer=31622400001", 400,
		"unable to parse param 'ratePer': want a number of milliseconds above 0, and at most 366 days")
	f("calls", "service=a&step=1&lookback=11000", 400,
		"a series has at most 11000 points, and lookback is 11000 times step: ask for a longer step")
	f("calls", "service=a&step=60000&ratePer=2592000000&lookback=0", 400,
		"ratePer is 43200 times 1m0s: ask for a longer step, in multiples of a minute")
	f("traffic", "service=a", 404, "no such figure: want latencies, calls or errors")
}

// TestManyServicesAndOperations holds that all of them are told apart, and that too much is refused.
func TestManyServicesAndOperations(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	var calls []call
	form := url.Values{"lookback": {"1200000"}, "step": {"60000"}, "groupByOperation": {"true"}}
	for i := range 1000 {
		calls = append(calls, call{
			service: "s" + strconv.Itoa(i%100), route: "/" + strconv.Itoa(i), ago: 10 * time.Minute, took: time.Millisecond,
		})
	}
	for i := range 100 {
		form.Add("service", "s"+strconv.Itoa(i))
	}
	w.write(tenant, calls...)
	if got := len(w.must("calls", form.Encode())); got != 1000 {
		t.Errorf("%d operations, want 1000", got)
	}
	form.Set("lookback", "36000000")
	_, err := w.ask("calls", form.Encode())
	const want = "the answer has more than 500000 points, 601 for each service or operation: ask for a longer step or a " +
		"shorter lookback"
	var refused *gate.RefusedError
	if !errors.As(err, &refused) || refused.Status != http.StatusUnprocessableEntity || refused.Reason != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestWhatHasNoSeriesOfItsOwn holds where invocations are that came when there were too many series.
func TestWhatHasNoSeriesOfItsOwn(t *testing.T) {
	w := newWorld(t, rollup.Options{MaxKeys: 8})
	for i := range 20 {
		w.write(tenant, call{service: "shop", route: "/" + strconv.Itoa(i), ago: time.Minute, took: time.Millisecond})
	}
	total, rest := 0.0, 0.0
	for name, points := range w.must("calls", "service=shop&groupByOperation=true&endTs={end}&lookback=0") {
		total += points[0] * 600
		if name == "shop others" {
			rest = points[0] * 600
		}
	}
	if math.Abs(total-20) > 1e-6 || rest < 10 {
		t.Errorf("%v invocations, %v of other routes", total, rest)
	}
	for i := range 12 { // more services than there are series for
		w.write(tenant, call{service: "s" + strconv.Itoa(i), ago: time.Minute, took: time.Millisecond})
	}
	if got := w.must("calls", "service=missing-service-name&endTs={end}&lookback=0"); len(got) != 0 {
		t.Errorf("what is of no known service is of one without a name: %v", got)
	}
}

// TestMemoryIsThatOfTheGate asks for many operations before a gate with little memory.
func TestMemoryIsThatOfTheGate(t *testing.T) {
	w := newWorld(t, rollup.Options{})
	var calls []call
	for i := range 600 {
		calls = append(calls,
			call{service: "shop", route: "/" + strconv.Itoa(i), ago: time.Minute, took: time.Duration(3*i) * time.Millisecond})
	}
	w.write(tenant, calls...)
	f := func(memory int64, status int) {
		t.Helper()
		g := gate.New(gate.Options{AtOnce: 1, Memory: memory, Duration: time.Minute})
		defer g.Stop(t.Context())
		h := g.Question(gate.Tongue{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, err := w.monitor.Answer(r.Context(), tenant, "latencies", url.Values{
				"service": {"shop"}, "groupByOperation": {"true"}, "quantile": {"0.5"}, "step": {"60000"},
			})
			var refused *gate.RefusedError
			if errors.As(err, &refused) && refused.Status != status || err == nil && status != 0 {
				t.Errorf("memory %d: %v, want status %d", memory, err, status)
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	}
	f(64<<20, 0)
	f(1<<19, http.StatusUnprocessableEntity)
}

func TestErrorsOfTheStoreAreTold(t *testing.T) {
	broken := errors.New("disk on fire")
	m := monitor.New(failing{err: broken}, time.Now)
	if _, err := m.Answer(t.Context(), 1, "calls", url.Values{"service": {"a"}}); !errors.Is(err, broken) {
		t.Error(err)
	}
	w := newWorld(t, rollup.Options{})
	w.write(tenant, call{service: "shop", ago: time.Minute, took: time.Millisecond})
	a, err := w.monitor.Answer(t.Context(), tenant, "calls", url.Values{"service": {"shop"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.(io.WriterTo).WriteTo(brokenWriter{broken}); !errors.Is(err, broken) {
		t.Errorf("a client that left: %v", err)
	}
}

type failing struct {
	store.Reader

	err error
}

func (f failing) Series(context.Context, store.SeriesQuestion) ([]store.Series, error) {
	return nil, f.err
}

type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }
