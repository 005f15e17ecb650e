package logsql_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/query"
	"edgescope/query/gate"
	"edgescope/query/logsql"
	"edgescope/store"
)

// memory is a store whose rows a test adds while a question runs. It knows one pipe, the newest N.
type memory struct {
	mu   sync.Mutex
	rows []row
}

type row struct {
	at   time.Time
	name string
}

func (m *memory) add(at time.Time, names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		m.rows = append(m.rows, row{at, name})
	}
}

func (m *memory) Rows(_ context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	m.mu.Lock()
	rows := slices.Clone(m.rows)
	m.mu.Unlock()
	slices.Reverse(rows)
	most := len(rows)
	if _, limit, ok := strings.Cut(q.LogsQL, "sort by (_time) desc | limit "); ok {
		var err error
		if most, err = strconv.Atoi(limit); err != nil {
			return err
		}
		slices.SortStableFunc(rows, func(a, b row) int { return b.at.Compare(a.at) })
	}
	for _, r := range rows {
		if most == 0 {
			break
		}
		if r.at.Before(q.From) || !r.at.Before(q.To) {
			continue
		}
		most--
		err := emit(store.Row{
			{Name: "name", Value: r.name}, {Name: "_time", Value: strconv.FormatInt(r.at.UnixNano(), 10)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Series(context.Context, store.SeriesQuestion) ([]store.Series, error) {
	return nil, nil
}

func (m *memory) Totals(context.Context, store.TotalsQuestion, func(*store.Series) error) error {
	return nil
}

func (m *memory) ParseLogsQL(string, time.Time) (store.LogsQL, error) {
	return store.LogsQL{Tail: true, Newest: "*", Whole: true}, nil
}

func (m *memory) StatsLogsQL(string, time.Time, time.Duration, time.Duration) (string, []string, error) {
	return "", nil, store.ErrBadQuery
}

func (m *memory) HitsLogsQL(string, time.Time, time.Duration, time.Duration, []string) (string, error) {
	return "", store.ErrBadQuery
}

// pipe is a client that reads a body while it is written.
type pipe struct {
	http.ResponseWriter
	lines chan string
	part  string
}

func (p *pipe) Write(b []byte) (int, error) {
	p.part += string(b)
	for {
		line, rest, whole := strings.Cut(p.part, "\n")
		if !whole {
			break
		}
		p.lines <- line
		p.part = rest
	}
	return len(b), nil
}

func (p *pipe) Flush() {}

// tailing starts a tail in a bubble of synctest and returns what was sent since the last call, after a time of waiting.
func tailing(t *testing.T, m *memory, params string) (sent func(time.Duration) []string, stop func() any) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &pipe{ResponseWriter: httptest.NewRecorder(), lines: make(chan string, 20_000)}
	ended := make(chan any, 1)
	go func() {
		defer func() { ended <- recover() }()
		h := logsql.New(m, query.Options{})
		h.ServeHTTP(p, httptest.NewRequestWithContext(ctx, http.MethodGet, "/select/logsql/tail?query=*&"+params, nil))
	}()
	sent = func(wait time.Duration) []string {
		time.Sleep(wait)
		synctest.Wait()
		var names []string
		for len(p.lines) > 0 {
			name, _, _ := strings.Cut(strings.TrimPrefix(<-p.lines, `{"_time":"`), `"`)
			names = append(names, name)
		}
		return names
	}
	return sent, func() any { cancel(); return <-ended }
}

func TestTailSendsEveryRowOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		start := time.Now()
		at := func(d time.Duration) string { return start.Add(d).UTC().Format(time.RFC3339Nano) }
		m.add(start.Add(-time.Hour), "long ago")
		m.add(start.Add(-2*time.Second), "recent", "recent")
		sent, stop := tailing(t, m, "start_offset=5s&offset=1s")
		f := func(wait time.Duration, want ...string) {
			t.Helper()
			if got := sent(wait); !slices.Equal(got, want) {
				t.Errorf("after %s: sent %v, want %v", time.Since(start), got, want)
			}
		}
		f(100*time.Millisecond, at(-2*time.Second), at(-2*time.Second)) // equal rows are both sent
		f(time.Second)
		m.add(start.Add(500*time.Millisecond), "b")
		m.add(start.Add(200*time.Millisecond), "a")
		f(time.Second, at(200*time.Millisecond), at(500*time.Millisecond)) // by time
		m.add(start.Add(-2*time.Second),
			"recent") // late, within the overlap, equal to two that were sent
		f(time.Second, at(-2*time.Second))
		f(10 * time.Second)
		m.add(start.Add(500*time.Millisecond), "too late")
		f(10 * time.Second)
		if why := stop(); why != nil {
			t.Errorf("a client that leaves ends in %v", why)
		}
	})
}

func TestTailBreaksOffWhenItCannotKeepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		sent, stop := tailing(t, m, "offset=0s")
		sent(100 * time.Millisecond)
		m.add(time.Now(), make([]string, 10_001)...)
		if got := sent(2 * time.Second); len(got) != 0 {
			t.Errorf("%d rows were sent, want none of a window that is too large", len(got))
		}
		if why := stop(); why != http.ErrAbortHandler { //nolint:errorlint // a panic's value
			t.Errorf("the answer ends in %v, want a broken connection", why)
		}
	})
}

func TestTailSendsMoreRowsThanItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		sent, stop := tailing(t, m, "offset=0s")
		sent(100 * time.Millisecond)
		const rows = 15_000 // of which 10,000 are held
		start := time.Now()
		for i := range rows {
			m.add(start.Add(time.Duration(i)*50*time.Microsecond), "x")
		}
		got := sent(2 * time.Second)
		if len(got) != rows {
			t.Errorf("%d rows were sent, want %d", len(got), rows)
		}
		if !slices.IsSortedFunc(got, func(a, b string) int { return timeOf(t, a).Compare(timeOf(t, b)) }) {
			t.Error("the rows are not in their order")
		}
		if again := sent(2 * time.Second); len(again) != 0 {
			t.Errorf("%d rows were sent again", len(again))
		}
		if why := stop(); why != nil {
			t.Errorf("it ends in %v", why)
		}
	})
}

func timeOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestTailWaitsForItsTurn holds that a tail goes on when there was no room for one of its questions.
func TestTailWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate.New(gate.Options{
			AtOnce: 1, Waiting: 1, Patience: time.Second, Duration: 5 * time.Second, Memory: 1 << 20,
		})
		m := &memory{}
		block := make(chan struct{})
		blocked := g.Question(gate.Tongue{Name: "x"}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-block }))
		go blocked.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		synctest.Wait()

		ctx, cancel := context.WithCancel(t.Context())
		p := &pipe{ResponseWriter: httptest.NewRecorder(), lines: make(chan string, 10)}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			h := g.Follow(gate.Tongue{Name: "tail"}, logsql.New(m, query.Options{}))
			h.ServeHTTP(p,
				httptest.NewRequestWithContext(ctx, http.MethodGet, logsql.TailPath+"?query=*&offset=0s", http.NoBody))
		}()
		time.Sleep(3 * time.Second)
		m.add(time.Now(), "row")
		close(block)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if len(p.lines) != 1 {
			t.Errorf("%d rows were sent, want the one that came", len(p.lines))
		}
		cancel()
		<-ended
		if err := g.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestTailStartsFromTheNewest holds that a tail that looks far back sends the newest rows that can be held, in their
// order, and then follows: what is older is not sent later.
func TestTailStartsFromTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		start := time.Now()
		at := func(age time.Duration) string { return start.Add(-age).UTC().Format(time.RFC3339Nano) }
		const rows = 12_000
		for i := range rows {
			m.add(start.Add(-time.Duration(i+1)*100*time.Microsecond), "x") // 1.2 s
		}
		m.add(start.Add(-20*time.Hour), "long ago")
		sent, stop := tailing(t, m, "start_offset=1d&offset=0s")
		got := sent(100 * time.Millisecond)
		if len(got) != 10_000 || got[0] != at(time.Second) || got[len(got)-1] != at(100*time.Microsecond) {
			t.Fatalf("%d rows were sent, %v to %v, want the newest 10,000", len(got), got[0], got[len(got)-1])
		}
		if !slices.IsSortedFunc(got, func(a, b string) int { return timeOf(t, a).Compare(timeOf(t, b)) }) {
			t.Error("the rows are not in their order")
		}
		m.add(start.Add(200*time.Millisecond), "new")
		if got := sent(2 * time.Second); !slices.Equal(got, []string{at(-200 * time.Millisecond)}) {
			t.Errorf("then %v were sent, want the new row", got)
		}
		if why := stop(); why != nil {
			t.Errorf("it ends in %v", why)
		}
	})
}
