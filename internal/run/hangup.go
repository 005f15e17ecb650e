package run

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// hangups are the signals SIGHUP of a process: the wish to end, until a program asks for them.
type hangups struct {
	signals chan os.Signal
	told    chan struct{}
	wanted  atomic.Bool
}

// listen hands out SIGHUP until ctx ends: to the program that wants it, else it calls end.
func listen(ctx context.Context, end func()) *hangups {
	h := &hangups{signals: make(chan os.Signal, 1), told: make(chan struct{}, 1)}
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(h.signals, syscall.SIGHUP)
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-h.signals:
				h.hear(end)
			}
		}
	}()
	return h
}

func (h *hangups) hear(end func()) {
	if !h.wanted.Load() {
		end()
		return
	}
	select {
	case h.told <- struct{}{}:
	default: // one waits already
	}
}

func (h *hangups) stop() { signal.Stop(h.signals) }

// Hangups returns a channel that gets a value at SIGHUP, which from then on is the wish to read files again, as servers
// have it, and no longer the end of the terminal. Without Main, as in a test, it gets none.
func (p Process) Hangups() <-chan struct{} {
	if p.hangups == nil {
		return nil
	}
	p.hangups.wanted.Store(true)
	signal.Notify(p.hangups.signals, syscall.SIGHUP) // also under nohup
	return p.hangups.told
}
