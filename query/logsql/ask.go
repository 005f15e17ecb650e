package logsql

import (
	"context"
	"strings"

	"edgescope/query/gate"
	"edgescope/store"
)

// ownFields are the fields that the collector puts on rows for itself: where a row came from in its log.
const ownFields = "wal."

// rows asks the store. The question takes its part of the memory before.
func (h *handler) rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	known, err := h.reader.ParseLogsQL(q.LogsQL, q.At)
	if err != nil {
		return err
	}
	least, most := known.Memory(len(q.Kinds()))
	if err := gate.Need(ctx, least, most); err != nil {
		return err
	}
	return gate.Explain(ctx, h.reader.Rows(ctx, q, emit))
}

// hideOwn hides ownFields, unless the question names one.
func (q *question) hideOwn() {
	for _, texts := range [][]string{{q.LogsQL}, q.ExtraFilters, q.form["field"]} {
		for _, text := range texts {
			if strings.Contains(text, ownFields) {
				return
			}
		}
	}
	q.HiddenFields = append(q.HiddenFields, ownFields+"*")
}

// kept counts the memory of what a question keeps until it is answered.
type kept struct {
	ctx   context.Context //nolint:containedctx // of the question that this belongs to
	bytes int64           // that are not yet told
}

// step is how many bytes are told at once.
const step = 256 << 10

// add counts bytes, and fails when there is no memory for them.
func (k *kept) add(bytes int) error {
	if k.bytes += int64(bytes); k.bytes < step {
		return nil
	}
	err := gate.Hold(k.ctx, k.bytes)
	k.bytes = 0
	return err
}

// rowBytes is about what a row takes that is kept.
func rowBytes(r store.Row) int {
	n := 0
	for i := range r {
		n += len(r[i].Name) + len(r[i].Value) + 64
	}
	return n
}
