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

func TestAnAnswerSaysHowLongItIsRemembered(t *testing.T) {
	var m Memo[int]
	now := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	asked := 0
	f := func(key string, after, life time.Duration, want int) {
		t.Helper()
		got, err := m.GetFor(key, now.Add(after), func() (int, time.Duration, error) { asked++; return asked, life, nil })
		if err != nil || got != want {
			t.Errorf("%s after %s: %d, %v, want %d", key, after, got, err, want)
		}
	}
	f("short", 0, time.Second, 1)
	f("long", 0, time.Minute, 2)
	f("short", time.Second, time.Second, 3)
	f("long", 59*time.Second, time.Minute, 2)
	f("never", 0, 0, 4)
	f("never", 0, 0, 5)
	if len(m.kept) != 2 {
		t.Errorf("%d answers are kept, want 2", len(m.kept))
	}
}

func TestAKeyIsForgotten(t *testing.T) {
	var m Memo[int]
	asked := 0
	ask := func() (int, error) { asked++; return asked, nil }
	m.Forget("k") // of nothing
	for _, want := range []int{1, 2} {
		if got, _ := m.Get("k", time.Time{}, time.Hour, ask); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
		m.Forget("k")
	}
}
