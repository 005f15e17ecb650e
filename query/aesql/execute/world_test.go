package execute_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query/aesql/execute"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/store"
	"edgescope/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// world is a store with data points and a clock that stands still.
type world struct {
	t     testing.TB
	store *embedded.Store
	now   time.Time
	// reads are the LogsQL texts that the store was asked, with how many seconds each is about.
	reads []store.RowsQuestion
	// scans makes every plan a scan.
	scans bool
	// memory bounds questions, in bytes.
	memory int64
	// fails are the errors of questions that have a text.
	fails map[string]error
	// onRow is called with each row that the store gives.
	onRow func()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{t: t, store: openStore(t, t.TempDir()), now: time.Now().UTC().Truncate(time.Hour), memory: 256 << 20}
}

// Rows lets the world see what the store is asked.
func (w *world) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	w.reads = append(w.reads, q)
	for text, err := range w.fails {
		if strings.Contains(q.LogsQL, text) {
			return err
		}
	}
	return w.store.Rows(ctx, q, func(r store.Row) error {
		if w.onRow != nil {
			w.onRow()
		}
		return emit(r)
	})
}

// ParseLogsQL is the store's.
func (w *world) ParseLogsQL(text string, at time.Time) (store.LogsQL, error) {
	return w.store.ParseLogsQL(text, at)
}

// reader is a world that is a store.Reader in all.
type reader struct {
	store.LogsQLReader
	*world
}

func (r reader) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	return r.world.Rows(ctx, q, emit)
}

func (r reader) ParseLogsQL(text string, at time.Time) (store.LogsQL, error) {
	return r.world.ParseLogsQL(text, at)
}

func (w *world) reader() store.Reader { return reader{w.store, w} }

// answer is an answer in texts, as TabSeparated has them.
type answer struct {
	rows [][]string
}

func (a answer) String() string {
	lines := make([]string, len(a.rows))
	for i, r := range a.rows {
		lines[i] = strings.Join(r, " ")
	}
	return strings.Join(lines, "; ")
}

// tables are the datasets of tests.
func (w *world) tables() ([]string, error) {
	return []string{"weather", "Other", "random", benchSet}, nil
}

func (w *world) plan(text string) (*plan.Query, error) {
	s, err := grammar.Parse(text)
	if err != nil {
		return nil, err
	}
	return plan.Build(s, plan.Options{Now: w.now, Tables: w.tables})
}

func (w *world) ask(ctx context.Context, text string) (answer, error) {
	var a answer
	err := w.each(ctx, text, func(types []value.Type, row []value.Value) {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = string(types[i].AppendText(nil, v))
		}
		a.rows = append(a.rows, texts)
	})
	return a, err
}

// each asks, and gives the rows with the types of their values.
func (w *world) each(ctx context.Context, text string, row func([]value.Type, []value.Value)) error {
	q, err := w.plan(text)
	if err != nil {
		return err
	}
	if w.scans {
		for p := q; p != nil; p = p.Source.Sub {
			p.Stats = nil
		}
	}
	types := make([]value.Type, len(q.Columns))
	for i, c := range q.Columns {
		types[i] = c.Type
	}
	o := execute.Within(execute.Options{Tenant: tenant, Now: w.now}, w.memory)
	return execute.Run(ctx, w.reader(), q, o, func(r []value.Value) error {
		row(types, r)
		return nil
	})
}

// want asks and compares the rows, in their order when the question has one.
func (w *world) want(text, want string) {
	w.t.Helper()
	a, err := w.ask(context.Background(), text)
	if err != nil {
		w.t.Errorf("%s: %v", text, err)
		return
	}
	if !strings.Contains(text, "ORDER BY") {
		slices.SortFunc(a.rows, slices.Compare)
	}
	if got := a.String(); got != want {
		w.t.Errorf("%s:\n got %s\nwant %s", text, got, want)
	}
}

// write keeps data points and waits until they are seen.
func (w *world) write(events ...edge.Event) {
	w.t.Helper()
	write(w.t, w.store, events...)
	w.store.Flush()
}

// at is a time so many seconds before now.
func (w *world) at(ago float64) time.Time {
	return w.now.Add(-time.Duration(ago * float64(time.Second)))
}

// weather is a small set of points: three cities, one of them without a temperature.
func weather(t testing.TB) *world {
	w := newWorld(t)
	w.write(
		point("weather", w.at(3600), "index1", "a", "blob1", "Oslo", "double1", "5", "_sample_interval", "1"),
		point("weather", w.at(3599.5), "index1", "a", "blob1", "Oslo", "double1", "5.0", "_sample_interval", "10"),
		point("weather", w.at(1800), "index1", "b", "blob1", "Quito", "double1", "-2.5", "_sample_interval", "1.5"),
		point("weather", w.at(1700), "index1", "b", "blob1", "Quito", "double1", "1e1", "_sample_interval", "1"),
		point("weather", w.at(60), "index1", "c", "double2", "7", "_sample_interval", "1"),
		point("Other", w.at(60), "index1", "x", "blob1", "Oslo", "double1", "NaN", "_sample_interval", "1"),
		point("Other", w.at(50), "index1", "x", "blob1", "Rome", "double1", "Infinity", "_sample_interval", "1"),
	)
	return w
}
