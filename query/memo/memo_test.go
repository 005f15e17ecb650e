package memo

import (
	"strconv"
	"testing"
	"time"
)

func TestMemoForgets(t *testing.T) {
	var m Memo[int]
	asked := 0
	ask := func() (int, error) { asked++; return asked, nil }
	now := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	f := func(after time.Duration, want int) {
		t.Helper()
		if got, _ := m.Get("k", now.Add(after), 5*time.Second, ask); got != want {
			t.Errorf("after %s: %d, want %d", after, got, want)
		}
	}
	f(0, 1)
	f(4*time.Second, 1)
	f(5*time.Second, 2)
	for i := range 3 * size {
		if _, err := m.Get(strconv.Itoa(i), now, time.Hour, ask); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.kept) > size {
		t.Errorf("it remembers %d answers, want %d at most", len(m.kept), size)
	}
}
