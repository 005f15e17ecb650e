package run

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Watched is something that lives in a file or at an address and may change while the program runs.
type Watched struct {
	// Name is what the log calls it.
	Name string
	// Every is how often to look.
	Every time.Duration
	// Reload looks. With an error it keeps what it had.
	Reload func(context.Context) (changed bool, err error)
}

// Watch looks after all of them, each in its own goroutine, until ctx ends or the stop function that it returns is
// called, which waits for them. Changes are logged, and errors when they begin, when they become others, and when they
// end.
func Watch(ctx context.Context, log *slog.Logger, all ...Watched) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, w := range all {
		wg.Go(func() { w.watch(ctx, log) })
	}
	return func(context.Context) error {
		cancel()
		wg.Wait()
		return nil
	}
}

func (w *Watched) watch(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(w.Every)
	defer tick.Stop()
	name, last := slog.String("name", w.Name), ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := w.Reload(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && err.Error() != last:
			last = err.Error()
			log.Error("reload failed: what was read before stays in use", name, slog.Any("error", err))
		case err == nil && last != "":
			last = ""
			log.Info("reload works again", name, slog.Bool("changed", changed))
		case changed:
			log.Info("reloaded", name)
		}
	}
}
