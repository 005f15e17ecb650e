package plan

import (
	"strings"
	"unicode/utf8"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
	"edgescope/query/filter"
)

// narrow tells the scan what its rows must be, by conditions that are all asked of them, here or by who reads this
// SELECT. What the store's language can say leaves rows out; the conditions are asked of the rest. It returns whether
// there is nothing left to ask.
func (s *selection) narrow(conditions []grammar.Expr) (exact bool) {
	if s.sub != nil {
		s.sub.sink(conditions)
		return false
	}
	scan := s.q.Source.Scan
	if scan == nil {
		return false
	}
	exact = true
	for _, e := range conditions {
		if s.between(e) {
			continue
		}
		f, ok := s.filter(e, 0)
		if ok = ok && len(scan.Filter)+len(f.text) <= maxFilter; ok {
			scan.Filter = strings.TrimPrefix(scan.Filter+" "+f.text, " ")
		}
		exact = exact && ok && f.exact
	}
	return exact
}

const (
	// maxFilter bounds a filter in bytes: the store takes texts of 20,000 words and signs, of which a list of short
	// texts has one for two bytes.
	maxFilter = 32 << 10
	// maxNesting bounds its parentheses: the store takes 100.
	maxNesting = 40
)

// sink narrows the scan of a subquery by conditions on its columns, where it has rows of the same group for them. It
// changes no row that has to be read: a limit, or a function that looks at the row before, needs all of them.
func (s *selection) sink(conditions []grammar.Expr) {
	if s.q.Limit != NoLimit || s.q.Offset != 0 || s.rows.ordered || s.after.ordered {
		return
	}
	var sunk []grammar.Expr
	for _, e := range conditions {
		if e, ok := s.inside(e); ok {
			sunk = append(sunk, e)
		}
	}
	s.narrow(sunk)
}

// inside writes a condition on the columns of a SELECT as one on the rows that it reads.
func (s *selection) inside(e grammar.Expr) (grammar.Expr, bool) {
	if s.nodes++; s.nodes > maxNodes {
		return nil, false
	}
	switch e := e.(type) {
	case *grammar.Column:
		for _, i := range s.items {
			if i.name == e.Name {
				return i.expr, !hasAggregate(i.expr)
			}
		}
		return nil, false
	case *grammar.Literal, *grammar.Interval:
		return e, true
	case *grammar.Call:
		args, ok := s.allInside(e.Args)
		return &grammar.Call{At: e.At, Name: e.Name, Args: args}, ok && e.Params == nil
	case *grammar.Unary:
		all, ok := s.allInside(grammar.Parts(e))
		return &grammar.Unary{At: e.At, Op: e.Op, X: all[0]}, ok
	case *grammar.Binary:
		all, ok := s.allInside(grammar.Parts(e))
		return &grammar.Binary{At: e.At, Op: e.Op, Left: all[0], Right: all[1]}, ok
	case *grammar.Between:
		all, ok := s.allInside(grammar.Parts(e))
		return &grammar.Between{At: e.At, Not: e.Not, X: all[0], Low: all[1], High: all[2]}, ok
	case *grammar.In:
		all, ok := s.allInside(grammar.Parts(e))
		return &grammar.In{At: e.At, Not: e.Not, X: all[0], List: all[1:]}, ok
	default:
		return nil, false
	}
}

// allInside always returns as many as it gets.
func (s *selection) allInside(list []grammar.Expr) ([]grammar.Expr, bool) {
	out := make([]grammar.Expr, len(list))
	for i, e := range list {
		var ok bool
		if out[i], ok = s.inside(e); !ok {
			return out, false
		}
	}
	return out, true
}

// condition is a LogsQL filter that no row fails that meets a condition of SQL; with exact, no other row meets it.
type condition struct {
	text  string
	exact bool
}

func exactly(text string, ok bool) (condition, bool) { return condition{text, true}, ok }

// filter writes a condition in LogsQL, if that leaves rows out.
func (s *selection) filter(e grammar.Expr, depth int) (condition, bool) {
	if depth > maxNesting {
		return condition{}, false
	}
	switch e := e.(type) {
	case *grammar.Binary:
		switch e.Op {
		case grammar.And:
			return s.all(operands(nil, e, e.Op), depth)
		case grammar.Or:
			return s.either(operands(nil, e, e.Op), depth)
		}
		if text, ok := s.comparison(e); ok {
			return exactly(text, ok)
		}
		text, ok := s.magnitude(e)
		return condition{text: text}, ok
	case *grammar.Between:
		return s.filter(betweenOf(e), depth)
	case *grammar.Unary:
		f, ok := s.filter(e.X, depth+1)
		return exactly("!("+f.text+")", ok && f.exact && e.Op == grammar.Not)
	case *grammar.In:
		name, ok := s.textColumn(e.X)
		values, all := s.texts(e.List)
		if !ok || !all {
			return condition{}, false
		}
		return exactly(not(e.Not, oneOf(name, values)), true)
	case *grammar.Call:
		return exactly(s.startsWith(e))
	default:
		return condition{}, false
	}
}

// operands are what an operator joins, however many.
func operands(to []grammar.Expr, e grammar.Expr, op grammar.Op) []grammar.Expr {
	if b, ok := e.(*grammar.Binary); ok && b.Op == op {
		return operands(operands(to, b.Left, op), b.Right, op)
	}
	return append(to, e)
}

// all writes what is joined by AND, as far as it can be written.
func (s *selection) all(list []grammar.Expr, depth int) (condition, bool) {
	var texts []string
	exact := true
	for _, e := range list {
		f, ok := s.filter(e, depth+1)
		exact = exact && ok && f.exact
		if ok {
			texts = append(texts, f.text)
		}
	}
	if len(texts) == 1 {
		return condition{texts[0], exact}, true
	}
	return condition{"(" + strings.Join(texts, " ") + ")", exact}, len(texts) > 0
}

// either writes what is joined by OR, if all of it can be written.
func (s *selection) either(list []grammar.Expr, depth int) (condition, bool) {
	texts := make([]string, len(list))
	exact := true
	for i, e := range list {
		f, ok := s.filter(e, depth+1)
		if !ok {
			return condition{}, false
		}
		exact = exact && f.exact
		texts[i] = f.text
	}
	return condition{"(" + strings.Join(texts, " or ") + ")", exact}, true
}

func not(is bool, text string) string {
	if is {
		return "!(" + text + ")"
	}
	return text
}

// oneOf is that a field is one of the values; what is absent is the empty text.
func oneOf(field string, values []string) string {
	texts := make([]string, 0, 2)
	var some []string
	for _, v := range values {
		if v == "" {
			texts = append(texts[:0], filter.Exactly(field, ""))
		} else {
			some = append(some, v)
		}
	}
	if len(some) > 0 {
		texts = append(texts, filter.In(field, some))
	}
	return "(" + strings.Join(texts, " or ") + ")"
}

// comparison writes what compares a text column with a text.
func (s *selection) comparison(e *grammar.Binary) (string, bool) {
	name, ok := s.textColumn(e.Left)
	other := e.Right
	if !ok && (e.Op == grammar.Equal || e.Op == grammar.NotEqual) {
		name, ok = s.textColumn(e.Right)
		other = e.Left
	}
	values, isText := s.texts([]grammar.Expr{other})
	if !ok || !isText {
		return "", false
	}
	switch text := values[0]; e.Op {
	case grammar.Equal, grammar.NotEqual:
		return not(e.Op == grammar.NotEqual, filter.Exactly(name, text)), true
	case grammar.Like, grammar.NotLike:
		prefix, plain := plainPrefix(text)
		return not(e.Op == grammar.NotLike, filter.Pattern{prefix, ""}.LogsQL(name)), plain
	default:
		return "", false
	}
}

// plainPrefix returns what stands before the only % of a pattern, at its end.
func plainPrefix(pattern string) (string, bool) {
	prefix, ok := strings.CutSuffix(pattern, "%")
	return prefix, ok && prefix != "" && !strings.ContainsAny(prefix, `%_\`)
}

func (s *selection) startsWith(e *grammar.Call) (string, bool) {
	if !strings.EqualFold(e.Name, "startsWith") || len(e.Args) != 2 {
		return "", false
	}
	name, ok := s.textColumn(e.Args[0])
	prefix, isText := s.texts(e.Args[1:])
	if !ok || !isText || prefix[0] == "" {
		return "", false
	}
	return filter.Pattern{prefix[0], ""}.LogsQL(name), true
}

// textColumn returns the name of a column that is stored as text.
func (s *selection) textColumn(e grammar.Expr) (string, bool) {
	c, ok := e.(*grammar.Column)
	if !ok {
		return "", false
	}
	f := s.scope.columns[s.scope.byName[c.Name]].field
	return f.Name, f.As == AsText
}

// texts returns the values of expressions that are texts of UTF-8, the same for all rows.
func (s *selection) texts(list []grammar.Expr) ([]string, bool) {
	out := make([]string, len(list))
	for i, e := range list {
		x, err := s.fixed().bind(e)
		isText := err == nil && x.Const != nil && x.Type.Kind == value.String && !x.Const.Null
		if !isText || !utf8.ValidString(x.Const.Text) {
			return nil, false
		}
		out[i] = x.Const.Text
	}
	return out, true
}
