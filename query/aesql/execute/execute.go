// Package execute runs plans of Analytics Engine SQL over a store: it scans, groups, sorts and limits, within bounds of
// time and memory.
package execute

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"edgescope/edge"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/store"
)

// Options are what an answer depends on beside the plan.
type Options struct {
	Tenant edge.Tenant
	// Now is where the search for the newest rows begins; the time of the plan.
	Now time.Time
	// memory bounds what the question keeps, in bytes; 0 is maxMemory. groups bounds its groups; 0 is maxGroups.
	memory int64
	groups int
}

// Run runs a plan. emit gets one row after the other, the values in the order of the plan's columns; a row and its
// texts are valid only during the call. An error of emit ends the question and is returned.
//
// Errors of rows, such as a division by zero, are *grammar.Error. Too many groups or too much memory are
// store.ErrTooMuch, and *gate.RefusedError where a gate says so. The question ends with its context.
func Run(
	ctx context.Context, r store.Reader, q *plan.Query, o Options, emit func([]value.Value) error,
) error {
	o.groups = cmp.Or(o.groups, maxGroups)
	x := &run{ctx: ctx, reader: r, o: o, memory: budget{ctx: ctx, most: cmp.Or(o.memory, maxMemory)}}
	return x.query(q, emit)
}

// run is one question.
type run struct {
	ctx    context.Context //nolint:containedctx // the life of the question
	reader store.Reader
	o      Options
	memory budget
}

// sink takes rows. A row is valid only during the call.
type sink func(row []value.Value) error

// enough ends a source early. Each limit has its own.
type enough struct{ _ byte }

func (*enough) Error() string { return "BUG: the end of a limit is no error" }

// query runs a plan or a subquery.
func (x *run) query(q *plan.Query, emit sink) error {
	if q.Limit == 0 {
		return nil
	}
	if len(q.Order) > 0 {
		return x.sorted(q, emit)
	}
	end := new(enough)
	left, skip := q.Limit, q.Offset
	out := selected(q, emit)
	err := x.rows(q, func(row []value.Value) error {
		if skip > 0 {
			skip--
			return nil
		}
		if err := out(row); err != nil {
			return err
		}
		if left--; left == 0 {
			return end
		}
		return nil
	})
	if errors.Is(err, end) {
		return nil
	}
	return err
}

// selected evaluates the columns of the answer.
func selected(q *plan.Query, emit sink) sink {
	out := make([]value.Value, len(q.Select))
	return func(row []value.Value) error {
		for i := range q.Select {
			var err error
			if out[i], err = q.Select[i].Eval(row); err != nil {
				return err
			}
		}
		return emit(out)
	}
}

// rows gives the rows that SELECT sees: those of the groups, or of the source.
func (x *run) rows(q *plan.Query, next sink) error {
	if q.Group == nil {
		return x.source(q, next)
	}
	g, err := x.grouped(q)
	defer g.free()
	if err != nil {
		return err
	}
	return g.each(x.ctx, q.Having, next)
}

// source gives the rows that meet WHERE.
func (x *run) source(q *plan.Query, next sink) error {
	next = where(q.Where, next)
	switch s := &q.Source; {
	case s.Scan != nil:
		return x.scan(s.Scan, s.Scan.From, s.Scan.To, next)
	case s.Sub != nil:
		return x.query(s.Sub, numbered(s, next))
	default:
		next = numbered(s, next)
		for _, row := range s.Rows {
			if err := next(row); err != nil {
				return err
			}
		}
		return nil
	}
}

func where(conditions []plan.Expr, next sink) sink {
	if len(conditions) == 0 {
		return next
	}
	return func(row []value.Value) error {
		for i := range conditions {
			v, err := conditions[i].Eval(row)
			if err != nil {
				return err
			}
			if !conditions[i].Type.True(v) {
				return nil
			}
		}
		return next(row)
	}
}

// numbered adds the number of the row where it is asked for.
func numbered(s *plan.Source, next sink) sink {
	if !s.Numbered {
		return next
	}
	var row []value.Value
	n := int64(0)
	return func(r []value.Value) error {
		row = append(append(row[:0], r...), value.Int(n))
		n++
		return next(row)
	}
}

// ended returns why the question has ended, nil while it has not. It looks at every 1,024th row only.
func ended(ctx context.Context, row int) error {
	if row&1023 == 0 && ctx.Err() != nil {
		return fmt.Errorf("question in SQL: %w", ctx.Err())
	}
	return nil
}
