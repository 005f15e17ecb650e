package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// courier is what the two kinds of receivers do differently. One goroutine calls it.
type courier interface {
	// take takes all alerts that its address is told of.
	take(now time.Time, alerts []Alert)
	// next returns when something is to be sent, zero for nothing.
	next() time.Time
	// flush sends what is due, until something fails. It tells whether the address took anything, or nothing was due.
	flush(ctx context.Context, now time.Time) (answered bool, err error)
	// waiting returns the number of alerts that were not told.
	waiting() int
}

// worker brings alerts to one address.
type worker struct {
	r       Receiver
	at      Address
	d       *Deliverer
	courier courier
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
	failed  int // requests that failed, one after the other

	mu      sync.Mutex
	alerts  map[string][]Alert // the newest, by tenant
	dropped map[uint64]bool    // those of alerts that are too many
	state   State
}

// start begins to bring alerts to an address. It is called with the lock of the deliverer.
func (d *Deliverer) start(r Receiver, at Address) *worker {
	ctx, cancel := context.WithCancel(d.ctx)
	w := &worker{
		r: r, at: at, d: d, wake: make(chan struct{}, 1), done: make(chan struct{}), cancel: cancel,
		alerts: map[string][]Alert{},
		state:  State{Receiver: r.Name, Tenant: r.Tenant, Address: at.Shown, Webhook: r.Webhook},
	}
	if r.Webhook {
		w.courier = newHook(w)
	} else {
		w.courier = newManager(w)
	}
	d.wg.Go(func() {
		defer close(w.done)
		w.run(ctx)
	})
	return w
}

func (w *worker) stop() {
	w.cancel()
	<-w.done
}

// take takes the alerts of a tenant.
func (w *worker) take(tenant string, alerts []Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.alerts[tenant] = alerts; len(alerts) == 0 {
		delete(w.alerts, tenant)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
			w.courier.take(w.d.o.Now(), w.newest())
		case <-timer.C:
		}
		now := w.d.o.Now()
		if next := w.due(); !next.IsZero() && !next.After(now) {
			w.flush(ctx, now)
		}
		timer.Stop()
		if next := w.due(); !next.IsZero() {
			timer.Reset(max(next.Sub(w.d.o.Now()), 0))
		}
		w.mu.Lock()
		w.state.Waiting = w.courier.waiting()
		w.mu.Unlock()
	}
}

// due returns when something is to be sent, which is not before an address that failed is tried again.
func (w *worker) due() time.Time {
	next := w.courier.next()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !next.IsZero() && w.state.Retry.After(next) {
		return w.state.Retry
	}
	return next
}

func (w *worker) flush(ctx context.Context, now time.Time) {
	answered, err := w.courier.flush(ctx, now)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && w.state.Problem != "" {
		w.d.o.Logger.Info("a receiver of alerts takes them again", slog.String("receiver", w.r.Name),
			slog.String("address", w.at.Shown))
	}
	if err == nil || answered {
		w.failed, w.state.Retry, w.state.Since, w.state.Problem = 0, time.Time{}, time.Time{}, ""
	}
	if err == nil {
		return
	}
	if w.state.Since.IsZero() {
		w.state.Since = now
		w.d.o.Logger.Warn("a receiver of alerts does not take them: it is tried again", slog.String("receiver", w.r.Name),
			slog.String("address", w.at.Shown), slog.Any("error", err))
	}
	w.state.Problem = err.Error()
	if !answered {
		w.failed++
		w.state.Retry = w.d.o.Now().Add(pause(err, w.failed))
	}
}

// newest returns the alerts to tell of: those that fire first, the oldest first, and no more than may wait.
func (w *worker) newest() []Alert {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Alert
	for _, tenant := range slices.Sorted(maps.Keys(w.alerts)) {
		all = append(all, w.alerts[tenant]...)
	}
	if len(all) <= maxWaiting {
		w.dropped = nil
		return all
	}
	slices.SortStableFunc(all, func(a, b Alert) int {
		if a.firing() != b.firing() {
			return map[bool]int{true: -1, false: 1}[a.firing()]
		}
		return a.StartsAt.Compare(b.StartsAt)
	})
	dropped := make(map[uint64]bool, len(all)-maxWaiting)
	for i := range all[maxWaiting:] {
		id := all[maxWaiting+i].Fingerprint()
		if dropped[id] = true; !w.dropped[id] {
			w.drop()
		}
	}
	w.dropped = dropped
	return all[:maxWaiting]
}

// drop counts an alert that the address is never told of. It is called with the lock.
func (w *worker) drop() {
	w.state.Dropped++
	w.count("dropped")
}

// missed counts alerts that ended before the address could be told of them.
func (w *worker) missed(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range n {
		w.drop()
	}
}

// sent counts a request.
func (w *worker) sent(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.state.Failed++
		w.count("failed")
		return err
	}
	w.state.Sent++
	w.state.LastSent = w.d.o.Now()
	w.count("sent")
	return nil
}

func (w *worker) count(result string) {
	w.d.o.Metrics.GetOrCreateCounter(fmt.Sprintf("edgescope_alert_deliveries_total{receiver=%q,result=%q}", w.r.Name,
		result)).Inc()
}

func (w *worker) current() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}
