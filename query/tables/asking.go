package tables

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tally"
)

// Asking is one question on its way to an answer.
type Asking struct {
	read *Reader

	Tenant edge.Tenant
	// Q is the question with its defaults.
	Q          query.Question
	Conditions []filter.Condition
	// Win is what totals, rows and lines cover; Cells are the fewer, longer buckets where every region has its own,
	// which begin and end with Win or, of a range with fixed ends, outside it.
	Win, Cells tally.Window
	// Until is where lines end: the rest of Win is still to come.
	Until time.Time
	Now   time.Time
}

// Begin reads a question. It fails with *query.ParamError.
func (d *Reader) Begin(tenant edge.Tenant, q query.Question) (*Asking, error) {
	conditions, err := q.Conditions()
	if err != nil {
		return nil, err
	}
	if !q.From.Before(q.To) {
		to := q.To.Format(time.RFC3339)
		return nil, &query.ParamError{Key: query.KeyTo, Value: to, Reason: "must be later than from"}
	}
	a := &Asking{read: d, Tenant: tenant, Q: q.WithDefaults(), Conditions: conditions, Now: d.now()}
	a.cover(q.From, q.To)
	return a, nil
}

// cover chooses the windows of the answer. A range with ends of its own keeps them, aligned to the step of its lines. A
// range that ends now is aligned to cells instead: it begins up to a thirtieth of its length earlier, and ends with the
// cell that fills up now. So totals and rows are whole windows of one coarse width, which all widths hold alike after
// every flush, and they are read in one piece.
func (a *Asking) cover(from, to time.Time) {
	if a.Q.Range == "" {
		a.Win = tally.WindowOf(from, to, tally.LineBuckets)
		a.Cells, a.Until = tally.WindowOf(a.Win.From, a.Win.To, tally.CellBuckets), a.Win.To
		return
	}
	a.Cells = tally.WindowOf(from, to, tally.CellBuckets)
	a.Win = tally.Window{From: a.Cells.From, To: a.Cells.To, Step: tally.StepOf(to.Sub(from), tally.LineBuckets)}
	a.Until = tally.Ceil(to, a.Win.Step)
}

// Cut is a question over the answer's window in the buckets of lines, grouped by these attributes.
func (a *Asking) Cut(p Parts, by ...string) Cut {
	return Cut{Tenant: a.Tenant, By: by, Window: a.Win, Parts: p, Conditions: a.Conditions}
}

// PerCell is a question over the cells of a heatmap, grouped by an attribute.
func (a *Asking) PerCell(p Parts, by string) Cut {
	return Cut{Tenant: a.Tenant, By: []string{by}, Window: a.Cells, Parts: p, Conditions: a.Conditions}
}

// TableAndCells returns rows by an attribute, and their cells. Where cells cover the same time as rows, both come from
// one question: hundreds of regions have thousands of series, and each costs the store as much as hundreds of samples.
func (a *Asking) TableAndCells(ctx context.Context, p Parts, by string) (rows, cells *tally.Table, err error) {
	if a.Cells.From.Equal(a.Win.From) && a.Cells.To.Equal(a.Win.To) {
		cells, err = a.read.Table(ctx, a.PerCell(p, by))
		return cells, cells, err
	}
	g, ctx := errgroup.WithContext(ctx)
	a.Ask(ctx, g, &rows, a.Whole(p, by))
	a.Ask(ctx, g, &cells, a.PerCell(WithDurations, by))
	return rows, cells, g.Wait()
}

// Whole is the same question as cut over one bucket: that of totals and rows.
func (a *Asking) Whole(p Parts, by ...string) Cut {
	return Cut{Tenant: a.Tenant, By: by, Window: a.Win.Whole(), Parts: p, Conditions: a.Conditions}
}

// before returns the cut to compare with: the period before, or a version in the same period; false for none.
func (a *Asking) before(c Cut) (Cut, bool) {
	if a.Q.Compare == query.CompareNone {
		return c, false
	}
	if version, ok := strings.CutPrefix(a.Q.Compare, query.CompareVersion); ok {
		// the version compared with takes the place of those that are filtered by: both together are none
		c.Conditions = slices.DeleteFunc(slices.Clone(c.Conditions), func(one filter.Condition) bool {
			return one.Key == edge.KeyServiceVersion
		})
		return c.Where(edge.KeyServiceVersion, []string{version}), true
	}
	c.Window = c.Window.Before()
	return c, true
}

// beforeLife is how long the period before is remembered: late events may still add to it.
const beforeLife = time.Minute

// TableBefore returns the table to compare with, nil without one.
func (a *Asking) TableBefore(ctx context.Context, c Cut) (*tally.Table, error) {
	c, ok := a.before(c)
	if !ok {
		return nil, nil //nolint:nilnil // no comparison was asked for
	}
	if strings.HasPrefix(a.Q.Compare, query.CompareVersion) {
		return a.read.Table(ctx, c)
	}
	// What is over hardly changes: while the window stays the same, all who ask share the answer. Tables are read only.
	key := fmt.Sprintf("%#v", c)
	return a.read.befores.Get(key, a.Now, beforeLife, func() (*tally.Table, error) { return a.read.Table(ctx, c) })
}

// Ask asks for a table in a goroutine of the group.
func (a *Asking) Ask(ctx context.Context, g *errgroup.Group, to **tally.Table, c Cut) {
	g.Go(func() (err error) { *to, err = a.read.Table(ctx, c); return err })
}

// AskBefore asks for the table to compare with.
func (a *Asking) AskBefore(ctx context.Context, g *errgroup.Group, to **tally.Table, c Cut) {
	g.Go(func() (err error) { *to, err = a.TableBefore(ctx, c); return err })
}
