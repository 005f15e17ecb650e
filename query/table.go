package query

import (
	"strings"
	"time"
)

// table is tallies by group and bucket of time.
type table struct {
	win window
	// events is true when the events were asked, not the rollups.
	events bool
	// groups are the tallies of each group, one for each bucket of win.
	groups map[string][]tally
	// rest is what was counted without a series of its own, by bucket; it belongs to no group.
	rest []tally
}

func newTable(win window) *table {
	return &table{win: win, groups: map[string][]tally{}, rest: make([]tally, win.buckets())}
}

// at answers the tally of a group and bucket, to add to. It copies the name if it is new.
func (t *table) at(group string, overflow bool, bucket int) *tally {
	if overflow {
		return &t.rest[bucket]
	}
	row := t.groups[group]
	if row == nil {
		row = make([]tally, t.win.buckets())
		t.groups[strings.Clone(group)] = row
	}
	return &row[bucket]
}

// groupSeparator joins the values of a group by several attributes.
const groupSeparator = "\x00"

// groupName answers the group that has these values of its attributes.
func groupName(keys []string, value func(key string) string) string {
	if len(keys) == 1 {
		return value(keys[0])
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = value(key)
	}
	return strings.Join(values, groupSeparator)
}

// by adds up groups by several attributes to groups by the i-th alone.
func (t *table) by(i int) *table {
	out := newTable(t.win)
	out.events, out.rest = t.events, t.rest
	for name, row := range t.groups {
		one := strings.Split(name, groupSeparator)[i]
		for j := range row {
			out.at(one, false, j).merge(&row[j])
		}
	}
	return out
}

// before answers the buckets that begin before a time: what is drawn of a table that totals need whole.
func (t *table) before(end time.Time) *table {
	n := min(t.win.buckets(), window{t.win.from, end, t.win.step}.buckets())
	out := &table{win: t.win, events: t.events, groups: make(map[string][]tally, len(t.groups)), rest: t.rest[:n]}
	out.win.to = t.win.from.Add(time.Duration(n) * t.win.step)
	for name, row := range t.groups {
		out.groups[name] = row[:n]
	}
	return out
}

// sum adds up a row of buckets.
func sum(row []tally) *tally {
	out := &tally{}
	for i := range row {
		out.merge(&row[i])
	}
	return out
}

// total adds up everything, what overflowed included.
func (t *table) total() *tally {
	out := sum(t.rest)
	for _, row := range t.groups {
		out.merge(sum(row))
	}
	return out
}

// all answers one row of buckets for all groups, what overflowed included.
func (t *table) all() []tally {
	out := make([]tally, t.win.buckets())
	add := func(row []tally) {
		for i := range row {
			out[i].merge(&row[i])
		}
	}
	add(t.rest)
	for _, row := range t.groups {
		add(row)
	}
	return out
}
