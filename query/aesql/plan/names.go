package plan

import (
	"slices"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
)

// maxNodes bounds the parts of all expressions of a statement once aliases are replaced by what they stand for: each may
// stand for two of the one before.
const maxNodes = 50_000

// names replaces aliases by what they stand for, as ClickHouse does: an alias is known everywhere in its SELECT, also
// in WHERE and in other columns, and comes before a column of the same name, but in what it stands for itself.
type names struct {
	*builder
	scope   *scope
	aliases map[string]grammar.Expr
	sums    map[string]bool // aliases that are known to have an aggregate, or to have none
}

// newNames collects the aliases of a SELECT.
func (b *builder) newNames(items []grammar.Item, sc *scope) (*names, error) {
	n := &names{builder: b, scope: sc, aliases: map[string]grammar.Expr{}, sums: map[string]bool{}}
	for _, item := range items {
		if item.Alias == "" {
			continue
		}
		if other, ok := n.aliases[item.Alias]; ok && grammar.Name(other, nil) != grammar.Name(item.Expr, nil) {
			return nil, b.s.Errorf(item.Expr.Pos(), "the alias %s stands for two different expressions: rename one",
				item.Alias)
		}
		n.aliases[item.Alias] = item.Expr
	}
	return n, nil
}

// place is where an expression stands.
type place struct {
	// flat is why there may be no aggregate, "" where there may be one.
	flat string
	// of are the aliases that the expression is part of, the innermost last.
	of []string
	// params are the parameters of lambdas around the expression, and what they are renamed to.
	params map[string]string
}

// expand returns an expression of columns alone.
func (n *names) expand(e grammar.Expr, p place) (grammar.Expr, error) {
	if n.nodes++; n.nodes > maxNodes {
		return nil, n.s.Errorf(e.Pos(), "the expressions are too large once aliases are replaced by what they stand for")
	}
	switch e := e.(type) {
	case *grammar.Column:
		return n.column(e, p)
	case *grammar.Call:
		return n.call(e, p)
	case *grammar.Unary:
		x, err := n.expand(e.X, p)
		return &grammar.Unary{At: e.At, Op: e.Op, X: x}, err
	case *grammar.IsNull:
		x, err := n.expand(e.X, p)
		return &grammar.IsNull{At: e.At, Not: e.Not, X: x}, err
	case *grammar.Binary:
		all, err := n.list(p, e.Left, e.Right)
		return &grammar.Binary{At: e.At, Op: e.Op, Left: all[0], Right: all[1]}, err
	case *grammar.Between:
		all, err := n.list(p, e.X, e.Low, e.High)
		return &grammar.Between{At: e.At, Not: e.Not, X: all[0], Low: all[1], High: all[2]}, err
	case *grammar.In:
		x, err := n.expand(e.X, p)
		if err != nil {
			return nil, err
		}
		all, err := n.list(p, e.List...)
		return &grammar.In{At: e.At, Not: e.Not, X: x, List: all}, err
	case *grammar.Star:
		return nil, n.s.Errorf(e.At, "* stands in a list of columns or in count(*)")
	case *grammar.Lambda:
		return nil, n.s.Errorf(e.At, "functions such as x -> x + 1 stand first in arrayMap only: write the expression out")
	default:
		return e, nil
	}
}

// list always returns as many as it gets.
func (n *names) list(p place, list ...grammar.Expr) ([]grammar.Expr, error) {
	out := make([]grammar.Expr, len(list))
	var err error
	for i, e := range list {
		if out[i], err = n.expand(e, p); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (n *names) call(e *grammar.Call, p place) (grammar.Expr, error) {
	a := aggregate.Lookup(e.Name)
	if a != nil {
		if p.flat != "" {
			return nil, n.s.Errorf(e.At, "the aggregate %s is %s", grammar.Name(e, nil), p.flat)
		}
		p.flat = "inside of the aggregate " + a.Name + ": ask for one in a subquery, FROM (SELECT ...)"
	}
	if a == nil && function.Lookup(e.Name) == nil { // before its arguments, which others write in another way
		return nil, n.s.Errorf(e.At, "%v", function.Unknown(e.Name, aggregate.Names()...))
	}
	out := *e
	var err error
	if out.Params, err = n.list(p, e.Params...); err != nil {
		return nil, err
	}
	if len(e.Params) == 0 {
		out.Params = e.Params // nil is not empty
	}
	if len(e.Args) == 1 && a != nil && !e.Distinct {
		if _, star := e.Args[0].(*grammar.Star); star {
			out.Args = nil // count(*)
			return &out, nil
		}
	}
	out.Args, err = n.arguments(e, p)
	return &out, err
}

func (n *names) column(c *grammar.Column, p place) (grammar.Expr, error) {
	if param, ok := p.params[c.Name]; ok {
		return &grammar.Column{At: c.At, Name: param}, nil
	}
	stands, isAlias := n.aliases[c.Name]
	column, isColumn := n.scope.find(c.Name)
	own := len(p.of) > 0 && p.of[len(p.of)-1] == c.Name
	// Where an alias can't stand ClickHouse refuses the question. The column of that name is what is meant.
	unfit := p.flat != "" && isColumn && isAlias && n.aggregates(stands)
	switch {
	case isAlias && !own && !unfit:
		if slices.Contains(p.of, c.Name) {
			return nil, n.s.Errorf(c.At, "the aliases %s and %s stand for each other: rename one", c.Name,
				p.of[len(p.of)-1])
		}
		p.of, p.params = append(slices.Clip(p.of), c.Name), nil
		return n.expand(stands, p)
	case isColumn && n.o.Strict && n.scope.beyond(column):
		return nil, n.s.Errorf(c.At, "Cloudflare has no column %s", column)
	case isColumn:
		return &grammar.Column{At: c.At, Name: column, Quoted: c.Quoted}, nil
	default:
		return nil, n.s.Errorf(c.At, "%s", n.scope.unknown(c, n.aliases))
	}
}

// aggregates tells whether an expression has an aggregate, also by an alias.
func (n *names) aggregates(e grammar.Expr) bool {
	switch e := e.(type) {
	case *grammar.Column:
		stands, ok := n.aliases[e.Name]
		if _, known := n.sums[e.Name]; ok && !known {
			n.sums[e.Name] = false // while it is looked at
			n.sums[e.Name] = n.aggregates(stands)
		}
		return n.sums[e.Name]
	case *grammar.Call:
		if aggregate.Lookup(e.Name) != nil {
			return true
		}
	}
	return slices.ContainsFunc(grammar.Parts(e), n.aggregates)
}
