package plan

import (
	"errors"
	"math"
	"slices"
	"strings"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// grouping is a GROUP BY, with the aggregates as they are found.
type grouping struct {
	s     *selection
	keys  map[string]int // by name
	heads map[string]bool
	calls map[string]int
	// exprs are the keys and asked the aggregates as they are written, in the order of the plan's.
	exprs []grammar.Expr
	asked []*grammar.Call
	// place says where a row stands among the others, nil while no aggregate asks.
	place *Expr
	// placed: ORDER BY says so.
	placed bool
}

// grouped plans GROUP BY, if rows are to be grouped.
func (s *selection) grouped() error {
	if len(s.ast.GroupBy) == 0 && !s.aggregated() {
		return nil
	}
	g := &grouping{s: s, keys: map[string]int{}, heads: map[string]bool{}, calls: map[string]int{}}
	s.group, s.q.Group = g, &Group{}
	for _, e := range s.ast.GroupBy {
		e, err := s.positioned(e, "GROUP BY", place{flat: "in GROUP BY: group by columns and what is made of them"})
		if err != nil {
			return err
		}
		if err := g.key(e); err != nil {
			return err
		}
	}
	s.after = &binder{builder: s.builder, known: g.known, aggregate: g.aggregate, column: g.loose}
	return nil
}

// aggregated tells whether something of the answer is made of an aggregate.
func (s *selection) aggregated() bool {
	if s.ast.Having != nil && s.names.aggregates(s.ast.Having) {
		return true
	}
	return slices.ContainsFunc(s.ast.Items, func(i grammar.Item) bool { return s.names.aggregates(i.Expr) }) ||
		slices.ContainsFunc(s.ast.OrderBy, func(o grammar.Order) bool { return s.names.aggregates(o.Expr) })
}

func (g *grouping) key(e grammar.Expr) error {
	if hasAggregate(e) {
		return g.s.s.Errorf(e.Pos(), "GROUP BY stands for a column with an aggregate: group by columns")
	}
	name := grammar.Name(e, nil)
	if _, twice := g.keys[name]; twice {
		return nil
	}
	x, err := g.s.rows.bind(e)
	if err != nil {
		return err
	}
	g.keys[name] = len(g.s.q.Group.Keys)
	g.heads[head(e)] = true
	g.exprs = append(g.exprs, e)
	g.s.q.Group.Keys = append(g.s.q.Group.Keys, x)
	return nil
}

func hasAggregate(e grammar.Expr) bool {
	if c, ok := e.(*grammar.Call); ok && aggregate.Lookup(c.Name) != nil {
		return true
	}
	return slices.ContainsFunc(grammar.Parts(e), hasAggregate)
}

// head tells expressions apart that can't be the same, without looking at their parts.
func head(e grammar.Expr) string {
	switch e := e.(type) {
	case *grammar.Column:
		return e.Name
	case *grammar.Call:
		return strings.ToLower(e.Name)
	case *grammar.Binary:
		return string(e.Op)
	default:
		return ""
	}
}

// known returns a key. Its constants stay as they are.
func (g *grouping) known(e grammar.Expr) (Expr, bool) {
	if _, literal := e.(*grammar.Literal); literal || !g.heads[head(e)] {
		return Expr{}, false
	}
	i, ok := g.keys[grammar.Name(e, nil)]
	if !ok {
		return Expr{}, false
	}
	return slot(g.s.q.Group.Keys[i].Type, i), true
}

// aggregate returns the result of an aggregate. Its place in a row is behind all keys.
func (g *grouping) aggregate(c *grammar.Call, a *aggregate.Aggregate) (Expr, error) {
	group := g.s.q.Group
	name := grammar.Name(c, nil)
	i, ok := g.calls[name]
	if !ok {
		args, err := each(c.Args, g.s.rows.bind)
		if err != nil {
			return Expr{}, err
		}
		params, err := g.params(c, a)
		if err != nil {
			return Expr{}, err
		}
		bound, err := a.Bind(params, arguments(args), c.Distinct)
		if err != nil {
			return Expr{}, g.s.s.Errorf(c.At, "%v", err)
		}
		i = len(group.Aggregates)
		g.calls[name] = i
		g.asked = append(g.asked, c)
		if bound.Ordered {
			args = append(args, g.rowPlace())
		}
		group.Aggregates = append(group.Aggregates, Aggregate{
			Type: bound.Type, Args: args, New: bound.New,
			Placed: func(err error) error { return g.s.s.Errorf(c.At, "%s: %v", a.Name, err) },
		})
	}
	return slot(group.Aggregates[i].Type, len(group.Keys)+i), nil
}

func (g *grouping) params(c *grammar.Call, a *aggregate.Aggregate) ([]value.Arg, error) {
	params, err := each(c.Params, g.s.rows.bind)
	if err != nil {
		return nil, err
	}
	for i, p := range params {
		if p.Const == nil {
			return nil, g.s.s.Errorf(c.Params[i].Pos(), "a parameter of %s is the same for all rows, and %s is not: "+
				"arguments stand in the second parentheses", a.Name, grammar.Name(c.Params[i], nil))
		}
	}
	return arguments(params), nil
}

// rowPlace returns where a row stands among the others: by the time of the data point or its number, until ORDER BY
// says something else.
func (g *grouping) rowPlace() Expr {
	if g.place == nil {
		x := g.s.scope.place()
		g.place = &x
	}
	place := g.place
	return Expr{Type: place.Type, Eval: func(row []value.Value) (value.Value, error) { return place.Eval(row) }}
}

// orderRows takes a key of ORDER BY as the order in which first_value and last_value see the rows, if it is the first
// that can be. Cloudflare documents: SELECT first_value(blob1) FROM t ORDER BY timestamp ASC.
func (g *grouping) orderRows(e grammar.Expr, desc bool) bool {
	if g.place == nil || hasAggregate(e) {
		return false
	}
	x, err := g.s.rows.bind(e)
	if err != nil || x.Type.Nullable || !x.Type.Numeric() && !x.Type.Temporal() {
		return false
	}
	if g.placed {
		return true
	}
	g.placed = true
	if c, ok := e.(*grammar.Column); ok && c.Name == columnTime && g.s.scope.scan != nil {
		x = g.s.scope.place() // finer than seconds
	}
	rank := ranking(x.Type)
	*g.place = Expr{Type: value.Of(value.Int64), Eval: func(row []value.Value) (value.Value, error) {
		v, err := x.Eval(row)
		n := rank(v)
		if desc {
			n = ^n
		}
		return value.Int(n), err
	}}
	return true
}

// ranking returns how values of a type become integers in the same order.
func ranking(t value.Type) func(value.Value) int64 {
	switch {
	case t.Floating():
		return func(v value.Value) int64 {
			n := v.Int()
			if n < 0 {
				n ^= math.MaxInt64 // the greater the magnitude, the less
			}
			return n
		}
	case t.Kind == value.UInt64:
		return func(v value.Value) int64 { return v.Int() ^ math.MinInt64 }
	default:
		return value.Value.Int
	}
}

// loose refuses a column that is neither grouped by nor in an aggregate.
func (g *grouping) loose(c *grammar.Column) (Expr, error) {
	return Expr{}, g.s.s.Errorf(c.At, "the column %s is neither in GROUP BY nor in an aggregate: add it to GROUP BY, "+
		"or ask for any(%s)", c.Name, c.Name)
}

func (s *selection) noAggregate(c *grammar.Call, a *aggregate.Aggregate) (Expr, error) {
	return Expr{}, errors.New("BUG: the aggregate " + a.Name + " stands where there are none")
}
