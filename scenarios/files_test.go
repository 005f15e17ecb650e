package scenarios_test

import (
	"io/fs"
	"testing"
	"time"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

func loadShipped(t *testing.T, o scenarios.Options) *plan.Plan {
	t.Helper()
	o.ReadFile = func(name string) ([]byte, error) { return fs.ReadFile(scenarios.Files, name) }
	p, err := scenarios.Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestShippedScriptsCompile: each, and without a warning.
func TestShippedScriptsCompile(t *testing.T) {
	names, err := fs.Glob(scenarios.Files, "*.yml")
	if err != nil || len(names) != 4 {
		t.Fatalf("shipped are %v, %v, want 4", names, err)
	}
	for _, name := range names {
		p := loadShipped(t, scenarios.Options{Files: []string{name}})
		if len(p.Warnings) > 0 {
			t.Errorf("%s: %v", name, p.Warnings)
		}
		if p.Target == "" || len(p.Phases) == 0 || len(p.Flows) == 0 {
			t.Errorf("%s: an empty plan: %+v", name, p)
		}
	}
}

func TestGuideIsThePublishedTest(t *testing.T) {
	p := loadShipped(t, scenarios.Options{Files: []string{"guide.yml"}})
	want := []plan.Phase{
		{Name: "Warm up", Index: 0, Kind: plan.PhaseRate, Duration: time.Minute, Rate: 10},
		{Name: "Ramp up", Index: 1, Kind: plan.PhaseRamp, Duration: 5 * time.Minute, Rate: 100, RampTo: 1000},
		{Name: "Sustained load", Index: 2, Kind: plan.PhaseRate, Duration: 10 * time.Minute, Rate: 1000},
	}
	diff(t, p.Phases, want)
	if p.HTTP.Pool != 200 {
		t.Errorf("pool %d, want 200", p.HTTP.Pool)
	}
	if a, b := p.Flows[0], p.Flows[1]; a.Name != "Image Processing" || a.Weight != 60 || b.Name != "Cache Hit Test" ||
		b.Weight != 40 {
		t.Errorf("flows %s:%v %s:%v", a.Name, a.Weight, b.Name, b.Weight)
	}
}

func TestGuideDemoTakesAMinute(t *testing.T) {
	p := loadShipped(t, scenarios.Options{
		Files: []string{"guide.yml"}, Environment: "demo",
		Overrides: `{"config":{"regions":{"FRA":"http://127.0.0.1:1","IAD":"http://127.0.0.1:2",` +
			`"SIN":"http://127.0.0.1:3"}}}`,
	})
	total, most := time.Duration(0), 0.0
	for _, ph := range p.Phases {
		total += ph.Duration
		most = max(most, ph.Rate, ph.RampTo)
	}
	if total > time.Minute || most != 100 {
		t.Errorf("the demo takes %v at up to %v/s, want at most 1m at 100/s", total, most)
	}
	for user, want := range []string{"FRA", "IAD", "SIN", "FRA"} {
		if got := p.Region(user).Name; got != want {
			t.Errorf("user %d goes to %s, want %s", user, got, want)
		}
	}
}
