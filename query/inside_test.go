package query

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/store"
)

func utc(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 0, 0).UTC()
}

func TestWindowIsAlignedOutwards(t *testing.T) {
	f := func(from, to string, buckets int, want string) {
		t.Helper()
		w := windowOf(utc(from), utc(to), buckets)
		if got := fmt.Sprintf("%s %s %s", w.from.Format("15:04:05"), w.to.Format("15:04:05"), w.step); got != want {
			t.Errorf("windowOf(%s, %s) = %s, want %s", from, to, got, want)
		}
	}
	f("10:00:00", "10:15:00", 120, "10:00:00 10:15:00 10s")
	f("10:00:03", "10:00:04", 120, "10:00:00 10:00:10 10s")
	f("10:00:01", "11:00:01", 120, "10:00:00 11:00:30 30s")
	f("09:17:30", "10:17:30", 120, "09:17:30 10:17:30 30s")
	f("09:17:30", "10:17:30", 30, "09:15:00 10:20:00 5m0s")
	f("04:17:31", "10:17:31", 120, "04:15:00 10:20:00 5m0s")
	f("00:00:00", "23:59:59", 120, "00:00:00 00:00:00 15m0s")
}

// TestTilesCoverExactly holds that the pieces follow each other without gap or overlap, and that each is whole windows.
func TestTilesCoverExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		from := time.Unix(r.Int64N(5e8)*10, 0).UTC()
		w := window{from: from, to: from.Add(time.Duration(1+r.Int64N(100_000)) * 10 * time.Second)}
		at := w.from
		for _, tile := range w.tiles() {
			if !tile.from.Equal(at) || tile.from.Unix()%tile.width.Seconds != 0 || tile.to.Unix()%tile.width.Seconds != 0 {
				t.Fatalf("%v..%v: tile %+v after %v", w.from, w.to, tile, at)
			}
			at = tile.to
		}
		if !at.Equal(w.to) || len(w.tiles()) > 5 {
			t.Fatalf("%v..%v ends at %v with %d tiles", w.from, w.to, at, len(w.tiles()))
		}
	}
}

func TestWidthDividesStep(t *testing.T) {
	f := func(step time.Duration, want int64) {
		t.Helper()
		if got := widthOf(step).Seconds; got != want {
			t.Errorf("widthOf(%s) = %d s, want %d", step, got, want)
		}
	}
	f(10*time.Second, 10)
	f(time.Minute, 10)
	f(5*time.Minute, 300)
	f(30*time.Minute, 300)
	f(time.Hour, 3600)
	f(day, 3600)
}

func TestQuantileIsWithinTwoPercentOfBimodal(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, coldShare := range []float64{0.005, 0.03, 0.10} {
		var h hist
		values := make([]float64, 200_000)
		for i := range values {
			values[i] = 0.020 * math.Exp(r.NormFloat64()*0.4)
			if r.Float64() < coldShare {
				values[i] = 0.400 * math.Exp(r.NormFloat64()*0.3)
			}
			h.add(int(math.Ceil(math.Log10(values[i])*perDecade))-1, 1)
		}
		slices.Sort(values)
		for _, phi := range []float64{0.5, 0.9, 0.95, 0.99} {
			exact := 1000 * values[int(phi*float64(len(values)))]
			if got := float64(h.quantile(phi)); math.Abs(got/exact-1) > 0.02 {
				t.Errorf("cold %.1f %%: quantile(%g) = %.2f ms, exact %.2f", 100*coldShare, phi, got, exact)
			}
		}
	}
}

func TestDurationsOfZeroStayZero(t *testing.T) {
	var h hist
	h.add(lowestBucket, 3) // a clock of whole milliseconds says 0 of most
	h.add(-3*perDecade, 1)
	if p50, p99 := h.quantile(0.5), h.quantile(0.99); p50 != 0 || p99 < 1 {
		t.Errorf("p50 %v ms, p99 %v ms, want 0 and more than 1", p50, p99)
	}
}

func TestSmallDifferencesAreNone(t *testing.T) {
	f := func(difference, size, want Num) {
		t.Helper()
		if got := noticeable(difference, size); got != want && (got.OK() || want.OK()) {
			t.Errorf("%v of %v: %v, want %v", difference, size, got, want)
		}
	}
	f(0.001, 1, 0)
	f(-0.019, 1, 0)
	f(0.03, 1, 0.03)
	f(None(), 1, None())
}

func TestRangesHaveTheirBuckets(t *testing.T) {
	f := func(text string, want int, ok bool) {
		t.Helper()
		if got, gotOK := parseRange(text); got != want || gotOK != ok {
			t.Errorf("parseRange(%q) = %d %t, want %d %t", text, got, gotOK, want, ok)
		}
	}
	f("1.000e-02...1.136e-02", -36, true)
	f("1.136e-02...1.292e-02", -35, true)
	f("1.000e+00...1.136e+00", 0, true)
	f("0...1.000e-09", lowestBucket, true)
	f("1.000e+06...+Inf", 6*perDecade, true)
	f("1.000e+18...+Inf", highestBucket, true)
	f("1.000e+07...1.136e+07", 7*perDecade, true)
	f("1.0", 0, false)
	f("x...y", 0, false)
	f("-1...0", 0, false)
}

// FuzzQuoting holds that a value can't leave its quotes: what the engines read back is the value, and the text around it is
// what it is for any other value. Both engines read quoted text with strconv.Unquote.
func FuzzQuoting(f *testing.F) {
	for _, s := range []string{`a`, `"`, `\`, `\"`, `") or *`, "`", "\x00", "\xff\"", "a\nb | delete", `'`, `*`, "é", `{}|:=,()`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			t.Skip("Parse refuses it")
		}
		text := logsql([]condition{{key: edge.KeyRoute, patterns: []pattern{{value}}}})[0]
		inner := strings.TrimSuffix(strings.TrimPrefix(text, `("http.route":=`), `)`)
		if got, err := strconv.Unquote(inner); err != nil || got != value {
			t.Fatalf("LogsQL of %q is %s: reads as %q, %v", value, text, got, err)
		}
		if quoted, err := strconv.QuotedPrefix(inner); err != nil || quoted != inner {
			t.Fatalf("LogsQL of %q goes on after its quotes: %s", value, text)
		}
		m := oneOf(edge.LabelRoute, []string{value})
		inner = strings.TrimPrefix(m, edge.LabelRoute+"=~")
		quoted, err := strconv.QuotedPrefix(inner)
		if err != nil || quoted != inner {
			t.Fatalf("MetricsQL of %q goes on after its quotes: %s", value, m)
		}
		pattern, _ := strconv.Unquote(inner)
		if re, err := regexp.Compile("^(?:" + pattern + ")$"); err != nil || !re.MatchString(value) {
			t.Fatalf("MetricsQL of %q: %s does not match it: %v", value, m, err)
		}
	})
}

func TestFiltersInBothTongues(t *testing.T) {
	f := func(q Question, wantLogs string) {
		t.Helper()
		c, err := q.Conditions()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(logsql(c), " "); got != wantLogs {
			t.Errorf("%v: got  %s\nwant %s", q.Values(), got, wantLogs)
		}
	}
	f(Question{Region: []string{"FRA", "SIN", "-IAD"}}, `("cloud.region":="FRA" or "cloud.region":="SIN") !("cloud.region":="IAD")`)
	f(Question{Status: []string{"404", "5xx"}}, `("http.response.status_code":="404" or "http.response.status_code":="5"*)`)
	f(Question{Cold: []string{"unknown"}}, `("faas.coldstart":="unknown" or "faas.coldstart":="")`)
	f(Question{Text: "route:/img/*"}, `("http.route":="/img/"*)`)
	f(Question{Text: `-route:*.png`}, `!("http.route":~"(?s)^.*\\.png$")`)
	f(Question{Text: `name:"a b"`}, `("name":="a b")`)
	f(Question{Route: []string{"/img/*"}}, `("http.route":="/img/*")`)
	f(Question{Text: "operation:resize"}, `("edge.operation":="resize" or ("edge.operation":="" "http.route":="resize") or `+
		`("edge.operation":="" "http.route":="" "name":="resize"))`)
	f(Question{Text: "-operation:unknown"}, `!("edge.operation":="unknown" or ("edge.operation":="" "http.route":="unknown") or `+
		`("edge.operation":="" "http.route":="" "name":="unknown") or ("edge.operation":="" "http.route":="" "name":=""))`)
	f(Question{Text: "my.key:*"}, `("my.key":*)`)
	f(Question{Text: `-my.key:"*"`}, `!("my.key":*)`)
	f(Question{Text: "my.key:**"}, `("my.key":*)`)
	f(Question{Text: `my.key:"\*"`}, `("my.key":="*")`)
	f(Question{Text: `my.key:""`}, `("my.key":="")`)
	f(Question{Text: `-region:""`}, `!("cloud.region":="")`)
	f(Question{Text: "region:FRA -region:IAD cloud.region:SI* -region:GRU"},
		`("cloud.region":="FRA" or "cloud.region":="SI"*) !("cloud.region":="IAD" or "cloud.region":="GRU")`)
	f(Question{Region: []string{"FRA"}, Text: "region:SIN"}, `("cloud.region":="FRA") ("cloud.region":="SIN")`)
	f(Question{Text: "status:404 status:5xx"}, `("http.response.status_code":="404" or "http.response.status_code":="5"*)`)
	f(Question{Text: "*"}, `(*)`)
	f(Question{Text: "img"}, `("name":~"(?s)^.*img.*$" or "http.route":~"(?s)^.*img.*$" or "url.path":~"(?s)^.*img.*$")`)
}

func TestConditionsHold(t *testing.T) {
	f := func(text, value string, want bool) {
		t.Helper()
		q := Question{Text: text}
		c, err := q.Conditions()
		if err != nil {
			t.Fatal(err)
		}
		if got := c[0].holds(value); got != want {
			t.Errorf("%s holds(%q) = %t, want %t", text, value, got, want)
		}
	}
	f("service:shop", "shop", true)
	f("service:shop", "shop2", false)
	f("-service:shop", "shop", false)
	f("service:s*p", "shop", true)
	f("service:s*p", "shops", false)
	f("service:*h*p", "shop", true)
	f("service:ab*ba", "aba", false)
	f("service:unknown", "", true)
	f("service:*", "shop", true)
	f("service:*", "", false)
	f("-service:*", "", true)
	f(`service:""`, "", true)
	f("service:shop service:pay", "pay", true)
	f("-service:shop -service:pay", "pay", false)
}

func TestSourcesPutSpansFirst(t *testing.T) {
	var s sources
	for _, x := range []struct{ service, signal string }{
		{"both", edge.SignalDataPoint},
		{"both", edge.SignalSpan},
		{"point", edge.SignalDataPoint},
		{"tail", edge.SignalTail},
		{"tail", edge.SignalDataPoint},
		{"tail", edge.SignalLog},
		{"log", edge.SignalDataPoint},
		{"log", edge.SignalLog},
	} {
		s.see(int(groupRequests), x.service, x.signal)
	}
	want := []string{
		`edge_signal="span"`, `edge_signal="tail",service_name=~"tail"`, `edge_signal="log",service_name=~"log"`, `edge_signal="datapoint",service_name=~"point"`,
	}
	if diff := cmp.Diff(want, s.alternatives(groupRequests)); diff != "" {
		t.Error(diff)
	}
	if got := s.alternatives(groupCPU); got != nil {
		t.Errorf("no service has CPU times, but they are asked: %v", got)
	}
}

func TestWaterfall(t *testing.T) {
	start := utc("10:00:00")
	span := func(id, parent string, ms int) Span {
		return Span{ID: id, ParentID: parent, Start: start.Add(time.Duration(ms) * time.Millisecond), Duration: 1, Service: "s" + id, Attrs: map[string]string{}}
	}
	f := func(spans []Span, want string, missing int) {
		t.Helper()
		d := waterfall(spans)
		var got []string
		for i := range d.Spans {
			got = append(got, fmt.Sprintf("%s%d", d.Spans[i].ID, d.Spans[i].Depth))
		}
		if strings.Join(got, " ") != want || d.Missing != missing {
			t.Errorf("got %v missing %d, want %s missing %d", got, d.Missing, want, missing)
		}
	}
	f([]Span{span("c", "a", 5), span("b", "a", 2), span("a", "", 0), span("d", "b", 3)}, "a0 b1 d2 c1", 0)
	f([]Span{span("b", "x", 2), span("c", "x", 1), span("d", "b", 3)}, "c0 b0 d1", 1)
	f([]Span{span("a", "b", 0), span("b", "a", 1)}, "a0 b1", 0)
	f([]Span{span("a", "a", 0)}, "a0", 0)
	f([]Span{span("a", "", 0), span("a", "", 0)}, "a0", 0)
	f(nil, "", 0)
}

func TestFinding(t *testing.T) {
	row := func(name string, n, p95, before Num) Row {
		return Row{Name: name, Stats: Stats{Requests: n, Samples: n, P95: p95, Cache: Cache{HitRatio: 0.72}}, Before: &Stats{Samples: n, P95: before, Cache: Cache{HitRatio: 0.91}}}
	}
	deploys := []Deploy{{Version: "v142", At: utc("06:20:00")}}
	f := func(regions, routes []Row, want string) {
		t.Helper()
		got := "none"
		if x := find(regions, routes, deploys); x != nil {
			got = x.Severity + ": " + x.Text + x.Region + x.Route
		}
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f(nil, nil, "none")
	f([]Row{row("FRA", 1000, 11, 10)}, nil, "none")
	f([]Row{row("FRA", 99, 300, 100)}, nil, "none")
	f([]Row{row("FRA", 1000, 4, 2)}, nil, "none")
	f([]Row{row("", 1000, 300, 100)}, nil, "none")
	f([]Row{row("FRA", 1000, 130, 100), row("GRU", 1000, 164, 100)}, nil,
		"bad: GRU p95 +64 %: 100 ms → 164 ms; cache hit ratio fell 91 % → 72 %; v142 was first seen at 06:20 UTCGRU")
	f([]Row{row("FRA", 1000, 130, 100)}, []Row{row("/a", 1000, 140, 100)},
		"warn: /a p95 +40 %: 100 ms → 140 ms; cache hit ratio fell 91 % → 72 %; v142 was first seen at 06:20 UTC/a")
}

// refuser is a store that answers nothing.
type refuser struct{ err error }

func (r refuser) Rows(context.Context, store.RowsQuestion, func(store.Row) error) error { return r.err }

func (r refuser) Series(context.Context, store.SeriesQuestion) ([]store.Series, error) {
	return nil, r.err
}

func (r refuser) Totals(context.Context, store.TotalsQuestion, func(*store.Series) error) error {
	return r.err
}

func TestErrorsHaveTheirStatus(t *testing.T) {
	f := func(err error, want int) {
		t.Helper()
		e := NewEngine(refuser{err}, EngineOptions{})
		q := Question{From: utc("10:00:00"), To: utc("11:00:00")}
		_, err = e.Answers().All[PathOverview](t.Context(), Request{Question: q})
		if got := apiError(err).Status; got != want {
			t.Errorf("%v: status %d, want %d", err, got, want)
		}
	}
	f(store.ErrTooMuch, 422)
	f(context.DeadlineExceeded, 504)
	f(fmt.Errorf("disk: %w", store.ErrBadQuery), 503)
}

func TestMemoForgets(t *testing.T) {
	var m memo[int]
	asked := 0
	ask := func() (int, error) { asked++; return asked, nil }
	now := utc("10:00:00")
	f := func(after time.Duration, want int) {
		t.Helper()
		if got, _ := m.get("k", now.Add(after), 5*time.Second, ask); got != want {
			t.Errorf("after %s: %d, want %d", after, got, want)
		}
	}
	f(0, 1)
	f(4*time.Second, 1)
	f(5*time.Second, 2)
	for i := range 3 * memoSize {
		if _, err := m.get(strconv.Itoa(i), now, time.Hour, ask); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.kept) > memoSize {
		t.Errorf("it remembers %d answers, want %d at most", len(m.kept), memoSize)
	}
}

// TestCutsHaveTheirOwnKeys holds that cuts that differ in nothing but where a value ends are not remembered as one.
func TestCutsHaveTheirOwnKeys(t *testing.T) {
	key := func(values ...string) string {
		return fmt.Sprintf("%#v", cut{}.where(edge.KeyRoute, values))
	}
	if key("a b") == key("a", "b") {
		t.Errorf("keys: %s and %s", key("a b"), key("a", "b"))
	}
}
