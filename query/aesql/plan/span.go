package plan

import (
	"errors"
	"sort"
	"strings"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// between narrows the time of the scan by a condition that compares something that grows with the time of a row, such as
// timestamp, toUInt32(timestamp) or toStartOfHour(timestamp) + INTERVAL '1' HOUR, with a constant. Where it begins or
// ends to be true is found by asking it about times: so whatever types and zones are compared, the bounds are those of
// the comparison itself. It returns whether they are the whole condition.
func (s *selection) between(e grammar.Expr) bool {
	b, ok := e.(*grammar.Binary)
	if !ok {
		return false
	}
	op := b.Op
	left, right := b.Left, b.Right
	if !s.grows(left) {
		left, right, op = right, left, mirrored[op]
	}
	if bounds[op] == (bound{}) || !s.grows(left) || !s.constant(right) {
		return false
	}
	scan, all := s.q.Source.Scan, true
	if name := bounds[op].from; name != "" {
		first, ok := s.first(left, right, name, true)
		scan.From = max(scan.From, first)
		all = ok
	}
	if name := bounds[op].to; name != "" {
		after, ok := s.first(left, right, name, false)
		scan.To = min(scan.To, after)
		all = all && ok
	}
	return all
}

// bound says by which comparisons an operator bounds what grows: where it begins to be true, and where it ends.
type bound struct{ from, to string }

var bounds = map[grammar.Op]bound{
	grammar.Greater: {from: "greater"}, grammar.GreaterEqual: {from: "greaterOrEquals"},
	grammar.Less: {to: "less"}, grammar.LessEqual: {to: "lessOrEquals"},
	grammar.Equal: {"greaterOrEquals", "lessOrEquals"},
}

// mirrored are the operators for operands that change places.
var mirrored = map[grammar.Op]grammar.Op{
	grammar.Less: grammar.Greater, grammar.LessEqual: grammar.GreaterEqual, grammar.Greater: grammar.Less,
	grammar.GreaterEqual: grammar.LessEqual, grammar.Equal: grammar.Equal,
}

// end is the second after the last of all.
const end = value.MaxDateTime + 1

// first returns the first second for which a comparison is as wanted, end if it never is. Where that can't be found out
// it is the bound that leaves nothing out.
func (s *selection) first(left, right grammar.Expr, op string, wanted bool) (int64, bool) {
	all := int64(0)
	if !wanted {
		all = end
	}
	b := &binder{builder: s.builder, aggregate: s.noAggregate, column: func(*grammar.Column) (Expr, error) {
		return slot(value.Of(value.DateTime), 0), nil
	}}
	x, err := b.operator(0, op, left, right)
	if err != nil || !x.Type.Numeric() || x.Type.Nullable {
		return all, false
	}
	row := make([]value.Value, 1)
	ok := true
	n := sort.Search(end, func(second int) bool {
		row[0] = value.Int(int64(second))
		v, err := x.Eval(row)
		ok = ok && err == nil
		return x.Type.True(v) == wanted
	})
	if !ok {
		return all, false
	}
	return int64(n), true
}

// growing are the functions that grow with their only argument.
var growing = map[string]bool{
	"tostartofyear": true, "tostartofmonth": true, "tostartofweek": true,
	"tostartofday": true, "tostartofhour": true, "tostartoffifteenminutes": true, "tostartoftenminutes": true,
	"tostartoffiveminutes": true, "tostartofminute": true, "tostartofsecond": true, "todate": true, "todatetime": true,
	"tounixtimestamp": true, "toyear": true, "toyyyymm": true, "touint64": true, "toint64": true, "tofloat64": true,
}

const (
	seconds = 1 << 32 // above every time in Unix seconds
	// most bounds numbers that are made of a time: beyond it integers begin again at the least.
	most = 1 << 62
)

// grows tells whether an expression of timestamp never falls while the time grows.
func (s *selection) grows(e grammar.Expr) bool { return s.reach(e) > 0 }

// reach returns a bound of an expression that never falls while the time grows, 0 for any other.
func (s *selection) reach(e grammar.Expr) float64 {
	switch e := e.(type) {
	case *grammar.Column:
		if e.Name == columnTime {
			return seconds
		}
	case *grammar.Call:
		return s.reachOfCall(e)
	case *grammar.Binary:
		switch _, shifts := e.Right.(*grammar.Interval); {
		case shifts && (e.Op == grammar.Plus || e.Op == grammar.Minus):
			return s.reach(e.Left)
		case e.Op == grammar.Times:
			if n := s.reach(e.Left) * s.positive(e.Right); n < most {
				return n
			}
		}
	}
	return 0
}

// reachOfCall is reach for a call, in UTC: the clock of a zone goes back once a year.
func (s *selection) reachOfCall(e *grammar.Call) float64 {
	if len(e.Args) == 0 {
		return 0
	}
	reach := s.reach(e.Args[0])
	switch name := strings.ToLower(e.Name); {
	case len(e.Args) == 1 && (growing[name] || name == "touint32" && reach <= seconds),
		len(e.Args) == 2 && name == "tostartofinterval" && isInterval(e.Args[1]),
		len(e.Args) == 2 && name == "intdiv" && s.positive(e.Args[1]) >= 1:
		return reach
	}
	return 0
}

func (s *selection) constant(e grammar.Expr) bool {
	x, err := s.fixed().bind(e)
	return err == nil && x.Const != nil && !x.Const.Null
}

// positive returns the number above 0 that an expression is for all rows, 0 if it is none.
func (s *selection) positive(e grammar.Expr) float64 {
	x, err := s.fixed().bind(e)
	if err != nil || x.Const == nil || !x.Type.Numeric() || x.Const.Null {
		return 0
	}
	return max(0, x.Type.Number(*x.Const))
}

// fixed binds expressions without columns.
func (s *selection) fixed() *binder {
	return &binder{builder: s.builder, aggregate: s.noAggregate, column: func(*grammar.Column) (Expr, error) {
		return Expr{}, errors.New("not constant")
	}}
}
