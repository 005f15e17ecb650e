package tally

import (
	"strings"
	"time"
)

// Table is tallies by group and bucket of time.
type Table struct {
	Window Window
	// Events is true when the events were asked, not the rollups.
	Events bool
	// Groups are the tallies of each group, one for each bucket of win.
	Groups map[string][]Tally
	// Rest is what was counted without a series of its own, by bucket; it belongs to no group.
	Rest []Tally
}

// NewTable makes an empty table over a window.
func NewTable(win Window) *Table {
	return &Table{Window: win, Groups: map[string][]Tally{}, Rest: make([]Tally, win.Buckets())}
}

// At returns the tally of a group and bucket, to add to. It copies the name if it is new.
func (t *Table) At(group string, overflow bool, bucket int) *Tally {
	if overflow {
		return &t.Rest[bucket]
	}
	row := t.Groups[group]
	if row == nil {
		row = make([]Tally, t.Window.Buckets())
		t.Groups[strings.Clone(group)] = row
	}
	return &row[bucket]
}

// groupSeparator joins the values of a group by several attributes.
const groupSeparator = "\x00"

// GroupName returns the group that has these values of its attributes.
func GroupName(keys []string, value func(key string) string) string {
	if len(keys) == 1 {
		return value(keys[0])
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = value(key)
	}
	return strings.Join(values, groupSeparator)
}

// GroupValues returns the values that a group's name is made of.
func GroupValues(name string) []string { return strings.Split(name, groupSeparator) }

// By adds up groups by several attributes to groups by the i-th alone.
func (t *Table) By(i int) *Table {
	out := NewTable(t.Window)
	out.Events, out.Rest = t.Events, t.Rest
	for name, row := range t.Groups {
		one := GroupValues(name)[i]
		for j := range row {
			out.At(one, false, j).Merge(&row[j])
		}
	}
	return out
}

// Before is the table up to a time, in whole buckets: what is drawn of a table whose rest totals need.
func (t *Table) Before(end time.Time) *Table {
	n := min(t.Window.Buckets(), Window{t.Window.From, end, t.Window.Step}.Buckets())
	out := &Table{Window: t.Window, Events: t.Events, Groups: make(map[string][]Tally, len(t.Groups)), Rest: t.Rest[:n]}
	out.Window.To = t.Window.From.Add(time.Duration(n) * t.Window.Step)
	for name, row := range t.Groups {
		out.Groups[name] = row[:n]
	}
	return out
}

// Sum adds up a row of buckets.
func Sum(row []Tally) *Tally {
	out := &Tally{}
	for i := range row {
		out.Merge(&row[i])
	}
	return out
}

// Total adds up everything, what overflowed included.
func (t *Table) Total() *Tally {
	out := Sum(t.Rest)
	for _, row := range t.Groups {
		out.Merge(Sum(row))
	}
	return out
}

// All returns one row of buckets for all groups, what overflowed included.
func (t *Table) All() []Tally {
	out := make([]Tally, t.Window.Buckets())
	add := func(row []Tally) {
		for i := range row {
			out[i].Merge(&row[i])
		}
	}
	add(t.Rest)
	for _, row := range t.Groups {
		add(row)
	}
	return out
}
