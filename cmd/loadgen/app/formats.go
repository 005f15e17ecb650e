package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"edgescope/internal/run"
	"edgescope/report"
	"edgescope/report/formats"
)

// formatFlags are the files in which a report is wanted, beside JSON.
type formatFlags struct {
	files   []formats.File
	paths   []string // of the files, "" for one that is not wanted
	outputs []*output
}

func (f *formatFlags) register(flags *run.Flags) {
	f.files = formats.Files()
	f.paths, f.outputs = make([]string, len(f.files)), make([]*output, len(f.files))
	for i, file := range f.files {
		flags.String(&f.paths[i], file.Name, "", file.Usage+", to `file`")
	}
}

// open makes sure that every file can be written.
func (f *formatFlags) open(stack *run.Stack) error {
	for i, path := range f.paths {
		out, err := openOutput(path, f.files[i].Usual)
		if err != nil {
			return couldNot(err)
		}
		f.outputs[i] = out
		stack.Push(f.files[i].Name, out.abandon)
	}
	return nil
}

// wanted tells whether there is any file to write.
func (f *formatFlags) wanted() bool {
	return slices.ContainsFunc(f.paths, func(path string) bool { return path != "" })
}

// write writes them all; one that fails does not keep the others from being written.
func (f *formatFlags) write(r *report.Report) error {
	var errs []error
	for i, out := range f.outputs {
		if out != nil {
			errs = append(errs, f.files[i].Write(out, r), out.commit())
		}
	}
	return errors.Join(errs...)
}

// tellCI adds the report to the job summary of GitHub Actions and annotates, when this runs there.
func tellCI(p run.Process, r *report.Report) {
	if on, _ := p.LookupEnv("GITHUB_ACTIONS"); on == "true" {
		if err := formats.Annotations(p.Stdout, r); err != nil {
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
	if err := formats.Markdown(&text, r); err != nil {
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
	var files formatFlags
	f.Group("Results")
	files.register(f)
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
	if !files.wanted() {
		return writeOut(p.Stdout, r)
	}
	return writeFormats(ctx, &files, r)
}

// writeFormats opens and writes the files of a verb that sends nothing.
func writeFormats(ctx context.Context, files *formatFlags, r *report.Report) (err error) {
	var stack run.Stack
	defer func() { err = errors.Join(err, stack.Stop(context.WithoutCancel(ctx))) }()
	if err := files.open(&stack); err != nil {
		return err
	}
	if err := files.write(r); err != nil {
		return couldNot(err)
	}
	return nil
}

func writeOut(w io.Writer, r *report.Report) error {
	if err := formats.Markdown(w, r); err != nil {
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
