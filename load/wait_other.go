//go:build !linux

package load

import "context"

// preciseWait has no timerfd here and takes the runtime's timers.
func preciseWait(context.Context) (wait Wait, stop func(), err error) {
	return RuntimeWait, func() {}, nil
}
