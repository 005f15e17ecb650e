// Command demo is what `make run` starts: collector, dashboard and the edge function in three regions, all on this
// machine, and load tests against them until Ctrl-C. The distance to the regions is simulated.
package main

import (
	"os"

	"edgescope/internal/run"
)

func main() {
	os.Exit(run.Main("demo", run.Process{
		Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, demo))
}
