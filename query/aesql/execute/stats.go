package execute

import (
	"errors"
	"math"
	"net/http"

	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/query/gate"
	"edgescope/store"
)

// cancels is how many times larger than a sum the sum of its magnitudes may be: beyond it too many digits of the sum are
// those of roundings. A scan adds exactly.
const cancels = 1000

// errDoubt says that the store's groups may be wrong.
var errDoubt = errors.New("only a scan is exact")

// grouped returns the groups of a plan: as the store groups, if that is exact, else those of a scan.
func (x *run) grouped(q *plan.Query) (*groups, error) {
	if q.Stats != nil {
		g := x.newGroups(q.Group)
		switch err := x.stats(q, g); {
		case err == nil:
			return g, nil
		case errors.Is(err, errDoubt) || x.ctx.Err() == nil && tooMuchThere(err):
			g.free()
		default:
			return g, err
		}
	}
	g := x.newGroups(q.Group)
	return g, x.source(q, g.add)
}

// ownError is an error of groups, which a scan would end with too.
type ownError struct{ error }

func (e ownError) Unwrap() error { return e.error }

// tooMuchThere tells whether grouping takes more memory in the store than there is. A scan takes less.
func tooMuchThere(err error) bool {
	var own ownError
	if errors.As(err, &own) {
		return false
	}
	var refused *gate.RefusedError
	return errors.Is(err, store.ErrTooMuch) || errors.As(err, &refused) &&
		refused.Status == http.StatusUnprocessableEntity
}

// part is what is known of one aggregate of a group.
type part struct {
	sum, size, rows, value float64
	count                  int // of the parts
}

// stats lets the store group.
func (x *run) stats(q *plan.Query, g *groups) error {
	scan, s := q.Source.Scan, q.Stats
	if scan.From >= scan.To {
		return nil
	}
	if s.Doubt != "" {
		text := selector(scan) + " " + s.Doubt + " | fields " + join([]string{store.FieldDataset}) + " | limit 1"
		if err := x.read(text, scan.From, scan.To, func(store.Row) error { return errDoubt }); err != nil {
			return err
		}
	}
	d := newDecoder(scan.Columns)
	all := map[*group][]part{}
	err := x.read(selector(scan)+s.Pipes, scan.From, scan.To, func(r store.Row) error {
		if r.Number(plan.FieldRows) == 0 {
			return nil // without keys there is one group of no rows
		}
		to, err := g.of(d.read(r))
		if err != nil {
			return ownError{err}
		}
		if all[to] == nil {
			all[to] = make([]part, len(s.Results))
			if err := g.take(len(s.Results) * partBytes); err != nil {
				return ownError{err}
			}
		}
		for i := range s.Results {
			all[to][i].add(&s.Results[i], r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for to, parts := range all {
		to.results = make([]value.Value, len(parts))
		for i := range parts {
			var ok bool
			if to.results[i], ok = parts[i].result(s.Results[i].How); !ok {
				return errDoubt
			}
		}
	}
	return nil
}

// partBytes is about what a part takes with its result.
const partBytes = 100

// add takes the fields of a further part.
func (p *part) add(r *plan.Result, row store.Row) {
	p.count++
	p.sum += row.Number(r.Sum)
	p.size += row.Number(r.Size)
	p.rows += row.Number(r.Rows)
	switch r.How {
	case plan.ByLeast:
		p.extreme(r, row, math.Min)
	case plan.ByGreatest:
		p.extreme(r, row, math.Max)
	case plan.ByDifferent:
		p.value = row.Number(r.Value)
		if row.Number(r.Present) < row.Number(plan.FieldRows) { // the empty text is one of them
			p.value++
		}
	}
}

func (p *part) extreme(r *plan.Result, row store.Row, of func(a, b float64) float64) {
	n := number(row.Get(r.Value))
	if row.Number(r.Present) < row.Number(plan.FieldRows) { // absent is 0
		n = of(n, 0)
	}
	if p.count > 1 {
		n = of(n, p.value)
	}
	p.value = n
}

// result returns the value of an aggregate, and whether it is right.
func (p *part) result(how plan.How) (value.Value, bool) {
	switch how {
	case plan.ByRows:
		return value.Uint(uint64(p.rows)), true
	case plan.ByDifferent:
		return value.Uint(uint64(p.value)), p.count == 1
	case plan.ByLeast, plan.ByGreatest:
		return value.Float(p.value), true
	}
	exact := !math.IsInf(p.size, 0) && p.size <= cancels*math.Abs(p.sum)
	if how == plan.ByMean {
		return value.Float(p.sum / p.rows), exact
	}
	return value.Float(p.sum), exact && !math.IsInf(p.sum, 0)
}
