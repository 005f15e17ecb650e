package plan

import (
	"math"
	"strconv"

	"edgescope/query/aesql/grammar"
	"edgescope/query/filter"
)

// slack is the part of a number by which the bounds of what the store is asked are wider than those of the question: it
// reads some spellings of a number as its neighbour.
const slack = 1e-9

// magnitude writes roughly what compares a number column with a number.
func (s *selection) magnitude(e *grammar.Binary) (string, bool) {
	op, left, right := e.Op, e.Left, e.Right
	if _, _, ok := s.numeric(left); !ok {
		op, left, right = mirrored[op], right, left
	}
	name, absent, ok := s.numeric(left)
	x, err := s.fixed().bind(right)
	if !ok || err != nil || x.Const == nil || !x.Type.Numeric() || x.Const.Null {
		return "", false
	}
	n := x.Type.Number(*x.Const)
	if size := math.Abs(n); size > 1e15 || size != 0 && size < 1e-6 || n != n {
		return "", false
	}
	text, special := bounded(op, n)
	if text == "" {
		return "", false
	}
	name = filter.Quote(name)
	out := "(" + name + text
	if special != "" {
		out += " or " + name + ":=" + special
	}
	if meets(absent, op, n) {
		out += " or " + name + `:=""`
	}
	return out + ")", true
}

// bounded writes the bounds of a comparison, and the number beyond all others that meets it too, which the store does
// not take for one.
func bounded(op grammar.Op, n float64) (text, special string) {
	low := strconv.FormatFloat(n-slack*math.Abs(n), 'f', -1, 64)
	high := strconv.FormatFloat(n+slack*math.Abs(n), 'f', -1, 64)
	switch op {
	case grammar.Greater, grammar.GreaterEqual:
		return ":>=" + low, "Infinity"
	case grammar.Less, grammar.LessEqual:
		return ":<=" + high, "-Infinity"
	case grammar.Equal:
		return ":range[" + low + ", " + high + "]", ""
	default:
		return "", ""
	}
}

func meets(a float64, op grammar.Op, b float64) bool {
	switch op {
	case grammar.Greater:
		return a > b
	case grammar.GreaterEqual:
		return a >= b
	case grammar.Less:
		return a < b
	case grammar.LessEqual:
		return a <= b
	default:
		return a == b
	}
}

// numeric returns the name of a column that is stored as a number, and what it is where it is absent.
func (s *selection) numeric(e grammar.Expr) (name string, absent float64, ok bool) {
	c, ok := e.(*grammar.Column)
	if !ok {
		return "", 0, false
	}
	switch f := s.scope.columns[s.scope.byName[c.Name]].field; f.As {
	case AsNumber:
		return f.Name, 0, true
	case AsWeight:
		return f.Name, 1, true
	default:
		return "", 0, false
	}
}
