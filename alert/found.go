package alert

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"

	"edgescope/alert/rules"
	"edgescope/internal/labels"
	"edgescope/query"
)

// evaluateBuiltin takes what was found, and the rules that fail.
func (a *Alerts) evaluateBuiltin(ctx context.Context, t *turn) (changed bool) {
	began := a.o.Now()
	q, err := query.Parse(url.Values{}, began) // the last hour
	if err != nil {
		panic("BUG: a question without keys is none: " + err.Error())
	}
	asked, cancel := context.WithTimeout(ctx, longestQuestion)
	findings, err := a.o.Findings(asked, t.tenant.Tenant, q)
	cancel()
	if ctx.Err() != nil {
		return false
	}
	o := outcome{
		tenant: t.tenant.Tenant, group: builtin, rule: builtinRule, at: t.at, every: builtinEvery, keep: builtinKeep,
	}
	if err == nil {
		o.found = foundIn(findings, t.tenant)
		a.mu.Lock()
		changed, err = a.book.take(&o)
		a.mu.Unlock()
	}
	a.note(t.statusKey(0), began, len(o.found), err)
	o.rule, o.keep, o.found = failingRule, 0, a.failing(t.tenant)
	a.mu.Lock()
	defer a.mu.Unlock()
	moved, err := a.book.take(&o)
	if err != nil {
		a.o.Logger.Error("rules that fail can't be told of", slog.Any("error", err))
	}
	return changed || moved
}

// foundIn makes alerts of findings. Two that would be one are: the first is the worse.
func foundIn(findings []query.Finding, t Tenant) (all []found) {
	seen := map[uint64]bool{}
	for i := range findings {
		f := &findings[i]
		b, ok := BuiltinOf(f)
		if !ok {
			continue
		}
		named(b.Labels, t)
		if id := labels.Fingerprint(b.Labels); !seen[id] {
			seen[id] = true
			all = append(all, found{
				labels: b.Labels, annotations: b.Annotations, value: float64(query.None()), since: f.Since,
				link: link(b.Path, b.Question),
			})
		}
	}
	return all
}

// failing are the rules of a tenant that could not be evaluated.
func (a *Alerts) failing(t Tenant) (all []found) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.planned {
		turn := &a.planned[i]
		if turn.tenant != t {
			continue
		}
		for j := range turn.group.Rules {
			if s := a.status[turn.statusKey(j)]; s != nil && s.failures >= failuresTold {
				all = append(all, failingOf(turn, &turn.group.Rules[j], s))
			}
		}
	}
	return dedupe(all)
}

func failingOf(t *turn, r *rules.Rule, s *status) found {
	set := map[string]string{"alertname": failingRule, "severity": ticket, "group": t.group.Name, "rule": r.Alert}
	named(set, t.tenant)
	where := ""
	if at := r.Pos.String(); at != "" {
		where = " (" + at + ")"
	}
	return found{
		labels: set, value: float64(s.failures), since: s.since, link: "/alerts",
		annotations: map[string]string{
			"summary": fmt.Sprintf("rule %s of group %s can't be evaluated", r.Alert, t.group.Name),
			"description": fmt.Sprintf("rule %s of group %q%s: %s. Its alerts stay as they are.", r.Alert, t.group.Name, where,
				s.err),
		},
	}
}

// dedupe leaves one of several that have the same labels: rules of one name may differ in what is none of theirs.
func dedupe(all []found) []found {
	seen := map[uint64]bool{}
	var kept []found
	for _, f := range all {
		if id := labels.Fingerprint(f.labels); !seen[id] {
			seen[id] = true
			kept = append(kept, f)
		}
	}
	return kept
}
