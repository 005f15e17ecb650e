package waiting

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"go.uber.org/goleak"

	"edgescope/edge"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("github.com/VictoriaMetrics/metrics.summariesSwapCron"))
}

// engine is storages of events, and the rows that wait for them.
type engine struct {
	*Rows
	storages [Kinds]*logstorage.Storage
}

func start(t *testing.T, memory int64) *engine {
	t.Helper()
	e := &engine{}
	for i := range e.storages {
		e.storages[i] = logstorage.MustOpenStorage(filepath.Join(t.TempDir(), edge.Kind(i).String()),
			&logstorage.StorageConfig{
				Retention: 48 * time.Hour, FutureRetention: 24 * time.Hour, FlushInterval: 5 * time.Second,
			})
	}
	e.Rows = Open(e.storages, memory)
	t.Cleanup(func() {
		e.Stop()
		e.Flush()
		for _, st := range e.storages {
			st.MustClose()
		}
	})
	return e
}

// stored returns how many rows the storage of spans has.
func (e *engine) stored() uint64 {
	var stats logstorage.StorageStats
	e.storages[edge.KindSpan].UpdateStats(&stats)
	return stats.RowsCount()
}

// here returns how many rows wait.
func (e *engine) here() (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, w := range e.days {
		n += len(w.rows)
	}
	return n
}

// fill adds n rows of a mebibyte each.
func (e *engine) fill(n int) {
	for range n {
		e.Add(0, []edge.Event{{Time: time.Now().UnixNano(), Name: strings.Repeat("x", 1<<20)}})
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.Tick(10 * time.Millisecond); !holds(); {
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("after a minute there is no %s", what)
		}
	}
}

func (e *engine) aWriterWaits() bool {
	_, writers := e.Load()
	return writers == 1
}

// TestWritersWaitWhileTheEngineIsBehind holds the bound of the rows that wait: an eighth of the engines' memory, 32 MiB
// here.
func TestWritersWaitWhileTheEngineIsBehind(t *testing.T) {
	e := start(t, 256<<20)
	e.giving.Lock() // as while the engine takes rows
	var writer sync.WaitGroup
	writer.Go(func() { e.fill(40) })
	eventually(t, "writer that waits", e.aWriterWaits)
	if n := e.here(); n < 31 || n > 32 {
		t.Errorf("%d MiB of rows wait, want 32", n)
	}
	e.giving.Unlock()
	writer.Wait()
	e.Flush()
	if n := e.stored(); n != 40 {
		t.Errorf("%d rows are stored, want 40", n)
	}
}

// TestStopLetsWritersIn: they hold what was acknowledged.
func TestStopLetsWritersIn(t *testing.T) {
	e := start(t, 256<<20)
	e.giving.Lock()
	var writer sync.WaitGroup
	writer.Go(func() { e.fill(33) })
	eventually(t, "writer that waits", e.aWriterWaits)
	writer.Go(e.Stop)
	eventually(t, "writer that was let in", func() bool { return e.here() == 33 })
	e.giving.Unlock()
	writer.Wait()
	e.Flush()
	if n := e.stored(); n != 33 {
		t.Errorf("%d rows are stored, want 33", n)
	}
}

// TestALargeBatchStaysTogether although not all of it is rendered at once.
func TestALargeBatchStaysTogether(t *testing.T) {
	e := start(t, 0)
	e.giving.Lock() // or the first rows might have been given
	defer e.giving.Unlock()
	events := make([]edge.Event, 3000)
	for i := range events {
		events[i] = edge.Event{Time: time.Now().UnixNano(), Name: strings.Repeat("x", 1000)}
	}
	if bytes := len(events) * 1000; bytes < 5*maxRendered {
		t.Fatalf("%d bytes are not a large batch", bytes)
	}
	e.Add(0, events)
	e.mu.Lock()
	defer e.mu.Unlock()
	rows := 0
	for _, w := range e.days {
		for i := range w.rows {
			if w.rows[i].batch != e.batch {
				t.Fatalf("row %d is of batch %d, want %d", i, w.rows[i].batch, e.batch)
			}
		}
		rows += len(w.rows)
	}
	if rows != len(events) {
		t.Errorf("%d rows wait, want %d", rows, len(events))
	}
}

// TestAnEngineIsGivenFewDaysAtATime: it has buffers of its own for each day, until it makes parts of them.
func TestAnEngineIsGivenFewDaysAtATime(t *testing.T) {
	f := func(days int, want string) {
		t.Helper()
		var did strings.Builder
		fewAtATime(make([]*waiting, days), func(*waiting) { did.WriteByte('g') }, func() { did.WriteByte('s') })
		if did.String() != want {
			t.Errorf("%d days: %s, want %s", days, did.String(), want)
		}
	}
	f(0, "s")
	f(1, "gs")
	f(4, "ggggs")
	f(5, "ggggsgs")
	f(9, "ggggsggggsgs")
}
