package embedded_test

import (
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded"
)

func event(at time.Time, name string) []edge.Event {
	return []edge.Event{{Time: at.UnixNano(), Name: name}}
}

// count returns how many rows of the last ten days questions see, without a flush.
func count(t *testing.T, s *embedded.Store) (rows int) {
	t.Helper()
	now := time.Now()
	q := store.RowsQuestion{LogsQL: "*", From: now.Add(-240 * time.Hour), To: now.Add(time.Hour)}
	if err := s.Rows(t.Context(), q, func(store.Row) error { rows++; return nil }); err != nil {
		t.Fatal(err)
	}
	return rows
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.Tick(10 * time.Millisecond); !holds(); {
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("after a minute there is no %s", what)
		}
	}
}

func TestFewRowsAreSeenSoon(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	for range 3 {
		if err := s.WriteEvents(t.Context(), 0, event(time.Now(), "one more")); err != nil {
			t.Fatal(err)
		}
		want := count(t, s) + 1
		eventually(t, "further row", func() bool { return count(t, s) == want })
	}
	if n := metric(s, "edgescope_store_waiting_bytes"); n != "0" {
		t.Errorf("%s bytes wait still", n)
	}
}

// TestRowsOfADayThatIsDroppedMeanwhileAreCounted: they must not bring the day back.
func TestRowsOfADayThatIsDroppedMeanwhileAreCounted(t *testing.T) {
	o := options(t.TempDir())
	o.MaxDisk = 1 // whatever there is, is too much
	s := mustOpen(t, o)
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(time.Hour)
	for days := range 3 {
		if err := s.WriteEvents(t.Context(), 0, event(now.Add(-time.Duration(days)*24*time.Hour), "x")); err != nil {
			t.Fatal(err)
		}
	}
	s.Flush()
	if err := s.WriteEvents(t.Context(), 0, event(now.Add(-48*time.Hour), "waits")); err != nil {
		t.Fatal(err)
	}
	embedded.Trim(s)
	s.Flush()
	// 0 if the row was given before the day went: then it went with it.
	if got, n := metric(s, "edgescope_store_dropped_events_total"), count(t, s); n != 2 || got != "1" && got != "0" {
		t.Errorf("%d rows are left and %s were dropped, want 2 and the one that waited", n, got)
	}
}
