package engine_test

import (
	"testing"

	"edgescope/internal/tree"
	"edgescope/scenarios/engine"
	"edgescope/scenarios/settings"
)

// read reads `v: <yaml>` by f, and returns what it made of it, what is wrong and what is warned of.
func read(t *testing.T, yaml string, f func(*settings.Reader, *tree.Node) string) (got, problems, warnings string) {
	t.Helper()
	n, faults := tree.Parse("s.yml", []byte("v: "+yaml))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	r := &settings.Reader{}
	got = f(r, n.Get("v"))
	if len(r.Problems) > 0 {
		problems = r.Problems.Error()
	}
	if len(r.Warnings) > 0 {
		warnings = r.Warnings.Error()
	}
	return got, problems, warnings
}

const there = ": there are http, which is the default, and ws"

func TestNames(t *testing.T) {
	f := func(yaml, want, problem string) {
		t.Helper()
		if got, told, _ := read(t, yaml, engine.Name); got != want || told != problem {
			t.Errorf("%s: got %s, %s; want %s, %s", yaml, got, told, want, problem)
		}
	}
	f("http", engine.HTTP, "")
	f("ws", engine.WS, "")
	f("socketio", engine.HTTP, `s.yml:1:4: engine "socketio" is not supported`+there)
	f("playwright", engine.HTTP, `s.yml:1:4: engine "playwright" is not supported`+there)
	f("grpc", engine.HTTP, `s.yml:1:4: engine "grpc" is not supported`+there)
	f("WS", engine.HTTP, `s.yml:1:4: engine "WS" is unknown`+there+` (did you mean "ws"?)`)
	f("htpp", engine.HTTP, `s.yml:1:4: engine "htpp" is unknown`+there+` (did you mean "http"?)`)
	f("[ws]", engine.HTTP, "s.yml:1:4: engine must be text, not a list")
}

func TestAllEnginesOfAScript(t *testing.T) {
	f := func(yaml, problem, warning string) {
		t.Helper()
		_, told, warned := read(t, yaml, func(r *settings.Reader, n *tree.Node) string { engine.All(r, n); return "" })
		if told != problem || warned != warning {
			t.Errorf("%s: %s, warned %s; want %s, %s", yaml, told, warned, problem, warning)
		}
	}
	f("{}", "", "")
	f("{http: {}, ws: {}}", "", "")
	f("{kafka: {brokers: x}}", `s.yml:1:5: engine "kafka" is not supported`+there, "")
	f("{ws: {timeout: 1}}", "", "s.yml:1:5: what stands under engines.ws is ignored: settings belong under config.ws")
}

func TestStepsOfAnotherEngine(t *testing.T) {
	own, foreign := []string{"get", "think"}, []string{"send", "wait"}
	f := func(name, step, problem string, own, foreign []string) {
		t.Helper()
		_, told, _ := read(t, "{"+step+": x}", func(r *settings.Reader, n *tree.Node) string {
			engine.UnknownStep(r, n.Fields[0], name, own, foreign)
			return ""
		})
		if told != problem {
			t.Errorf("%s in %s: %s, want %s", step, name, told, problem)
		}
	}
	f(engine.HTTP, "send", "s.yml:1:5: send is a step of scenarios with engine: ws, which this one has not", own, foreign)
	f(engine.HTTP, "wait", "s.yml:1:5: wait is a step of scenarios with engine: ws, which this one has not (did you mean "+
		`"think"?)`, own, foreign)
	f(engine.HTTP, "gett", `s.yml:1:5: unknown step "gett" (did you mean "get"?)`, own, foreign)
	f(engine.WS, "get", "s.yml:1:5: get is no step of a scenario with engine: ws, which has send, wait: requests need a "+
		"scenario without it", foreign, own)
	f(engine.WS, "emit", `s.yml:1:5: unknown step "emit" (did you mean "wait"?)`, foreign, own)
}
