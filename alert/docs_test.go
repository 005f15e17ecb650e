package alert_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/alert"
	"edgescope/alert/rules"
	"edgescope/internal/run/runtest"
	"edgescope/internal/tree"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/querytest"
)

// TestTheExampleOfTheDocs holds what docs/api.md shows of the answer: what fires and is muted, what waits, what ended in
// a program before this one.
func TestTheExampleOfTheDocs(t *testing.T) {
	w := newWorld(t)
	w.tenants = []alert.Tenant{{Tenant: querytest.Tenant}}
	ended := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	state := `{"past": {"` + fmt.Sprint(querytest.Tenant) + `": [{"labels": {"alertname": "EdgeErrors"}, "resolved": "` + ended + `", "fired": "` + ended + `"}]}}`
	if err := os.WriteFile(filepath.Join(w.dir, "state.json"), []byte(state), 0o600); err != nil {
		t.Fatal(err)
	}
	w.notify.Receivers = []policy.Receiver{{Name: "on call", Webhook: policy.Secret{Text: "http://127.0.0.1:9/"}}}
	w.groups = group(rules.Rule{
		Pos: tree.Position{File: "rules.yml", Line: 5, Col: 9}, Alert: "EdgeErrors", Expr: "errors",
		Labels:      map[string]string{"severity": "page"},
		Annotations: map[string]string{"summary": "{{ $value | humanizePercentage }} of the requests to {{ $labels.service_name }} fail"},
	}, rules.Rule{Alert: "EdgeSlow", Expr: "errors", For: time.Hour})
	w.groups[0].Rules[0].For = 0
	w.gives("errors", map[string]float64{"shop": .052})
	a, stop := w.start(t)
	defer stop()
	rec := httptest.NewRecorder()
	a.Admin().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "POST", "/admin/alerts/silences", strings.NewReader(
		`{"matchers": ["service_name=\"shop\""], "for": "2h", "author": "ada", "comment": "the move of the shop"}`)))
	runtest.Eventually(t, func() string { return "nothing fires" },
		func() bool { return len(answer(t, a, querytest.Tenant, nil).Firing) > 0 })
	example := a.Answers().All[query.PathAlerts]
	answers := query.Answers{All: map[string]query.Answer{query.PathAlerts: example}}
	(&querytest.World{T: t, Now: time.Now()}).Examples(t, "../docs/api.md", answers, query.PathAlerts)
}
