package alert

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/internal/labels"
	"edgescope/query"
)

const (
	// toldFor is how long an alert that was resolved is still told of: an Alertmanager that was down learns it.
	toldFor = 15 * time.Minute
	// maxAlerts and maxBytes bound the alerts of a tenant, and the bytes of their labels and annotations.
	maxAlerts = 5000
	maxBytes  = 16 << 20
	// maxLabels and maxAnnotations bound those of one alert, in bytes.
	maxLabels      = 4 << 10
	maxAnnotations = 32 << 10
	// maxPast bounds the history of a tenant.
	maxPast = 500
	// maxSummary bounds the text that the history keeps of an alert, in bytes.
	maxSummary = 500
)

// instance is an alert: a rule and a set of labels.
type instance struct {
	// Rule is the key of the rule, Group its group.
	Rule        string            `json:"rule"`
	Group       string            `json:"group"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Value       query.Num         `json:"value"`
	// State is query.AlertPending, AlertFiring or AlertResolved.
	State string `json:"state"`
	// Active is since when its condition holds, Fired when it began to fire. Missing is since when the condition has not
	// held while it goes on firing, Resolved when it ended; both are zero before.
	Active   time.Time `json:"active"`
	Fired    time.Time `json:"fired,omitzero"`
	Missing  time.Time `json:"missing,omitzero"`
	Resolved time.Time `json:"resolved,omitzero"`
	// Every is the time between evaluations of its rule.
	Every time.Duration `json:"every"`
	// Link is the page that shows what it is about, with the filters of its question.
	Link string `json:"link"`
}

// bytes returns what an alert takes of the room of its tenant, 0 of none.
func (i *instance) bytes() int {
	if i == nil {
		return 0
	}
	return size(i.Labels) + size(i.Annotations)
}

func size(set map[string]string) (n int) {
	for name, value := range set {
		n += len(name) + len(value)
	}
	return n
}

// past is an alert that ended.
type past struct {
	Labels   map[string]string `json:"labels"`
	Summary  string            `json:"summary,omitempty"`
	Value    query.Num         `json:"value"`
	Active   time.Time         `json:"active"`
	Fired    time.Time         `json:"fired"`
	Resolved time.Time         `json:"resolved"`
	Link     string            `json:"link"`
}

// book is the state of all alerts, as it is on disk.
type book struct {
	// Alerts are by tenant and fingerprint.
	Alerts map[edge.Tenant]map[fingerprint]*instance `json:"alerts"`
	// Past are those that ended, by tenant, the newest last.
	Past map[edge.Tenant][]past `json:"past"`
	// Seen are the times of the last evaluations, by tenant and group.
	Seen map[string]time.Time `json:"seen"`
}

func newBook() *book {
	return &book{
		Alerts: map[edge.Tenant]map[fingerprint]*instance{}, Past: map[edge.Tenant][]past{}, Seen: map[string]time.Time{},
	}
}

// fingerprint is the identity of an alert: that of its labels. JSON has it as 16 hex digits.
type fingerprint uint64

// MarshalText writes 16 hex digits.
func (f fingerprint) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(f)), nil }

// UnmarshalText reads hex digits.
func (f *fingerprint) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	*f = fingerprint(v)
	return err //nolint:wrapcheck // it quotes the text
}

// found is something that holds now.
type found struct {
	labels, annotations map[string]string
	value               float64
	// since is when it began; where what found it cannot tell it is zero, and the time of the evaluation counts.
	since time.Time
	link  string
}

// outcome is what one evaluation of a rule found.
type outcome struct {
	tenant edge.Tenant
	// group names the group for people, rule is the key of the rule.
	group, rule string
	at          time.Time
	every       time.Duration
	// wait is how long something must hold before it fires, keep how long it goes on firing afterwards.
	wait, keep time.Duration
	found      []found
}

// take moves the alerts of a rule on to what was found, and tells whether any changed its state. An error is of single
// alerts; the others moved on.
func (b *book) take(o *outcome) (changed bool, err error) {
	mine := b.Alerts[o.tenant]
	if mine == nil {
		mine = map[fingerprint]*instance{}
		b.Alerts[o.tenant] = mine
	}
	present := make(map[fingerprint]bool, len(o.found))
	room := maxBytes
	for _, i := range mine {
		room -= i.bytes()
	}
	for i := range o.found {
		f := &o.found[i]
		id := fingerprint(labels.Fingerprint(f.labels))
		if present[id] {
			err = fmt.Errorf("gives two alerts with the same labels %s", labels.String(f.labels))
			continue
		}
		present[id] = true
		before := mine[id].bytes()
		moved, failed := b.hold(o, f, id, room)
		if failed != nil {
			err = failed
		}
		room -= mine[id].bytes() - before
		changed = moved || changed
	}
	for id, i := range mine {
		if i.Rule == o.rule && !present[id] {
			changed = b.miss(o, id, i) || changed
		}
	}
	return changed, err
}

// hold takes an alert whose condition holds, and tells whether its state changed.
func (b *book) hold(o *outcome, f *found, id fingerprint, room int) (changed bool, err error) {
	mine := b.Alerts[o.tenant]
	i := mine[id]
	if i != nil && i.Rule != o.rule && i.State != query.AlertResolved {
		return false, fmt.Errorf("gives an alert that another rule of group %q gives: %s", i.Group, labels.String(f.labels))
	}
	if i == nil || i.State == query.AlertResolved {
		if err := fits(f, i == nil && len(mine) >= maxAlerts, room); err != nil {
			return false, err
		}
		i = &instance{Rule: o.rule, Labels: f.labels, State: query.AlertPending, Active: o.at, Link: f.link}
		if !f.since.IsZero() && f.since.Before(o.at) {
			i.Active = f.since
		}
		mine[id], changed = i, true
	}
	i.Group, i.Every, i.Value, i.Missing = o.group, o.every, query.Num(f.value), time.Time{}
	if grows := size(f.annotations) - size(i.Annotations); grows <= room && size(f.annotations) <= maxAnnotations {
		i.Annotations = f.annotations
	}
	if i.State == query.AlertPending && o.at.Sub(i.Active) >= o.wait {
		i.State, i.Fired, changed = query.AlertFiring, o.at, true
	}
	return changed, nil
}

// fits tells why an alert can't be kept, nil when it can.
func fits(f *found, full bool, room int) error {
	set, texts := size(f.labels), size(f.annotations)
	switch {
	case set > maxLabels:
		return fmt.Errorf("gives an alert with %d bytes of labels: at most %d may be", set, maxLabels)
	case texts > maxAnnotations:
		return fmt.Errorf("gives an alert with %d bytes of annotations: at most %d may be", texts, maxAnnotations)
	case full || set+texts > room:
		return fmt.Errorf("no room for another alert of this tenant: it may have %d alerts, of %d MiB together", maxAlerts,
			maxBytes>>20)
	}
	return nil
}

// miss takes an alert whose condition does not hold, and tells whether its state changed.
func (b *book) miss(o *outcome, id fingerprint, i *instance) bool {
	switch i.State {
	case query.AlertPending:
		delete(b.Alerts[o.tenant], id)
		return true
	case query.AlertFiring:
		if i.Missing.IsZero() {
			i.Missing = o.at
		}
		if o.at.Sub(i.Missing) < o.keep {
			return false
		}
		b.end(o.tenant, i, o.at)
		return true
	}
	if o.at.Sub(i.Resolved) <= toldFor {
		return false
	}
	delete(b.Alerts[o.tenant], id)
	return true
}

// end resolves an alert that fires.
func (b *book) end(tenant edge.Tenant, i *instance, at time.Time) {
	i.State, i.Resolved, i.Missing = query.AlertResolved, at, time.Time{}
	summary := i.Annotations["summary"]
	if len(summary) > maxSummary {
		summary = strings.ToValidUTF8(summary[:maxSummary], "") + "…"
	}
	all := slices.Concat(b.Past[tenant], []past{{i.Labels, summary, i.Value, i.Active, i.Fired, at, i.Link}})
	b.Past[tenant] = all[max(0, len(all)-maxPast):]
}

// forget drops what was pending in a group that was not evaluated for so long that nobody knows whether it held.
func (b *book) forget(tenant edge.Tenant, group string) {
	maps.DeleteFunc(b.Alerts[tenant], func(_ fingerprint, i *instance) bool {
		return i.Group == group && i.State == query.AlertPending
	})
}

// retire ends the alerts of rules that are no more, and forgets those that ended long ago. It tells whether anything
// changed.
func (b *book) retire(tenant edge.Tenant, rules map[string]bool, at time.Time) (changed bool) {
	for id, i := range b.Alerts[tenant] {
		switch {
		case rules[i.Rule]:
			continue
		case i.State == query.AlertFiring:
			b.end(tenant, i, at)
		case i.State == query.AlertResolved && at.Sub(i.Resolved) <= toldFor:
			continue
		default:
			delete(b.Alerts[tenant], id)
		}
		changed = true
	}
	return changed
}
