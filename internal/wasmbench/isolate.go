package wasmbench

import (
	"context"
	"errors"

	"edgescope/edge"
)

// isolateStarts is how many isolates of a kind are started.
const isolateStarts = 15

// coldIsolates measures how long isolates take to start in a process that runs.
func (o *Options) coldIsolates(ctx context.Context) (found []edge.BenchColdIsolate, err error) {
	p, err := o.launch(ctx, JS)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	paths := []string{"/health", "/cold?wasm=0", "/cold?wasm=1"}
	took := make([][]float64, len(paths))
	for range isolateStarts {
		for i, path := range paths {
			a, err := p.get(ctx, path)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], ms(a.took))
		}
	}
	idle := median(took[0])
	return []edge.BenchColdIsolate{
		{Kind: "js", MS: max(0, median(took[1])-idle), N: isolateStarts},
		{Kind: "wasm", MS: max(0, median(took[2])-idle), N: isolateStarts},
	}, nil
}
