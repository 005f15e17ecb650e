package webtest

import (
	"time"

	"edgescope/query"
)

func ago(d time.Duration) time.Time { return Now.Add(-d).Truncate(time.Minute) }

// alerts are the made collector's: some fire, one of them muted, a receiver is down, a rule fails, and the newest rules
// can't be read.
func (c *Collector) alerts() any {
	a := &query.Alerts{
		About: c.about(), Firing: []query.Alert{}, Pending: []query.Alert{}, Past: []query.Alert{},
		Silences: []query.Silence{}, Receivers: []query.AlertReceiver{}, Rules: []query.AlertRule{},
	}
	if c.Bare {
		return a
	}
	made := func(name, severity, summary string, value query.Num, since time.Duration, labels ...string) query.Alert {
		one := query.Alert{
			Name: name, Severity: severity, State: query.AlertFiring, Summary: summary, Value: value, Since: ago(since),
			Fired: ago(since - 2*time.Minute), Fingerprint: "319ddccb019eb500", Link: "/?service=checkout",
			Labels: map[string]string{"alertname": name, "severity": severity},
		}
		for i := 0; i < len(labels); i += 2 {
			one.Labels[labels[i]] = labels[i+1]
		}
		return one
	}
	muted := made("EdgeLimit", "ticket", "CPU p99 of image-resize is at 86 % of the limit", query.None(), 9*time.Hour,
		"service_name", "image-resize", "limit", "cpu")
	muted.Muted = "silence k5otz4cq2n7q"
	a.Firing = append(a.Firing,
		made("EdgeErrorBudgetBurn", "page", "checkout spends the error budget of checkout works 21.4 times as fast as promised",
			21.4, 17*time.Minute, "service_name", "checkout", "slo", "checkout works", "sli", "availability"),
		made("EdgeAnomaly", "ticket", "GRU is slower than usual: 9.5 % above 146 ms, 4.6 % is usual", query.None(), 41*time.Minute,
			"service_name", "image-resize", "cloud_region", "GRU"),
		muted)
	a.Pending = append(a.Pending, made("EdgeErrors", "page", "5.2 % of the requests to static fail", .052, 3*time.Minute,
		"service_name", "static"))
	a.Pending[0].State, a.Pending[0].Fired = query.AlertPending, time.Time{}
	for i := range 3 {
		past := made("EdgeSilent", "page", "JNB does not send any more", query.None(), time.Duration(30+i*50)*time.Hour,
			"service_name", "image-resize", "cloud_region", "JNB")
		past.State, past.Resolved = query.AlertResolved, past.Fired.Add(time.Duration(11+70*i)*time.Minute)
		a.Past = append(a.Past, past)
	}
	c.telling(a)
	a.Problem = "rules.yml:31:15: group \"edge\": expr of EdgeRouteSlow: missing closing )\n" +
		"policy.yml:4:7: unknown key \"waits\" of notify (did you mean \"wait\"?)"
	a.Choices.Services = []string{"checkout", "image-resize", "static"}
	return a
}

// telling says who is told of alerts, by which rules, and what is muted.
func (c *Collector) telling(a *query.Alerts) {
	a.Silences = append(a.Silences, query.Silence{
		ID: "k5otz4cq2n7q", Matchers: []string{`limit="cpu"`, `service_name=~"image-.*"`}, State: "active", Start: ago(8 * time.Hour),
		End: Now.Add(16 * time.Hour), Author: "ada", Comment: "the plan is changed on Monday", Mutes: 1,
	})
	a.Receivers = append(a.Receivers,
		query.AlertReceiver{
			Name: "chat", Kind: "webhook", Address: "https://hooks.example.com", Waiting: 2, Sent: 41, Failed: 7, Dropped: 1,
			LastSent: ago(52 * time.Minute), Problem: "answers 503 Service Unavailable: overloaded", Since: ago(12 * time.Minute),
			Retry: Now.Add(97 * time.Second),
		},
		query.AlertReceiver{
			Name: "on call", Kind: "alertmanager", Address: "http://10.0.0.7:9093", Sent: 1312, LastSent: ago(time.Minute),
		},
		query.AlertReceiver{Name: "mail", Kind: "webhook", Address: "the address in /run/secrets/mail"})
	rule := func(group, name, place, problem string, firing int) {
		r := query.AlertRule{
			Group: group, Alert: name, Place: place, Expr: "sum(x) > 1", Every: 60, For: 120, Evaluated: ago(0), Took: 3.4,
			Firing: firing, Problem: problem,
		}
		if problem != "" {
			r.Since = ago(6 * time.Minute)
		}
		a.Rules = append(a.Rules, r)
	}
	rule("edge", "EdgeRouteSlow", "/etc/edgescope/rules.yml:31:9", "gives 212 alerts, and the group's limit is 100", 0)
	rule("slo checkout works", "EdgeErrorBudgetBurn", "policy.yml:12:5", "", 1)
	rule("edge", "EdgeErrors", "/etc/edgescope/rules.yml:9:9", "", 0)
	rule("built in", "findings", "", "", 2)
}
