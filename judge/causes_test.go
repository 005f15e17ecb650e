package judge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func TestRanking(t *testing.T) {
	all := Share{400, 10_000}
	groups := []Group{
		{[]string{"version=v2"}, Share{250, 5000}},
		{[]string{"route=/api/cart"}, Share{260, 2000}},
		{[]string{"colo=GRU"}, Share{240, 800}},
		{[]string{"service=shop"}, all}, // all have it
		{[]string{"country=IS"}, Share{9, 9}},
	}
	singles := Rank(all, groups, 123)
	var names []string
	for _, c := range singles {
		names = append(names, fmt.Sprintf("%s %.1f %.1f %v", c.Is[0], c.Risk.Ratio, c.Excess, c.Named))
	}
	want := []string{
		"colo=GRU 17.2 226.1 true", "route=/api/cart 7.4 225.0 true", "version=v2 1.7 100.0 false", "country=IS 25.6 8.6 false",
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	if worth := Worth(singles); len(worth) != 4 {
		t.Errorf("%d are worth pairs, want 4", len(worth))
	}
	pair := Group{[]string{"colo=GRU", "route=/api/cart"}, Share{220, 260}}
	pairs := Rank(all, []Group{pair}, 123)
	if best, ok := Best(singles, pairs); !ok || len(best.Is) != 2 || !near(best.Excess, 215.2, .05) {
		t.Errorf("got %+v %v, want the pair", best, ok)
	}
	pairs = Rank(all, []Group{{pair.Is, Share{150, 260}}}, 123) // 64 % of the excess of GRU
	if best, ok := Best(singles, pairs); !ok || best.Is[0] != "colo=GRU" || len(best.Is) != 1 {
		t.Errorf("got %+v %v, want GRU", best, ok)
	}
	if _, ok := Best(nil, nil); ok {
		t.Error("something is named of nothing")
	}
}

func TestNoneOfTheOthersIsBad(t *testing.T) {
	causes := Rank(Share{20, 1000}, []Group{{[]string{"colo=GRU"}, Share{20, 100}}}, 100)
	if len(causes) != 1 || !causes[0].Named || causes[0].Excess != 20 {
		t.Errorf("got %+v, want GRU named", causes)
	}
	if causes = Rank(Share{9, 1000}, []Group{{[]string{"colo=GRU"}, Share{9, 9}}}, 1); causes[0].Named {
		t.Error("nine bad events name nothing")
	}
}

// event has a value of each of four attributes, 123 values in all, numbered through.
type event struct {
	values [4]int
	bad    bool
}

var attributes = [4]int{50, 40, 3, 30}

// draw returns events of which one in fifty is bad, and of those that match more.
func draw(r *rand.Rand, n int, matches func(*event) bool, more float64) []event {
	events := make([]event, n)
	for i := range events {
		e := &events[i]
		first := 0
		for a, size := range attributes {
			e.values[a] = first + int(float64(size)*r.Float64()*r.Float64()) // the first are the most frequent
			first += size
		}
		p := .02
		if matches(e) {
			p = more
		}
		e.bad = r.Float64() < p
	}
	return events
}

// find ranks the values of the events and the pairs of those that are worth it.
func find(events []event) (Cause, bool) {
	var all Share
	counts := map[[2]int]*Share{}
	add := func(e *event, of [2]int) {
		g := counts[of]
		if g == nil {
			g = &Share{}
			counts[of] = g
		}
		g.N++
		if e.bad {
			g.K++
		}
	}
	groups := func() (list []Group) {
		for of, bad := range counts {
			is := []string{strconv.Itoa(of[0]), strconv.Itoa(of[1])}
			if of[1] == alone {
				is = is[:1]
			}
			list = append(list, Group{is, *bad})
		}
		slices.SortFunc(list, func(a, b Group) int { return slices.Compare(a.Is, b.Is) })
		clear(counts)
		return list
	}
	for i := range events {
		e := &events[i]
		all.N++
		if e.bad {
			all.K++
		}
		for _, v := range e.values {
			add(e, [2]int{v, alone})
		}
	}
	singles := Rank(all, groups(), 123)
	var worth [123]bool
	for _, c := range Worth(singles) {
		v, _ := strconv.Atoi(c.Is[0])
		worth[v] = true
	}
	for i := range events {
		e := &events[i]
		for a, v := range e.values {
			for _, u := range e.values[a+1:] {
				if worth[v] && worth[u] {
					add(e, [2]int{v, u})
				}
			}
		}
	}
	pairs := groups()
	return Best(singles, Rank(all, pairs, 123+len(pairs)))
}

// alone stands where there is no second value.
const alone = -1

func TestCausesAreFound(t *testing.T) {
	f := func(name string, matches func(*event) bool, more float64, want string) float64 {
		t.Helper()
		const seeds = 40
		right := 0
		for seed := range uint64(seeds) {
			best, _ := find(draw(rand.New(rand.NewPCG(seed, 5)), 10_000, matches, more))
			if fmt.Sprint(best.Is) == want {
				right++
			}
		}
		t.Logf("%s: %.3f", name, float64(right)/seeds)
		return float64(right) / seeds
	}
	if got := f("nothing", func(*event) bool { return false }, 0, "[]"); got < .95 {
		t.Errorf("nothing is planted, and nothing named in %.3f, want .95", got)
	}
	one := func(e *event) bool { return e.values[0] == 7 }
	if got := f("one value", one, .2, "[7]"); got < .95 {
		t.Errorf("a single cause is first in %.3f, want .95", got)
	}
	two := func(e *event) bool { return e.values[0] == 3 && e.values[1] == 52 }
	if got := f("two values", two, .9, "[3 52]"); got < .85 {
		t.Errorf("a pair is exact in %.3f, want .85", got)
	}
}
