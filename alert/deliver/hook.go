package deliver

import (
	"cmp"
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/labels"
)

// groupBy are the labels by which webhooks get alerts together.
var groupBy = []string{"alertname", "service_name"}

// hook tells a webhook, with Alertmanager's rules: alerts of one group together, first after the receiver's Wait, then
// at each Interval in which something changed, and after Repeat what still fires.
type hook struct {
	w      *worker
	groups map[string]*group
}

type group struct {
	labels map[string]string
	alerts map[uint64]Alert
	next   time.Time
	// failures are the requests that failed, one after the other.
	failures int
}

func newHook(w *worker) *hook { return &hook{w: w, groups: map[string]*group{}} }

// groupOf returns the labels of an alert's group, and its key as Alertmanager writes it.
func groupOf(a *Alert) (set map[string]string, key string) {
	set = map[string]string{}
	for _, name := range groupBy {
		if value, ok := a.Labels[name]; ok {
			set[name] = value
		}
	}
	return set, "{}:" + labels.String(set)
}

// logKey is that of a group in the log of what was told.
func (h *hook) logKey(key string) string { return h.w.r.Name + "\n" + h.w.at.Shown + "\n" + key }

func (h *hook) take(now time.Time, alerts []Alert) {
	present := make(map[uint64]bool, len(alerts))
	for _, firing := range []bool{true, false} { // what ended joins a group that there is
		for i := range alerts {
			if a := &alerts[i]; a.firing() == firing {
				id := a.Fingerprint()
				present[id] = true
				h.put(now, id, a)
			}
		}
	}
	for key, g := range h.groups {
		for id, a := range g.alerts {
			if a.firing() && !present[id] { // muted
				delete(g.alerts, id)
			}
		}
		if len(g.alerts) == 0 {
			delete(h.groups, key)
		}
	}
}

// put puts an alert into its group. One that ended makes no group, unless the webhook believes that it fires.
func (h *hook) put(now time.Time, id uint64, a *Alert) {
	set, key := groupOf(a)
	g := h.groups[key]
	if g == nil && !a.firing() && !h.w.d.log.firing(h.logKey(key), id) {
		return
	}
	if g == nil {
		g = &group{labels: set, alerts: map[uint64]Alert{}, next: a.StartsAt.Add(h.w.r.Wait)}
		if g.next.Before(now) {
			g.next = now
		}
		h.groups[key] = g
	}
	g.alerts[id] = *a
}

func (h *hook) next() (first time.Time) {
	for _, g := range h.groups {
		if first.IsZero() || g.next.Before(first) {
			first = g.next
		}
	}
	return first
}

func (h *hook) waiting() (n int) {
	for key, g := range h.groups {
		for id, a := range g.alerts {
			if a.firing() != h.w.d.log.firing(h.logKey(key), id) {
				n++
			}
		}
	}
	return n
}

func (h *hook) flush(ctx context.Context, now time.Time) (bool, error) {
	var due []string
	for key, g := range h.groups {
		if !g.next.After(now) {
			due = append(due, key)
		}
	}
	slices.SortFunc(due, func(a, b string) int { // what fails by itself holds up no other group
		x, y := h.groups[a], h.groups[b]
		return cmp.Or(cmp.Compare(x.failures, y.failures), x.next.Compare(y.next), strings.Compare(a, b))
	})
	for i, key := range due {
		if err := h.flushGroup(ctx, key, now); err != nil {
			return i > 0, err
		}
	}
	return true, nil
}

func (h *hook) flushGroup(ctx context.Context, key string, now time.Time) error {
	g := h.groups[key]
	alerts := g.sorted()
	e := entry{At: now, Expires: now.Add(2 * h.w.r.Repeat)}
	for i := range alerts {
		if id := alerts[i].Fingerprint(); alerts[i].firing() {
			e.Firing = append(e.Firing, id)
		} else {
			e.Resolved = append(e.Resolved, id)
		}
	}
	why := h.w.d.log.reason(h.logKey(key), e, h.w.r.Repeat)
	if why == "" && g.failures > 0 {
		h.w.missed(len(e.Resolved))
	}
	if why != "" {
		if err := h.send(ctx, g, alerts, why, now); err != nil {
			return err
		}
		if err := h.w.d.log.tell(h.logKey(key), e, now); err != nil {
			h.w.d.o.Logger.Error("what a webhook was told is not on disk: it may be told again", slog.Any("error", err))
		}
	}
	g.failures, g.next = 0, now.Add(h.w.r.Interval)
	for _, id := range e.Resolved {
		delete(g.alerts, id)
	}
	if len(g.alerts) == 0 {
		delete(h.groups, key)
	}
	return nil
}

// send sends a notification of a group, or says when it is tried again.
func (h *hook) send(ctx context.Context, g *group, alerts []Alert, why string, now time.Time) error {
	err := h.w.sent(post(ctx, h.w.d.client, h.w.at, webhookBody(&h.w.r, g.labels, alerts, why), now))
	if err == nil {
		return nil
	}
	g.failures++
	if g.next = now.Add(pause(err, g.failures)); final(err) {
		g.next = now.Add(h.w.r.Interval)
	}
	return err
}

// sorted are the alerts of a group in the order of Alertmanager: by the labels job and instance, then by how many labels
// there are, then by them.
func (g *group) sorted() []Alert {
	all := make([]Alert, 0, len(g.alerts))
	for _, a := range g.alerts {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Alert) int { return compareLabels(a.Labels, b.Labels) })
	return all
}

func compareLabels(a, b map[string]string) int {
	for _, name := range []string{"job", "instance"} {
		x, inA := a[name]
		y, inB := b[name]
		switch {
		case inA && !inB:
			return -1
		case inB && !inA:
			return 1
		case x != y:
			return strings.Compare(x, y)
		}
	}
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	names := make([]string, 0, 2*len(a))
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		x, inA := a[name]
		y, inB := b[name]
		switch {
		case !inA:
			return -1
		case !inB:
			return 1
		case x != y:
			return strings.Compare(x, y)
		}
	}
	return 0
}

// hookAlert is an alert as webhooks get it. The order of its fields, and of message's, is Alertmanager's (v0.35.0,
// template.Alert, template.Data and webhook.Message).
type hookAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

type message struct {
	Receiver           string            `json:"receiver"`
	Status             string            `json:"status"`
	Alerts             []hookAlert       `json:"alerts"`
	NotificationReason string            `json:"notification_reason"`
	GroupLabels        map[string]string `json:"groupLabels"`
	CommonLabels       map[string]string `json:"commonLabels"`
	CommonAnnotations  map[string]string `json:"commonAnnotations"`
	RouteLabels        struct{}          `json:"routeLabels"`
	ExternalURL        string            `json:"externalURL"`
	Version            string            `json:"version"`
	GroupKey           string            `json:"groupKey"`
	TruncatedAlerts    int               `json:"truncatedAlerts"`
}

// webhookBody is a notification of a group, for the reason that it is sent.
func webhookBody(r *Receiver, set map[string]string, alerts []Alert, why string) []byte {
	m := message{
		Receiver: regexp.QuoteMeta(r.Name), Status: "resolved", Alerts: make([]hookAlert, len(alerts)),
		NotificationReason: why, GroupLabels: set, CommonLabels: common(alerts, func(a *Alert) map[string]string { return a.Labels }),
		CommonAnnotations: common(alerts, func(a *Alert) map[string]string { return a.Annotations }),
		ExternalURL:       r.ExternalURL, Version: "4", GroupKey: "{}:" + labels.String(set),
	}
	for i := range alerts {
		a := &alerts[i]
		m.Alerts[i] = hookAlert{
			"resolved", a.Labels, some(a.Annotations), a.StartsAt.UTC(), a.EndsAt.UTC(), a.GeneratorURL,
			fingerprintText(a.Fingerprint()),
		}
		if a.firing() {
			m.Alerts[i].Status, m.Status = "firing", "firing"
		}
	}
	return encoded(m)
}

func fingerprintText(id uint64) string {
	text := strconv.FormatUint(id, 16)
	return strings.Repeat("0", 16-len(text)) + text
}

// common is what all alerts have.
func common(alerts []Alert, of func(*Alert) map[string]string) map[string]string {
	shared := map[string]string{}
	for name, value := range of(&alerts[0]) {
		if !slices.ContainsFunc(alerts, func(a Alert) bool { return of(&a)[name] != value }) {
			shared[name] = value
		}
	}
	return shared
}
