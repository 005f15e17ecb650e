package timer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/load/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waits are the two ways to pause. The context is the one that Precise is given.
func waits(ctx context.Context, t *testing.T) map[string]timer.Wait {
	t.Helper()
	precise, stop, err := timer.Precise(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return map[string]timer.Wait{"Sleep": timer.Sleep, "Precise": precise}
}

func TestAPauseIsNeverTooShort(t *testing.T) {
	for name, wait := range waits(t.Context(), t) {
		for _, d := range []time.Duration{1, time.Microsecond, 300 * time.Microsecond, 3 * time.Millisecond} {
			began := time.Now()
			if err := wait(t.Context(), d); err != nil {
				t.Errorf("%s of %v: %v", name, d, err)
			}
			if took := time.Since(began); took < d {
				t.Errorf("%s of %v took %v", name, d, took)
			}
		}
	}
}

func TestTheEndOfTheContextEndsAPause(t *testing.T) {
	for _, name := range []string{"Sleep", "Precise"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		wait := waits(ctx, t)[name]
		defer time.AfterFunc(time.Millisecond, cancel).Stop()
		for range 2 { // while it lasts, and after the end
			if err := wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want %v", name, err, context.Canceled)
			}
		}
	}
}

// One pause after another: none takes the expiration of the one before it.
func TestAPauseDoesNotEndTheNext(t *testing.T) {
	for name, wait := range waits(t.Context(), t) {
		for range 20 {
			began := time.Now()
			for range 3 {
				if err := wait(t.Context(), 200*time.Microsecond); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if took := time.Since(began); took < 600*time.Microsecond {
				t.Errorf("three of %s took %v, want at least 600 µs", name, took)
			}
		}
	}
}
