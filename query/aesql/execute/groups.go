package execute

import (
	"context"
	"fmt"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
	"edgescope/store"
)

const (
	// maxGroups bounds the groups of one question.
	maxGroups = 1_000_000
	// groupBytes is about what a group takes beside its key, values and states: its entries in a map and a list.
	groupBytes = 120
	stateBytes = 24
)

// groups adds rows up by their keys.
type groups struct {
	plan   *plan.Group
	memory *budget
	most   int
	index  map[string]*group
	list   []*group // in the order in which they were found
	bytes  int64    // of memory
	values []value.Value
	key    []byte
	args   []value.Value
}

type group struct {
	keys   []value.Value
	states []aggregate.State
	size   int // of the states
	// results, if not nil, are known without the states.
	results []value.Value
}

func (x *run) newGroups(p *plan.Group) *groups {
	return &groups{
		plan: p, memory: &x.memory, most: x.o.groups, index: map[string]*group{}, values: make([]value.Value, len(p.Keys)),
	}
}

// free gives the memory back.
func (g *groups) free() { _ = g.memory.add(-g.bytes) } // less is never too much

func (g *groups) take(bytes int) error {
	g.bytes += int64(bytes)
	return g.memory.add(int64(bytes))
}

// add takes a row of the source.
func (g *groups) add(row []value.Value) error {
	to, err := g.of(row)
	if err != nil {
		return err
	}
	size := 0
	for i := range g.plan.Aggregates {
		a := &g.plan.Aggregates[i]
		g.args = g.args[:0]
		for j := range a.Args {
			v, err := a.Args[j].Eval(row)
			if err != nil {
				return err
			}
			g.args = append(g.args, v)
		}
		s := to.states[i]
		if err := s.Add(g.args); err != nil {
			return a.Placed(err)
		}
		size += s.Size()
	}
	if size == to.size {
		return nil
	}
	grown := size - to.size
	to.size = size
	return g.take(grown)
}

// of returns the group of a row.
func (g *groups) of(row []value.Value) (*group, error) {
	g.key = g.key[:0]
	for i := range g.plan.Keys {
		k := &g.plan.Keys[i]
		v, err := k.Eval(row)
		if err != nil {
			return nil, err
		}
		g.values[i] = v
		g.key = k.Type.AppendKey(g.key, v)
	}
	if found := g.index[string(g.key)]; found != nil {
		return found, nil
	}
	return g.begin()
}

// begin begins the group of the key that was found last.
func (g *groups) begin() (*group, error) {
	if len(g.list) >= g.most {
		return nil, fmt.Errorf("%w: it has more than %d groups: filter, or group by less", store.ErrTooMuch, g.most)
	}
	n := &group{keys: make([]value.Value, len(g.values)), states: make([]aggregate.State, len(g.plan.Aggregates))}
	size := groupBytes + len(g.key)
	for i, v := range g.values {
		t := g.plan.Keys[i].Type
		n.keys[i] = t.Clone(v)
		size += t.Size(v)
	}
	for i := range n.states {
		n.states[i] = g.plan.Aggregates[i].New()
		size += stateBytes
	}
	g.index[string(g.key)] = n
	g.list = append(g.list, n)
	return n, g.take(size)
}

// each gives the rows of the groups that meet HAVING: the keys and then the results of the aggregates.
func (g *groups) each(ctx context.Context, having *plan.Expr, next sink) error {
	if len(g.plan.Keys) == 0 && len(g.list) == 0 {
		if _, err := g.begin(); err != nil { // also of no rows
			return err
		}
	}
	if having != nil {
		next = where([]plan.Expr{*having}, next)
	}
	row := make([]value.Value, len(g.plan.Keys)+len(g.plan.Aggregates))
	for n, from := range g.list {
		if err := ended(ctx, n); err != nil {
			return err
		}
		if err := from.result(g.plan.Aggregates, row[copy(row, from.keys):]); err != nil {
			return err
		}
		if err := next(row); err != nil {
			return err
		}
	}
	return nil
}

// result sets the results of the aggregates.
func (g *group) result(of []plan.Aggregate, to []value.Value) (err error) {
	if g.results != nil {
		copy(to, g.results)
		return nil
	}
	for i, s := range g.states {
		if to[i], err = s.Result(); err != nil {
			return of[i].Placed(err)
		}
	}
	return nil
}
