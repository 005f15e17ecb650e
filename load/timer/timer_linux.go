package timer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Precise pauses on a timerfd, which wakes the netpoller within about 0.05 ms; the runtime's own timers are rounded to
// whole milliseconds there. The Wait is for one goroutine. Close it when done; the end of ctx unblocks a pause too.
func Precise(ctx context.Context) (wait Wait, stop func(), err error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("create the arrival timer: %w", err)
	}
	file := os.NewFile(uintptr(fd), "timerfd")
	unblock := context.AfterFunc(ctx, func() { _ = file.SetReadDeadline(time.Unix(1, 0)) })
	var expirations [8]byte
	wait = func(ctx context.Context, d time.Duration) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		// A value of zero would disarm the timer, and the read never return.
		spec := unix.ItimerSpec{Value: unix.NsecToTimespec(max(d, 1).Nanoseconds())}
		if err := unix.TimerfdSettime(fd, 0, &spec, nil); err != nil {
			return fmt.Errorf("set the arrival timer to %v: %w", d, err)
		}
		if _, err := file.Read(expirations[:]); err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("wait for the arrival timer: %w", err))
		}
		return nil
	}
	stop = func() {
		unblock()
		_ = file.Close()
	}
	return wait, stop, nil
}
