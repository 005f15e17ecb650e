package wal

import (
	"context"
	"fmt"
	"os"
	"slices"

	"edgescope/edge"
	"edgescope/store"
)

// Replay gives back what the log held when it was opened, oldest first: span is called for each segment and returns
// what to do with its records. A batch and its memory are valid during the call only. An error of either ends it. Call
// it before the first Append.
func (l *Log) Replay(ctx context.Context, span func(store.LogSpan) (func(*edge.Batch) error, error)) error {
	l.mu.Lock()
	segments := slices.Clone(l.segments)
	l.mu.Unlock()
	for _, s := range segments {
		if err := l.replaySegment(ctx, s, span); err != nil {
			return fmt.Errorf("replay %s: %w", s.path, err)
		}
	}
	return nil
}

func (l *Log) replaySegment(
	ctx context.Context, s *segment, span func(store.LogSpan) (func(*edge.Batch) error, error),
) error {
	record, err := span(s.span)
	if err != nil || record == nil {
		return err
	}
	data, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	var b edge.Batch
	for at := segmentStart; at < len(data); {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, payload, size, err := readRecord(data[at:], s.header.salt)
		if err != nil {
			return fmt.Errorf("offset %d: %w, and was good before", at, err)
		}
		if err := readBatch(&h, payload, s.span.Log, &b); err != nil {
			return fmt.Errorf("record %d at offset %d: %w", h.seq, at, err)
		}
		if err := record(&b); err != nil {
			return fmt.Errorf("record %d: %w", h.seq, err)
		}
		at += size
	}
	return nil
}

// readBatch fills b with what a record holds.
func readBatch(h *header, payload []byte, log string, b *edge.Batch) error {
	b.Reset()
	b.Tenant, b.Body = h.tenant, h.body
	b.Record, b.Arrival = edge.Record{Log: log, Seq: h.seq}, h.arrival
	if err := decodeBatch(payload, b); err != nil {
		return err
	}
	if len(b.Events) != int(h.rows) {
		return fmt.Errorf("%w: it has %d events, its header says %d", errDamaged, len(b.Events), h.rows)
	}
	return nil
}
