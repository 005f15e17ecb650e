package webtest

import (
	"time"

	"edgescope/query"
)

// porting is what WebAssembly would save of the made collector: a service with everything, one without a price and one that
// does not say its CPU time.
func (c *Collector) porting() any {
	a := &query.WASMAdvice{About: c.about(), Choices: choices, Movable: .6, Services: []query.WASMService{}}
	if c.Bare {
		a.Movable = .8
		return a
	}
	a.Bench = &query.WASMBench{
		ID: TraceID, Name: "wasm-vs-js", Started: Now.Add(-48 * time.Hour), By: "cpu", Valid: true, Ratios: []query.WASMRatio{
			{Size: "medium", Engine: "wasm", Ratio: figure(1.63, 1.62, 1.64, 30, query.OriginMeasured)},
			{Size: "medium", Engine: "wasm-simd", Ratio: figure(10.93, 10.81, 11.08, 30, query.OriginMeasured)},
		},
	}
	model := func(value, low, high float64) query.Figure {
		return figure(value, low, high, 41_200, query.OriginModel)
	}
	unpriced := query.Figure{Value: query.None(), Low: query.None(), High: query.None(), N: 41_200, Origin: query.OriginModel}
	cpu := figure(20, 0, 0, 41_200, query.OriginMeasured)
	cpu.Low, cpu.High = query.None(), query.None()
	unknown := cpu
	unknown.Value, unknown.N = query.None(), 0
	ports := []query.WASMPort{
		{
			Size: "medium", Engine: "wasm", CPU: model(15.36, 15.32, 15.41), Saved: model(4.64, 4.59, 4.68),
			PerMillion: model(.0928, .0918, .0936), Month: model(9.28, 9.18, 9.36),
		},
		{
			Size: "medium", Engine: "wasm-simd", CPU: model(9.1, 9.08, 9.11), Saved: model(10.9, 10.89, 10.92),
			PerMillion: model(.218, .2178, .2184), Month: model(21.8, 21.78, 21.84),
		},
	}
	own := append([]query.WASMPort{}, ports[1])
	own[0].PerMillion, own[0].Month = unpriced, unpriced
	a.Services = []query.WASMService{
		{
			Service: "image-resize", Platform: "cloudflare.workers", Requests: 833_000, PerMonth: 1e8, CPU: cpu, Plan: "Paid",
			AsOf: "2026", Ports: ports,
		},
		{
			Service: "thumbs", Platform: "own_metal", Requests: 83_000, PerMonth: 1e7, CPU: cpu, Ports: own,
			Missing: []string{"there are no prices of own_metal: write a list in prices of the policy"},
		},
		{
			Service: "catalog", Platform: "aws_lambda", Requests: 9_000, PerMonth: 1e6, CPU: unknown, Plan: "x86", AsOf: "2026",
			Assumed: true, Missing: []string{"its invocations do not say their CPU time (edge.cpu.time)"},
		},
	}
	a.Left = 2
	return a
}
