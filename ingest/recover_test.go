package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/ingest/rollup"
	"edgescope/store"
	"edgescope/store/wal"
)

const uuid = "0af76519-16cd-43dd-8448-eb211c80319c"

// engine is a store that loses what it has not flushed when its process is killed: of each record, day and stream all
// rows or none.
type engine struct {
	memory
	rows []stored
	keep int // rows that are durable
}

type stored struct {
	tenant edge.Tenant
	kind   edge.Kind
	at     int64
	fields store.Row
}

func (e *engine) WriteEvents(ctx context.Context, tenant edge.Tenant, events []edge.Event) error {
	if err := e.memory.WriteEvents(ctx, tenant, events); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var r store.RowRenderer
	for i := range events {
		row, _ := r.Render(&events[i])
		var fields store.Row
		for _, f := range row {
			fields = append(fields, store.Field{Name: f.Name, Value: strings.Clone(f.Value)})
		}
		e.rows = append(e.rows, stored{tenant, events[i].Kind, events[i].Time, fields})
	}
	return nil
}

// WriteSamples keeps the greatest value of each series and time.
func (e *engine) WriteSamples(_ context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.totals == nil {
		e.totals = map[string]float64{}
	}
	for _, s := range samples {
		key := fmt.Sprint(s.Series.Labels[0].Key, "=", s.Series.Labels[0].Value, ",", tenant, s.Series.Labels[1:],
			s.Time)
		e.totals[key] = max(e.totals[key], s.Value)
	}
	return nil
}

// Rows returns the two questions that a replay asks.
func (e *engine) Rows(_ context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	type group struct {
		seq    string
		day    int64
		stream store.Stream
	}
	names := store.StreamFields(q.Kind)
	counts := map[group]int{}
	for _, r := range e.rows {
		if r.tenant != q.Tenant || r.kind != q.Kind || r.at < q.From.UnixNano() || r.at >= q.To.UnixNano() ||
			!strings.Contains(q.LogsQL, strconv.Quote(r.fields.Get(store.FieldLog))) {
			continue
		}
		seq := r.fields.Get(store.FieldSeq)
		if strings.Contains(q.LogsQL, "| stats") {
			g := group{seq: seq, day: r.at / int64(24*time.Hour)}
			for i, name := range names {
				g.stream[i] = r.fields.Get(name)
			}
			counts[g]++
		} else if strings.HasSuffix(q.LogsQL, ":="+seq) {
			row := append(slices.Clone(r.fields), store.Field{
				Name:  store.FieldTime,
				Value: strconv.FormatInt(r.at, 10),
			})
			slices.Reverse(row) // a store has an order of its own
			if err := emit(row); err != nil {
				return err
			}
		}
	}
	for g, n := range counts {
		day := time.Unix(g.day*86400, 0).UTC().Format(time.RFC3339)
		row := store.Row{
			{Name: store.FieldSeq, Value: g.seq},
			{Name: store.FieldTime, Value: day},
			{Name: "n", Value: strconv.Itoa(n)},
		}
		for i, name := range names {
			row = append(row, store.Field{Name: name, Value: g.stream[i]})
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// deadLog is a log whose process was killed: it keeps no checkpoint any more.
type deadLog struct {
	*wal.Log
	killed atomic.Bool
}

func (d *deadLog) Checkpoint(position uint64, state []byte) error {
	if d.killed.Load() {
		return nil
	}
	return d.Log.Checkpoint(position, state)
}

// process is a pipeline with its log, over an engine that outlives it.
type process struct {
	*ingest.Pipeline
	log     *deadLog
	metrics *metrics.Set
}

// testStore is what a pipeline needs of a store.
type testStore interface {
	store.Writer
	ingest.RowReader
}

func begin(t *testing.T, e testStore, dir string, epoch uint64, change ...func(*rollup.Options)) *process {
	t.Helper()
	l, err := wal.Open(wal.Options{Dir: dir, Collector: uuid, Epoch: epoch, SegmentSize: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	p := &process{log: &deadLog{Log: l}, metrics: metrics.NewSet()}
	p.Pipeline = open(t, nil, func(o *ingest.Options) {
		o.Store, o.Reader, o.Log, o.Continues = e, e, p.log, epoch > 1
		o.Flush = func() {} // the engine has rows at once
		o.Metrics = p.metrics
		totals := rollup.Options{Collector: "c", Epoch: epoch, Log: slog.New(slog.DiscardHandler)}
		for _, f := range change {
			f(&totals)
		}
		o.Rollup = rollup.New(totals)
	})
	<-p.Ready()
	return p
}

// end stops the process: in order, or as kill -9 does, after which the engine has lost what lose says.
func (p *process) end(t *testing.T, e *engine, kill bool, lose func()) {
	t.Helper()
	p.log.killed.Store(kill)
	totals := e.copyTotals()
	err := p.Close(t.Context())
	if kill {
		e.totals = totals // what Close wrote is part of no kill
	}
	if err := errors.Join(err, p.log.Close()); err != nil {
		t.Fatal(err)
	}
	if kill {
		lose()
	}
}

func (e *engine) copyTotals() map[string]float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return copied(e.totals)
}

func copied(m map[string]float64) map[string]float64 {
	c := map[string]float64{}
	maps.Copy(c, m)
	return c
}

// loseRecords forgets, of a random half of the records and streams of the last process, the rows, and all totals of the
// last flushes.
func (e *engine) loseRecords(random *rand.Rand, durable map[string]float64) func() {
	return func() {
		lost := map[string]bool{}
		var kept []stored
		for i, r := range e.rows {
			part := r.fields.Get(store.FieldSeq) + r.fields.Get(edge.KeyRegion)
			if _, decided := lost[part]; !decided {
				lost[part] = i >= e.keep && random.IntN(2) == 0
			}
			if !lost[part] {
				kept = append(kept, r)
			}
		}
		e.rows, e.totals = kept, copied(durable)
	}
}

// inTwoPlaces puts every other event of a batch elsewhere: they are in another stream.
func inTwoPlaces(b *edge.Batch) *edge.Batch {
	for i := range b.Events {
		b.Events[i].Attrs = []edge.Attr{{Key: edge.KeyRegion, Value: []string{"fra1", "iad1"}[i%2]}}
	}
	return b
}

func TestKillLosesAndDoublesNothing(t *testing.T) {
	f := func(name string, kill func(process int) bool, damage func(dir string) error, wantTotals bool) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 2))
				e, dir := &engine{}, t.TempDir()
				var sent int
				for n := range 6 {
					p := begin(t, e, dir, uint64(n+1))
					synctest.Wait() // what was replayed is in the totals, and in a checkpoint
					durable := e.copyTotals()
					e.keep = len(e.rows)
					var work sync.WaitGroup
					for range 30 {
						sent += 2
						work.Go(func() {
							if err := p.Events(t.Context(), inTwoPlaces(spans(strconv.Itoa(n), "b"))); err != nil {
								t.Error(err)
							}
						})
						time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
					}
					work.Wait()
					p.end(t, e, kill(n), e.loseRecords(random, durable))
					if err := damage(dir); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Duration(random.IntN(20)) * time.Minute)
				}
				last := begin(t, e, dir, 7)
				synctest.Wait()
				last.end(t, e, false, nil)
				if len(e.rows) != sent {
					t.Errorf("%d rows are stored, want %d", len(e.rows), sent)
				}
				for _, metric := range []string{
					"edge_colo_requests", "edge_colo_requests:5m",
					"edge_route_requests:1h",
				} {
					if got := e.total(metric); wantTotals && got != float64(sent) || got > float64(sent) {
						t.Errorf("%s: got %v, want %d", metric, got, sent)
					}
				}
			})
		})
	}
	never := func(string) error { return nil }
	f("stopped in order", func(int) bool { return false }, never, true)
	f("killed each time", func(int) bool { return true }, never, true)
	f("killed now and then", func(n int) bool { return n%2 == 0 }, never, true)
	f("newest checkpoint damaged each time", func(int) bool { return true }, func(dir string) error {
		files, err := filepath.Glob(filepath.Join(dir, "checkpoint*"))
		if len(files) < 2 { // there is one only after the first start
			return err
		}
		return os.Truncate(filepath.Join(dir, "checkpoint"), 20)
	}, true)
	// Totals may miss what was not flushed then, and never count anything twice.
	f("no checkpoint is left", func(int) bool { return true }, func(dir string) error {
		return errors.Join(os.RemoveAll(filepath.Join(dir, "checkpoint")),
			os.RemoveAll(filepath.Join(dir, "checkpoint.before")))
	}, false)
}

// TestKillInTheMiddleOfLateData sends spans of eight days to collectors that can hold the totals of a few, so that they
// write and forget totals all the time, and kills each of them. Of every total the store has what it was given last, or
// what it had when the process began.
func TestKillInTheMiddleOfLateData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(3, 4))
		e, dir := &engine{}, t.TempDir()
		small := func(o *rollup.Options) { o.MaxBytes = 512 << 10 }
		var sent atomic.Int64
		for n := range 5 {
			p := begin(t, e, dir, uint64(n+1), small)
			durable := e.copyTotals()
			e.keep = len(e.rows)
			var work sync.WaitGroup
			for range 40 {
				b := spans(make([]string, 15)...)
				for i := range b.Events {
					b.Events[i].Time -= random.Int64N(int64(8 * 24 * time.Hour))
				}
				work.Go(func() {
					if err := p.Events(t.Context(), b); err != nil {
						t.Error(err)
					}
					sent.Add(15)
				})
				// so that there is a checkpoint in the middle
				time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
			}
			work.Wait()
			if turned := p.turns(t); turned < 3 {
				t.Errorf("process %d: the totals turned %d times, which tests nothing", n, turned)
			}
			p.end(t, e, true, func() {
				for key := range e.totals {
					if random.IntN(2) == 0 {
						e.totals[key] = durable[key]
					}
				}
			})
		}
		begin(t, e, dir, 6, small).end(t, e, false, nil)
		if int64(len(e.rows)) != sent.Load() {
			t.Errorf("%d rows are stored, want %d", len(e.rows), sent.Load())
		}
		for _, metric := range []string{"edge_colo_requests", "edge_service_requests:5m", "edge_route_requests:1h"} {
			if got := e.total(metric); got != float64(sent.Load()) {
				t.Errorf("%s: got %v, want %d", metric, got, sent.Load())
			}
		}
	})
}

// turns returns how often the totals turned.
func (p *process) turns(t *testing.T) uint64 {
	t.Helper()
	return p.metrics.GetOrCreateCounter("edgescope_rollup_turns_total").Get()
}

// TestPartOfARecordIsCompletedRowByRow holds the case that no engine has shown: of one record and day some rows are
// there.
func TestPartOfARecordIsCompletedRowByRow(t *testing.T) {
	e, dir := &engine{}, t.TempDir()
	p := begin(t, e, dir, 1)
	if err := p.Events(t.Context(), spans("a", "b", "c", "c")); err != nil {
		t.Fatal(err)
	}
	p.end(t, e, true, func() { e.rows = []stored{e.rows[1], e.rows[3]} })
	begin(t, e, dir, 2).end(t, e, false, nil)
	var names []string
	for _, r := range e.rows {
		names = append(names, r.fields.Get(store.FieldName))
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "a b c c" {
		t.Errorf("stored %q, want \"a b c c\"", got)
	}
}

func TestRepeatedBodyIsAnsweredAsTheFirstTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, dir := &engine{}, t.TempDir()
		p := begin(t, e, dir, 1)
		send := func(what string, body byte, tenant edge.Tenant, wantRows int) {
			t.Helper()
			b := spans("a", "too old", "b")
			b.Body, b.Tenant = edge.BodyHash{body}, tenant
			if err := p.Events(t.Context(), b); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if len(e.rows) != wantRows {
				t.Errorf("%s: %d rows are stored, want %d", what, len(e.rows), wantRows)
			}
			if b.RejectedCount != 1 || len(b.Rejected) != 1 || b.Rejected[0].Index != 1 || b.Rejected[0].Reason == "" {
				t.Errorf("%s: rejected %d %+v, want the span of index 1", what, b.RejectedCount, b.Rejected)
			}
		}
		send("first", 1, 0, 2)
		send("again", 1, 0, 2)
		send("another body", 2, 0, 4)
		send("another tenant", 1, 7, 6)
		send("no hash", 0, 0, 8)
		send("no hash again", 0, 0, 10)
		p.end(t, e, true, func() {})
		p = begin(t, e, dir, 2)
		send("after a kill", 1, 0, 10)
		p.end(t, e, false, nil)
		p = begin(t, e, dir, 3)
		send("after an ordered stop", 2, 0, 10)
		time.Sleep(14 * time.Minute)
		send("14 minutes later", 1, 7, 10)
		time.Sleep(2 * time.Minute)
		send("16 minutes later", 1, 7, 12)
		p.end(t, e, false, nil)
	})
}

func TestSameBodyAtTheSameTimeIsStoredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{}
		e.block, e.inside = make(chan struct{}), make(chan struct{}, 10)
		p := begin(t, e, t.TempDir(), 1)
		var senders sync.WaitGroup
		for range 5 {
			senders.Go(func() {
				b := spans("a")
				b.Body = edge.BodyHash{9}
				if err := p.Events(t.Context(), b); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(e.block)
		senders.Wait()
		if len(e.rows) != 1 {
			t.Errorf("%d rows are stored, want 1", len(e.rows))
		}
		p.end(t, e, false, nil)
	})
}

func TestBodyThatWasRefusedIsNoRepeat(t *testing.T) {
	e := &engine{}
	p := begin(t, e, t.TempDir(), 1)
	_ = p.log.Close() // it takes nothing any more
	b := spans("a")
	b.Body = edge.BodyHash{4}
	var later *edge.UnavailableError
	for range 2 {
		if err := p.Events(t.Context(), b); !errors.As(err, &later) {
			t.Errorf("got %v, want to be told to come again", err)
		}
	}
	_ = p.Close(t.Context())
}

func TestStoreThatRefusesWhatIsLoggedEndsTheProcess(t *testing.T) {
	e, dir := &engine{}, t.TempDir()
	p := begin(t, e, dir, 1)
	e.fail = errors.New("gone")
	if err := p.Events(t.Context(), spans("a")); err == nil {
		t.Error("the batch is acknowledged though the store did not take it")
	}
	<-p.Failed()
	if !errors.Is(p.Err(), e.fail) {
		t.Errorf("got %v, want %v", p.Err(), e.fail)
	}
	e.fail = nil
	p.end(t, e, false, nil)
	begin(t, e, dir, 2).end(t, e, false, nil)
	if len(e.rows) != 1 {
		t.Errorf("%d rows after the next start, want the one that is in the log", len(e.rows))
	}
}

// watchedLog tells when a checkpoint is kept.
type watchedLog struct {
	ingest.Log
	checkpoint func(position uint64)
}

func (w *watchedLog) Checkpoint(position uint64, state []byte) error {
	w.checkpoint(position)
	return w.Log.Checkpoint(position, state)
}

// TestCheckpointWaitsUntilTheEnginesHaveTheRows: the log drops what a checkpoint covers, so rows that still wait would
// be lost.
func TestCheckpointWaitsUntilTheEnginesHaveTheRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := wal.Open(wal.Options{Dir: t.TempDir(), Collector: uuid, Epoch: 1})
		if err != nil {
			t.Fatal(err)
		}
		e := &engine{}
		var given, checkpoints int
		w := &watchedLog{Log: l, checkpoint: func(position uint64) {
			checkpoints++
			if given < int(position) { // a record has a row
				t.Errorf("a checkpoint claims %d records while the engines have %d", position, given)
			}
		}}
		p := open(t, nil, func(o *ingest.Options) {
			o.Store, o.Reader, o.Log = e, e, w
			o.Flush = func() {
				e.mu.Lock()
				defer e.mu.Unlock()
				given = len(e.rows)
			}
		})
		<-p.Ready()
		for range 5 {
			if err := p.Events(t.Context(), spans("a")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(20 * time.Second)
		}
		if err := errors.Join(p.Close(t.Context()), l.Close()); err != nil {
			t.Fatal(err)
		}
		if checkpoints < 4 || given != 5 {
			t.Errorf("%d checkpoints, %d rows given; want one every half minute and at the end, and 5", checkpoints,
				given)
		}
	})
}

// slowTotals is an engine that takes long to register the series of totals.
type slowTotals struct {
	*engine
	release chan struct{}
}

func (s *slowTotals) WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	<-s.release
	return s.engine.WriteSamples(ctx, tenant, samples)
}

// TestNobodyWaitsForTheTotalsOfAReplay: batches are taken while the store still registers the series of what was
// replayed.
func TestNobodyWaitsForTheTotalsOfAReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, dir := &engine{}, t.TempDir()
		p := begin(t, e, dir, 1)
		synctest.Wait() // the first checkpoint is written: what it covers, no store loses
		if err := p.Events(t.Context(), spans("a")); err != nil {
			t.Fatal(err)
		}
		p.end(t, e, true, func() { e.rows, e.totals = nil, nil })
		slow := &slowTotals{engine: e, release: make(chan struct{})}
		p = begin(t, slow, dir, 2) // returns when the pipeline is ready
		if err := p.Events(t.Context(), spans("b")); err != nil {
			t.Fatal(err)
		}
		close(slow.release)
		p.end(t, e, false, nil)
		if got := e.total("edge_service_requests"); got != 2 || len(e.rows) != 2 {
			t.Errorf("%d rows and a total of %v, want 2 and 2", len(e.rows), got)
		}
	})
}
