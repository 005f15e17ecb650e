package alert

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/alert/rules"
	"edgescope/query"
)

func TestFindingsBecomeAlerts(t *testing.T) {
	t.Parallel()
	f := func(of query.Finding, want map[string]string) {
		t.Helper()
		got, ok := BuiltinOf(&of)
		if ok != (want != nil) {
			t.Fatalf("%+v: an alert: %t", of, ok)
		}
		if diff := cmp.Diff(want, got.Labels); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", of, diff)
		}
	}
	f(query.Finding{Kind: query.KindSilence, Severity: "bad", Service: "shop", Region: "GRU"}, map[string]string{
		"alertname": "EdgeSilent", "severity": "page", "service_name": "shop", "cloud_region": "GRU",
	})
	f(query.Finding{Kind: query.KindNorm, Severity: "bad", Service: "shop", Region: "GRU"}, map[string]string{
		"alertname": "EdgeAnomaly", "severity": "ticket", "service_name": "shop", "cloud_region": "GRU",
	})
	f(query.Finding{Kind: query.KindNorm, Severity: "warn", Service: "shop", Region: "GRU"}, nil)
	f(query.Finding{
		Kind: query.KindRegression, Severity: "bad", Service: "shop", Version: "v2", Route: "/a", Name: "errors",
	}, map[string]string{
		"alertname": "EdgeRegression", "severity": "page", "service_name": "shop", "service_version": "v2",
		"http_route": "/a", "signal": "errors",
	})
	f(query.Finding{Kind: query.KindLimit, Severity: "warn", Service: "shop", Name: "cpu"}, map[string]string{
		"alertname": "EdgeLimit", "severity": "ticket", "service_name": "shop", "limit": "cpu",
	})
	f(query.Finding{Kind: query.KindCost, Severity: "bad", Name: "workers"}, map[string]string{
		"alertname": "EdgeCostForecast", "severity": "ticket", "budget": "workers",
	})
	f(query.Finding{Kind: query.KindSLO, Severity: "bad", Service: "shop", Name: "up"}, nil)
	f(query.Finding{Kind: query.KindSilence, Severity: "fine"}, nil)
	f(query.Finding{Kind: "tomorrow's", Severity: "bad"}, nil)
}

// TestAnAlertStaysTheSameAlert holds that numbers and words of a finding are no part of its identity, and lead to the
// page that shows it.
func TestAnAlertStaysTheSameAlert(t *testing.T) {
	t.Parallel()
	of := func(subject, text string) Builtin {
		b, _ := BuiltinOf(&query.Finding{
			Kind: query.KindNorm, Severity: "bad", Service: "shop", Region: "GRU", Subject: subject, Text: text,
		})
		return b
	}
	a, b := of("GRU slow 12 %", "12 % are slow"), of("GRU slow 14 %", "14 % are slow")
	if diff := cmp.Diff(a.Labels, b.Labels); diff != "" {
		t.Errorf("the identity changes with the numbers:\n%s", diff)
	}
	want := map[string]string{"summary": "GRU slow 14 %", "description": "14 % are slow"}
	if diff := cmp.Diff(want, b.Annotations); diff != "" {
		t.Error(diff)
	}
	if got := b.Path + "?" + b.Question.Values().Encode(); got != "/regions?region=GRU&service=shop" {
		t.Errorf("it leads to %s", got)
	}
}

// TestASilenceIsToldOfByName: what sends points without a service is one too, and has no name.
func TestASilenceIsToldOfByName(t *testing.T) {
	t.Parallel()
	f := func(labels map[string]string, want string) {
		t.Helper()
		for key, text := range BuiltinRules()[0].Rules[0].Annotations {
			got, err := rules.Expand(text, rules.Values{Labels: labels, Value: 972})
			if err != nil || key != "dashboard" && !strings.HasPrefix(got, want+" ") {
				t.Errorf("%s: %q, error %v, want %s", key, got, err, want)
			}
		}
	}
	f(map[string]string{"service_name": "shop"}, "shop")
	f(map[string]string{}, "What names no service")
}
