package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"edgescope/internal/run"
	"edgescope/report"
)

// formatFlags are the files in which a report is wanted, beside JSON.
type formatFlags struct {
	paths   [len(report.Formats)]string
	outputs [len(report.Formats)]*output
}

func (f *formatFlags) register(flags *run.Flags) {
	for i := range report.Formats {
		format := &report.Formats[i]
		flags.String(&f.paths[i], format.Name, "", format.Usage+", to `file`")
	}
}

// open makes sure that every file can be written.
func (f *formatFlags) open(stack *run.Stack) error {
	for i, path := range f.paths {
		out, err := openOutput(path, report.Formats[i].File)
		if err != nil {
			return couldNot(err)
		}
		f.outputs[i] = out
		stack.Push(report.Formats[i].Name, out.abandon)
	}
	return nil
}

// wanted tells whether there is any file to write.
func (f *formatFlags) wanted() bool { return f.paths != [len(report.Formats)]string{} }

// write writes them all; one that fails does not keep the others from being written.
func (f *formatFlags) write(r *report.Report) error {
	var errs []error
	for i, out := range f.outputs {
		if out != nil {
			errs = append(errs, report.Formats[i].Write(out, r), out.commit())
		}
	}
	return errors.Join(errs...)
}

// tellCI adds the report to the job summary of GitHub Actions and annotates, when this runs there.
func tellCI(p run.Process, r *report.Report) {
	if on, _ := p.LookupEnv("GITHUB_ACTIONS"); on == "true" {
		if err := report.WriteAnnotations(p.Stdout, r); err != nil {
			say(p.Stderr, "warning: no annotations: %v", err)
		}
	}
	path, ok := p.LookupEnv("GITHUB_STEP_SUMMARY")
	if !ok || path == "" {
		return
	}
	if err := appendSummary(path, r); err != nil {
		say(p.Stderr, "warning: no job summary: %v", err)
	}
}

// maxSummary is what GitHub takes for one step, in bytes.
const maxSummary = 1 << 20

func appendSummary(path string, r *report.Report) error {
	var text bytes.Buffer
	if err := report.WriteMarkdown(&text, r); err != nil {
		return err
	}
	if text.Len() > maxSummary {
		return fmt.Errorf("%d bytes are more than GitHub takes (%d)", text.Len(), maxSummary)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text.Bytes())
	return errors.Join(err, file.Close())
}

const reportUsage = `Usage: loadgen report REPORT [flags]

Makes other forms of a JSON report that a run wrote with --output; Markdown on
the standard output if no file is asked for.`

func convertReport(ctx context.Context, p run.Process) (err error) {
	f := run.NewFlags("loadgen report", reportUsage)
	var formats formatFlags
	f.Group("Results")
	formats.register(f)
	operands, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return run.Usage("want one JSON report, got %d operands (see --help)", len(operands))
	}
	r, err := readReport(operands[0])
	if err != nil {
		return err
	}
	if !formats.wanted() {
		return writeOut(p.Stdout, r)
	}
	return writeFormats(ctx, &formats, r)
}

// writeFormats opens and writes the files of a verb that sends nothing.
func writeFormats(ctx context.Context, formats *formatFlags, r *report.Report) (err error) {
	var stack run.Stack
	defer func() { err = errors.Join(err, stack.Stop(context.WithoutCancel(ctx))) }()
	if err := formats.open(&stack); err != nil {
		return err
	}
	if err := formats.write(r); err != nil {
		return couldNot(err)
	}
	return nil
}

func writeOut(w io.Writer, r *report.Report) error {
	if err := report.WriteMarkdown(w, r); err != nil {
		return couldNot(fmt.Errorf("write Markdown: %w", err))
	}
	return nil
}

// readReport reads a JSON report; what is wrong with it is bad usage.
func readReport(path string) (*report.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, run.Usage("read a report: %w", err)
	}
	r, err := report.Read(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, run.Usage("read the report %s: %w", path, err)
	}
	return r, nil
}
