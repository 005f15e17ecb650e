package app

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/report"
	"edgescope/report/compare"
	"edgescope/report/formats"
	"edgescope/report/merge"
)

// segmentFlags say which part of a run this process takes, and when it begins.
type segmentFlags struct {
	text, start string

	segment *load.Segment // nil: all of it
	startAt time.Time     // zero: at once
}

func (s *segmentFlags) register(f *run.Flags) {
	f.String(&s.text, "segment", "", "`i/n`: take the i-th (from 0) of n parts of the arrivals; thresholds are judged "+
		"by merge")
	f.String(&s.start, "start-at", "", "`time` at which the first phase begins: RFC 3339 or Unix seconds")
}

// parse reads the flags, given those of the run.
func (s *segmentFlags) parse(f *run.Flags, r *runFlags) error {
	if s.start != "" {
		var err error
		if s.startAt, err = parseTime(s.start); err != nil {
			return run.Usage("--start-at %w", err)
		}
	}
	if s.text == "" {
		return nil
	}
	segment, err := load.ParseSegment(s.text)
	switch {
	case err != nil:
		return run.Usage("--segment %w", err)
	case !f.Given("seed"):
		return run.Usage("--segment needs --seed: all parts must draw from the same numbers")
	case r.output == "":
		return run.Usage("--segment needs --output: loadgen merge makes the run of the parts' reports")
	case len(r.baselines) > 0:
		return run.Usage("--segment and --baseline do not go together: compare when all parts are merged (loadgen merge " +
			"--baseline)")
	}
	s.segment = &segment
	return nil
}

var errTime = errors.New("want a time such as 2026-11-20T12:00:00Z, or Unix seconds")

func parseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<33 {
		return time.Time{}, errors.Join(errors.New(strconv.Quote(text)), errTime)
	}
	return time.Unix(seconds, 0), nil
}

const mergeUsage = `Usage: loadgen merge REPORT... [flags]

Makes one run of the JSON reports of all its segments, in any order: figures are
added, thresholds, expectations and health are judged on the sum. The exit code
is that of the whole run.`

func mergeReports(ctx context.Context, p run.Process) (err error) {
	f := run.NewFlags("loadgen merge", mergeUsage)
	var flags runFlags
	f.Group("Results")
	f.String(&flags.output, "output", "", "JSON report: `file`, a directory to put it in, or - for the standard output")
	f.Alias("o", "output")
	flags.formats.register(f)
	f.Group("Comparison")
	flags.registerComparison(f)
	files, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	baselines, err := flags.readBaselines(p)
	if err != nil {
		return err
	}
	segments, err := readReports(p, files)
	if err != nil {
		return err
	}
	r, err := merge.Reports(segments)
	if err != nil {
		return run.Usage("merge: %w", err)
	}
	if len(baselines) > 0 {
		r.Conclude(compare.Runs(baselines, r, flags.compare.minEffect/100))
	}
	to, err := flags.console(p)
	if err != nil {
		return err
	}
	_, columns := formats.Terminal(to)
	io.WriteString(to, formats.Text(r, columns))
	tellCI(p, to, r)
	err = errors.Join(writeJSON(p, flags.output, r), writeFormats(ctx, p, &flags.formats, r))
	if code := r.Edgescope.Run.ExitCode; code != 0 {
		return &run.CodeError{Code: code, Err: err}
	}
	return err
}

func writeJSON(p run.Process, path string, r *report.Report) error {
	out, err := openOutput(p, path, reportName(time.Now()))
	if err == nil {
		err = out.fill(r.WriteJSON)
	}
	if err != nil {
		return couldNot(err)
	}
	return nil
}
