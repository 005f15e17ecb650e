package execute

import (
	"math"
	"slices"

	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
)

// entryBytes is about what a kept row takes beside its values.
const entryBytes = 48

// sorter keeps the first rows in the order of ORDER BY, as many as the answer and what it skips.
type sorter struct {
	keys   []plan.Key
	types  []value.Type // of the rows
	most   int
	memory *budget
	kept   []entry
	bytes  int64
	// worst is the last of the first rows when they were last cut to so many, nil before.
	worst []value.Value
	key   []value.Value
}

// entry is a row with the values of its keys.
type entry struct {
	key, row []value.Value
	size     int64
}

// sorted runs a plan with ORDER BY.
func (x *run) sorted(q *plan.Query, emit sink) error {
	s := newSorter(q, &x.memory)
	defer s.free()
	find := x.rows
	if q.Newest && s.most <= maxNewest {
		find = func(q *plan.Query, next sink) error { return x.newest(q, s, next) }
	}
	if err := find(q, s.add); err != nil {
		return err
	}
	return s.each(x, q, selected(q, emit))
}

func newSorter(q *plan.Query, memory *budget) *sorter {
	most := math.MaxInt
	if q.Limit < math.MaxInt32 && q.Offset < math.MaxInt32 {
		most = int(q.Limit + q.Offset)
	}
	return &sorter{
		keys: q.Order, types: q.RowTypes(), most: most, memory: memory, key: make([]value.Value, len(q.Order)),
	}
}

func (s *sorter) free() { _ = s.memory.add(-s.bytes) } // less is never too much

// full tells whether there are as many rows as the answer needs.
func (s *sorter) full() bool { return len(s.kept) >= s.most }

// add takes a row.
func (s *sorter) add(row []value.Value) error {
	for i := range s.keys {
		var err error
		if s.key[i], err = s.keys[i].Eval(row); err != nil {
			return err
		}
	}
	if s.worst != nil && s.compare(s.key, s.worst) >= 0 {
		return nil
	}
	e := s.keep(row)
	s.kept = append(s.kept, e)
	s.bytes += e.size
	if err := s.memory.add(e.size); err != nil {
		return err
	}
	if len(s.kept) >= max(1024, s.most) && len(s.kept)-s.most >= s.most {
		return s.cut()
	}
	return nil
}

func (s *sorter) keep(row []value.Value) entry {
	all := make([]value.Value, len(s.key)+len(s.types))
	e := entry{key: all[:len(s.key):len(s.key)], row: all[len(s.key):], size: entryBytes}
	for i, t := range s.types {
		e.row[i] = t.Clone(row[i])
		e.size += int64(t.Size(row[i]))
	}
	for i := range s.keys {
		t := s.keys[i].Type
		e.key[i] = t.Clone(s.key[i])
		e.size += int64(t.Size(s.key[i]))
	}
	return e
}

// compare returns the order of two rows by their keys.
func (s *sorter) compare(a, b []value.Value) int {
	for i := range s.keys {
		if c := s.keys[i].Type.Sort(a[i], b[i], s.keys[i].Desc); c != 0 {
			return c
		}
	}
	return 0
}

// cut keeps the first rows only. Of equal ones those that came first stay.
func (s *sorter) cut() error {
	slices.SortStableFunc(s.kept, func(a, b entry) int { return s.compare(a.key, b.key) })
	if len(s.kept) <= s.most {
		return nil
	}
	less := int64(0)
	for _, e := range s.kept[s.most:] {
		less += e.size
	}
	clear(s.kept[s.most:])
	s.kept = s.kept[:s.most]
	s.worst = s.kept[s.most-1].key
	s.bytes -= less
	return s.memory.add(-less)
}

// each gives the rows of the answer in order.
func (s *sorter) each(x *run, q *plan.Query, next sink) error {
	if err := s.cut(); err != nil {
		return err
	}
	if q.Offset >= uint64(len(s.kept)) {
		return nil
	}
	left := q.Limit
	for n, e := range s.kept[q.Offset:] {
		if left == 0 {
			return nil
		}
		left--
		if err := ended(x.ctx, n); err != nil {
			return err
		}
		if err := next(e.row); err != nil {
			return err
		}
	}
	return nil
}
