// Package aggregate has the aggregates of Analytics Engine SQL: which types they take and give, and the state that one
// group keeps. The result never depends on the order in which rows come, so that a scan may run in parallel and the
// same question has the same answer: sums of floats are exact and rounded once, ties are settled by value.
package aggregate

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"edgescope/query/aesql/value"
)

// State is what one group of rows has come to. It is not safe for concurrent use.
type State interface {
	// Add takes the arguments of one row. It keeps neither the slice nor a text in it; it may change the slice, and puts
	// everything back.
	Add(args []value.Value) error
	// Merge takes what another state of the same Bound has seen, which is not used any more afterwards.
	Merge(other State) error
	// Result returns the value of the group, of no rows too. It is called once.
	Result() (value.Value, error)
	// Size returns the bytes that the state holds, near enough to bound memory by; it is cheap.
	Size() int
}

// Bound is an aggregate that knows the types of its arguments.
type Bound struct {
	Type value.Type
	New  func() State
	// Ordered: a state looks at where rows stand. Add gets one more argument, the last: the place of the row as an Int64,
	// which is the time of a data point in ns, or the number of a subquery's row (first_value, last_value, groupArray).
	Ordered bool
}

// Aggregate is an aggregate function.
type Aggregate struct {
	Name       string   // as its documentation writes it
	Aliases    []string // other names
	Params     string   // for people: parameters in the first parentheses, "" for none
	Args       string   // for people: arguments
	Result     string   // for people: the type of the result
	Cloudflare bool     // in Cloudflare's documentation of the SQL API; the others are refused when strict

	least, most int  // how many arguments it takes; most -1 is any number
	params      int  // how many parameters it takes at most
	distinct    bool // DISTINCT in front of several arguments has a meaning
	never       bool // its result is never NULL
	conditional bool // its last argument is a condition
	bind        func(c call) (Bound, error)
}

// call is what an aggregate is bound to. params are constants: f(params)(args).
type call struct {
	name         string
	params, args []value.Arg
}

// wrong returns the error about the i-th argument.
func (c call) wrong(i int, need string) error {
	return fmt.Errorf("%s: argument %d is %s: %s", c.name, i+1, c.args[i].Type, need)
}

// number checks that the i-th argument is a number.
func (c call) number(i int) error {
	switch t := c.args[i].Type; {
	case t.Numeric():
		return nil
	case t.Kind == value.String:
		return c.wrong(i, "a number is needed: convert it with toFloat64(x)")
	}
	return c.wrong(i, "a number is needed")
}

// Bind returns the aggregate for arguments of these types; distinct takes each set of arguments once. All params have
// their Const. Rows in which an argument is NULL count for nothing.
func (a *Aggregate) Bind(params, args []value.Arg, distinct bool) (Bound, error) {
	if len(args) < a.least || a.most >= 0 && len(args) > a.most {
		return Bound{}, fmt.Errorf("%s takes %s, not %d: %s", a.Name, arity(a.least, a.most), len(args), a.usage())
	}
	if len(params) > a.params {
		return Bound{}, fmt.Errorf("%s has %d parameters, and takes %s: %s", a.Name, len(params), arity(0, a.params), a.usage())
	}
	for i, p := range params {
		if p.Const == nil {
			return Bound{}, fmt.Errorf("%s: parameter %d must be a constant: %s", a.Name, i+1, a.usage())
		}
	}
	c := call{name: a.Name, params: params, args: args}
	if a.conditional {
		return bindIf(a, c, distinct)
	}
	return bindNull(a, c, distinct)
}

func (a *Aggregate) usage() string {
	if a.Params != "" {
		return a.Name + "(" + a.Params + ")(" + a.Args + ")"
	}
	return a.Name + "(" + a.Args + ")"
}

func arity(least, most int) string {
	switch {
	case most < 0:
		return fmt.Sprintf("at least %d", least)
	case most == 0:
		return "none"
	case least == most:
		return strconv.Itoa(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

var all = sync.OnceValue(func() []*Aggregate {
	plain := []*Aggregate{
		{Name: "count", Args: "[x]", Result: "UInt64", Cloudflare: true, most: -1, distinct: true, never: true, bind: bindCount},
		{Name: "sum", Args: "x", Result: "UInt64, Int64 or Float64", Cloudflare: true, least: 1, most: 1, bind: bindSum},
		{Name: "avg", Args: "x", Result: "Float64", Cloudflare: true, least: 1, most: 1, bind: bindAvg},
		{Name: "min", Args: "x", Result: "the type of x", Cloudflare: true, least: 1, most: 1, bind: bindExtreme(-1)},
		{Name: "max", Args: "x", Result: "the type of x", Cloudflare: true, least: 1, most: 1, bind: bindExtreme(1)},
		{Name: "any", Aliases: []string{"any_value", "anyLast"}, Args: "x", Result: "the type of x", least: 1, most: 1, bind: bindExtreme(1)},
		{Name: "argMin", Args: "a, v", Result: "the type of a", Cloudflare: true, least: 2, most: 2, bind: bindArgExtreme(-1)},
		{Name: "argMax", Args: "a, v", Result: "the type of a", Cloudflare: true, least: 2, most: 2, bind: bindArgExtreme(1)},
		{Name: "first_value", Aliases: []string{"firstValue"}, Args: "x", Result: "the type of x", Cloudflare: true, least: 1, most: 1, bind: bindPlaced(-1)},
		{Name: "last_value", Aliases: []string{"lastValue"}, Args: "x", Result: "the type of x", Cloudflare: true, least: 1, most: 1, bind: bindPlaced(1)},
		{Name: "quantileExactWeighted", Params: "q", Args: "x, weight", Result: "the type of x", Cloudflare: true, least: 2, most: 2, params: 1, bind: bindWeighted},
		{Name: "quantileWeighted", Args: "q, x, weight", Result: "the type of x", Cloudflare: true, least: 2, most: 3, params: 1, bind: bindQuantileWeighted},
		{Name: "quantile", Aliases: []string{"median"}, Params: "q", Args: "x", Result: "Float64", least: 1, most: 1, params: 1, bind: bindQuantile},
		{Name: "topK", Params: "N", Args: "x", Result: "Array", Cloudflare: true, least: 1, most: 1, params: 1, never: true, bind: bindTop},
		{Name: "topKWeighted", Params: "N", Args: "x, weight", Result: "Array", Cloudflare: true, least: 2, most: 2, params: 1, never: true, bind: bindTop},
		{Name: "uniq", Aliases: []string{"uniqExact", "uniqCombined", "uniqHLL12"}, Args: "x, ...", Result: "UInt64", least: 1, most: -1, never: true, bind: bindUniq},
		{Name: "groupArray", Params: "N", Args: "x", Result: "Array", least: 1, most: 1, params: 1, never: true, bind: bindGroupArray},
		{Name: "groupUniqArray", Params: "N", Args: "x", Result: "Array", least: 1, most: 1, params: 1, never: true, bind: bindGroupUniqArray},
	}
	conditional := make([]*Aggregate, len(plain))
	documented := map[string]bool{"count": true, "sum": true, "avg": true}
	for i, a := range plain {
		conditional[i] = a.withCondition(documented[a.Name])
	}
	return append(plain, conditional...)
})

// withCondition returns the aggregate of the rows for which a condition is true, which is one more argument.
func (a *Aggregate) withCondition(cloudflare bool) *Aggregate {
	c := *a
	c.Name, c.Cloudflare, c.conditional = a.Name+"If", cloudflare, true
	c.Aliases = make([]string, len(a.Aliases))
	for i, alias := range a.Aliases {
		c.Aliases[i] = alias + "If"
	}
	if c.Args += ", condition"; a.least == 0 {
		c.Args = "condition"
	}
	if c.least++; c.most >= 0 {
		c.most++
	}
	return &c
}

var byName = sync.OnceValue(func() map[string]*Aggregate {
	m := make(map[string]*Aggregate)
	for _, a := range all() {
		for _, name := range append(a.Aliases, a.Name) {
			m[strings.ToLower(name)] = a
		}
	}
	return m
})

// Lookup returns the aggregate of a name in any case, nil if there is none.
func Lookup(name string) *Aggregate { return byName()[strings.ToLower(name)] }

// Aggregates returns all aggregates, those of Cloudflare's documentation and those beyond it. The caller must not change
// them.
func Aggregates() []*Aggregate { return all() }

// Names returns the names of all aggregates.
func Names() []string {
	var names []string
	for _, a := range all() {
		names = append(append(names, a.Name), a.Aliases...)
	}
	return names
}
