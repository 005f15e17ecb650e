package plan

import (
	"strconv"
	"strings"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// selection is a SELECT while it is planned.
type selection struct {
	*builder
	ast   *grammar.Select
	q     *Query
	scope *scope
	sub   *selection // of the subquery, nil without one
	names *names
	// items are the columns of the answer, * written out and aliases replaced.
	items []item
	// where are the conditions that WHERE joins by AND.
	where []grammar.Expr
	rows  *binder   // of expressions of the source's rows
	after *binder   // of expressions behind GROUP BY: rows when there is no group
	group *grouping // nil when rows are not grouped
}

type item struct {
	name string
	expr grammar.Expr
}

// query plans a SELECT.
func (b *builder) query(ast *grammar.Select) (*selection, error) {
	s := &selection{builder: b, ast: ast, q: &Query{Limit: NoLimit, Offset: ast.Offset}}
	if ast.Limit != nil {
		s.q.Limit = *ast.Limit
	}
	for _, step := range []func() error{s.from, s.list, s.conditions, s.grouped, s.results, s.order} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	exact := s.narrow(s.where)
	if exact && s.group != nil && s.q.Source.Scan != nil {
		s.q.Stats = s.stats()
	}
	return s, nil
}

func (s *selection) from() error {
	from := s.ast.From
	switch {
	case from == nil:
		s.q.Source.Rows = [][]value.Value{nil}
		s.scope = newScope(nil, &s.q.Source)
	case from.Select != nil:
		var err error
		if s.sub, err = s.query(from.Select); err != nil {
			return err
		}
		s.q.Source.Sub = s.sub.q
		s.scope = newScope(s.sub.q.Columns, &s.q.Source, from.Alias)
	default:
		if err := s.table(from); err != nil {
			return err
		}
	}
	s.rows = &binder{builder: s.builder, aggregate: s.noAggregate, column: func(c *grammar.Column) (Expr, error) {
		return s.scope.column(c.Name), nil
	}}
	s.after = s.rows
	return nil
}

// list writes out the columns of the answer.
func (s *selection) list() error {
	var err error
	if s.names, err = s.newNames(s.ast.Items, s.scope); err != nil {
		return err
	}
	for _, i := range s.ast.Items {
		if star, ok := i.Expr.(*grammar.Star); ok {
			if err := s.star(star); err != nil {
				return err
			}
			continue
		}
		p := place{}
		if i.Alias != "" {
			p.of = []string{i.Alias}
		}
		expr, err := s.names.expand(i.Expr, p)
		if err != nil {
			return err
		}
		s.items = append(s.items, item{s.itemName(i), expr})
	}
	return nil
}

// itemName is the name of a column of the answer. That of a plain column is without the name of its table.
func (s *selection) itemName(i grammar.Item) string {
	if i.Alias != "" {
		return i.Alias
	}
	if c, ok := i.Expr.(*grammar.Column); ok {
		if name, ok := s.scope.find(c.Name); ok {
			return name
		}
		return c.Name
	}
	return grammar.Name(i.Expr, spelled)
}

// spelled is the name of a function as its documentation writes it: count for COUNT, toHour for TOHOUR. So ClickHouse
// names its columns. Another name of a function stays, but in small letters when it has capitals alone.
func spelled(name string) string {
	known := ""
	if a := aggregate.Lookup(name); a != nil {
		known = a.Name
	} else if f := function.Lookup(name); f != nil {
		known = f.Name
	}
	switch {
	case strings.EqualFold(known, name):
		return known
	case name == strings.ToUpper(name):
		return strings.ToLower(name)
	}
	return name
}

func (s *selection) star(star *grammar.Star) error {
	if len(s.scope.columns) == 0 {
		return s.s.Errorf(star.At, "SELECT * needs a FROM")
	}
	for i := range s.scope.columns {
		if c := &s.scope.columns[i]; c.star {
			s.items = append(s.items, item{c.Name, &grammar.Column{At: star.At, Name: c.Name}})
		}
	}
	return nil
}

// conditions splits WHERE into what it joins by AND.
func (s *selection) conditions() error {
	if s.ast.Where == nil {
		return nil
	}
	where, err := s.names.expand(s.ast.Where, place{flat: "in WHERE: put it into HAVING"})
	if err != nil {
		return err
	}
	s.where = conjuncts(where)
	for _, e := range s.where {
		x, err := s.truth(s.rows, e, "WHERE")
		if err != nil {
			return err
		}
		s.q.Where = append(s.q.Where, x)
	}
	return nil
}

// conjuncts are what AND and BETWEEN join.
func conjuncts(e grammar.Expr) []grammar.Expr {
	var all []grammar.Expr
	for _, x := range operands(nil, e, grammar.And) {
		if b, ok := x.(*grammar.Between); ok && !b.Not {
			all = operands(all, betweenOf(b), grammar.And)
		} else {
			all = append(all, x)
		}
	}
	return all
}

// truth binds an expression that is true or false.
func (s *selection) truth(b *binder, e grammar.Expr, clause string) (Expr, error) {
	x, err := b.bind(e)
	if err == nil && !x.Type.Numeric() && x.Type.Kind != value.Nothing {
		err = s.s.Errorf(e.Pos(), "%s needs a condition, and %s is a %s: compare it with something", clause,
			grammar.Name(e, nil), x.Type)
	}
	return x, err
}

// results binds the columns of the answer, and HAVING.
func (s *selection) results() error {
	for _, i := range s.items {
		x, err := s.after.bind(i.expr)
		if err != nil {
			return err
		}
		if x.Type.Kind == value.Interval {
			return s.s.Errorf(i.expr.Pos(), "an INTERVAL is no value: add it to a time or subtract it")
		}
		s.q.Select = append(s.q.Select, x)
		s.q.Columns = append(s.q.Columns, Column{i.name, x.Type})
	}
	if s.ast.Having == nil {
		return nil
	}
	if s.group == nil {
		return s.s.Errorf(s.ast.Having.Pos(), "HAVING needs GROUP BY or an aggregate: put the condition into WHERE")
	}
	having, err := s.names.expand(s.ast.Having, place{})
	if err != nil {
		return err
	}
	x, err := s.truth(s.after, having, "HAVING")
	s.q.Having = &x
	return err
}

// order binds ORDER BY. In a question that groups, what is no part of the groups says in which order first_value and
// last_value see the rows.
func (s *selection) order() error {
	for i, o := range s.ast.OrderBy {
		e, err := s.positioned(o.Expr, "ORDER BY", place{})
		if err != nil {
			return err
		}
		x, err := s.after.bind(e)
		if err != nil && s.group != nil && s.group.orderRows(e, o.Desc) {
			continue
		}
		if err == nil && s.o.Strict {
			err = s.selected(o.Expr, e)
		}
		if err != nil {
			return err
		}
		s.q.Order = append(s.q.Order, Key{x, o.Desc})
		if c, ok := e.(*grammar.Column); ok && i == 0 && s.group == nil {
			s.q.Newest = o.Desc && s.q.Source.Scan != nil && c.Name == columnTime
		}
	}
	return nil
}

// selected returns an error unless a key of ORDER BY, as it is written and as it is without aliases, is a column of the
// answer and has its name. Users tell that Cloudflare orders by nothing else.
func (s *selection) selected(written, e grammar.Expr) error {
	if _, place := written.(*grammar.Literal); place {
		return nil
	}
	text, name := grammar.Name(e, nil), ""
	for _, i := range s.items {
		if grammar.Name(i.expr, nil) != text {
			continue
		}
		if c, ok := written.(*grammar.Column); ok && c.Name == i.name || grammar.Name(written, spelled) == i.name {
			return nil
		}
		name = i.name
	}
	if name != "" {
		return s.s.Errorf(written.Pos(), "Cloudflare orders by what is selected, under its name there: write %s", name)
	}
	return s.s.Errorf(written.Pos(), "Cloudflare orders by what is selected: add %s to the SELECT",
		grammar.Name(written, nil))
}

// positioned expands a key of GROUP BY or ORDER BY; a whole number is a column of the answer by its place.
func (s *selection) positioned(e grammar.Expr, clause string, p place) (grammar.Expr, error) {
	l, ok := e.(*grammar.Literal)
	if !ok || l.Kind != grammar.Number {
		return s.names.expand(e, p)
	}
	n, err := strconv.ParseUint(l.Text, 10, 64)
	if err != nil || n == 0 || n > uint64(len(s.items)) {
		return nil, s.s.Errorf(l.At, "%s %s is no column of the answer: it has columns 1 to %d", clause, l.Text,
			len(s.items))
	}
	return s.items[n-1].expr, nil
}
