package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// restore continues the windows of the earlier process from the log's checkpoint.
func (p *Pipeline) restore() error {
	if p.o.Log == nil {
		return nil
	}
	restored, err := p.o.Log.Restore(func(position uint64, state []byte) error {
		bodies := newRetries()
		rest, err := bodies.restore(state)
		if err != nil {
			return err
		}
		if err := p.o.Rollup.Restore(rest); err != nil {
			return err
		}
		p.retries = bodies
		p.position.Store(position)
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if !restored && p.o.Continues {
		p.o.Logger.Warn("what the last process had added up is not known: open rollup windows continue as new parts")
		p.o.Rollup.Forget()
		// The log's records may be part of totals that are stored already: they are kept as events and not added up
		// again.
		p.position.Store(math.MaxUint64)
	}
	return nil
}

// replay gives the store what it lacks of the log, and the rollup what came after its checkpoint. It returns false when
// there is no log.
func (p *Pipeline) replay(ctx context.Context) (bool, error) {
	if p.o.Log == nil {
		return false, nil
	}
	began := time.Now()
	r := &replayer{p: p, ctx: ctx}
	if err := p.o.Log.Replay(ctx, r.span); err != nil {
		return false, fmt.Errorf("replay the log: %w", err)
	}
	if p.position.Load() == math.MaxUint64 {
		p.position.Store(0)
	}
	p.reach(r.last)
	if p.o.Rollup.Part() == 0 { // the last process was of a version before parts
		p.turn()
	}
	if r.records > 0 {
		p.o.Logger.Info("replayed the log", slog.Int("records", r.records), slog.Int("rows", r.rows),
			slog.Int("rows_missing", r.inserted), slog.Int("samples", r.samplesAgain),
			slog.Duration("took", time.Since(began)))
	}
	return true, nil
}

// replayer replays one log.
type replayer struct {
	p    *Pipeline
	ctx  context.Context //nolint:containedctx // it lives as long as the call of Replay
	have rowCounts

	last                    uint64
	records, rows, inserted int
	samplesAgain            int
}

// recordPart is the rows of one record, kind, UTC day and stream: the engine has all or none of them after a crash.
type recordPart struct {
	seq    uint64
	kind   edge.Kind
	day    int64
	stream store.Stream
}

const nanosPerDay = int64(24 * time.Hour)

// rowCounts are how many rows a store has.
type rowCounts map[recordPart]int

// countRows asks a store what it has of a segment.
func countRows(ctx context.Context, reader RowReader, s store.LogSpan) (rowCounts, error) {
	have := rowCounts{}
	for _, tenant := range s.Tenants {
		for _, kind := range s.Kinds {
			if err := have.count(ctx, reader, s, tenant, kind); err != nil {
				return nil, fmt.Errorf("ask the store what it has of the log: %w", err)
			}
		}
	}
	return have, nil
}

// span asks the store what it has of a segment.
func (r *replayer) span(s store.LogSpan) (_ func(*edge.Batch) error, err error) {
	r.have, err = countRows(r.ctx, r.p.o.Reader, s)
	return r.batch, err
}

func (c rowCounts) count(
	ctx context.Context, reader RowReader, s store.LogSpan, tenant edge.Tenant, kind edge.Kind,
) error {
	stream := store.StreamFields(kind)
	q := store.RowsQuestion{
		Tenant: tenant, Kind: kind, From: time.Unix(0, s.MinTime), To: time.Unix(0, s.MaxTime+1),
		LogsQL: fmt.Sprintf("%s:=%q %s:range[%d, %d] | stats by (%s, %s:1d, %s) count() n",
			store.FieldLog, s.Log, store.FieldSeq, s.First, s.Last, store.FieldSeq, store.FieldTime,
			strings.Join(stream, ", ")),
	}
	return reader.Rows(ctx, q, func(row store.Row) error {
		key, n, err := readCount(row)
		key.kind = kind
		for i, name := range stream {
			key.stream[i] = row.Get(name)
		}
		c[key] = n
		return err
	})
}

// batch gives the store what it lacks of a batch.
func (r *replayer) batch(b *edge.Batch) error {
	missing, err := r.missing(b)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := r.p.o.Store.WriteEvents(r.ctx, b.Tenant, missing); err != nil {
			return fmt.Errorf("write to the store: %w", err)
		}
	}
	if len(b.Samples) > 0 {
		if err := r.samples(b); err != nil {
			return fmt.Errorf("write samples to the store: %w", err)
		}
	}
	r.p.spans.Replay(b)
	if b.Record.Seq > r.p.position.Load() {
		r.p.o.Rollup.Add(b)
		if b.Body != (edge.BodyHash{}) {
			r.p.retries.replay(b)
		}
	}
	if len(b.Totals) > 0 {
		if err := r.totals(b); err != nil {
			return err
		}
	}
	r.last = max(r.last, b.Record.Seq)
	r.records++
	r.rows += len(b.Events)
	r.inserted += len(missing)
	r.samplesAgain += len(b.Samples)
	r.p.count.replayed(b, len(missing))
	return nil
}

// totals writes again what the last process forgot of a part, which may not have become durable.
func (r *replayer) totals(b *edge.Batch) error {
	if r.p.position.Load() == math.MaxUint64 {
		return nil // all parts have other names now
	}
	if err := r.p.o.Rollup.Again(b.Totals); err != nil {
		return fmt.Errorf("totals in the log: %w", err)
	}
	r.p.flushOver(r.ctx)
	return nil
}

// missing returns the events of a batch that the store does not have.
func (r *replayer) missing(b *edge.Batch) ([]edge.Event, error) {
	want := rowsOf(b)
	for i := range b.Events {
		b.Events[i].Record = &b.Record
	}
	var missing []edge.Event
	partly := map[recordPart]rowSet{}
	for i := range b.Events {
		key := partOf(b, i)
		switch have := r.have[key]; {
		case have == 0:
			missing = append(missing, b.Events[i])
		case have < want[key]:
			stored, err := r.stored(partly, b, key)
			if err != nil {
				return nil, err
			}
			if !stored.take(&b.Events[i]) {
				missing = append(missing, b.Events[i])
			}
		}
	}
	return missing, nil
}

// rowsOf returns how many rows a batch has of each part of its record.
func rowsOf(b *edge.Batch) rowCounts {
	want := rowCounts{}
	for i := range b.Events {
		want[partOf(b, i)]++
	}
	return want
}

func partOf(b *edge.Batch, i int) recordPart {
	e := &b.Events[i]
	return recordPart{b.Record.Seq, e.Kind, e.Time / nanosPerDay, store.StreamOf(e)}
}

// stored returns the rows that the store has of a part of which it has some: it should have all or none.
func (r *replayer) stored(known map[recordPart]rowSet, b *edge.Batch, key recordPart) (rowSet, error) {
	if set, ok := known[key]; ok {
		return set, nil
	}
	r.p.o.Logger.Warn("the store has some rows of a record and stream: they are compared one by one",
		slog.Uint64("seq", key.seq))
	set := rowSet{}
	known[key] = set
	day := time.Unix(0, key.day*nanosPerDay)
	q := store.RowsQuestion{
		Tenant: b.Tenant, Kind: key.kind, From: day, To: day.Add(24 * time.Hour),
		LogsQL: fmt.Sprintf("%s:=%q %s:=%d", store.FieldLog, b.Record.Log, store.FieldSeq, key.seq),
	}
	err := r.p.o.Reader.Rows(r.ctx, q, func(row store.Row) error {
		set.add(row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask the store for the rows of record %d: %w", key.seq, err)
	}
	return set, nil
}

// reach notes that a record was applied.
func (p *Pipeline) reach(seq uint64) {
	for {
		at := p.position.Load()
		if seq <= at || p.position.CompareAndSwap(at, seq) {
			return
		}
	}
}
