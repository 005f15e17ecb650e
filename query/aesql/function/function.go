// Package function has the scalar functions and operators of Analytics Engine SQL: which types they take and give, and
// their values row by row. Rules are Cloudflare's, and ClickHouse's where Cloudflare says nothing.
package function

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/internal/near"
	"edgescope/query/aesql/value"
)

// Env is what a question's functions know beside their arguments. It is the same for all rows of one question.
type Env struct {
	Now time.Time
}

// Eval returns the value of a function for one row, from the values of its arguments in the types it was bound to. It
// keeps neither the slice nor a text in it, may return a text that is part of an argument, and is safe for concurrent
// use, except where Bound.Ordered says otherwise. An error is about this row: a division by zero, a text that is no
// time.
type Eval func(args []value.Value) (value.Value, error)

// Bound is a function that knows the types of its arguments.
type Bound struct {
	Type value.Type
	Eval Eval
	// Next, if not nil, tells which argument is evaluated next, given that those before i were asked for: i or a later
	// one, len(args) for none. The arguments that it leaves out may hold anything. So if, multiIf, and, or, coalesce do
	// not divide by the zero that they ask about. A caller may as well evaluate all of them, and does so where an
	// argument is Ordered.
	Next func(args []value.Value, i int) int
	// Ordered: the function looks at the row before. It is called for one row after the other, in the order of the
	// answer, and a Bound serves one pass over the rows (runningDifference).
	Ordered bool
}

// Function is a function or operator.
type Function struct {
	Name       string   // as its documentation writes it
	Aliases    []string // other names
	Args       string   // for people: "t, INTERVAL 'n' unit[, tz]"
	Result     string   // for people: the type of the result
	Cloudflare bool     // in Cloudflare's documentation of the SQL API; the others are refused when strict
	Operator   bool     // written as an operator, not as a call

	least, most int  // how many arguments it takes; most -1 is any number
	nulls       bool // sees NULL itself; the others return NULL when an argument is
	bind        func(c call) (Bound, error)
}

// Bind returns the function for arguments of these types. The error says which argument is wrong and what would be
// right.
func (f *Function) Bind(env Env, args []value.Arg) (Bound, error) {
	c := call{name: f.Name, env: env, args: args}
	if len(args) < f.least || f.most >= 0 && len(args) > f.most {
		return Bound{}, fmt.Errorf("%s takes %s, not %d: %s(%s)", f.Name, f.arity(), len(args), f.Name, f.Args)
	}
	if f.nulls {
		return f.bind(c)
	}
	return bindNotNull(f, c)
}

func (f *Function) arity() string {
	word := "arguments"
	switch {
	case f.most == 0:
		return "no arguments"
	case f.most < 0 && f.least == 1:
		return "at least 1 argument"
	case f.most < 0:
		return fmt.Sprintf("at least %d %s", f.least, word)
	case f.least < f.most:
		return fmt.Sprintf("%d to %d %s", f.least, f.most, word)
	case f.least == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d %s", f.least, word)
}

// bindNotNull binds a function that does not know NULL: it gets no NULL, and its result is NULL where an argument is.
func bindNotNull(f *Function, c call) (Bound, error) {
	nullable := false
	args := slices.Clone(c.args)
	for i, a := range args {
		nullable = nullable || a.Type.Nullable
		if a.Type.Kind == value.Nothing {
			return always(value.Of(value.Nothing).Null(), value.None()), nil
		}
		args[i].Type = a.Type.NotNull()
		if a.Const != nil && a.Const.Null {
			args[i].Const = nil
		}
	}
	c.args = args
	b, err := f.bind(c)
	if err != nil || !nullable {
		return b, err
	}
	b.Type = b.Type.Null()
	b.Eval = skipNull(b.Eval)
	return b, nil
}

func skipNull(eval Eval) Eval {
	return func(args []value.Value) (value.Value, error) {
		for i := range args {
			if args[i].Null {
				return value.None(), nil
			}
		}
		return eval(args)
	}
}

// always is a function that is the same for all rows.
func always(t value.Type, v value.Value) Bound {
	return Bound{Type: t, Eval: func([]value.Value) (value.Value, error) { return v, nil }}
}

var all = sync.OnceValue(func() []*Function {
	return slices.Concat(arithmetic, comparisons, conditions, calculations, bitwise, texts,
		clocks(), starts(), conversions(), lists)
})

// Functions returns all functions and operators, those of Cloudflare's documentation and those beyond it. The caller must
// not change them.
func Functions() []*Function { return all() }

var byName = sync.OnceValue(func() map[string]*Function {
	m := make(map[string]*Function)
	for _, f := range all() {
		for _, name := range append(f.Aliases, f.Name) {
			m[strings.ToLower(name)] = f
		}
	}
	return m
})

// Lookup returns the function of a name in any case, nil if there is none. Operators have ClickHouse's names: plus,
// minus, multiply, divide, modulo, negate, equals, notEquals, less, lessOrEquals, greater, greaterOrEquals, and, or,
// not, like, notLike, ilike, notILike, in(x, values...), notIn, isNull, isNotNull, array, tuple, tupleElement.
// x BETWEEN a AND b is and(greaterOrEquals(x, a), lessOrEquals(x, b)).
func Lookup(name string) *Function { return byName()[strings.ToLower(name)] }

// Unknown returns the error for a call of a function that there is not, with what to use, or the nearest name. others
// are names of aggregates.
func Unknown(name string, others ...string) error {
	if use := wayOut(name); use != "" {
		return fmt.Errorf("unknown function call: %s%s", strings.ToUpper(name), use)
	}
	names := slices.Clone(others)
	for _, f := range all() {
		if !f.Operator {
			names = append(append(names, f.Name), f.Aliases...)
		}
	}
	return fmt.Errorf("unknown function call: %s%s", strings.ToUpper(name), near.Hint(name, names...))
}
