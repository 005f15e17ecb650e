package embedded

import (
	"context"
	"errors"
	"fmt"
	"testing"

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
