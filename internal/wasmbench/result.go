package wasmbench

import (
	"encoding/json"
	"fmt"
	"io"

	"edgescope/edge"
)

// Result is what a comparison found, with its ways to write it.
type Result struct{ edge.Bench }

func newQuantiles(values []float64) edge.BenchQuantiles {
	return edge.BenchQuantiles{
		Count: len(values), Min: quantile(values, 0), P50: quantile(values, 0.5), P90: quantile(values,
			0.9), Max: quantile(values, 1),
	}
}

// WriteJSON writes the result, indented.
func (r *Result) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
