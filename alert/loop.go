package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/internal/labels"
)

const (
	// longestQuestion bounds one question, beside the interval of its group.
	longestQuestion = 30 * time.Second
	// builtinEvery is how often findings are looked at.
	builtinEvery = time.Minute
	// builtinKeep is how long the alert of a finding goes on firing when the finding is gone: it may come back.
	builtinKeep = 10 * time.Minute
	// gapBeyond is how much longer than two intervals an evaluation may be away before what was pending is forgotten.
	gapBeyond = 5 * time.Minute
	// saveEvery is how often the times of evaluations are written while anything is pending or fires.
	saveEvery = 30 * time.Second
	// failuresTold is how many evaluations of a rule fail, one after the other, before somebody is told.
	failuresTold = 2
)

// builtin is the group of what the collector finds by itself, and builtinRule and failingRule its rules.
const (
	builtin     = "built in"
	builtinRule = "findings"
	failingRule = "EdgeRuleFailing"
)

// turn is a group that is to be evaluated for a tenant.
type turn struct {
	tenant Tenant
	group  rules.Group
	// keys are those of its rules.
	keys []string
	// builtin tells that it is what the collector finds by itself.
	builtin bool
	at      time.Time
}

// key names the group of a tenant.
func (t *turn) key() string {
	return fmt.Sprintf("%d\n%s\n%t", t.tenant.Tenant, t.group.Name, t.builtin)
}

// statusKey names a rule of a tenant.
func (t *turn) statusKey(i int) string { return fmt.Sprintf("%d\n%s", t.tenant.Tenant, t.keys[i]) }

// status is how the last evaluation of a rule went.
type status struct {
	at    time.Time
	took  time.Duration
	err   string
	since time.Time
	// failures are those in a row, found is what the last one that succeeded gave.
	failures, found int
}

// run evaluates what is due until its context ends.
func (a *Alerts) run(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-a.o.Ready:
	}
	for {
		next := a.round(ctx)
		wait := time.NewTimer(max(next.Sub(a.o.Now()), 0))
		select {
		case <-ctx.Done():
			wait.Stop()
			return
		case <-a.wake:
			wait.Stop()
		case <-wait.C:
		}
	}
}

// round evaluates each group that is due, one after the other, and returns when the next one is.
func (a *Alerts) round(ctx context.Context) (next time.Time) {
	turns := a.turns()
	for i := range turns {
		t := &turns[i]
		every := t.group.Every()
		now := a.o.Now()
		t.at = now.Truncate(every)
		last := a.seen(t.key())
		if last.After(now) { // the clock was wrong when it was evaluated last
			last = time.Time{}
		}
		if t.at.After(last) {
			a.evaluate(ctx, t, last)
		}
		if ctx.Err() != nil {
			return now
		}
		if due := now.Truncate(every).Add(every); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	if next.IsZero() {
		next = a.o.Now().Add(builtinEvery)
	}
	return next
}

// turns are all groups for all tenants, the built-in one last. Alerts whose rules are no more end here.
func (a *Alerts) turns() []turn {
	groups := a.o.Groups()
	var all []turn
	for _, tenant := range a.o.Tenants() {
		known := map[string]bool{builtinRule: true, failingRule: true}
		for i := range groups {
			g := &groups[i]
			if g.Tenant != "" && g.Tenant != tenant.Name {
				continue
			}
			t := turn{tenant: tenant, group: *g, keys: keysOf(g)}
			for _, key := range t.keys {
				known[key] = true
			}
			all = append(all, t)
		}
		all = append(all, turn{
			tenant: tenant, builtin: true, keys: []string{builtinRule},
			group: rules.Group{Name: builtin, Interval: builtinEvery, Rules: []rules.Rule{{Alert: builtinRule}}},
		})
		a.retire(tenant, known)
	}
	a.plan(all)
	return all
}

// plan keeps what is evaluated from now on, and forgets what is known of other groups, rules and tenants.
func (a *Alerts) plan(all []turn) {
	groups, rules, tenants := map[string]bool{}, map[string]bool{}, map[edge.Tenant]bool{}
	for i := range all {
		t := &all[i]
		groups[t.key()], tenants[t.tenant.Tenant] = true, true
		for j := range t.keys {
			rules[t.statusKey(j)] = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.planned = all
	maps.DeleteFunc(a.book.Seen, func(key string, _ time.Time) bool { return !groups[key] })
	maps.DeleteFunc(a.status, func(key string, _ *status) bool { return !rules[key] })
	for tenant, alerts := range a.book.Alerts {
		if tenants[tenant] {
			continue
		}
		for _, i := range alerts {
			a.deliver.Tell(i.Labels[labelTenant], nil)
		}
		delete(a.book.Alerts, tenant)
		delete(a.book.Past, tenant)
	}
}

// keysOf returns what names each rule of a group, also after its expression was changed: the group, the alert and the
// labels, and which one of several that have the same.
func keysOf(g *rules.Group) []string {
	keys, times := make([]string, len(g.Rules)), map[string]int{}
	for i := range g.Rules {
		r := &g.Rules[i]
		key := fmt.Sprintf("%s\n%s\n%016x", g.Name, r.Alert, labels.Fingerprint(g.LabelsOf(r)))
		times[key]++
		keys[i] = fmt.Sprintf("%s\n%d", key, times[key])
	}
	return keys
}

// evaluate evaluates a group for a tenant, keeps what changed, and tells it.
func (a *Alerts) evaluate(ctx context.Context, t *turn, last time.Time) {
	every := t.group.Every()
	if gap := t.at.Sub(last); !last.IsZero() && gap > 2*every+gapBeyond {
		a.mu.Lock()
		a.book.forget(t.tenant.Tenant, t.group.Name)
		a.mu.Unlock()
	} else if missed := int(gap/every) - 1; missed > 0 && !last.IsZero() {
		a.o.Metrics.GetOrCreateCounter("edgescope_alert_evaluations_missed_total").Add(missed)
	}
	changed := false
	for i := range t.group.Rules {
		if t.builtin {
			changed = a.evaluateBuiltin(ctx, t)
		} else {
			changed = a.evaluateRule(ctx, t, i) || changed
		}
		if ctx.Err() != nil {
			return // as if it had not been evaluated
		}
	}
	a.mu.Lock()
	a.book.Seen[t.key()] = t.at
	a.mu.Unlock()
	a.save(changed)
	a.tell(t.tenant)
}

// evaluateRule asks one rule and takes what it gives. A question that fails leaves all as it is.
func (a *Alerts) evaluateRule(ctx context.Context, t *turn, i int) (changed bool) {
	r := &t.group.Rules[i]
	began := a.o.Now()
	asked, cancel := context.WithTimeout(ctx, min(max(t.group.Every(), time.Second), longestQuestion))
	samples, err := a.o.Evaluate(asked, t.tenant.Tenant, r.Expr, t.at.Add(-t.group.Delay()))
	if err != nil && errors.Is(asked.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s: %w", min(max(t.group.Every(), time.Second), longestQuestion), err)
	}
	cancel()
	if ctx.Err() != nil {
		return false
	}
	if limit := t.group.Limit; err == nil && limit > 0 && len(samples) > limit {
		err = fmt.Errorf("gives %d alerts, and the group's limit is %d", len(samples), limit)
	}
	if err == nil && len(samples) > maxAlerts {
		err = fmt.Errorf("gives %d alerts, and a tenant may have %d", len(samples), maxAlerts)
	}
	if err == nil {
		o := outcome{
			tenant: t.tenant.Tenant, group: t.group.Name, rule: t.keys[i], at: t.at, every: t.group.Every(), wait: r.For,
			keep: r.KeepFiringFor,
		}
		o.found, err = a.foundBy(t, r, samples)
		var failed error
		a.mu.Lock()
		changed, failed = a.book.take(&o)
		a.mu.Unlock()
		err = errors.Join(err, failed)
	}
	a.note(t.statusKey(i), began, len(samples), err)
	return changed
}

// foundBy makes alerts of the series that a rule gives. A template that fails is said in the place of its text, and is
// an error of the rule.
func (a *Alerts) foundBy(t *turn, r *rules.Rule, samples []Sample) (all []found, err error) {
	dashboard := a.o.Notify().Dashboard
	texts := t.group.LabelsOf(r)
	for _, s := range samples {
		delete(s.Labels, "__name__")
		v := rules.Values{Labels: s.Labels, Value: s.Value, ExternalURL: dashboard}
		expand := func(name, text string) string {
			out, failed := rules.Expand(text, v)
			if failed != nil {
				err = fmt.Errorf("%s: %w", name, failed)
				return "<" + failed.Error() + ">"
			}
			return out
		}
		f := found{labels: map[string]string{}, annotations: map[string]string{}, value: s.Value}
		for name, value := range s.Labels {
			put(f.labels, name, value)
		}
		for name, text := range texts {
			put(f.labels, name, expand(name, text))
		}
		for name, text := range r.Annotations {
			put(f.annotations, name, expand(name, text))
		}
		f.labels["alertname"] = r.Alert
		named(f.labels, t.tenant)
		f.link = linkOf(f.labels)
		all = append(all, f)
	}
	return all, err
}

// put sets a label, or takes it out when its value is empty, which is the same.
func put(set map[string]string, name, value string) {
	if set[name] = value; value == "" {
		delete(set, name)
	}
}

// named adds whose alert it is.
func named(set map[string]string, t Tenant) {
	put(set, labelTenant, t.Name)
}

// note keeps how an evaluation went.
func (a *Alerts) note(key string, began time.Time, n int, err error) {
	a.o.Metrics.GetOrCreateCounter("edgescope_alert_evaluations_total").Inc()
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.status[key]
	if s == nil {
		s = &status{}
		a.status[key] = s
	}
	s.at, s.took = began, a.o.Now().Sub(began)
	if err == nil {
		s.err, s.failures, s.since, s.found = "", 0, time.Time{}, n
		return
	}
	a.o.Metrics.GetOrCreateCounter("edgescope_alert_evaluation_failures_total").Inc()
	if s.failures++; s.failures == 1 {
		s.since = began
		a.o.Logger.Warn("a rule can't be evaluated: its alerts stay as they are", slog.String("rule", key),
			slog.Any("error", err))
	}
	s.err = err.Error()
}
