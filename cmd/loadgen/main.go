// Command loadgen runs Artillery scripts, measures how an edge function answers, and judges it: made for CI.
package main

import (
	"os"

	"edgescope/cmd/loadgen/app"
	"edgescope/internal/run"
	"edgescope/scenarios/processor/worker"
)

func main() {
	worker.Serve() // if this is the process for a script's JavaScript
	p := run.Process{Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(run.Main("loadgen", p, app.Main))
}
