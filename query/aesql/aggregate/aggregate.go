// Package aggregate has the aggregates of Analytics Engine SQL: which types they take and give, and the state that one
// group keeps. The result never depends on the order in which rows come, so that a scan may run in parallel and the
// same question has the same answer: sums of floats are exact and rounded once, ties are settled by value.
package aggregate

import (
	"strings"
	"sync"

	"edgescope/query/aesql/value"
)

// State is what one group of rows has come to. It is not safe for concurrent use.
type State interface {
	// Add takes the arguments of one row, and keeps neither the slice nor a text in it.
	Add(args []value.Value) error
	// Merge takes what another state of the same Bound has seen, which is not used any more afterwards.
	Merge(other State) error
	// Result returns the value of the group, of no rows too.
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
	Name       string // as its documentation writes it
	Params     string // for people: parameters in the first parentheses
	Args       string // for people: arguments
	Result     string // for people: the type of the result
	Cloudflare bool   // in Cloudflare's documentation of the SQL API; the others are refused when strict

	bind func(c call) (Bound, error)
}

// call is what an aggregate is bound to. params are constants: f(params)(args).
type call struct {
	name         string
	params, args []value.Arg
}

// Bind returns the aggregate for arguments of these types; distinct takes each set of arguments once. All params have
// their Const.
func (a *Aggregate) Bind(params, args []value.Arg, distinct bool) (Bound, error) {
	return a.bind(call{name: a.Name, params: params, args: args})
}

var byName = sync.OnceValue(func() map[string]*Aggregate {
	m := make(map[string]*Aggregate)
	for _, a := range Aggregates() {
		m[strings.ToLower(a.Name)] = a
	}
	return m
})

// Lookup returns the aggregate of a name in any case, nil if there is none.
func Lookup(name string) *Aggregate { return byName()[strings.ToLower(name)] }

// Aggregates returns all aggregates.
func Aggregates() []*Aggregate { return all }

// Names returns the names of all aggregates.
func Names() []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return names
}

var all = []*Aggregate{
	{Name: "count", Args: "[x]", Result: "UInt64", Cloudflare: true, bind: bindCount},
}

type count struct{ n uint64 }

func bindCount(call) (Bound, error) {
	return Bound{Type: value.Of(value.UInt64), New: func() State { return new(count) }}, nil
}

func (c *count) Add([]value.Value) error {
	c.n++
	return nil
}

func (c *count) Merge(other State) error {
	c.n += other.(*count).n
	return nil
}

func (c *count) Result() (value.Value, error) { return value.Uint(c.n), nil }

func (c *count) Size() int { return 8 }
