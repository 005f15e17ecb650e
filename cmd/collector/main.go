// Command collector receives telemetry of edge functions, keeps it on local disk and answers questions about it.
package main

import (
	"os"

	"edgescope/cmd/collector/app"
	"edgescope/internal/run"
)

func main() {
	p := run.Process{Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(run.Main("collector", p, app.Main))
}
