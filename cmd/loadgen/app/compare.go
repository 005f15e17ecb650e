package app

import (
	"encoding/json"
	"errors"
	"io"

	"edgescope/internal/run"
	"edgescope/report"
	"edgescope/report/compare"
	"edgescope/report/formats"
)

const compareUsage = `Usage: loadgen compare BASE... NEW [flags]

Compares the JSON report NEW with one or several baselines: better, worse, same
(no difference shown) or not comparable. Ends with 1 for worse, 2 for not
comparable.`

// compareFlags say what change counts.
type compareFlags struct{ minEffect float64 }

func (c *compareFlags) register(f *run.Flags) {
	f.Float(&c.minEffect, "min-effect", 100*compare.DefaultMinEffect,
		"`percent` below which a change of a latency does not count")
}

func (c *compareFlags) validate() error {
	if !(c.minEffect > 0 && c.minEffect <= 1000) {
		return run.Usage("--min-effect %v: want a percentage above 0, such as 5", c.minEffect)
	}
	return nil
}

func compareReports(p run.Process) error {
	f := run.NewFlags("loadgen compare", compareUsage)
	var flags compareFlags
	var output string
	f.Group("Comparison")
	flags.register(f)
	f.String(&output, "output", "", "the comparison as JSON, to `file`")
	f.Alias("o", "output")
	files, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if err := flags.validate(); err != nil {
		return err
	}
	if len(files) < 2 {
		return run.Usage("want a baseline and a new report, got %d operands (see --help)", len(files))
	}
	reports, err := readReports(p, files)
	if err != nil {
		return err
	}
	last := len(reports) - 1
	c := compare.Runs(reports[:last], reports[last], flags.minEffect/100)
	verdict := formats.Verdict(c.Verdict, c.Sentence())
	out, err := console(p, output)
	if err != nil {
		return err
	}
	io.WriteString(out, verdict)
	if len(c.Changes) > 0 {
		_, columns := formats.Terminal(out)
		io.WriteString(out, formats.Changes(c, columns)+"\n"+verdict)
	}
	if err := writeComparison(p, output, c); err != nil {
		return couldNot(err)
	}
	if code := c.ExitCode(); code != 0 {
		return &run.CodeError{Code: code}
	}
	return nil
}

func writeComparison(p run.Process, path string, c *report.Comparison) error {
	out, err := openOutput(p, path, "comparison.json")
	if err != nil {
		return err
	}
	return out.fill(func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(c)
	})
}

// readReports reads them all, and tells of all that cannot be read.
func readReports(p run.Process, files []string) ([]*report.Report, error) {
	reports := make([]*report.Report, len(files))
	var errs []error
	for i, file := range files {
		var err error
		if reports[i], err = readReport(p, file); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return nil, run.Usage("%w", errors.Join(errs...))
	}
	return reports, nil
}
