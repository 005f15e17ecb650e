package vercel

import (
	"strconv"
	"testing"
)

// TestWhatIsRememberedOfRequestsIsBounded: the oldest are forgotten, the latest are known.
func TestWhatIsRememberedOfRequestsIsBounded(t *testing.T) {
	c := newCounted()
	claim := func(from, to int) (fresh int) {
		var p post
		for i := from; i < to; i++ {
			p.order = append(p.order, &request{names: [2]string{"r" + strconv.Itoa(i)}, line: &record{}})
		}
		return len(c.claim(&p))
	}
	const n = 3 * mostCounted
	if fresh := claim(0, n); fresh != n {
		t.Errorf("%d of %d new requests are fresh", fresh, n)
	}
	if kept := len(c.young) + len(c.old); kept > 2*mostCounted || kept < mostCounted {
		t.Errorf("%d are remembered, want %d to %d", kept, mostCounted, 2*mostCounted)
	}
	if fresh := claim(n-mostCounted, n); fresh != 0 {
		t.Errorf("%d of the latest are forgotten", fresh)
	}
	if fresh := claim(0, 1); fresh != 1 {
		t.Error("the first one is still remembered")
	}
}
