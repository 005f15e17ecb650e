package function_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// env is the time at which all tests ask.
var env = function.Env{Now: time.Date(2026, 11, 30, 20, 15, 30, 0, time.UTC)}

// world evaluates expressions by the book: every argument first, no laziness. With blind, functions do not learn which
// arguments are constants, if they can do without.
type world struct {
	columns map[string]column
	blind   bool
}

// column is a value that functions know no constant of.
type column struct {
	t value.Type
	v value.Value
}

// operators are the functions of operators.
var operators = map[grammar.Op]string{
	grammar.Or: "or", grammar.And: "and", grammar.Equal: "equals", grammar.NotEqual: "notEquals", grammar.Less: "less",
	grammar.LessEqual: "lessOrEquals", grammar.Greater: "greater", grammar.GreaterEqual: "greaterOrEquals",
	grammar.Like: "like", grammar.NotLike: "notLike", grammar.ILike: "ilike", grammar.NotILike: "notILike",
	grammar.Plus: "plus", grammar.Minus: "minus", grammar.Times: "multiply", grammar.Divide: "divide", grammar.Modulo: "modulo",
}

func (w world) eval(e grammar.Expr) (value.Arg, value.Value, error) {
	switch e := e.(type) {
	case *grammar.Literal:
		return literal(e)
	case *grammar.Interval:
		v := value.Int(e.N)
		return value.Arg{Type: value.Type{Kind: value.Interval, Unit: value.Unit(e.Unit - grammar.Millisecond)}, Const: &v}, v, nil
	case *grammar.Column:
		c, ok := w.columns[e.Name]
		if !ok {
			return value.Arg{}, value.Value{}, fmt.Errorf("no column %s", e.Name)
		}
		return value.Arg{Type: c.t}, c.v, nil
	case *grammar.Unary:
		return w.call(map[grammar.Op]string{grammar.Not: "not", grammar.Minus: "negate"}[e.Op], e.X)
	case *grammar.Binary:
		return w.call(operators[e.Op], e.Left, e.Right)
	case *grammar.In:
		return w.call(map[bool]string{false: "in", true: "notIn"}[e.Not], append([]grammar.Expr{e.X}, e.List...)...)
	case *grammar.IsNull:
		return w.call(map[bool]string{false: "isNull", true: "isNotNull"}[e.Not], e.X)
	case *grammar.Call:
		return w.call(e.Name, e.Args...)
	}
	return value.Arg{}, value.Value{}, fmt.Errorf("the test knows no %T", e)
}

func literal(e *grammar.Literal) (value.Arg, value.Value, error) {
	arg := func(t value.Type, v value.Value) (value.Arg, value.Value, error) {
		return value.Arg{Type: t, Const: &v}, v, nil
	}
	switch e.Kind {
	case grammar.String:
		return arg(value.Of(value.String), value.Text(e.Text))
	case grammar.Bool:
		return arg(value.Of(value.UInt8), value.Bool(e.Text == "true"))
	case grammar.Null:
		return arg(value.Of(value.Nothing).Null(), value.None())
	}
	if n, err := strconv.ParseUint(e.Text, 10, 64); err == nil {
		return arg(value.TypeOfUint(n), value.Uint(n))
	}
	f, err := strconv.ParseFloat(e.Text, 64)
	a, v, _ := arg(value.Of(value.Float64), value.Float(f))
	return a, v, err
}

func (w world) call(name string, exprs ...grammar.Expr) (value.Arg, value.Value, error) {
	f := function.Lookup(name)
	if f == nil {
		return value.Arg{}, value.Value{}, function.Unknown(name)
	}
	args, vs := make([]value.Arg, len(exprs)), make([]value.Value, len(exprs))
	constant := true
	for i, e := range exprs {
		a, v, err := w.eval(e)
		if err != nil {
			return a, v, err
		}
		args[i], vs[i] = a, v
		constant = constant && a.Const != nil
	}
	b, err := w.bind(f, args)
	if err != nil {
		return value.Arg{}, value.Value{}, err
	}
	v, err := b.Eval(vs)
	a := value.Arg{Type: b.Type}
	if constant {
		a.Const = &v
	}
	return a, v, err
}

// bind binds a function without its constants, if the world is blind and that is possible.
func (w world) bind(f *function.Function, args []value.Arg) (function.Bound, error) {
	if !w.blind {
		return f.Bind(env, args)
	}
	hidden := make([]value.Arg, len(args))
	for i, a := range args {
		hidden[i].Type = a.Type
	}
	if b, err := f.Bind(env, hidden); err == nil {
		return b, nil
	}
	return f.Bind(env, args)
}

// ask evaluates a text.
func (w world) ask(text string) (t value.Type, got string, err error) {
	s, err := grammar.Parse("SELECT " + text)
	if err != nil {
		return t, "", err
	}
	a, v, err := w.eval(s.Select.Items[0].Expr)
	if err != nil {
		return t, "", err
	}
	return a.Type, string(a.Type.AppendText(nil, v)), nil
}

// want checks the value and type of an expression, "value Type", with its literals as constants and as columns.
func want(t *testing.T, text, expected string) {
	t.Helper()
	wantIn(t, world{}, text, expected)
}

func wantIn(t *testing.T, w world, text, expected string) {
	t.Helper()
	typ, got, err := w.ask(text)
	if err != nil {
		t.Errorf("%s: %v, want %s", text, err, expected)
		return
	}
	if got += " " + typ.String(); got != expected {
		t.Errorf("%s: %q, want %q", text, got, expected)
	}
	if w.blind = true; strings.Contains(text, "-") {
		return // the type of a negative literal depends on its value
	}
	if _, blind, err := w.ask(text); err != nil || blind+" "+typ.String() != got {
		t.Errorf("%s: %q of columns (%v), %q of constants", text, blind, err, got)
	}
}

// refused checks that an expression has an error that says a text.
func refused(t *testing.T, text, part string) {
	t.Helper()
	refusedIn(t, world{}, text, part)
}

func refusedIn(t *testing.T, w world, text, part string) {
	t.Helper()
	typ, got, err := w.ask(text)
	if err == nil {
		t.Errorf("%s: %s %s, want an error with %q", text, got, typ, part)
		return
	}
	if !strings.Contains(err.Error(), part) {
		t.Errorf("%s: error %q, want one with %q", text, err, part)
	}
}

// columns are of a row.
var columns = map[string]column{
	"blob":   {value.Of(value.String), value.Text("Lisboa")},
	"absent": {value.Of(value.String), value.Text("")},
	"double": {value.Of(value.Float64), value.Float(2.5)},
	"weight": {value.Of(value.Weight), value.Float(1.5)},
	"ts":     {value.Of(value.DateTime), value.Int(1_700_000_000)},
	"maybe":  {value.Of(value.Float64).Null(), value.None()},
	"u64":    {value.Of(value.UInt64), value.Uint(1<<64 - 1)},
	"i64":    {value.Of(value.Int64), value.Int(-1 << 63)},
}
