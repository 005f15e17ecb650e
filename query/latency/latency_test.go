package latency_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/query"
	"edgescope/query/latency"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const runID = "0af7651916cd43dd8448eb211c80319c"

// times are the true parts of a request, in milliseconds.
type times struct{ network, init, origin, cpu, wait float64 }

func (x *times) edge() float64 { return x.init + x.origin + x.cpu + x.wait }

func (x *times) all() float64 { return x.network + x.edge() }

func ms(v float64) time.Duration { return time.Duration(math.Round(v * 1e6)) }

// facts are those of a request's invocation, at an edge that tells everything.
func (x *times) facts() edge.Facts {
	f := edge.Facts{
		Service: "shop", Region: "FRA", ColdStart: edge.False, HasOrigin: true, OriginDuration: int64(ms(x.origin)),
		HasCPU: true, CPUTime: int64(ms(x.cpu)),
	}
	if x.init > 0 {
		f.ColdStart, f.HasInit, f.InitDuration = edge.True, true, int64(ms(x.init))
	}
	return f
}

// client is the span that a client has of an invocation, whose parent it becomes. Its clock is an hour ahead: lengths
// alone matter.
func client(w *querytest.World, of *edge.Event, took float64, run string) edge.Event {
	c := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanClient, Name: "GET", TraceID: of.TraceID, Time: of.Time + 1e6,
		Duration: int64(ms(took)), HasDuration: true, Facts: edge.Facts{Service: edge.RunService, Weight: 1, Source: edge.SourceOTLP},
	}
	_, c.SpanID = w.IDs()
	of.ParentID = c.SpanID
	if run != "" {
		c.Attrs = []edge.Attr{{Key: edge.RunIDAttr, Value: run}}
	}
	return c
}

func summary(t *testing.T, w *querytest.World, run edge.Run) edge.Event {
	t.Helper()
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanInternal, Name: edge.RunSpan, Time: run.Updated.UnixNano(), HasDuration: true,
		Facts: edge.Facts{Service: edge.RunService, Source: edge.SourceOTLP, Weight: 1},
		Attrs: []edge.Attr{{Key: edge.RunAttr, Value: string(text)}, {Key: edge.RunIDAttr, Value: run.ID}},
	}
	_, e.SpanID = w.IDs()
	if _, err := hex.Decode(e.TraceID[:], []byte(run.ID)); err != nil {
		t.Fatal(err)
	}
	return e
}

// draw makes requests, a twentieth of them cold starts.
func draw(n int) []times {
	r := rand.New(rand.NewPCG(4, 2))
	out := make([]times, n)
	log := func(median float64) float64 { return median * math.Exp(r.NormFloat64()/2) }
	for i := range out {
		out[i] = times{network: log(40), origin: log(60), cpu: log(8), wait: log(5)}
		if r.IntN(20) == 0 {
			out[i].init = log(200)
		}
	}
	return out
}

func ask(t *testing.T, w *querytest.World, text string) *query.Latency {
	t.Helper()
	a, err := latency.New(w.Read, latency.Options{}).Latency(t.Context(), querytest.Tenant, w.Ask(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func askOf(t *testing.T, w *querytest.World, id string) *query.Latency {
	t.Helper()
	a, err := latency.New(w.Read, latency.Options{}).Of(t.Context(), querytest.Tenant, id, query.Question{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// addsUp holds that the parts of each band are its total, to 1e-9.
func addsUp(t *testing.T, a *query.Latency) {
	t.Helper()
	for _, b := range a.Bands {
		sum := 0.0
		for _, p := range b.Parts {
			if p.Mean.OK() {
				sum += float64(p.Mean)
			}
		}
		if !b.AddsUp || math.Abs(sum-float64(b.Total)) > 1e-9*max(1, sum) {
			t.Errorf("%s: the parts are %v, the total is %v; adds up: %v", b.Name, sum, b.Total, b.AddsUp)
		}
	}
}

// near compares the parts of a band with true ones, to 1 %.
func near(t *testing.T, b *query.Band, want times) {
	t.Helper()
	for i, v := range []float64{want.network, want.init, want.origin, want.cpu, want.wait} {
		got := float64(b.Parts[i].Mean)
		if math.IsNaN(v) != math.IsNaN(got) || math.Abs(got-v) > .01*max(v, .1) {
			t.Errorf("%s: %s is %v, want %v", b.Name, b.Parts[i].Name, got, v)
		}
	}
}

// TestPartsOfALoadTest holds both views of the same requests: what the bands of a run say are the means of what was
// made.
func TestPartsOfALoadTest(t *testing.T) {
	w := querytest.New(t)
	all := draw(1000)
	start := w.Now.Add(-10 * time.Minute)
	var events []edge.Event
	for i := range all {
		e := w.Invocation(start.Add(time.Duration(i)*500*time.Millisecond), ms(all[i].edge()), all[i].facts())
		events = append(events, client(w, &e, all[i].all(), runID), e)
	}
	lost := w.Invocation(start, time.Second, edge.Facts{Service: "shop"})
	events = append(events, client(w, &lost, 5, runID)) // the invocation was not received
	events = append(events, summary(t, w, edge.Run{ID: runID, Started: start, Ended: w.Now, Updated: w.Now}))
	w.Write(querytest.Tenant, events...)
	a := askOf(t, w, runID)
	addsUp(t, a)
	if a.By != query.ByClient || a.Network != "spans" || a.Found != 1001 || a.Looked != 1001 || a.Unseen != 1 || len(a.Bands) != 4 {
		t.Fatalf("got %+v", a)
	}
	truth := func(from, to float64) times {
		var sum times
		n := 0.0
		for i := range all {
			if took := ms(all[i].all()).Seconds() * 1000; took >= from-1e-6 && took <= to+1e-6 {
				sum.network, sum.init, sum.origin = sum.network+all[i].network, sum.init+all[i].init, sum.origin+all[i].origin
				sum.cpu, sum.wait = sum.cpu+all[i].cpu, sum.wait+all[i].wait
				n++
			}
		}
		return times{sum.network / n, sum.init / n, sum.origin / n, sum.cpu / n, sum.wait / n}
	}
	for i, n := range []query.Num{1000, 250, 90, 10} {
		b := &a.Bands[i]
		near(t, b, truth(float64(b.From), float64(b.To)))
		if b.N != n || b.Few != (n < 20) {
			t.Errorf("%s: n=%v few=%v, want %v", b.Name, b.N, b.Few, n)
		}
	}
	if slow := a.Bands[3].Parts[1].Mean; slow < 100 {
		t.Errorf("of the slowest %v ms are starting: they are the cold ones", slow)
	}
}

// TestPartsOfARange holds what is known without clients, with round trips and with clients' spans.
func TestPartsOfARange(t *testing.T) {
	w := querytest.New(t)
	one := times{network: 110, init: 120, origin: 140, cpu: 25, wait: 25}
	nan := math.NaN()
	add := func(region string, n int, change func(i int, e *edge.Event)) {
		var events []edge.Event
		for i := range n {
			f := one.facts()
			f.Region, f.Colo = region, region
			e := w.Invocation(w.Now.Add(-time.Duration(i)*time.Second), ms(one.edge()), f)
			change(i, &e)
			events = append(events, e)
		}
		w.Write(querytest.Tenant, events...)
	}
	f := func(region string, want times, network string) *query.Band {
		t.Helper()
		a := ask(t, w, "range=1h&region="+region)
		if a.Network != network || (a.Reason == "") != (network != "") {
			t.Errorf("%s: the network is of %q: %s", region, a.Network, a.Reason)
		}
		near(t, &a.Bands[0], want)
		return &a.Bands[0]
	}
	add("AAA", 40, func(int, *edge.Event) {})
	f("AAA", times{nan, 120, 140, 25, 25}, "")
	add("BBB", 40, func(_ int, e *edge.Event) { e.Facts.HasRTT, e.Facts.ClientRTT = true, int64(ms(30)) })
	f("BBB", times{30, 120, 140, 25, 25}, "round trip")
	add("CCC", 40, func(_ int, e *edge.Event) { w.Write(querytest.Tenant, client(w, e, one.all(), "")) })
	f("CCC", one, "spans")
	add("DDD", 40, func(_ int, e *edge.Event) { // starts before the handler's span
		e.Facts.Platform, e.Duration = platform.AWSLambda, int64(ms(190))
	})
	f("DDD", times{nan, 120, 140, 25, 25}, "")
	add("EEE", 40, func(_ int, e *edge.Event) { // whose clock stood still
		e.Facts.Platform, e.Facts.OriginDuration = platform.CloudflareWorkers, 0
	})
	if b := f("EEE", times{nan, 120, nan, 25, 165}, ""); b.Parts[2].Unknown != 1 {
		t.Errorf("the origin is unknown of %v, want all", b.Parts[2].Unknown)
	}
	add("FFF", 40, func(i int, e *edge.Event) { e.Facts.HasCPU = i%4 != 0 })
	if b := f("FFF", times{nan, 120, 140, nan, 50}, ""); math.Abs(float64(b.Parts[3].Unknown)-.25) > 1e-9 {
		t.Errorf("CPU is unknown of %v, want a quarter", b.Parts[3].Unknown)
	}
	add("GGG", 40, func(_ int, e *edge.Event) { // answered from a cache: nobody was asked
		e.Facts.HasOrigin, e.Facts.CacheStatus = false, edge.CacheHit
	})
	f("GGG", times{nan, 120, 0, 25, 165}, "")
	add("HHH", 40, func(_ int, e *edge.Event) { e.Facts.CPUTime = int64(ms(62)) }) // 12 ms more than the whole: 4 %
	addsUp(t, ask(t, w, "range=1h&region=HHH"))
	add("III", 40, func(_ int, e *edge.Event) { e.Facts.CPUTime = int64(ms(90)) })
	if b := ask(t, w, "range=1h&region=III").Bands[0]; b.AddsUp {
		t.Errorf("an overlap of 13 %% adds up: %+v", b)
	}
	if a := ask(t, w, "range=1h&region=NONE"); len(a.Bands) != 0 || a.Found != 0 {
		t.Errorf("of nothing: %+v", a)
	}
}

// TestPartsOfATrace holds the parts of one request and of the function that it calls.
func TestPartsOfATrace(t *testing.T) {
	w := querytest.New(t)
	one := times{network: 110, init: 120, origin: 140, cpu: 25, wait: 25}
	f := one.facts()
	f.Route, f.HasOrigin, f.OriginDuration = "/cart", false, 0
	e := w.Invocation(w.Now, ms(one.edge()), f)
	c := client(w, &e, one.all(), "")
	call := func(from, to float64) edge.Event { // spans below it overlap: 100 to 200 and 150 to 240 ms are 140 ms
		x := edge.Event{
			Kind: edge.KindSpan, SpanKind: edge.SpanClient, Name: "fetch", TraceID: e.TraceID, ParentID: e.SpanID,
			Time: e.Time - e.Duration + int64(ms(to)), Duration: int64(ms(to - from)), HasDuration: true,
			Facts: edge.Facts{Service: "shop", Weight: 1, Source: edge.SourceOTLP},
		}
		_, x.SpanID = w.IDs()
		return x
	}
	w.Write(querytest.Tenant, e, c, call(100, 200), call(150, 240))
	a := askOf(t, w, hex.EncodeToString(e.TraceID[:]))
	addsUp(t, a)
	if len(a.Bands) != 1 || a.Bands[0].Name != "shop /cart" || a.Bands[0].SpanID != hex.EncodeToString(e.SpanID[:]) ||
		a.Bands[0].Few {
		t.Fatalf("got %+v", a.Bands)
	}
	near(t, &a.Bands[0], one)
	_, err := latency.New(w.Read, latency.Options{}).Of(t.Context(), querytest.Tenant, strings.Repeat("ab", 16), query.Question{})
	if !errors.Is(err, query.ErrNotFound) {
		t.Errorf("of an unknown id: %v", err)
	}
	var param *query.ParamError
	_, err = latency.New(w.Read, latency.Options{}).Of(t.Context(), querytest.Tenant, "x", query.Question{})
	if !errors.As(err, &param) {
		t.Errorf("of no id: %v", err)
	}
}

// TestTheSampleIsTheSame holds that many rows are looked at in part, the same part each time, and that its means are near
// those of all.
func TestTheSampleIsTheSame(t *testing.T) {
	w := querytest.New(t)
	all := draw(50_000)
	var events []edge.Event
	var mean times
	for i := range all {
		at := w.Now.Add(-time.Hour + time.Duration(i)*time.Hour/time.Duration(len(all)))
		events = append(events, w.Invocation(at, ms(all[i].edge()), all[i].facts()))
		mean.origin += all[i].origin / float64(len(all))
	}
	w.Write(querytest.Tenant, events...)
	first, again := ask(t, w, "range=1h"), ask(t, w, "range=1h")
	text := func(a *query.Latency) string {
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text(first) != text(again) {
		t.Errorf("asked twice: %s\nthen %s", text(first), text(again))
	}
	if first.Looked < 8_000 || first.Looked > 20_000 || len(first.Notes) == 0 ||
		!strings.Contains(first.Notes[len(first.Notes)-1], strconv.Itoa(int(first.Looked))) {
		t.Errorf("looked at %v of %v, notes %q", first.Looked, first.Found, first.Notes)
	}
	if got := float64(first.Bands[0].Parts[2].Mean); math.Abs(got/mean.origin-1) > .08 { // 1,000 of sigma .53: 4 sigma
		t.Errorf("the origin takes %v ms on average, want %v", got, mean.origin)
	}
	addsUp(t, first)
}

// TestALargeLoadTestIsLookedAtInPart holds that both views of a part of its requests are found.
func TestALargeLoadTestIsLookedAtInPart(t *testing.T) {
	w := querytest.New(t)
	all := draw(11_000)
	start := w.Now.Add(-30 * time.Minute)
	var events []edge.Event
	for i := range all {
		e := w.Invocation(start.Add(time.Duration(i)*100*time.Millisecond), ms(all[i].edge()), all[i].facts())
		events = append(events, client(w, &e, all[i].all(), runID), e)
	}
	events = append(events, summary(t, w, edge.Run{ID: runID, Started: start, Updated: w.Now})) // it still lasts
	w.Write(querytest.Tenant, events...)
	a := askOf(t, w, runID)
	addsUp(t, a)
	if a.Found != 11_000 || a.Looked < 1000 || a.Looked > 3000 || a.Unseen != 0 || a.Network != "spans" || len(a.Notes) != 1 {
		t.Errorf("looked at %v of %v, %v unseen, network of %q, notes %q", a.Looked, a.Found, a.Unseen, a.Network, a.Notes)
	}
}
