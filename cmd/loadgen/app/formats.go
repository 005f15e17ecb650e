package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edgescope/cmd/loadgen/price"
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
func (f *formatFlags) open(p run.Process, stack *run.Stack) error {
	for i, path := range f.paths {
		out, err := openOutput(p, path, f.files[i].Usual)
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
		errs = append(errs, out.fill(func(w io.Writer) error { return f.files[i].Write(w, r) }))
	}
	return errors.Join(errs...)
}

// tellCI adds the report to the job summary of GitHub Actions and annotates on the console, when this
// runs there.
func tellCI(p run.Process, out io.Writer, r *report.Report) {
	if on, _ := p.LookupEnv("GITHUB_ACTIONS"); on == "true" {
		if err := formats.Annotations(out, r); err != nil {
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
the standard output if no file is asked for. With --policy or --plan they tell
what the run costs by these prices.`

func convertReport(ctx context.Context, p run.Process) (err error) {
	f := run.NewFlags("loadgen report", reportUsage)
	var files formatFlags
	var output string
	f.Group("Results")
	f.String(&output, "output", "", "`file` in the form that its name ends with: "+files.endings())
	f.Alias("o", "output")
	files.register(f)
	var prices price.Flags
	prices.Register(f)
	operands, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return run.Usage("want one JSON report, got %d operands (see --help)", len(operands))
	}
	if err := files.choose(output); err != nil {
		return err
	}
	r, err := readReport(p, operands[0])
	if err != nil {
		return err
	}
	pricer, err := prices.Open(r.Edgescope.Run.Target)
	if err != nil {
		return err
	}
	if pricer != nil {
		r.Edgescope.Prices = pricer.OfReport(r)
	}
	if !files.wanted() {
		return writeOut(p.Stdout, r)
	}
	return writeFormats(ctx, p, &files, r)
}

// endings are those of file names that tell a form: ".xml, .html, .md or .csv".
func (f *formatFlags) endings() string {
	var list []string
	for _, file := range formats.Files() {
		list = append(list, filepath.Ext(file.Usual))
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// choose makes a path the file of the form that its name ends with. "-" is the form that is printed anyway.
func (f *formatFlags) choose(path string) error {
	if path == "" || path == standardOutput {
		return nil
	}
	for i, file := range f.files {
		if filepath.Ext(file.Usual) != strings.ToLower(filepath.Ext(path)) {
			continue
		}
		if f.paths[i] != "" {
			return run.Usage("--output %s and --%s %s: want one of them", path, file.Name, f.paths[i])
		}
		f.paths[i] = path
		return nil
	}
	return run.Usage("--output %s: want a name that ends with %s", path, f.endings())
}

// writeFormats opens and writes the files of a verb that sends nothing.
func writeFormats(ctx context.Context, p run.Process, files *formatFlags, r *report.Report) (err error) {
	if _, err := console(p, files.paths...); err != nil {
		return err
	}
	var stack run.Stack
	defer func() { err = errors.Join(err, stack.Stop(context.WithoutCancel(ctx))) }()
	if err := files.open(p, &stack); err != nil {
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

// readReport reads a JSON report, "-" from the standard input; what is wrong with it is bad usage.
func readReport(p run.Process, path string) (*report.Report, error) {
	text, err := readOperand(p, path)
	if err != nil {
		return nil, run.Usage("read a report: %w", err)
	}
	r, err := report.Read(bytes.NewReader(text))
	if err != nil {
		return nil, run.Usage("read the report %s: %w", path, err)
	}
	return r, nil
}
