package explain

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/store"
)

const (
	// mostRaw is how many attributes beside the known ones are looked at.
	mostRaw = 20
	// rawLife is how long it is remembered which ones.
	rawLife = 5 * time.Minute
	// probed is about how many invocations are read to tell ids from attributes.
	probed = 200
	// leastProbed is how many must have an attribute for its values to tell; idsFrom is how many values make an id, far
	// above mostValues because few invocations tell them roughly.
	leastProbed, idsFrom = 100, 4 * mostValues
)

// candidates returns the attributes beside the known ones that invocations of a stretch have, those first that most
// have; n is how many invocations there are in it. Ids are left out.
func (l *looking) candidates(ctx context.Context, stretch query.Stretch, n float64) (*candidates, error) {
	key := fmt.Sprint(l.a.Tenant, l.a.Conditions)
	return l.raw.Get(key, l.a.Now, rawLife, func() (*candidates, error) {
		names := map[string]*seen{}
		err := l.events.Rows(ctx, stretch.From, stretch.To, "| field_names", func(r store.Row) error {
			if name := r.Get("name"); !passes(name) {
				names[strings.Clone(name)] = &seen{values: map[string]int{}}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		length := stretch.To.Sub(stretch.From)
		part := time.Duration(float64(length) * min(1, probed/max(n, 1)))
		from := stretch.From.Add((length - part) / 2)
		if len(names) == 0 {
			return new(candidates), nil
		}
		pipes := "| fields " + strings.Join(filter.QuoteAll(slices.Sorted(maps.Keys(names))), ", ")
		err = l.events.Rows(ctx, from, from.Add(part), pipes, func(r store.Row) error {
			for i := range r {
				if s := names[r[i].Name]; s != nil {
					s.add(r[i].Value)
				}
			}
			return nil
		})
		return &candidates{names: ranked(names), left: map[string]string{}}, err
	})
}

// candidates are names of attributes. They are safe for concurrent use.
type candidates struct {
	names []string

	mu sync.Mutex
	// left are those that turned out to be none, and why.
	left map[string]string
}

// columns returns a column for each, those that were left out before left out.
func (c *candidates) columns() []column {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]column, len(c.names))
	for i, key := range c.names {
		out[i] = column{key: key, left: c.left[key]}
	}
	return out
}

// learn notes which columns were left out, so that the next question need not read them.
func (c *candidates) learn(columns []column) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range columns {
		if of := &columns[i]; of.left != "" && slices.Contains(c.names, of.key) {
			c.left[of.key] = of.left
		}
	}
}

// passes tells whether a field is nothing to tell invocations apart by: one of the row's own, a measure, an id, or one
// of the known attributes, which are looked at anyway.
func passes(name string) bool {
	return slices.Contains(known, name) || slices.Contains(own, name) || strings.HasPrefix(name, "_")
}

var own = []string{
	store.FieldTraceID, store.FieldSpanID, store.FieldParentID, store.FieldStatusCode, store.FieldStatusMessage,
	store.FieldTraceState, store.FieldFlags, store.FieldEvents, store.FieldLinks, store.FieldSeq, store.FieldLog,
	store.FieldWeight, store.FieldDroppedAttrs, store.FieldDroppedEvents, store.FieldDroppedLinks, store.FieldKind,
	edge.KeyDuration, edge.KeyInvocationID, edge.KeyColdStartSource, edge.KeyInitDuration, edge.KeyRouteInferred,
	edge.KeyStatusInferred, edge.KeyCacheSource, edge.KeyCPUTime, edge.KeyWallTime, edge.KeyOriginDuration, edge.KeyTTFB,
	edge.KeyCount, edge.KeyInvocation, edge.KeySource,
}

// seen is what was seen of an attribute.
type seen struct {
	n, length int
	values    map[string]int
}

func (s *seen) add(value string) {
	s.n++
	s.length = max(s.length, len(value))
	s.values[strings.Clone(value)]++
}

// id tells whether values hardly ever come twice: of n values that are one of so many, n(n-1)/2 pairs are the same once
// in so many.
func (s *seen) id() bool {
	same := 0
	for _, n := range s.values {
		same += n * (n - 1) / 2
	}
	return s.length > longest || s.n >= leastProbed && s.n*(s.n-1)/2 > idsFrom*same
}

// ranked returns the names of what is no id, most seen first.
func ranked(names map[string]*seen) []string {
	out := make([]string, 0, len(names))
	for name, s := range names {
		if !s.id() {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(names[b].n, names[a].n), strings.Compare(a, b))
	})
	return out[:min(len(out), mostRaw)]
}
