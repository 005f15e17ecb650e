package aesql

import (
	"context"
	"fmt"
	"net/http"

	"edgescope/query/aesql/execute"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/query/gate"
)

const (
	// maxRows is how many rows an answer has at most that is read as a whole and was asked without a limit.
	maxRows = 100_000
	// sendAt is how many bytes are sent at once.
	sendAt = 32 << 10
	// keepWhole is how many bytes of an answer that is read as a whole are kept before the first are sent: an error till
	// then is told with its status.
	keepWhole = 1 << 20
)

// ask writes the answer to a statement.
func (h *handler) ask(ctx context.Context, q *question, a *answer) error {
	f, whole, err := formatOf(q.Statement, h.opts.Strict)
	if err != nil {
		return err
	}
	out := &rows{answer: a, ctx: ctx, format: f, keep: sendAt}
	if whole {
		out.keep = keepWhole
	}
	if q.Show != 0 {
		v, err := h.show(ctx, q)
		if err != nil {
			return err
		}
		return out.write(v.Columns, v.each)
	}
	p, err := h.plan(ctx, q)
	if err != nil {
		return err
	}
	// Of rows that are neither grouped nor sorted nobody knows how many there are: those that are read as a whole wait for
	// the last one.
	out.wait = whole && p.Group == nil && len(p.Order) == 0 && p.Limit == plan.NoLimit
	return out.write(p.Columns, func(emit func([]value.Value) error) error {
		return execute.Run(ctx, h.reader, p, execute.Options{Tenant: q.tenant, Now: q.now}, emit)
	})
}

// plan finds what a SELECT means. What fails over names of tables that are remembered is planned once more over those of
// now: a table is there as soon as it has a data point.
func (h *handler) plan(ctx context.Context, q *question) (*plan.Query, error) {
	system, err := h.system(ctx, q)
	if err != nil {
		return nil, err
	}
	asked := false
	o := plan.Options{Now: q.now, Strict: h.opts.Strict, Virtual: system, Tables: func() ([]string, error) {
		asked = true
		return h.tableNames(ctx, q)
	}}
	p, err := plan.Build(q.Statement, o)
	if err == nil || !asked {
		return p, err
	}
	h.forgetTables(q)
	return plan.Build(q.Statement, o)
}

// rows writes the rows of an answer.
type rows struct {
	*answer
	ctx    context.Context //nolint:containedctx // of the question that this belongs to
	format format
	keep   int  // bytes that are kept before the first are sent
	wait   bool // all is kept until the end
	held   int  // bytes of what is kept that the gate knows of
}

// write writes the rows that scan gives.
func (r *rows) write(columns []plan.Column, scan func(emit func([]value.Value) error) error) error {
	r.w.Header().Set("Content-Type", r.format.contentType())
	r.buf = r.format.begin(r.buf, columns)
	n := 0
	err := scan(func(row []value.Value) error {
		if n++; r.wait && n > maxRows {
			return &statusError{http.StatusUnprocessableEntity, fmt.Sprintf("the answer has more than %d rows: add LIMIT, or "+
				"FORMAT JSONEachRow, which is read line by line", maxRows)}
		}
		r.buf = r.format.row(r.buf, row)
		return r.grown()
	})
	if err == nil {
		r.buf = r.format.end(r.buf)
	}
	return err
}

// grown sends what there is of an answer, or keeps it.
func (r *rows) grown() error {
	switch more := len(r.buf) - r.held; {
	case r.begun && len(r.buf) >= sendAt, !r.wait && len(r.buf) >= r.keep:
		return r.flush()
	case r.begun || more < sendAt:
		return nil
	default:
		r.held = len(r.buf)
		return gate.Hold(r.ctx, int64(more+more/4)) // a slice that grows has a quarter more
	}
}
