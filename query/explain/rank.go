package explain

import (
	"math/bits"
	"slices"
	"strings"

	"edgescope/judge"
)

// value is a value of a column.
type value struct{ column, code int }

// found is a cause and what it is in the sample.
type found struct {
	judge.Cause
	is []value
	// all are the bad ones among the rows that it was looked for in, others those without it. Z is how many standard
	// errors all tests together leave between its risk and the bound that it had to pass.
	all judge.Share
	z   float64
}

// ranking looks for causes among the rows of a sample.
type ranking struct {
	columns []column
	// live are the rows that no cause covers yet, bad the bad ones of all rows: a bit each.
	live, bad bitmap
	// sorted are the codes of each column, by their values: groups come in the same order whatever order rows came in.
	sorted [][]int
	// tests is the greatest number of values and pairs that were tried at once.
	tests int
}

// rank returns what the bad rows share. Columns must have a code for every row; told are the rows of which it is known
// whether they are bad.
func rank(columns []column, bad, told []bool) ([]found, *ranking) {
	r := &ranking{columns: columns, live: bitmapOf(told), bad: bitmapOf(bad)}
	for i := range columns {
		codes := make([]int, len(columns[i].values))
		for code := range codes {
			codes[code] = code
		}
		slices.SortFunc(codes, func(a, b int) int { return strings.Compare(columns[i].values[a], columns[i].values[b]) })
		r.sorted = append(r.sorted, codes)
	}
	var out []found
	for len(out) < judge.MostCauses {
		f, ok := r.best()
		if !ok {
			break
		}
		out = append(out, f)
		r.live.without(r.rowsOf(f.is))
	}
	return out, r
}

// best returns what explains most of the bad rows that are left.
func (r *ranking) best() (found, bool) {
	all := r.share(r.live)
	groups, of := r.singles()
	singles := judge.Rank(all, groups, len(groups))
	worth := judge.Worth(singles)
	maps := make([]bitmap, len(worth))
	for i := range worth {
		maps[i] = r.rowsOf(of[worth[i].Is[0]])
	}
	var pairs []judge.Group
	for i := range worth {
		for j := i + 1; j < len(worth); j++ {
			a, b := of[worth[i].Is[0]], of[worth[j].Is[0]]
			if a[0].column == b[0].column {
				continue
			}
			if s := r.share(maps[i].and(maps[j])); s.N > 0 {
				is := []string{worth[i].Is[0], worth[j].Is[0]}
				pairs = append(pairs, judge.Group{Is: is, Bad: s})
			}
		}
	}
	tests := len(groups) + len(pairs)
	r.tests = max(r.tests, tests)
	best, ok := judge.Best(singles, judge.Rank(all, pairs, tests))
	f := found{Cause: best, all: all, z: judge.Z(chance / float64(max(tests, 1)) / 2)}
	for _, name := range best.Is {
		f.is = append(f.is, of[name][0])
	}
	slices.SortFunc(f.is, func(a, b value) int { return a.column - b.column })
	return f, ok
}

// chance is how often, at most, something is named by chance, all tests together (judge.Rank).
const chance = 0.05

// singles counts the rows that are left by each value of each column.
func (r *ranking) singles() ([]judge.Group, map[string][]value) {
	var groups []judge.Group
	of := map[string][]value{}
	for at := range r.columns {
		c := &r.columns[at]
		counts := make([]judge.Share, len(c.values))
		r.live.each(func(row int) {
			n := &counts[c.codes[row]]
			n.N++
			if r.bad.has(row) {
				n.K++
			}
		})
		for _, code := range r.sorted[at] {
			if counts[code].N > 0 {
				name := c.key + "\x00" + c.values[code]
				of[name] = []value{{at, code}}
				groups = append(groups, judge.Group{Is: []string{name}, Bad: counts[code]})
			}
		}
	}
	return groups, of
}

// share counts rows and the bad ones among them.
func (r *ranking) share(rows bitmap) judge.Share {
	return judge.Share{K: float64(rows.and(r.bad).count()), N: float64(rows.count())}
}

// rowsOf returns the rows that are left and have all these values.
func (r *ranking) rowsOf(is []value) bitmap {
	out := slices.Clone(r.live)
	r.live.each(func(row int) {
		for _, v := range is {
			if int(r.columns[v.column].codes[row]) != v.code {
				out[row/64] &^= 1 << (row % 64)
			}
		}
	})
	return out
}

// bitmap has a bit for each row.
type bitmap []uint64

func bitmapOf(rows []bool) bitmap {
	b := make(bitmap, (len(rows)+63)/64)
	for i, set := range rows {
		if set {
			b[i/64] |= 1 << (i % 64)
		}
	}
	return b
}

func (b bitmap) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

func (b bitmap) each(do func(i int)) {
	for at, word := range b {
		for ; word != 0; word &= word - 1 {
			do(at*64 + bits.TrailingZeros64(word))
		}
	}
}

func (b bitmap) and(o bitmap) bitmap {
	out := make(bitmap, len(b))
	for i := range b {
		out[i] = b[i] & o[i]
	}
	return out
}

func (b bitmap) without(o bitmap) {
	for i := range b {
		b[i] &^= o[i]
	}
}

func (b bitmap) count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}
