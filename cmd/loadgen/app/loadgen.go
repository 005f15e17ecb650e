// Package app is the program loadgen: the flags of its verbs, and what they do.
package app

import (
	"context"
	"fmt"
	"io"

	"edgescope/cmd/loadgen/verify"
	"edgescope/internal/run"
	"edgescope/report/text"
)

const overview = `Usage: loadgen <verb> [flags] [operands]

loadgen runs Artillery scripts and judges what came of them.

Verbs:
  run SCRIPT...    run a script; several are merged
  check SCRIPT...  say what is wrong with a script, or what it would do
  quick URL        load one URL without a script
  report FILE      make JUnit, HTML, Markdown or CSV of a JSON report
  compare BASE NEW say whether a run was better or worse than a baseline
  merge REPORT...  make one run of the reports of its segments
  verify-deploy    ask a collector whether a new version is worse: a CI gate
  bench            compare WebAssembly with JavaScript on workerd
  version          print the version

loadgen <verb> --help lists the verb's flags.

Exit codes:
  0    passed                          4    not valid: loadgen itself fell behind
  1    a threshold failed, worse,      21   an expectation failed
       or nothing was shown
  2    bad usage or script             130  interrupted; the report is written
  3    could not run
`

// verbs are those of the overview.
const verbs = "run, check, quick, report, compare, merge, verify-deploy or bench"

// Main is loadgen: it runs the verb that the arguments name.
func Main(ctx context.Context, p run.Process) error {
	if err := runVerb(ctx, p); err != nil {
		return plainError{err}
	}
	return nil
}

func runVerb(ctx context.Context, p run.Process) error {
	if len(p.Args) == 0 {
		return run.Usage("no verb; want %s (see loadgen --help)", verbs)
	}
	verb, rest := p.Args[0], p.Args[1:]
	p.Args = rest
	switch verb {
	case "run":
		return runScript(ctx, p)
	case "check":
		return checkScript(ctx, p)
	case "quick":
		return quickURL(ctx, p)
	case "bench":
		return benchEngines(ctx, p)
	case "bench-engine":
		return serveGoEngine(ctx, p)
	case "report":
		return convertReport(ctx, p)
	case "compare":
		return compareReports(p)
	case "merge":
		return mergeReports(ctx, p)
	case "verify-deploy":
		return verify.Deploy(ctx, p)
	case "version", "--version":
		say(p.Stdout, "loadgen %s", run.Version)
		return nil
	case "help", "--help", "-h":
		io.WriteString(p.Stdout, overview)
		return nil
	default:
		return run.Usage("unknown verb %q; want %s (see loadgen --help)", verb, verbs)
	}
}

// plainError is an error whose text commands nothing: it may quote a script or an answer.
type plainError struct{ error }

// Error is the text.
func (e plainError) Error() string { return text.Printable(e.error.Error()) }

// Unwrap returns the error.
func (e plainError) Unwrap() error { return e.error }

// say prints one line, of which nothing is obeyed. An error of writing is left out: where the console is gone nobody would read of it, and the exit
// code still tells what came of the run.
func say(w io.Writer, format string, args ...any) {
	io.WriteString(w, text.Printable(fmt.Sprintf(format, args...))+"\n")
}
