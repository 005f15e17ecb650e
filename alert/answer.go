package alert

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/alert/deliver"
	"edgescope/edge"
	"edgescope/internal/labels"
	"edgescope/query"
)

// Answers returns who answers the question for alerts.
func (a *Alerts) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{
		query.PathAlerts: func(_ context.Context, r query.Request) (any, error) { return a.answer(r.Tenant, r.Question), nil },
	}}
}

// answer tells of the alerts of a tenant that the question's filters choose, those that ended within its range.
func (a *Alerts) answer(tenant edge.Tenant, q query.Question) *query.Alerts {
	now := a.o.Now().UTC()
	t := a.tenant(tenant)
	out := &query.Alerts{
		About: query.About{From: q.From, To: q.To}, Problem: a.o.Problem(), Firing: []query.Alert{}, Pending: []query.Alert{},
		Past: []query.Alert{}, Silences: a.silencesOf(t, now), Receivers: a.receivers(t), Rules: []query.AlertRule{},
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.unsaved != "" {
		out.Problem = strings.TrimPrefix(out.Problem+"\nthe state of alerts is not on disk: "+a.unsaved, "\n")
	}
	services := map[string]bool{}
	mutes := a.mutes(tenant)
	for _, i := range a.book.Alerts[tenant] {
		services[i.Labels[edge.LabelService]] = true
		if i.State == query.AlertResolved || !chosen(i.Labels, q) {
			continue
		}
		one := alertOf(i.Labels, i.State, i.Value)
		one.Summary, one.Description, one.Muted = i.Annotations["summary"], i.Annotations["description"], mutes(i)
		one.Since, one.Fired, one.Link = i.Active, i.Fired, linkAt(i.Link, i.Active, now)
		if i.State == query.AlertFiring {
			out.Firing = append(out.Firing, one)
		} else {
			out.Pending = append(out.Pending, one)
		}
	}
	urgent(out.Firing)
	urgent(out.Pending)
	for _, p := range slices.Backward(a.book.Past[tenant]) {
		services[p.Labels[edge.LabelService]] = true
		if p.Resolved.Before(q.From) || p.Fired.After(q.To) || !chosen(p.Labels, q) {
			continue
		}
		one := alertOf(p.Labels, query.AlertResolved, p.Value)
		one.Summary, one.Since, one.Fired, one.Resolved = p.Summary, p.Active, p.Fired, p.Resolved
		one.Link = linkAt(p.Link, p.Active, p.Resolved)
		out.Past = append(out.Past, one)
	}
	delete(services, "")
	out.Choices.Services = slices.Sorted(maps.Keys(services))
	out.Rules = a.rules(t)
	return out
}

// tenant finds a tenant by its number.
func (a *Alerts) tenant(of edge.Tenant) Tenant {
	for _, t := range a.o.Tenants() {
		if t.Tenant == of {
			return t
		}
	}
	return Tenant{Tenant: of}
}

func alertOf(set map[string]string, state string, value query.Num) query.Alert {
	id, err := fingerprint(labels.Fingerprint(set)).MarshalText()
	if err != nil {
		panic("BUG: a number has no text: " + err.Error())
	}
	return query.Alert{
		Name: set["alertname"], Severity: set[labelSeverity], State: state, Labels: set, Fingerprint: string(id), Value: value,
	}
}

// urgent sorts pages first, then by age.
func urgent(all []query.Alert) {
	rank := func(a *query.Alert) int {
		if a.Severity == page {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(x, y query.Alert) int {
		return cmp.Or(cmp.Compare(rank(&x), rank(&y)), x.Since.Compare(y.Since), strings.Compare(x.Fingerprint, y.Fingerprint))
	})
}

// chosen tells whether the filters of a question choose an alert. One without the label of a filter is not chosen by it.
func chosen(set map[string]string, q query.Question) bool {
	for label, filter := range map[string][]string{
		edge.LabelService: q.Service, edge.LabelVersion: q.Version, edge.LabelRegion: q.Region, edge.LabelRoute: q.Route,
	} {
		wanted, any := false, false
		for _, value := range filter {
			excluded, isExcluded := strings.CutPrefix(value, "-")
			if isExcluded && excluded == set[label] {
				return false
			}
			any = any || !isExcluded
			wanted = wanted || !isExcluded && (value == set[label] || value == query.Unknown && set[label] == "")
		}
		if any && !wanted {
			return false
		}
	}
	return true
}

// silencesOf are those that can mute alerts of a tenant.
func (a *Alerts) silencesOf(t Tenant, now time.Time) []query.Silence {
	out := []query.Silence{}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.silences.List() {
		if !ofTenant(s.Matchers, t.Name) {
			continue
		}
		one := query.Silence{
			ID: s.ID, State: s.State(now), Start: s.Start, End: s.End, Author: s.Author, Comment: s.Comment,
		}
		for _, m := range s.Matchers {
			one.Matchers = append(one.Matchers, m.String())
		}
		for _, i := range a.book.Alerts[t.Tenant] {
			if one.State == "active" && i.State == query.AlertFiring && s.Matchers.Matches(i.Labels) {
				one.Mutes++
			}
		}
		out = append(out, one)
	}
	return out
}

// ofTenant tells whether matchers can choose alerts of a tenant.
func ofTenant(all labels.Matchers, name string) bool {
	set := map[string]string{labelTenant: name}
	return !slices.ContainsFunc(all, func(m labels.Matcher) bool { return m.Name == labelTenant && !m.Matches(set) })
}

// receivers are the addresses that are told of alerts of a tenant.
func (a *Alerts) receivers(t Tenant) []query.AlertReceiver {
	out := []query.AlertReceiver{}
	for _, s := range a.deliver.States() {
		if s.Tenant == "" || s.Tenant == t.Name {
			out = append(out, receiverOf(&s))
		}
	}
	slices.SortStableFunc(out, func(x, y query.AlertReceiver) int { // those that are down first
		return cmp.Compare(min(len(y.Problem), 1), min(len(x.Problem), 1))
	})
	return out
}

func receiverOf(s *deliver.State) query.AlertReceiver {
	kind := "alertmanager"
	if s.Webhook {
		kind = "webhook"
	}
	return query.AlertReceiver{
		Name: s.Receiver, Kind: kind, Address: s.Address, Waiting: s.Waiting, Sent: s.Sent, Failed: s.Failed,
		Dropped: s.Dropped, LastSent: s.LastSent, Problem: s.Problem, Since: s.Since, Retry: s.Retry,
	}
}

// rules are those of a tenant, the ones that fail first. It is called with the lock.
func (a *Alerts) rules(t Tenant) []query.AlertRule {
	out := []query.AlertRule{}
	for i := range a.planned {
		turn := &a.planned[i]
		if turn.tenant != t {
			continue
		}
		for j := range turn.group.Rules {
			out = append(out, a.ruleOf(turn, j))
		}
	}
	slices.SortStableFunc(out, func(x, y query.AlertRule) int {
		return cmp.Compare(min(len(y.Problem), 1), min(len(x.Problem), 1))
	})
	return out
}

func (a *Alerts) ruleOf(t *turn, i int) query.AlertRule {
	r := &t.group.Rules[i]
	one := query.AlertRule{
		Group: t.group.Name, Alert: r.Alert, Place: r.Pos.String(), Expr: r.Expr,
		Every: int64(t.group.Every().Seconds()), For: int64(r.For.Seconds()), Took: query.None(),
	}
	if s := a.status[t.statusKey(i)]; s != nil {
		one.Evaluated, one.Took, one.Problem, one.Since = s.at, query.Num(s.took.Seconds()*1000), s.err, s.since
	}
	for _, alert := range a.book.Alerts[t.tenant.Tenant] {
		switch {
		case alert.Rule != t.keys[i]:
		case alert.State == query.AlertFiring:
			one.Firing++
		case alert.State == query.AlertPending:
			one.Pending++
		}
	}
	return one
}
