// Package deliver brings alerts to those who are told: to Alertmanagers over their API, and to webhooks as Alertmanager
// calls them. Each address has a goroutine of its own, so that one that is down or slow holds up no other; what an
// address waits for is bounded, and what a webhook was told is on disk.
package deliver

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/internal/labels"
)

// maxWaiting bounds the alerts that an address waits for: those beyond, the youngest, are dropped and counted.
const maxWaiting = 1000

// Alert is one that fires, or did lately.
type Alert struct {
	Labels, Annotations map[string]string
	// StartsAt is when it began to fire, EndsAt when it was resolved, zero while it fires.
	StartsAt, EndsAt time.Time
	// GeneratorURL leads to what the alert is about.
	GeneratorURL string
	// Every is the time between evaluations of its rule.
	Every time.Duration
}

// Fingerprint returns the identity of the alert.
func (a *Alert) Fingerprint() uint64 { return labels.Fingerprint(a.Labels) }

func (a *Alert) firing() bool { return a.EndsAt.IsZero() }

// Receiver is somebody who is told.
type Receiver struct {
	Name string
	// Tenant is the name of the only tenant of whose alerts it is told, "" for all.
	Tenant string
	// Match chooses the alerts; none choose all.
	Match labels.Matchers
	// Webhook tells that the addresses are webhooks, else they are Alertmanagers.
	Webhook   bool
	Addresses []Address
	// Wait, Interval and Repeat are for webhooks: how long the first notification of a group waits for further alerts,
	// how long those that follow wait, and after how long it is told again what still fires.
	Wait, Interval, Repeat time.Duration
	// ExternalURL is the dashboard's address, for webhooks.
	ExternalURL string
	// Version changes when anything of the receiver does.
	Version string
}

// Address is where alerts are posted.
type Address struct {
	// Shown names it on pages and in logs: without path, query and password, any of which may be secret.
	Shown string
	// Request returns the URL and what headers to send, read anew each time, since secrets are renewed.
	Request func() (url string, header http.Header, err error)
}

// tells tells whether the receiver is told of an alert of a tenant.
func (r *Receiver) tells(tenant string, a *Alert) bool {
	return (r.Tenant == "" || r.Tenant == tenant) && r.Match.Matches(a.Labels)
}

// State is how deliveries to one address go.
type State struct {
	Receiver, Tenant, Address string
	Webhook                   bool
	// Waiting is the number of alerts that the address has not been told of, or not of their end.
	Waiting int
	// Sent and Failed count requests, Dropped alerts that the address was never told of.
	Sent, Failed, Dropped int
	// LastSent is when a request last succeeded.
	LastSent time.Time
	// Problem is why the last request failed, "" when it succeeded; it has failed since Since, and is tried again at Retry.
	Problem      string
	Since, Retry time.Time
}

// Options are what deliveries need.
type Options struct {
	// Path is the file that keeps what webhooks were told.
	Path    string
	Now     func() time.Time
	Logger  *slog.Logger
	Metrics *metrics.Set
	// Patience is how long a request may take; 0 means 10 s.
	Patience time.Duration
}

// Deliverer tells receivers of alerts. It is safe for concurrent use.
type Deliverer struct {
	o      Options
	client *http.Client
	log    *sentLog
	ctx    context.Context //nolint:containedctx // of the goroutines, which outlive every call
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	workers map[string]*worker
	alerts  map[string][]Alert // by tenant
}

// Open reads what webhooks were told. Configure says who they are, Stop must be called.
func Open(o Options) (*Deliverer, error) {
	log, err := openLog(o.Path, o.Logger)
	if err != nil {
		return nil, err
	}
	d := &Deliverer{
		o: o, client: newClient(cmp.Or(o.Patience, patience)), log: log, workers: map[string]*worker{},
		alerts: map[string][]Alert{},
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d, nil
}

// Configure takes receivers in place of those before. One that is the same goes on where it was.
func (d *Deliverer) Configure(receivers []Receiver) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return
	}
	wanted := map[string]func() *worker{}
	for _, r := range receivers {
		for i, at := range r.Addresses {
			key := fmt.Sprintf("%s\n%s\n%d\n%s", r.Name, at.Shown, i, r.Version)
			wanted[key] = func() *worker { return d.start(r, at) }
		}
	}
	for key, w := range d.workers { // one address has one goroutine at a time
		if wanted[key] == nil {
			w.stop()
			delete(d.workers, key)
		}
	}
	for key, start := range wanted {
		if d.workers[key] == nil {
			d.workers[key] = start()
		}
	}
	for tenant := range d.alerts {
		d.pass(tenant)
	}
}

// Tell takes all alerts of a tenant that fire or were resolved lately, in place of those before. It never waits: what
// can't be delivered now is when that is possible, in the state that it has then.
func (d *Deliverer) Tell(tenant string, alerts []Alert) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return
	}
	if d.alerts[tenant] = alerts; len(alerts) == 0 {
		defer delete(d.alerts, tenant)
	}
	d.pass(tenant)
}

func (d *Deliverer) pass(tenant string) {
	for _, w := range d.workers {
		var mine []Alert
		for i := range d.alerts[tenant] {
			if a := &d.alerts[tenant][i]; w.r.tells(tenant, a) {
				mine = append(mine, *a)
			}
		}
		w.take(tenant, mine)
	}
}

// States returns how deliveries go, in the order of receivers and addresses.
func (d *Deliverer) States() []State {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]State, 0, len(d.workers))
	for _, key := range slices.Sorted(maps.Keys(d.workers)) {
		all = append(all, d.workers[key].current())
	}
	return all
}

// Stop ends deliveries. What was not delivered is told when a program starts again.
func (d *Deliverer) Stop() {
	d.cancel()
	d.wg.Wait()
	d.client.CloseIdleConnections()
}
