package query

import (
	"cmp"
	"slices"
	"strings"
)

// columns are the values of a row by the name of the column that sorts it.
var columns = map[string]func(*Row) Num{
	"requests":  func(r *Row) Num { return r.Requests },
	"rate":      func(r *Row) Num { return r.Rate },
	"errors":    func(r *Row) Num { return r.ErrorRatio },
	"p50":       func(r *Row) Num { return r.P50 },
	"p95":       func(r *Row) Num { return r.P95 },
	"p99":       func(r *Row) Num { return r.P99 },
	"ratio":     func(r *Row) Num { return r.Ratio },
	"cold":      func(r *Row) Num { return r.ColdRatio },
	"cold_adds": func(r *Row) Num { return r.ColdAdds },
	"init":      func(r *Row) Num { return r.InitP95 },
	"cpu":       func(r *Row) Num { return r.CPUP99 },
	"cache":     func(r *Row) Num { return r.Cache.HitRatio },
	"origin":    func(r *Row) Num { return r.OriginExtra },
}

// SortRows sorts by a column; rows without that figure come last, equal ones by requests, then by name.
func SortRows(rows []Row, column string) {
	name, descending := strings.CutPrefix(column, "-")
	value, ok := columns[name]
	slices.SortFunc(rows, func(a, b Row) int {
		if !ok && name == "name" {
			return direct(strings.Compare(a.Name, b.Name), descending)
		}
		if !ok {
			value = columns["p95"] // a column of another page
		}
		return cmp.Or(value(&a).Compare(value(&b), descending), cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
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
