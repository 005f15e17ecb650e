package scenarios_test

import (
	"testing"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// Fuzz targets: no input panics, and what is accepted means what it should.

const shop = `{"store":{"book":[{"t":"A","p":8.95,"c":"x"},{"t":"B","p":12},{"t":"C","p":5,"c":"y"}],` +
	`"car":{"p":19}},"k.d":1,"name":"abc"}`

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"guide.yml", "cache-hit.yml", "wasm-vs-js.yml", "cold-start.yml"} {
		src, err := scenarios.Files.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("config: {target: http://t, variables: {a: [1], b: '{{ $randomNumber(1, 2) }}'}, ensure: {p95: 1, " +
		"conditions: [{expression: a < 1}]}}\nscenarios: [{flow: [{loop: [{get: {url: /, capture: {json: '$..x', as: " +
		"y}}}], count: 2}]}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := scenarios.Load(scenarios.Options{
			Files: []string{"s.yml"}, Target: "http://t",
			ReadFile: func(string) ([]byte, error) { return src, nil },
		})
		if err != nil {
			return
		}
		s := p.NewScope(1, 0, nil)
		var m plan.Message
		res := &plan.Response{Status: 200, Body: []byte(shop)}
		walkSteps(p.PickFlow(s).Steps, func(r *plan.Request) {
			if yes, err := r.Send(s); yes && err == nil && r.Render(s, p.Target, &m) == nil {
				_ = r.Capture(s, res) // any outcome is fine, a panic is not
				r.Judge(nil, s, res)
			}
		})
		for i := range p.Checks {
			p.Checks[i].Pass(func(string) (float64, bool) { return 1, true })
		}
	})
}

func walkSteps(steps []plan.Step, visit func(*plan.Request)) {
	for _, s := range steps {
		switch s := s.(type) {
		case *plan.Request:
			visit(s)
		case *plan.Loop:
			walkSteps(s.Steps, visit)
		}
	}
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte("id,name\n1,ann\n\n\"2\",\"b\nc\"\n"))
	f.Add([]byte("a;\"b"))
	f.Fuzz(func(t *testing.T, src []byte) {
		script := "config: {target: http://t, payload: {path: p.csv, fields: [a, b], skipEmptyLines: false}}\nscenarios: " +
			"[{flow: [{get: '/{{ a }}'}]}]"
		p, err := scenarios.Load(scenarios.Options{Files: []string{"s.yml"}, ReadFile: func(name string) ([]byte, error) {
			if name == "s.yml" {
				return []byte(script), nil
			}
			return src, nil
		}})
		if err == nil {
			var m plan.Message
			_ = p.Flows[0].Steps[0].(*plan.Request).Render(p.NewScope(1, 3, nil), p.Target, &m) // no panic is the test
		}
	})
}
