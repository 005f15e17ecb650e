//go:build !linux

package timer

import "context"

// Precise has no timerfd here and takes the runtime's timers.
func Precise(context.Context) (wait Wait, stop func(), err error) {
	return Sleep, func() {}, nil
}
