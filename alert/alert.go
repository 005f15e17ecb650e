package alert

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/alert/deliver"
	"edgescope/alert/silence"
	"edgescope/edge"
	"edgescope/internal/disk"
	"edgescope/query"
)

// Labels of alerts that mean something.
const (
	labelTenant   = edge.LabelTenant
	labelSeverity = "severity"
	// labelPromise names the promise (SLO) of an alert: one that pages mutes its tickets.
	labelPromise = "slo"
	// labelTest marks alerts of a test.
	labelTest = "edge_test"
)

// Alerts evaluates rules and tells of what they give. It is safe for concurrent use.
type Alerts struct {
	o        Options
	silences *silence.Silences
	deliver  *deliver.Deliverer
	wake     chan struct{}
	cancel   context.CancelFunc
	done     chan struct{}

	mu      sync.Mutex // guards what follows, and is not held while anything is asked
	book    *book
	planned []turn
	status  map[string]*status // by tenant and rule
	saved   time.Time
	// unsaved is why the state is not on disk, "" when it is.
	unsaved string
}

// New makes alerts of what is on disk. Start begins to evaluate and to tell.
func New(o Options) (*Alerts, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	a := &Alerts{o: o, wake: make(chan struct{}, 1), book: newBook(), status: map[string]*status{}}
	if err := os.MkdirAll(o.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("keep alerts: %w", err)
	}
	damaged, err := disk.ReadState(a.path(), a.book)
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if damaged != "" {
		o.Logger.Error("the state of alerts is unreadable and set aside: all begin anew", slog.String("path", damaged))
		a.book = newBook()
	}
	a.book.complete()
	if a.silences, err = silence.Open(filepath.Join(o.Dir, "silences.json"), o.Now, o.Logger); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	a.deliver, err = deliver.Open(deliver.Options{
		Path: filepath.Join(o.Dir, "told.json"), Now: o.Now, Logger: o.Logger, Metrics: o.Metrics,
	})
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	return a, nil
}

func (a *Alerts) path() string { return filepath.Join(a.o.Dir, "state.json") }

// complete makes the maps that a file may lack.
func (b *book) complete() {
	whole := newBook()
	if b.Alerts == nil {
		b.Alerts = whole.Alerts
	}
	if b.Past == nil {
		b.Past = whole.Past
	}
	if b.Seen == nil {
		b.Seen = whole.Seen
	}
	for _, alerts := range b.Alerts {
		maps.DeleteFunc(alerts, func(_ fingerprint, i *instance) bool { return i == nil })
	}
}

// Start begins to evaluate and to tell, first of what was on disk. It ends with Stop, not with its context.
func (a *Alerts) Start(ctx context.Context) error {
	a.deliver.Configure(receiversOf(a.o.Notify(), a.o.Getenv)) //nolint:contextcheck // it ends with Stop
	for _, t := range a.o.Tenants() {
		a.tell(t)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.cancel, a.done = cancel, make(chan struct{})
	go func() {
		defer close(a.done)
		a.run(ctx)
	}()
	return nil
}

// Reload takes up who is told and which rules hold now.
func (a *Alerts) Reload() {
	a.deliver.Configure(receiversOf(a.o.Notify(), a.o.Getenv))
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Stop ends evaluations and deliveries, and waits for them no longer than its context lasts. What was not delivered is
// when a program starts again. Stop of what was not started does nothing.
func (a *Alerts) Stop(ctx context.Context) error {
	if a.cancel == nil {
		return nil
	}
	a.cancel()
	a.deliver.Stop()
	select {
	case <-a.done:
	case <-ctx.Done():
		return fmt.Errorf("stop alerts: %w", ctx.Err())
	}
	a.save(true)
	return nil
}

// seen returns when a group was evaluated last.
func (a *Alerts) seen(key string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.book.Seen[key]
}

// retire ends the alerts of rules that a tenant does not have any more.
func (a *Alerts) retire(t Tenant, known map[string]bool) {
	a.mu.Lock()
	changed := a.book.retire(t.Tenant, known, a.o.Now())
	a.mu.Unlock()
	if changed {
		a.save(true)
		a.tell(t)
	}
}

// save writes the state: at once when it changed, else when it was not for a while and what is pending or fires would
// not outlast the end of the program. A disk that does not take it stops nothing: it is tried again.
func (a *Alerts) save(changed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.o.Now()
	if !changed && a.unsaved == "" && (a.idle() || now.Sub(a.saved) < saveEvery) {
		return
	}
	if err := disk.WriteState(a.path(), a.book); err != nil {
		if a.unsaved == "" {
			a.o.Logger.Error("the state of alerts is not on disk", slog.Any("error", err))
		}
		a.unsaved = err.Error()
		return
	}
	a.saved, a.unsaved = now, ""
}

// idle tells that there is nothing whose state a program that starts again needs.
func (a *Alerts) idle() bool {
	for _, alerts := range a.book.Alerts {
		if len(alerts) > 0 {
			return false
		}
	}
	return true
}

// tell hands on the alerts of a tenant that fire or ended lately, without those that are muted.
func (a *Alerts) tell(t Tenant) {
	base := strings.TrimSuffix(a.o.Notify().Dashboard, "/")
	a.mu.Lock()
	defer a.mu.Unlock()
	mutes := a.mutes(t.Tenant)
	var all []deliver.Alert
	firing := 0
	for _, id := range slices.Sorted(maps.Keys(a.book.Alerts[t.Tenant])) {
		i := a.book.Alerts[t.Tenant][id]
		if i.State == query.AlertPending || mutes(i) != "" {
			continue
		}
		d := deliver.Alert{
			Labels: i.Labels, Annotations: i.Annotations, StartsAt: i.Fired, EndsAt: i.Resolved, Every: i.Every,
			GeneratorURL: base + linkAt(i.Link, i.Active, i.Resolved),
		}
		if d.EndsAt.IsZero() {
			firing++
		}
		all = append(all, d)
	}
	a.o.Metrics.GetOrCreateGauge(fmt.Sprintf("edgescope_alerts_firing{edge_tenant=%q}", t.Name), nil).Set(float64(firing))
	a.deliver.Tell(t.Name, all)
}

// mutes returns what says why nobody is told of an alert: a silence, or an alert of the same promise that pages. It is
// called, and asked, with the lock.
func (a *Alerts) mutes(t edge.Tenant) func(*instance) string {
	paged := map[string]bool{}
	for _, i := range a.book.Alerts[t] {
		if i.State == query.AlertFiring && i.Labels[labelSeverity] == page && i.Labels[labelPromise] != "" {
			paged[i.Labels[labelPromise]+"\n"+i.Labels[edge.LabelService]] = true
		}
	}
	return func(i *instance) string {
		promise := i.Labels[labelPromise]
		if promise != "" && i.Labels[labelSeverity] == ticket && paged[promise+"\n"+i.Labels[edge.LabelService]] {
			return "an alert of the same promise pages"
		}
		if id := a.silences.Mutes(i.Labels); id != "" {
			return "silence " + id
		}
		return ""
	}
}

// tellAll tells of every tenant: silences changed.
func (a *Alerts) tellAll() {
	for _, t := range a.o.Tenants() {
		a.tell(t)
	}
}
