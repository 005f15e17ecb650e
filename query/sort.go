package query

import (
	"cmp"
	"slices"
	"strings"
)

// column is what an answer can be sorted by; value is its figure in a row of regions, routes or versions, nil when it
// has none.
type column struct {
	name  string
	value func(*Row) Num
}

// columns are all that there are, in the order in which they are named to people. A "-" before a name sorts from large
// to small.
var columns = []column{
	{"name", nil},
	{"requests", func(r *Row) Num { return r.Requests }},
	{"rate", func(r *Row) Num { return r.Rate }},
	{"errors", func(r *Row) Num { return r.ErrorRatio }},
	{"p50", func(r *Row) Num { return r.P50 }},
	{"p95", func(r *Row) Num { return r.P95 }},
	{"p99", func(r *Row) Num { return r.P99 }},
	{"ratio", func(r *Row) Num { return r.Ratio }},
	{"cold", func(r *Row) Num { return r.ColdRatio }},
	{"cold_adds", func(r *Row) Num { return r.ColdAdds }},
	{"init", func(r *Row) Num { return r.InitP95 }},
	{"cpu", func(r *Row) Num { return r.CPUP99 }},
	{"cache", func(r *Row) Num { return r.Cache.HitRatio }},
	{"origin", func(r *Row) Num { return r.OriginExtra }},
	{"start", nil},    // of traces
	{"duration", nil}, // of traces
}

// columnOf returns the column of that name, nil when there is none.
func columnOf(name string) *column {
	i := slices.IndexFunc(columns, func(c column) bool { return c.name == name })
	if i < 0 {
		return nil
	}
	return &columns[i]
}

func columnNames() string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	return strings.Join(names, ", ")
}

// SortRows sorts by a column, by p95 when rows do not have it: the page before may have. Rows without that figure come
// last, equal ones by requests, then by name.
func SortRows(rows []Row, by string) {
	name, descending := strings.CutPrefix(by, "-")
	c := columnOf(name)
	if c == nil || c.value == nil {
		c = columnOf("p95")
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if name == "name" {
			return direct(strings.Compare(a.Name, b.Name), descending)
		}
		return cmp.Or(c.value(&a).Compare(c.value(&b), descending), cmp.Compare(b.Requests, a.Requests),
			strings.Compare(a.Name, b.Name))
	})
}

// Compare orders two numbers for a sort: -1 when n comes first. An absent one comes last in either direction.
func (n Num) Compare(o Num, descending bool) int {
	switch {
	case n.OK() && o.OK():
		return direct(cmp.Compare(n, o), descending)
	case n.OK():
		return -1
	case o.OK():
		return 1
	default:
		return 0
	}
}

func direct(c int, descending bool) int {
	if descending {
		return -c
	}
	return c
}
