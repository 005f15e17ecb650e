// Package timer pauses, to a twentieth of a millisecond where the system can.
package timer

import (
	"context"
	"time"
)

// Wait pauses for d, which is positive, and returns early with the context's error when that ends.
type Wait func(ctx context.Context, d time.Duration) error

// Sleep pauses with the Go runtime's timers: whole milliseconds on an idle process, so arrivals come about 0.5 ms late.
// It is what fake clocks (testing/synctest) understand, and what is used where there is no timerfd.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
