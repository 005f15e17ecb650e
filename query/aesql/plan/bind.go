package plan

import (
	"fmt"
	"strconv"
	"strings"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// binder makes expressions that can be evaluated. Aliases are replaced before.
type binder struct {
	*builder
	// column returns the expression of a column.
	column func(*grammar.Column) (Expr, error)
	// known returns the expression of one that the row has whole, as rows of groups have the keys; nil if none is.
	known func(grammar.Expr) (Expr, bool)
	// aggregate returns the expression of an aggregate.
	aggregate func(*grammar.Call, *aggregate.Aggregate) (Expr, error)
	// ordered tells that an expression looks at the row before.
	ordered bool
	// lambda is what is bound is the body of, nil outside of one.
	lambda *lambda
}

// operators are the functions of operators.
var operators = map[grammar.Op]string{
	grammar.Or: "or", grammar.And: "and", grammar.Equal: "equals", grammar.NotEqual: "notEquals", grammar.Less: "less",
	grammar.LessEqual: "lessOrEquals", grammar.Greater: "greater", grammar.GreaterEqual: "greaterOrEquals",
	grammar.Like: "like", grammar.NotLike: "notLike", grammar.ILike: "ilike", grammar.NotILike: "notILike",
	grammar.Plus: "plus", grammar.Minus: "minus", grammar.Times: "multiply", grammar.Divide: "divide",
	grammar.Modulo: "modulo",
}

// bind returns an expression that can be evaluated.
func (b *binder) bind(e grammar.Expr) (Expr, error) {
	x, err := b.part(e)
	if err == nil {
		err = x.fails
	}
	return x, err
}

// part is bind for a part of another expression, which may not ask for it.
func (b *binder) part(e grammar.Expr) (Expr, error) {
	if b.known != nil {
		if x, ok := b.known(e); ok {
			return x, nil
		}
	}
	switch e := e.(type) {
	case *grammar.Literal:
		return b.literal(e)
	case *grammar.Interval:
		unit, ok := value.UnitByName(e.Unit.String())
		if !ok {
			return Expr{}, b.s.Errorf(e.At, "INTERVAL has no unit %s", e.Unit)
		}
		return constant(value.Type{Kind: value.Interval, Unit: unit}, value.Int(e.N)), nil
	case *grammar.Column:
		return b.name(e)
	case *grammar.Unary:
		return b.unary(e)
	case *grammar.Binary:
		return b.operator(e.At, operators[e.Op], e.Left, e.Right)
	case *grammar.Between:
		return b.part(betweenOf(e))
	case *grammar.In:
		return b.operator(e.At, choose(e.Not, "notIn", "in"), append([]grammar.Expr{e.X}, e.List...)...)
	case *grammar.IsNull:
		return b.operator(e.At, choose(e.Not, "isNotNull", "isNull"), e.X)
	case *grammar.Call:
		return b.call(e)
	default:
		return Expr{}, fmt.Errorf("BUG: %T is no expression", e)
	}
}

func choose(second bool, a, b string) string {
	if second {
		return a
	}
	return b
}

// betweenOf is X >= Low AND X <= High.
func betweenOf(e *grammar.Between) grammar.Expr {
	var x grammar.Expr = &grammar.Binary{
		At: e.At, Op: grammar.And,
		Left:  &grammar.Binary{At: e.At, Op: grammar.GreaterEqual, Left: e.X, Right: e.Low},
		Right: &grammar.Binary{At: e.At, Op: grammar.LessEqual, Left: e.X, Right: e.High},
	}
	if e.Not {
		x = &grammar.Unary{At: e.At, Op: grammar.Not, X: x}
	}
	return x
}

func constant(t value.Type, v value.Value) Expr {
	return Expr{Type: t, Const: &v, Eval: func([]value.Value) (value.Value, error) { return v, nil }}
}

func (b *binder) literal(e *grammar.Literal) (Expr, error) {
	switch e.Kind {
	case grammar.String:
		return constant(value.Of(value.String), value.Text(e.Text)), nil
	case grammar.Bool:
		return constant(value.Of(value.UInt8), value.Bool(strings.EqualFold(e.Text, "true"))), nil
	case grammar.Null:
		return constant(value.Of(value.Nothing).Null(), value.None()), nil
	}
	if n, err := strconv.ParseUint(e.Text, 10, 64); err == nil {
		return constant(value.TypeOfUint(n), value.Uint(n)), nil
	}
	f, err := strconv.ParseFloat(e.Text, 64)
	if err != nil && f == 0 {
		return Expr{}, b.s.Errorf(e.At, "%s is no number", e.Text)
	}
	return constant(value.Of(value.Float64), value.Float(f)), nil
}

func (b *binder) unary(e *grammar.Unary) (Expr, error) {
	if e.Op == grammar.Not {
		return b.operator(e.At, "not", e.X)
	}
	if x, ok := e.X.(*grammar.Literal); ok && x.Kind == grammar.Number {
		// The smallest type that holds it, not that of its magnitude.
		if n, err := strconv.ParseInt("-"+x.Text, 10, 64); err == nil && n != 0 {
			return constant(value.TypeOfInt(n), value.Int(n)), nil
		}
	}
	return b.operator(e.At, "negate", e.X)
}

func (b *binder) operator(at int, name string, args ...grammar.Expr) (Expr, error) {
	f := function.Lookup(name)
	if f == nil {
		return Expr{}, fmt.Errorf("BUG: there is no operator %s", name)
	}
	return b.apply(at, f, args)
}

func (b *binder) call(e *grammar.Call) (Expr, error) {
	if a := aggregate.Lookup(e.Name); a != nil {
		if b.o.Strict && !a.Cloudflare {
			return Expr{}, b.s.Errorf(e.At, "Cloudflare has no aggregate %s%s", a.Name, function.Documented(a.Name))
		}
		x, err := b.aggregate(e, a)
		if b.o.Strict && err == nil && x.Type.Kind == value.String && (a.Name == "max" || a.Name == "min") {
			return Expr{}, b.s.Errorf(e.At, "Cloudflare has no %s of texts: use argMax(text, timestamp)", a.Name)
		}
		return x, err
	}
	f := function.Lookup(e.Name)
	switch {
	case f == nil:
		return Expr{}, fmt.Errorf("BUG: the function %s was not missed before", e.Name)
	case b.o.Strict && !f.Cloudflare:
		return Expr{}, b.s.Errorf(e.At, "Cloudflare has no function %s%s", f.Name, function.Documented(f.Name))
	case e.Params != nil:
		return Expr{}, b.s.Errorf(e.At, "%s takes its arguments in one pair of parentheses: %s(%s)", f.Name, f.Name,
			f.Args)
	case e.Distinct:
		return Expr{}, b.s.Errorf(e.At, "DISTINCT stands in aggregates only, and %s is none", f.Name)
	case isArrayMap(f.Name):
		return b.arrayMap(e)
	}
	return b.apply(e.At, f, e.Args)
}

// apply binds a function to its arguments. What is the same for all rows is evaluated once, here.
func (b *binder) apply(at int, f *function.Function, list []grammar.Expr) (Expr, error) {
	asked := 0
	if b.lambda != nil {
		asked = b.lambda.asked
	}
	args, err := each(list, b.part)
	if err != nil {
		return Expr{}, err
	}
	bound, err := f.Bind(b.env, arguments(args))
	if err != nil {
		return Expr{}, b.s.Errorf(at, "%v", err)
	}
	for _, a := range args {
		if a.fails != nil && bound.Next == nil {
			return Expr{}, a.fails
		}
	}
	x := Expr{Type: bound.Type, ordered: bound.Ordered}
	for _, a := range args {
		x.ordered = x.ordered || a.ordered
	}
	if x.ordered {
		bound.Next = nil
	}
	x.Eval = b.evaluator(at, bound, args)
	if bound.Ordered {
		b.ordered = true
		return b.perRow(at, x, asked)
	}
	if !constants(args) {
		return x, nil
	}
	return folded(x), nil
}

// folded evaluates what is the same for all rows. Its error is that of who asks for it: if may leave it out.
func folded(x Expr) Expr {
	v, err := x.Eval(nil)
	if err != nil {
		x.fails = err
		return x
	}
	return constant(x.Type, x.Type.Clone(v))
}

func each(list []grammar.Expr, bind func(grammar.Expr) (Expr, error)) ([]Expr, error) {
	args := make([]Expr, len(list))
	for i, e := range list {
		var err error
		if args[i], err = bind(e); err != nil {
			return nil, err
		}
	}
	return args, nil
}

func arguments(args []Expr) []value.Arg {
	out := make([]value.Arg, len(args))
	for i, a := range args {
		out[i] = value.Arg{Type: a.Type, Const: a.Const}
	}
	return out
}

func constants(args []Expr) bool {
	for _, a := range args {
		if a.Const == nil && a.fails == nil {
			return false
		}
	}
	return true
}

// evaluator returns the evaluation of a function, which has the memory for its arguments.
func (b *binder) evaluator(at int, f function.Bound, args []Expr) func([]value.Value) (value.Value, error) {
	values := make([]value.Value, len(args))
	var changing []int
	for i, a := range args {
		if a.Const != nil {
			values[i] = *a.Const
		} else {
			changing = append(changing, i)
		}
	}
	told := func(v value.Value, err error) (value.Value, error) {
		if err != nil {
			err = b.s.Errorf(at, "%v", err)
		}
		return v, err
	}
	if f.Next != nil {
		return func(row []value.Value) (value.Value, error) {
			for i := f.Next(values, 0); i < len(args); i = f.Next(values, i+1) {
				v, err := args[i].Eval(row)
				if err != nil {
					return v, err
				}
				values[i] = v
			}
			return told(f.Eval(values))
		}
	}
	return func(row []value.Value) (value.Value, error) {
		for _, i := range changing {
			v, err := args[i].Eval(row)
			if err != nil {
				return v, err
			}
			values[i] = v
		}
		v, err := f.Eval(values)
		if err != nil {
			return told(v, err)
		}
		return v, nil
	}
}
