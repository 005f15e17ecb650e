// Command loadgen runs Artillery scripts, measures how an edge function answers, and judges it: made for CI.
package main

import (
	"os"

	"edgescope/cmd/loadgen/app"
	"edgescope/internal/run"
)

func main() {
	os.Exit(run.Main("loadgen", run.Process{
		Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, app.Main))
}
