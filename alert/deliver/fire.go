package deliver

import (
	"context"
	"sync"
	"time"
)

// Result is what came of a test of one address.
type Result struct {
	Receiver, Address string
	// Problem is why it did not take the alert, "" when it did.
	Problem string
}

// testLasts is a quarter of how long an Alertmanager takes a test to fire.
const testLasts = 30 * time.Second

// Test tells every address that would be told of an alert of a tenant that it fires and that it ended, at once. An
// Alertmanager that gets both at once tells nobody, so it gets with the alert that it ends in two minutes.
func (d *Deliverer) Test(ctx context.Context, tenant string, a Alert) []Result {
	d.mu.Lock()
	var asked []*worker
	for _, w := range d.workers {
		if w.r.tells(tenant, &a) {
			asked = append(asked, w)
		}
	}
	d.mu.Unlock()
	results := make([]Result, len(asked))
	var wg sync.WaitGroup
	for i, w := range asked {
		wg.Go(func() {
			results[i] = Result{Receiver: w.r.Name, Address: w.at.Shown}
			if err := w.test(ctx, a); err != nil {
				results[i].Problem = err.Error()
			}
		})
	}
	wg.Wait()
	return results
}

func (w *worker) test(ctx context.Context, a Alert) error {
	now := w.d.o.Now()
	a.EndsAt, a.Every = time.Time{}, testLasts
	if err := w.alone(ctx, a, first, now); err != nil || !w.r.Webhook {
		return err
	}
	a.EndsAt = now
	return w.alone(ctx, a, allEnded, now)
}

// alone posts one alert.
func (w *worker) alone(ctx context.Context, a Alert, why string, now time.Time) error {
	body := managerBody([]Alert{a}, now)
	if w.r.Webhook {
		set, _ := groupOf(&a)
		body = webhookBody(&w.r, set, []Alert{a}, why)
	}
	return post(ctx, w.d.client, w.at, body, now)
}
