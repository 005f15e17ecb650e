package plan

import (
	"fmt"
	"maps"
	"strings"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// lambda is x -> body while its body is bound: what Grafana's plug-in Altinity makes of $rateColumns and the like.
type lambda struct {
	// elements are those that the body is evaluated for, by the names that expand gave the parameters.
	elements map[string]*element
	// asked counts how often the body asked for one.
	asked int
	// once are expressions that look at the row before. They are evaluated once a row, not for each element.
	once []func(row []value.Value) error
	// around is the lambda that this one stands in.
	around *lambda
}

type element struct {
	t value.Type
	v value.Value
}

// arrayMap is the name of the function that takes a lambda.
const arrayMap = "arrayMap"

// arguments replaces aliases in the arguments of a call.
func (n *names) arguments(e *grammar.Call, p place) ([]grammar.Expr, error) {
	l, ok := argument(e, 0).(*grammar.Lambda)
	if !ok || !isArrayMap(e.Name) {
		return n.list(p, e.Args...)
	}
	first, err := n.lambda(l, p)
	if err != nil {
		return nil, err
	}
	others, err := n.list(p, e.Args[1:]...)
	return append([]grammar.Expr{first}, others...), err
}

// lambda replaces aliases in a body. Parameters come before all other names, and are renamed so that they can't meet
// columns that an alias stands for.
func (n *names) lambda(e *grammar.Lambda, p place) (grammar.Expr, error) {
	out, params := grammar.Lambda{At: e.At}, map[string]string{}
	maps.Copy(params, p.params)
	for _, name := range e.Params {
		renamed := fmt.Sprintf("\x00%d %s", len(p.params), name)
		params[name] = renamed
		out.Params = append(out.Params, renamed)
	}
	p.params = params
	body, err := n.expand(e.Body, p)
	out.Body = body
	return &out, err
}

// name returns the expression of an element or a column.
func (b *binder) name(c *grammar.Column) (Expr, error) {
	if x := b.param(c.Name); x != nil {
		return Expr{Type: x.t, Eval: func([]value.Value) (value.Value, error) { return x.v, nil }}, nil
	}
	return b.column(c)
}

// param returns the element that a name stands for, nil if it is none.
func (b *binder) param(name string) *element {
	for l := b.lambda; l != nil; l = l.around {
		if e := l.elements[name]; e != nil {
			for inner := b.lambda; inner != l; inner = inner.around {
				inner.asked++
			}
			l.asked++
			return e
		}
	}
	return nil
}

// arrayMap binds arrayMap(x -> body, array), or with as many arrays as the lambda has parameters.
func (b *binder) arrayMap(e *grammar.Call) (Expr, error) {
	l, ok := argument(e, 0).(*grammar.Lambda)
	switch {
	case !ok:
		return Expr{}, b.s.Errorf(e.At, "arrayMap takes a lambda first: arrayMap(x -> x * 2, array)")
	case len(l.Params) != len(e.Args)-1:
		return Expr{}, b.s.Errorf(l.At, "the lambda has %d parameters for %d arrays", len(l.Params), len(e.Args)-1)
	}
	arrays, err := each(e.Args[1:], b.bind)
	if err != nil {
		return Expr{}, err
	}
	inner := &lambda{elements: map[string]*element{}, around: b.lambda}
	elements := make([]*element, len(arrays))
	for i, a := range arrays {
		if a.Type.Kind != value.Array || a.Type.Nullable {
			return Expr{}, b.s.Errorf(e.Args[i+1].Pos(), "arrayMap: argument %d is %s: an array is needed", i+2, a.Type)
		}
		elements[i] = &element{t: a.Type.Elem()}
		inner.elements[l.Params[i]] = elements[i]
	}
	b.lambda = inner
	body, err := b.bind(l.Body)
	b.lambda = inner.around
	if err != nil {
		return Expr{}, err
	}
	m := mapping{arrays: arrays, elements: elements, body: body, once: inner.once, lists: make([][]value.Value, len(arrays))}
	x := Expr{Type: value.ArrayOf(body.Type), ordered: len(inner.once) > 0, Eval: func(row []value.Value) (value.Value, error) {
		v, err := m.eval(row)
		if err != nil {
			err = b.s.Errorf(e.At, "%v", err)
		}
		return v, err
	}}
	for _, a := range arrays {
		x.ordered = x.ordered || a.ordered
	}
	return x, nil
}

// argument returns the i-th argument, nil if there are not so many.
func argument(e *grammar.Call, i int) grammar.Expr {
	if i >= len(e.Args) {
		return nil
	}
	return e.Args[i]
}

// mapping evaluates a body for the elements of arrays.
type mapping struct {
	arrays   []Expr
	elements []*element
	body     Expr
	once     []func(row []value.Value) error
	lists    [][]value.Value
}

func (m *mapping) eval(row []value.Value) (value.Value, error) {
	for i, a := range m.arrays {
		v, err := a.Eval(row)
		if err != nil {
			return v, err
		}
		if m.lists[i] = v.Items(); len(m.lists[i]) != len(m.lists[0]) {
			return v, fmt.Errorf("arrayMap: the arrays have %d and %d elements", len(m.lists[0]), len(m.lists[i]))
		}
	}
	for _, once := range m.once {
		if err := once(row); err != nil {
			return value.Value{}, err
		}
	}
	items := make([]value.Value, len(m.lists[0]))
	for at := range items {
		for i, list := range m.lists {
			m.elements[i].v = list[at]
		}
		v, err := m.body.Eval(row)
		if err != nil {
			return v, err
		}
		items[at] = v
	}
	return value.List(items), nil
}

// perRow makes an expression that looks at the row before one that is evaluated once a row, if it stands in a lambda.
func (b *binder) perRow(at int, x Expr, asked int) (Expr, error) {
	l := b.lambda
	if l == nil {
		return x, nil
	}
	if l.asked != asked {
		return x, b.s.Errorf(at, "what looks at the row before can't look at an element of an array")
	}
	eval, v := x.Eval, value.Value{}
	l.once = append(l.once, func(row []value.Value) (err error) {
		v, err = eval(row)
		return err
	})
	x.Eval = func([]value.Value) (value.Value, error) { return v, nil }
	return x, nil
}

func isArrayMap(name string) bool { return strings.EqualFold(name, arrayMap) }
