package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// TestErrorsOfTheEngineAreSorted: what nobody has ended is the question's own fault, and one that needs too much is not
// wrong.
func TestErrorsOfTheEngineAreSorted(t *testing.T) {
	f := func(err, want error) {
		t.Helper()
		if got := rowsError(err); !errors.Is(got, want) {
			t.Errorf("%v is sorted as %v, want %v", err, got, want)
		}
	}
	f(errors.New("cannot load rows because they occupy more than 12MB of memory"), store.ErrTooMuch)
	f(errors.New("the pipe requires more than 12MB of memory"), store.ErrTooMuch)
	f(errors.New("missing column"), store.ErrBadQuery)
	f(fmt.Errorf("search: %w", context.Canceled), store.ErrBadQuery)
}

// TestWhatTheEnginePanicsAtIsTold holds that rows around rows whose stream a pipe took away, at which the engine panics
// where several kinds are asked, are the asker's error in words that help.
func TestWhatTheEnginePanicsAtIsTold(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	point := edge.Event{Kind: edge.KindDataPoint, Dataset: "x", Time: now.UnixNano()}
	if err := s.WriteEvents(t.Context(), 0, []edge.Event{point}); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	err = s.Rows(t.Context(), store.RowsQuestion{
		Kind: edge.KindSpan, Also: []edge.Kind{edge.KindDataPoint}, LogsQL: "* | fields name | stream_context before 5",
		From: now.Add(-time.Hour), To: now.Add(time.Hour),
	}, func(store.Row) error { return nil })
	if !errors.Is(err, store.ErrBadQuery) || !strings.Contains(err.Error(), "_stream_id and _time, which a pipe") {
		t.Errorf("got %v", err)
	}
}
