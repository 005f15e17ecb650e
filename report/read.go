package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"edgescope/report/distribution"
)

// maxReport bounds a report file that is read, in bytes.
const maxReport = 256 << 20

// notJSON says of a text that is no report what would be one.
func notJSON(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no JSON report: no valid JSON at byte %d, or not all of it is there", syntax.Offset)
	case !errors.As(err, &kind):
		return fmt.Errorf("no JSON report: %w", err)
	case kind.Field == "":
		return fmt.Errorf("no JSON report: want an object, not %s", kind.Value)
	default:
		return fmt.Errorf("no JSON report: %s cannot be %s", kind.Field, kind.Value)
	}
}

// Read reads a JSON report that loadgen wrote. It refuses what another version wrote and figures that no run has.
func Read(r io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxReport+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxReport {
		return nil, fmt.Errorf("longer than %d MB", maxReport>>20)
	}
	var report Report
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, notJSON(err)
	}
	e := &report.Edgescope
	switch {
	case e.Version == 0:
		return nil, errors.New("no report of loadgen: the object edgescope is missing (Artillery's own reports hold no " +
			"distributions)")
	case e.Version != Version:
		return nil, fmt.Errorf("the report has version %d, this loadgen reads version %d", e.Version, Version)
	case e.Layout != distribution.Layout:
		return nil, fmt.Errorf("the distributions have the layout %q, this loadgen reads %q", e.Layout,
			distribution.Layout)
	case e.Segment != nil && (e.Segment.Count < 1 || e.Segment.Index < 0 || e.Segment.Index >= e.Segment.Count):
		return nil, fmt.Errorf("segment %v is none", *e.Segment)
	}
	for i := range report.Intermediate {
		if err := report.Intermediate[i].ReadStart(); err != nil {
			return nil, err
		}
	}
	return &report, e.check()
}

// check refuses distributions that no histogram has.
func (e *Edgescope) check() error {
	sets := append([]map[string]distribution.Buckets{e.Series, e.Steps, e.Regions}, e.Windows...)
	for i := range e.Blocks {
		b := &e.Blocks[i]
		sets = append(sets, b.Steps, map[string]distribution.Buckets{"response": b.Response, "service": b.Service})
		if b.Errors < 0 || b.Requests < b.Errors {
			return fmt.Errorf("block %d has %d errors of %d requests", i, b.Errors, b.Requests)
		}
	}
	for _, set := range sets {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			b := set[name]
			if err := b.Check(); err != nil {
				return fmt.Errorf("distribution %s: %w", name, err)
			}
		}
	}
	return nil
}
