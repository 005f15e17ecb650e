// Command dashboard serves the pages that show what a collector knows about edge functions.
package main

import (
	"os"

	"edgescope/cmd/dashboard/app"
	"edgescope/internal/run"
)

func main() {
	p := run.Process{Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(run.Main("dashboard", p, app.Main))
}
