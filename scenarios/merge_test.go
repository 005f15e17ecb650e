package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

const layered = `
config:
  target: http://base
  variables: {v: D, w: W}
  phases:
    - {duration: 1, arrivalRate: 1, name: a}
    - {duration: 2, arrivalRate: 2, name: b}
  environments:
    local:
      target: http://local
      phases: [{arrivalRate: 9}]
      variables: {v: E}
scenarios:
  - {name: s, flow: [{get: "/{{ v }}/{{ w }}/{{ $environment }}"}]}
  - {name: t, weight: 0, flow: [{get: /t}]}
`

func url(t *testing.T, p *plan.Plan, flow int) string {
	t.Helper()
	var m plan.Message
	s := p.NewScope(1, 0, nil)
	if err := p.Flows[flow].Steps[0].(*plan.Request).Render(s, p.Target, &m); err != nil {
		t.Fatal(err)
	}
	return m.URL
}

// TestLayers: environment by index, -t over it, -v shallow, overrides replace lists.
func TestLayers(t *testing.T) {
	f := func(o func(*scenarios.Options), want string) {
		t.Helper()
		if got := url(t, mustLoad(t, layered, o), 0); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(func(*scenarios.Options) {}, "http://base/D/W/undefined")
	f(func(o *scenarios.Options) { o.Environment = "local" }, "http://local/E/W/local")
	f(func(o *scenarios.Options) { o.Environment, o.Target = "local", "http://t" }, "http://t/E/W/local")
	f(func(o *scenarios.Options) { o.Variables = `{"v": 7, "w": null}` }, "http://base/7/null/undefined")
	f(func(o *scenarios.Options) { o.Overrides = `{"config":{"variables":{"w":"O"}}}` }, "http://base/D/O/undefined")
	f(func(o *scenarios.Options) { o.Overrides = `{"scenarios":[{"flow":[{"get":"/new"}]}]}` }, "http://base/new")

	p := mustLoad(t, layered, func(o *scenarios.Options) { o.Environment = "local" })
	diff(t, p.Phases, []plan.Phase{
		{Name: "a", Duration: time.Second, Rate: 9},
		{Name: "b", Index: 1, Duration: 2 * time.Second, Rate: 2},
	})
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Msg, "the last 1 of the script stay") {
		t.Errorf("warnings %v, want one about the phase that stays", p.Warnings)
	}
	p = mustLoad(t, layered, func(o *scenarios.Options) {
		o.Overrides = `{"config":{"phases":[{"pause":1}]}}`
	})
	diff(t, p.Phases, []plan.Phase{{Kind: plan.PhasePause, Duration: time.Second}})
}

func TestFilesMergeLeftToRight(t *testing.T) {
	p, err := scenarios.Load(scenarios.Options{
		Files:      []string{"a/a.yml", "b.json"},
		ConfigFile: "c/c.yml",
		ReadFile: reader(map[string]string{
			"a/a.yml": "config: {target: http://a, phases: [{duration: 1, arrivalRate: 1}, {pause: 5}]}\nscenarios: [{name: " +
				"a, flow: [{get: /a}]}]",
			"b.json":   `{"config":{"phases":[{"arrivalRate":4}]},"scenarios":[{"name":"b"}]}`,
			"c/c.yml":  "config: {target: http://c, payload: {path: p.csv, fields: [x]}}",
			"c/p.csv":  "1\n",
			"unneeded": "",
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Target != "http://c" || p.Phases[0].Rate != 4 || p.Phases[1].Kind != plan.PhasePause || p.Flows[0].Name != "b" {
		t.Errorf("got %s %+v %s", p.Target, p.Phases, p.Flows[0].Name)
	}
}

func TestFaultsOfOptions(t *testing.T) {
	f := func(o func(*scenarios.Options), want string) {
		t.Helper()
		_, err := load(layered, o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	f(func(o *scenarios.Options) { o.Environment = "lokal" }, `there is no environment "lokal" (did you mean "local"?)`)
	f(func(o *scenarios.Options) { o.Environment = "production" }, `(known: local)`)
	f(func(o *scenarios.Options) { o.ScenarioName = "zzz" }, `no scenario is named "zzz" (known: s, t)`)
	f(func(o *scenarios.Options) { o.ScenarioName = "(" }, "neither the name of a scenario nor a regular expression")
	f(func(o *scenarios.Options) { o.Overrides = "[1]" }, "--overrides takes a JSON object, not a list")
	f(func(o *scenarios.Options) { o.Overrides = `{"config":{"fases":1}}` }, `--overrides:1:12: unknown key "fases"`)
	f(func(o *scenarios.Options) { o.Variables = "{" }, "not valid YAML")
	f(func(o *scenarios.Options) { o.PayloadPath = "x.csv" }, "exactly one payload")
	f(func(o *scenarios.Options) { o.Files = []string{"s.ts"} }, "scripts written in ts are not supported")
	f(func(o *scenarios.Options) { o.Files = []string{"s.txt"} }, "a script ends in .yml")
	f(func(o *scenarios.Options) { o.Files = []string{"gone.yml"} },
		"gone.yml: the script cannot be read: file does not exist")
	f(func(o *scenarios.Options) { o.Files = nil }, "no file is given")
}

func TestScenarioNameChoosesAlsoWeightZero(t *testing.T) {
	for _, name := range []string{"t", "^t$"} {
		p := mustLoad(t, layered, func(o *scenarios.Options) { o.ScenarioName = name })
		for user := range 20 {
			if got := p.PickFlow(p.NewScope(1, user, nil)).Name; got != "t" {
				t.Fatalf("--scenario-name %s: user %d walks %s", name, user, got)
			}
		}
	}
}

func TestSoloAndMissingPhasesAreOneArrival(t *testing.T) {
	solo := []plan.Phase{{Name: "solo", Kind: plan.PhaseCount, Duration: time.Second, Count: 1}}
	p := mustLoad(t, layered, func(o *scenarios.Options) { o.Solo = true })
	diff(t, p.Phases, solo)
	diff(t, mustLoad(t, one("", "- get: /")).Phases, solo)
}

func TestPhases(t *testing.T) {
	f := func(phase string, want plan.Phase) {
		t.Helper()
		diff(t, mustLoad(t, one("phases: ["+phase+"]", "- get: /")).Phases[0], want)
	}
	const s = time.Second
	f("{duration: 4, arrivalRate: 0.5}", plan.Phase{Duration: 4 * s, Rate: 0.5})
	f("{duration: '1.5', arrivalCount: 3}", plan.Phase{Kind: plan.PhaseCount, Duration: 1500 * time.Millisecond, Count: 3})
	f("{duration: 5m, rampTo: 10}", plan.Phase{Kind: plan.PhaseRamp, Duration: 300 * s, RampTo: 10})
	f("{duration: 1:30, arrivalRate: 1_0, rampTo: 010}", plan.Phase{
		Kind: plan.PhaseRamp, Duration: 90 * s, Rate: 10,
		RampTo: 8,
	})
	f("{duration: 2, arrivalRate: 0, name: idle}", plan.Phase{Name: "idle", Kind: plan.PhasePause, Duration: 2 * s})
	f("{pause: 0.5 min}", plan.Phase{Kind: plan.PhasePause, Duration: 30 * s})
	f("{duration: 1h, arrivalRate: 3, mode: poisson, maxVusers: 5}", plan.Phase{
		Duration: time.Hour, Rate: 3,
		Poisson: true, MaxVusers: 5,
	})
	f("{duration: 10m, mean: 50, amplitude: 30, period: 1m, maxVusers: 9}", plan.Phase{
		Kind: plan.PhaseSine, Duration: 600 * s, Rate: 50, Amplitude: 30, Period: 60 * s, MaxVusers: 9,
	})
	p := mustLoad(t, one("mode: poisson\nphases: [{duration: 1, arrivalRate: 1}]", "- get: /"))
	if !p.Phases[0].Poisson {
		t.Error("config.mode: poisson does not reach the phase")
	}
	p = mustLoad(t, one("mode: poisson\nphases: [{duration: 1, mean: 2, amplitude: 1, period: 1}]", "- get: /"))
	if p.Phases[0].Poisson {
		t.Error("config.mode: poisson reaches a sine, whose arrivals follow a curve")
	}
}

// TestHash: equal for the same load, however it is written and wherever it goes; different when the load differs.
func TestHash(t *testing.T) {
	const base = "config: {target: http://a, phases: [{duration: 1, arrivalRate: 2}]}\nscenarios: [{flow: [{post: " +
		"{url: /, json: {a: 1}}}]}]"
	hash := func(script string, o ...func(*scenarios.Options)) string { return mustLoad(t, script, o...).Hash }
	same := func(script string, o ...func(*scenarios.Options)) {
		t.Helper()
		if hash(base) != hash(script, o...) {
			t.Errorf("another hash for %s", script)
		}
	}
	differs := func(script string, o ...func(*scenarios.Options)) {
		t.Helper()
		if hash(base) == hash(script, o...) {
			t.Errorf("the same hash for %s", script)
		}
	}
	same(base, func(o *scenarios.Options) { o.Target = "http://b" })
	same(base, func(o *scenarios.Options) { o.TestID = "x"; o.Seed = 7 })
	same(strings.Replace(base, "{duration: 1, arrivalRate: 2}", "{ arrivalRate: 2, duration: 1 }", 1))
	same(base + "\nx-note: mine")
	same(base, func(o *scenarios.Options) { o.Overrides = `{"config":{"ensure":{"p95":1},"regions":{"A":"http://c"}}}` })
	differs(strings.Replace(base, "arrivalRate: 2", "arrivalRate: 3", 1))
	differs(strings.Replace(base, "a: 1", "a: '1'", 1))
	differs(base, func(o *scenarios.Options) { o.Solo = true })
	differs(base, func(o *scenarios.Options) { o.Variables = `{"a":1}` })
}

func TestDotenv(t *testing.T) {
	got, err := scenarios.ParseDotenv([]byte("# note\nA=1\nexport B = \"two # x\\n\"\nC='three' # c\nD=four # d\n\nE="))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, got, map[string]string{"A": "1", "B": "two # x\n", "C": "three", "D": "four", "E": ""})
	if _, err := scenarios.ParseDotenv([]byte("A=1\noops")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v, want the line", err)
	}
}

func TestEnvironmentWinsOverDotenv(t *testing.T) {
	p := mustLoad(t, one("", "- get: '/{{ $env.A }}/{{ $processEnvironment.B }}/{{ $env.C }}'"),
		func(o *scenarios.Options) {
			o.Dotenv = map[string]string{"A": "dot", "B": "dot"}
			o.Env = func(name string) (string, bool) { return "set", name == "A" }
		})
	if got := url(t, p, 0); got != "http://t/set/dot/undefined" {
		t.Errorf("got %s", got)
	}
}
