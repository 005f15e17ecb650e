package query

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fewEvents is the number of events on both sides below which a change of a percentile means nothing.
const fewEvents = 100

// makeRows makes a row of each group; before may be nil. Names have their place when the engine knows it.
func (e *Engine) makeRows(now, before *table) []Row {
	rows := make([]Row, 0, len(now.groups))
	seconds := now.win.seconds(e.o.Now())
	for name, buckets := range now.groups {
		r := Row{
			Name: name, Stats: sum(buckets).stats(seconds),
			Norm: None(), Ratio: None(), Lat: None(), Lon: None(), OriginExtra: None(), Silent: None(),
		}
		if before != nil {
			r.compare(before)
		}
		rows = append(rows, r)
	}
	return rows
}

// compare adds the figures of the period before. A group that had nothing then has no Before.
func (r *Row) compare(before *table) {
	buckets, ok := before.groups[r.Name]
	if !ok {
		return
	}
	s := sum(buckets).stats(before.win.to.Sub(before.win.from).Seconds())
	r.Before = &s
	if lost := s.Cache.HitRatio - r.Cache.HitRatio; lost.OK() && lost > 0 {
		r.OriginExtra = r.Requests * lost
	}
}

// locate adds where the points of presence are.
func (e *Engine) locate(rows []Row) {
	for i := range rows {
		r := &rows[i]
		if p, ok := e.o.Colo(r.Name); ok {
			r.City, r.Country, r.Lat, r.Lon = p.City, p.Country, Num(p.Lat), Num(p.Lon)
		}
	}
}

// addNorms adds the norm and the ratio to it.
func addNorms(rows []Row, norms map[string]Num) {
	for i := range rows {
		r := &rows[i]
		if norm, ok := norms[r.Name]; ok {
			r.Norm = norm
			r.Ratio = r.P95 / norm
		}
	}
}

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

// sortRows sorts by a column; rows without that figure come last, equal ones by requests, then by name.
func sortRows(rows []Row, column string) {
	name, descending := strings.CutPrefix(column, "-")
	value, ok := columns[name]
	slices.SortFunc(rows, func(a, b Row) int {
		if !ok && name == "name" {
			return direct(strings.Compare(a.Name, b.Name), descending)
		}
		if !ok {
			value = columns["p95"] // a column of another page
		}
		return cmp.Or(compareNum(value(&a), value(&b), descending), cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
	})
}

func compareNum(a, b Num, descending bool) int {
	switch {
	case a.OK() && b.OK():
		return direct(cmp.Compare(a, b), descending)
	case a.OK():
		return -1
	case b.OK():
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

// top answers the first n rows.
func top(rows []Row, n int) []Row { return rows[:min(n, len(rows))] }

func names(rows []Row) []string {
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].Name
	}
	return out
}

// busiest answers the names of the n groups with most requests, the most first.
func busiest(rows []Row, n int) []string {
	sorted := slices.Clone(rows)
	sortRows(sorted, "-requests")
	return names(top(sorted, n))
}

// readTime reads a time of a row: decimal Unix nanoseconds, as _time is stored, or RFC 3339, as functions of the engine
// answer it.
func readTime(text string) (time.Time, error) {
	if ns, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(0, ns).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UTC(), err
}
