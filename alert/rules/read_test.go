package rules_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/alert/rules"
	"edgescope/internal/tree"
)

const good = `
groups:
  - name: edge
    interval: 30s
    eval_delay: 90s
    limit: 20
    tenant: shop
    labels: {team: edge}
    rules:
      - alert: EdgeErrors
        expr: sum by (service_name) (sum_over_time(edge_service_requests[5m])) > 5
        for: 1m30s
        keep_firing_for: 5m
        labels: {severity: page, threshold: 5}
        annotations:
          summary: '{{ $value | humanizePercentage }} of {{ $labels.service_name }} fail'
`

var noPlaces = cmpopts.IgnoreTypes(tree.Position{})

func TestRulesOfPrometheusAndVmalertAreRead(t *testing.T) {
	got, problems := rules.Read("r.yml", []byte(good), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []rules.Group{{
		Name: "edge", Interval: 30 * time.Second, EvalDelay: 90 * time.Second, Limit: 20, Tenant: "shop",
		Labels: map[string]string{"team": "edge"},
		Rules: []rules.Rule{{
			Alert: "EdgeErrors", Expr: "sum by (service_name) (sum_over_time(edge_service_requests[5m])) > 5",
			For: 90 * time.Second, KeepFiringFor: 5 * time.Minute,
			Labels:      map[string]string{"severity": "page", "threshold": "5"},
			Annotations: map[string]string{"summary": "{{ $value | humanizePercentage }} of {{ $labels.service_name }} fail"},
		}},
	}}
	if d := cmp.Diff(want, got, noPlaces); d != "" {
		t.Errorf("groups (-want +got):\n%s", d)
	}
	if at := got[0].Rules[0].Pos.String(); at != "r.yml:10:9" {
		t.Errorf("the rule is at %s, want r.yml:10:9", at)
	}
	labels := got[0].LabelsOf(&got[0].Rules[0])
	if d := cmp.Diff(map[string]string{"team": "edge", "severity": "page", "threshold": "5"}, labels); d != "" {
		t.Errorf("labels (-want +got):\n%s", d)
	}
}

func TestWhatIsWrongIsNamedWithGroupAndPlace(t *testing.T) {
	rule := "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: x\n"
	f := func(src, want string) {
		t.Helper()
		check := func(expr string) error {
			if strings.Contains(expr, "((") {
				return errors.New("a bracket is open")
			}
			return nil
		}
		_, problems := rules.Read("r.yml", []byte(src), check)
		if got := problems.Error(); got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
	f(rule, "")
	f(rule+"        fro: 5m\n", `r.yml:6:9: group "g": unknown key "fro" of a rule (did you mean "for"?): `+
		"want alert, annotations, expr, for, keep_firing_for, labels")
	f("groups:\n  - name: g\n    rules:\n      - record: r\n        expr: x\n", `r.yml:4:9: group "g": record: recording `+
		"rules are not evaluated: write what it keeps into the exprs that use it, or keep the rule in a file that --rules "+
		"does not name, and run vmalert for that")
	f("groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: sum((x)\n", `r.yml:5:15: group "g": expr of A: a `+
		"bracket is open")
	f(rule+"        for: 5\n", `r.yml:6:14: group "g": "5" is no length of time: write numbers with ms, s, m, h, d, w or `+
		"y, such as 30s or 1h30m")
	f(rule+"      - alert: A\n        expr: x\n", `r.yml:6:9: group "g": rule A is the one at r.yml:4:9 once more: same `+
		"alert, expr and labels")
	f(rule+"      - alert: A\n        expr: x\n        labels: {severity: page}\n", "")
	f(rule+"        labels: {edge_tenant: shop}\n", `r.yml:6:18: group "g": label edge_tenant is not yours to set: it is `+
		"the tenant's name; give the group a tenant")
	f(rule+"        labels: {a-b: c}\n", `r.yml:6:18: group "g": "a-b" of labels: a name has letters, digits and _, and `+
		"begins with no digit")
	f(rule+"        annotations: {summary: '{{ $labels.a'}\n", `r.yml:6:32: group "g": summary of annotations: template: `+
		"unclosed action")
	f(rule+"        annotations: {summary: '{{ query \"up\" }}'}\n", `r.yml:6:32: group "g": summary of annotations: `+
		`template: query asks, which templates can't here: write what is to be known into expr`)
	f("apiVersion: v1\nspec:\n  groups: []\n", "r.yml:1:1: apiVersion: leave it out\nr.yml:2:1: spec: an object of "+
		"Kubernetes holds the rules: make a file of what is under spec")
	f(rule+"  - name: g\n    rules: []\n", `r.yml:6:5: group "g": there is a group of this name at r.yml:2:5`)
	f("groups:\n  - name: g\n    type: vlogs\n    rules: []\n", `r.yml:3:11: group "g": type "vlogs": rules are MetricsQL `+
		"here (type prometheus); run vmalert for others")
	f("groups:\n  - name: g\n    eval_delay: 30s\n    rules: []\n", `warning: r.yml:2:5: group "g": eval_delay 30s: totals `+
		"of the last minute still grow, so 1m0s is taken")
	f("groups:\n  - name: g\n    interval: 10ms\n    rules: []\n", `r.yml:2:5: group "g": interval 10ms: want 1s or more`)
	f("groups:\n  - rules: []\n", "r.yml:2:5: a group needs a name")
	f("groups:\n  - name: g\n    limit: -1\n", `r.yml:3:12: group "g": want a whole number of 0 or more, not -1`)
	f("groups:\n  - name: g\n    rules:\n      - alert: A\n", `r.yml:4:9: group "g": a rule needs expr`)
	f("groups: {a: b}\n", "r.yml:1:9: want a list of groups, not an object")
	f("groups:\n  - 7\n", "r.yml:2:5: want a group, not 7")
	f("", "r.yml:1:1: the file is empty")
}

func TestFilesAreLoadedByPattern(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yml", good)
	write("b.yml", strings.Replace(good, "name: edge", "name: other", 1))
	groups, warnings, err := rules.Load([]string{filepath.Join(dir, "*.yml"), filepath.Join(dir, "a.yml")}, nil)
	if err != nil || len(groups) != 2 || len(warnings) != 0 {
		t.Fatalf("%d groups, warnings %v, error %v; want 2 groups", len(groups), warnings, err)
	}
	write("c.yml", good)
	_, _, err = rules.Load([]string{filepath.Join(dir, "*.yml")}, nil)
	if problems := (tree.Problems)(nil); !errors.As(err, &problems) || !strings.Contains(err.Error(), "c.yml:3:5: group") {
		t.Errorf("two groups of one name: %v", err)
	}
	if _, _, err := rules.Load([]string{filepath.Join(dir, "*.yaml")}, nil); err == nil {
		t.Error("a pattern without a file is accepted")
	}
}

func TestDurations(t *testing.T) {
	f := func(text string, want time.Duration) {
		t.Helper()
		if got, err := rules.ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: got %s, %v, want %s", text, got, err, want)
		}
	}
	f("0", 0)
	f("30s", 30*time.Second)
	f("1h30m", 90*time.Minute)
	f("1.5h", 90*time.Minute)
	f("250ms", 250*time.Millisecond)
	f("1d", 24*time.Hour)
	f("2w1d", 15*24*time.Hour)
	for _, text := range []string{"", "5", "m", "-5m", "5 m", "5x", "1..5h", "1h5", "300y", "1e3s", "NaNs"} {
		if got, err := rules.ParseDuration(text); err == nil {
			t.Errorf("%q is taken as %s", text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("groups:\n  - name: g\n    type: vlogs\n    rules: [{record: a}, {alert: 1e999, labels: {a: {b: c}}}]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		groups, problems := rules.Read("r.yml", src, nil)
		if len(problems) > 0 {
			return
		}
		for _, g := range groups {
			for _, r := range g.Rules {
				if g.Name == "" || r.Alert == "" || r.Expr == "" || r.For < 0 {
					t.Errorf("accepted as %+v", g)
				}
			}
		}
	})
}
