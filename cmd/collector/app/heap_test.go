package app

import "testing"

func TestPaceKeepsTheHeapAtItsTarget(t *testing.T) {
	f := func(live, target uint64, want int) {
		t.Helper()
		if got := percentOf(live, target); got != want {
			t.Errorf("percentOf(%d, %d) = %d, want %d", live, target, got, want)
		}
	}
	f(100<<20, 160<<20, 60)
	f(80<<20, 160<<20, 100)
	f(160<<20, 160<<20, leastPercent)
	f(500<<20, 160<<20, leastPercent)
	f(1<<20, 160<<20, mostPercent)
	f(0, 160<<20, mostPercent)
	f(100<<20, 250<<20, 150)
}

func TestPaceIsSetWhenItChanges(t *testing.T) {
	var set []int
	use := heapUse{live: 100}
	h := heap{
		target: 200, read: func() heapUse { return use },
		setPercent: func(p int) int { set = append(set, p); return 0 },
	}
	h.pace()
	h.pace()
	use.live = 160
	h.pace()
	if len(set) != 2 || set[0] != 100 || set[1] != leastPercent {
		t.Errorf("pace set to %v, want 100 once and then %d", set, leastPercent)
	}
}

func TestMemoryIsGivenBackAtRest(t *testing.T) {
	var freed int
	use := heapUse{}
	h := heap{read: func() heapUse { return use }, free: func() { freed++ }}
	look := func(what string, now heapUse, want int) {
		t.Helper()
		use = now
		h.rest()
		if freed != want {
			t.Errorf("%s: given back %d times, want %d", what, freed, want)
		}
	}
	look("under load", heapUse{live: 100 << 20, held: 400 << 20, allocated: 1 << 30}, 0)
	look("the load has gone", heapUse{live: 100 << 20, held: 400 << 20, allocated: 1<<30 + 1<<20}, 1)
	look("there is nothing to give", heapUse{live: 90 << 20, held: 100 << 20, allocated: 1<<30 + 2<<20}, 1)
	look("load again", heapUse{live: 90 << 20, held: 300 << 20, allocated: 2 << 30}, 1)
}
