package graph

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query/gate"
	"edgescope/store"
	"edgescope/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// newStore returns a store and a clock that stands still.
func newStore(t testing.TB) (*embedded.Store, time.Time) {
	t.Helper()
	s, err := embedded.Open(context.Background(), embedded.Options{
		Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, time.Now().UTC().Truncate(time.Millisecond)
}

func graphOf(s store.Reader, now time.Time) *Graph { return New(s, func() time.Time { return now }) }

func traceID(n uint64) (id edge.TraceID) {
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

func spanID(n uint64) (id edge.SpanID) {
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

// spans reads spans, one a line: trace, service (- is none), id, parent (- is none), and optionally ago= as how long
// ago it ended (1m), kind=, and links= as trace:id,trace:id.
func spans(t *testing.T, now time.Time, text string) (list []edge.Event) {
	t.Helper()
	number := func(s string) uint64 {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		e := edge.Event{
			Kind: edge.KindSpan, Name: "x", SpanKind: edge.SpanServer, TraceID: traceID(number(words[0])),
			SpanID: spanID(number(words[2])), Facts: edge.Facts{Service: strings.TrimPrefix(words[1], "-")},
		}
		if words[3] != "-" {
			e.ParentID = spanID(number(words[3]))
		}
		ago := time.Minute
		for _, word := range words[4:] {
			switch key, value, _ := strings.Cut(word, "="); key {
			case "ago":
				var err error
				if ago, err = time.ParseDuration(value); err != nil {
					t.Fatal(err)
				}
			case "links":
				var links []string
				for l := range strings.SplitSeq(value, ",") {
					trace, id, _ := strings.Cut(l, ":")
					links = append(links, fmt.Sprintf(`{"trace_id":"%x","span_id":"%x","attrs":{}}`, traceID(number(trace)),
						spanID(number(id))))
				}
				e.Links = "[" + strings.Join(links, ",") + "]"
			default:
				t.Fatalf("%q", word)
			}
		}
		e.Time = now.Add(-ago).UnixNano()
		list = append(list, e)
	}
	return list
}

func write(t testing.TB, s *embedded.Store, of edge.Tenant, events ...edge.Event) {
	t.Helper()
	if err := s.WriteEvents(context.Background(), of, events); err != nil {
		t.Fatal(err)
	}
	s.Flush()
}

// text writes calls as "parent>child n".
func text(calls []Call) string {
	out := make([]string, len(calls))
	for i, c := range calls {
		out[i] = fmt.Sprintf("%s>%s %d", c.Parent, c.Child, c.Count)
	}
	return strings.Join(out, ", ")
}

func TestWhatIsACall(t *testing.T) {
	s, now := newStore(t)
	g := graphOf(s, now)
	tenant := edge.Tenant(0)
	f := func(what, input, want string) {
		t.Helper()
		tenant++
		write(t, s, tenant, spans(t, now, input)...)
		calls, err := g.Calls(t.Context(), tenant, now, time.Hour)
		if got := text(calls); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", what, got, err, want)
		}
	}
	f("nothing", "", "")
	f("a call", `
		1 shop 1 -
		1 pay 2 1`, "shop>pay 1")
	f("two traces", `
		1 shop 1 -
		1 pay 2 1
		2 shop 1 -
		2 pay 2 1`, "shop>pay 2")
	f("the same ids in other traces are no parents", `
		1 shop 1 -
		2 pay 2 1`, "")
	f("a service's own spans are no calls", `
		1 shop 1 -
		1 shop 2 1
		1 pay 3 2
		1 pay 4 3`, "shop>pay 1")
	f("both ways", `
		1 shop 1 -
		1 pay 2 1
		1 shop 3 2`, "pay>shop 1, shop>pay 1")
	f("the parent is missing", `1 pay 2 9`, "")
	f("a service without a name", `
		1 - 1 -
		1 pay 2 1
		1 - 3 2`, ">pay 1, pay> 1")
	f("a span that came twice", `
		1 shop 1 -
		1 shop 1 -
		1 pay 2 1
		1 pay 2 1`, "shop>pay 1")
	f("client and server share an id, as Zipkin's do", `
		1 shop 1 -
		1 shop 2 1
		1 pay 2 1
		1 pay 3 2`, "shop>pay 2")
	f("its own parent", `1 shop 1 1`, "")
	f("a circle", `
		1 shop 1 2
		1 pay 2 1`, "pay>shop 1, shop>pay 1")
	f("a consumer whose producer is its parent", `
		1 shop 1 -
		1 mail 2 1 links=1:1`, "shop>mail 1")
	f("a consumer that links to its producer in its trace", `
		1 shop 1 -
		1 mail 2 - links=2:7,1:1,1:9`, "shop>mail 1")
	f("a consumer that links to a producer in another trace", `
		1 shop 1 -
		2 mail 2 - links=1:1`, "")
	f("a link to a span that is not there", `1 mail 2 - links=1:1`, "")
	f("spans without a trace or an id", `
		0 shop 1 -
		0 pay 2 1
		1 shop 1 -
		1 pay 0 1`, "shop>pay 1")
}

func TestWhatEndedInTheRangeCounts(t *testing.T) {
	s, now := newStore(t)
	g := graphOf(s, now)
	write(t, s, 1, spans(t, now, `
		1 a 1 - ago=1m
		1 b 2 1 ago=1m1ms
		1 c 3 1 ago=2m
		1 d 4 1 ago=2m1ms
		1 e 5 1 ago=59s
		2 a 1 - ago=4m
		2 f 2 1 ago=90s
		3 a 1 - ago=4m1s
		3 g 2 1 ago=90s
		4 a 1 - ago=30s
		4 h 2 1 ago=60s`)...)
	write(t, s, 2, spans(t, now, `
		1 a 1 - ago=1m
		1 z 2 1 ago=1m1ms`)...)
	f := func(to, lookback time.Duration, want string) {
		t.Helper()
		calls, err := g.Calls(t.Context(), 1, now.Add(-to), lookback)
		if got := text(calls); err != nil || got != want {
			t.Errorf("%s before the last %s: got %q, %v; want %q", lookback, to, got, err, want)
		}
	}
	f(time.Minute, time.Minute, "a>b 1, a>c 1, a>h 1") // f's and g's parents ended more than a minute before
	f(time.Minute, 150*time.Second, "a>b 1, a>c 1, a>d 1, a>f 1, a>g 1, a>h 1")
	f(time.Minute, 0, "")
	f(0, 24*time.Hour, "a>b 1, a>c 1, a>d 1, a>e 1, a>f 1, a>g 1, a>h 1")
	f(-1000*time.Hour, 2000*time.Hour, "a>b 1, a>c 1, a>d 1, a>e 1, a>f 1, a>g 1, a>h 1")
	f(time.Since(time.Unix(0, 0)), 100*365*24*time.Hour, "")
}

// TestAgainstANaiveCount compares with a count that looks at each pair of spans of a trace.
func TestAgainstANaiveCount(t *testing.T) {
	s, now := newStore(t)
	g := graphOf(s, now)
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 13))
		tenant := edge.Tenant(seed + 1)
		var list []edge.Event
		for range 300 {
			e := edge.Event{
				Kind: edge.KindSpan, Name: "x", Time: now.Add(-time.Duration(random.IntN(3600)) * time.Second).UnixNano(),
				TraceID: traceID(1 + random.Uint64N(20)), SpanID: spanID(1 + random.Uint64N(40)),
				Facts: edge.Facts{Service: "s" + strconv.Itoa(random.IntN(6))},
			}
			if random.IntN(4) > 0 {
				e.ParentID = spanID(1 + random.Uint64N(40))
			}
			list = append(list, e)
		}
		write(t, s, tenant, list...)
		calls, err := g.Calls(t.Context(), tenant, now, time.Hour)
		if got, want := text(calls), text(naive(list)); err != nil || got != want {
			t.Errorf("seed %d: %v\ngot  %s\nwant %s", seed, err, got, want)
		}
	}
}

func naive(list []edge.Event) []Call {
	counts := map[[2]string]uint64{}
	for i := range list {
		child := &list[i]
		callers := map[string]bool{}
		for j := range list {
			if p := &list[j]; !child.ParentID.IsZero() && p.TraceID == child.TraceID && p.SpanID == child.ParentID &&
				p.Facts.Service != child.Facts.Service {
				callers[p.Facts.Service] = true
			}
		}
		for caller := range callers {
			counts[[2]string{caller, child.Facts.Service}]++
		}
	}
	var out []Call
	for p, n := range counts {
		out = append(out, Call{p[0], p[1], n})
	}
	slices.SortFunc(out, order)
	return out
}

func TestWhatStandsAboveASpan(t *testing.T) {
	f := func(parent, links, want string) {
		t.Helper()
		r := row{trace: "0a", id: "07", parent: parent, links: links}
		if got := r.above(); got != want {
			t.Errorf("parent %q, links %s: got %q, want %q", parent, links, got, want)
		}
	}
	f("", "", "")
	f("05", "", "05")
	f("05", `[{"trace_id":"0a","span_id":"06"}]`, "05")
	f("", `[{"trace_id":"0a","span_id":"06"}]`, "06")
	f("", `[{"trace_id":"0b","span_id":"06","attrs":{"0a":1}},{"trace_id":"0a","span_id":"08","attrs":{}}]`, "08")
	f("", `[{"trace_id":"0b","span_id":"06"}]`, "")
	f("", `[{"trace_id":"0b","span_id":"06","attrs":{"x":"0a"}}]`, "")
	f("", `[{"trace_id":"0a","span_id":"06"},{"trace_`, "") // cut
	f("", `{"trace_id":"0a"}`, "")
	f("", `[{"trace_id":"0a"}]`, "")
	f("", `[null, 7, "0a"]`, "")
}

// made is a store of made spans: density is how many ended in ten milliseconds so long ago.
type made struct {
	store.Reader

	now     time.Time
	density func(ago time.Duration) float64
	row     func(i int) store.Row
	read    int
	asked   int
	// costs is called with each question.
	costs func()
}

func (m *made) Rows(_ context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	if m.costs != nil {
		m.costs()
	}
	m.asked++
	n := 0.0
	for at := m.now.Add(-time.Hour); at.Before(m.now); at = at.Add(10 * time.Millisecond) {
		if !at.Before(q.From) && at.Before(q.To) {
			n += m.density(m.now.Sub(at))
		}
	}
	if strings.Contains(q.LogsQL, "count()") {
		return emit(store.Row{{Name: "n", Value: strconv.Itoa(int(n))}})
	}
	m.read = int(n)
	for i := 0; m.row != nil && i < int(n); i++ {
		if err := emit(m.row(i)); err != nil {
			return err
		}
	}
	return nil
}

func TestOfTooManySpansTheNewestAreTaken(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	f := func(what string, density func(ago time.Duration) float64, least int) {
		t.Helper()
		m := &made{now: now, density: density}
		if _, err := graphOf(m, now).Calls(t.Context(), 1, now, 7*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if m.read > maxSpans || m.read < least || m.asked > 40 {
			t.Errorf("%s: %d of at most %d spans are read in %d questions", what, m.read, maxSpans, m.asked)
		}
	}
	f("few", func(time.Duration) float64 { return 0.1 }, 35_999)
	f("many", func(time.Duration) float64 { return 100 }, maxSpans*8/10)
	f("a burst", func(ago time.Duration) float64 {
		if ago < 10*time.Second {
			return 10_000
		}
		return 0.01
	}, maxSpans/2)
	f("all at once", func(ago time.Duration) float64 {
		if ago == 10*time.Millisecond {
			return 5e6
		}
		return 0
	}, 0)
}

// spanRow is a row of a service that calls another one in its own trace.
func spanRow(now time.Time, i int, service string) store.Row {
	r := store.Row{
		{Name: store.FieldTime, Value: strconv.FormatInt(now.UnixNano()-int64(i), 10)},
		{Name: store.FieldTraceID, Value: strconv.Itoa(i/2 + 1)},
		{Name: store.FieldSpanID, Value: strconv.Itoa(i + 1)},
		{Name: edge.KeyServiceName, Value: service},
	}
	if i%2 == 1 {
		r = append(r, store.Field{Name: store.FieldParentID, Value: strconv.Itoa(i)})
	}
	return r
}

// TestMemoryIsThatOfTheGate asks for as many spans as there may be, before gates of all sizes.
func TestMemoryIsThatOfTheGate(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	f := func(memory int64, rows func(i int) store.Row, status, least int) {
		t.Helper()
		m := &made{now: now, density: func(time.Duration) float64 { return 10 }, row: rows}
		ga := gate.New(gate.Options{AtOnce: 1, Memory: memory, Duration: time.Minute})
		defer ga.Stop(t.Context())
		var calls []Call
		h := ga.Question(gate.Tongue{Name: "jaeger", Fail: func(http.ResponseWriter, *http.Request, int, string) {}},
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				var err error
				calls, err = graphOf(m, now).Calls(r.Context(), 1, now, time.Hour)
				var refused *gate.RefusedError
				if got := 0; errors.As(err, &refused) && status != refused.Status || !errors.As(err, &refused) && status != got {
					t.Errorf("memory %d: %v, want status %d", memory, err, status)
				}
			}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if m.read < least || tableBytes(m.read) > memory {
			t.Errorf("memory %d: %d spans are read, want at least %d", memory, m.read, least)
		}
		if status == 0 && len(calls) != 1 {
			t.Errorf("memory %d: %s", memory, text(calls))
		}
	}
	two := func(i int) store.Row { return spanRow(now, i, []string{"shop", "pay"}[i%2]) }
	f(32<<20, two, 0, 450_000)
	f(8<<20, two, 0, 115_000)
	f(2<<20, two, 0, 16_000)
	f(256<<10, two, http.StatusUnprocessableEntity, 0)
	f(256<<20, func(i int) store.Row { return spanRow(now, i, strconv.Itoa(i)) }, http.StatusUnprocessableEntity, 0)
}

func TestAnAnswerIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	m := &made{
		now: now, density: func(time.Duration) float64 { return 0.2 },
		row: func(i int) store.Row { return spanRow(now, i, strconv.Itoa(i%40_000)) },
	}
	calls, err := graphOf(m, now).Calls(t.Context(), 1, now, time.Hour)
	if err != nil || len(calls) != maxCalls {
		t.Fatalf("%d calls, %v", len(calls), err)
	}
	if !slices.IsSortedFunc(calls, order) {
		t.Error("the calls are not sorted")
	}
	// 72,000 spans are 36,000 calls of 20,000 pairs: those that are there twice remain.
	if least := slices.MinFunc(calls, func(a, b Call) int { return cmp.Compare(a.Count, b.Count) }); least.Count != 2 {
		t.Errorf("a call that happened %d times is kept", least.Count)
	}
}

// TestMoreSpansThanCounted holds that spans that come between counting and reading take no memory without bound.
func TestMoreSpansThanCounted(t *testing.T) {
	table := newTable(10)
	for i := range 10_000 {
		table.add(span{self: uint64(i + 1)})
	}
	if len(table.spans) != room(10) {
		t.Errorf("the table has %d spans, want %d", len(table.spans), room(10))
	}
}

// TestManySpansOfOneID holds that a sender that gives all its spans one id costs no more than others do: each looks at
// maxSame others.
func TestManySpansOfOneID(t *testing.T) {
	table := newTable(100_000)
	for i := range 100_000 {
		table.add(span{self: 77, parent: 78, service: uint16(i % 3), at: uint32(i), counts: true})
	}
	taken := 0
	for _, slot := range table.slots {
		if slot != 0 {
			taken++
		}
	}
	if taken != maxSame {
		t.Errorf("%d spans are found by one id, want %d", taken, maxSame)
	}
	if len(table.spans) != 100_000 {
		t.Errorf("%d spans count", len(table.spans))
	}
}

// TestAnAnswerIsKeptByWhatItCost holds how long it is remembered, and for which questions.
func TestAnAnswerIsKeptByWhatItCost(t *testing.T) {
	start := time.Date(2026, 11, 30, 9, 0, 10, 0, time.UTC)
	clock, cost := start, 50*time.Millisecond // of a question to the store: an answer takes two
	m := &made{now: start, density: func(time.Duration) float64 { return 0 }, costs: func() { clock = clock.Add(cost) }}
	g := New(m, func() time.Time { return clock })
	f := func(at, to time.Duration, lookback time.Duration, tenant edge.Tenant, want int) {
		t.Helper()
		clock, m.asked = start.Add(at), 0
		if _, err := g.Calls(t.Context(), tenant, start.Add(to), lookback); err != nil || m.asked != want {
			t.Errorf("after %s: %d questions to the store, want %d, %v", at, m.asked, want, err)
		}
	}
	f(0, 0, time.Hour, 1, 2)
	f(1900*time.Millisecond, 1900*time.Millisecond, time.Hour, 1, 0)
	f(1900*time.Millisecond, 0, 2*time.Hour, 1, 2)
	f(1900*time.Millisecond, 0, time.Hour, 2, 2)
	f(1900*time.Millisecond, -time.Minute, time.Hour, 1, 2)
	f(2*time.Second, 2*time.Second, time.Hour, 1, 2)
	cost = time.Hour
	f(10*time.Second, 10*time.Second, time.Hour, 3, 2)
	f(10*time.Second+2*time.Hour+time.Minute, 10*time.Second, time.Hour, 3, 2)
}

func TestErrorsOfTheStoreAreTold(t *testing.T) {
	broken := errors.New("disk on fire")
	for _, after := range []int{0, 1} {
		m := &failing{after: after, err: broken}
		if _, err := graphOf(m, time.Now()).Calls(t.Context(), 1, time.Now(), time.Hour); !errors.Is(err, broken) {
			t.Errorf("after %d questions: %v", after, err)
		}
	}
}

// failing is a store that fails after some questions.
type failing struct {
	store.Reader

	after int
	err   error
}

func (f *failing) Rows(context.Context, store.RowsQuestion, func(store.Row) error) error {
	if f.after--; f.after < 0 {
		return f.err
	}
	return nil
}

// BenchmarkCalls asks for the graph of an hour of a million spans.
func BenchmarkCalls(b *testing.B) {
	s, now := newStore(b)
	const n = 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	var list []edge.Event
	for i := range n {
		e := edge.Event{
			Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "GET /x", HasDuration: true, Duration: 1e6,
			Time: now.UnixNano() - int64(i)*int64(time.Hour)/n, SpanID: spanID(random.Uint64()),
			TraceID: traceID(1e15 + uint64(i/8)), Facts: edge.Facts{Service: "service-" + strconv.Itoa(i%8)},
		}
		if i%8 > 0 {
			e.ParentID = list[len(list)-1].SpanID
		}
		if list = append(list, e); len(list) == 8000 {
			if err := s.WriteEvents(b.Context(), 1, list); err != nil {
				b.Fatal(err)
			}
			list = list[:0]
		}
	}
	s.Flush()
	b.ReportAllocs()
	for b.Loop() {
		calls, err := graphOf(s, now).Calls(b.Context(), 1, now, 24*time.Hour)
		if err != nil || len(calls) != 7 || calls[0].Count != n/8 {
			b.Fatalf("%s, %v", text(calls), err)
		}
	}
}
