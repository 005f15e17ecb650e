// Package collectortest starts a collector in the process of a test. What needs a process of its own, to be killed or
// measured, is with package e2e.
package collectortest

import (
	"context"
	"testing"

	"edgescope/cmd/collector/app"
	"edgescope/internal/run"
	"edgescope/internal/run/runtest"
)

// Collector is a collector that runs until the test ends, if Stop does not end it before.
type Collector struct {
	*app.Collector
	// Log is what it logs.
	Log *runtest.Log
}

// URL returns a listener's address as http://host:port.
func (c *Collector) URL(listener string) string { return "http://" + c.Addr(listener) }

// Start starts a collector with that data directory on free ports, as its command line does with these arguments. The
// engines have their state in globals: a test stops one before it starts the next, and does not run in parallel with
// others that have one.
func Start(t testing.TB, dataDir string, args ...string) *Collector {
	t.Helper()
	c, err := New(dataDir, args...)
	if err != nil {
		t.Fatalf("read the flags of a collector: %v", err)
	}
	if err := c.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatalf("start a collector: %v\n%s", err, c.Log)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop the collector: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the collector:\n%s", c.Log)
		}
	})
	return c
}

// New reads the flags of a collector as Start does, and starts nothing.
func New(dataDir string, args ...string) (*Collector, error) {
	log := &runtest.Log{}
	c, err := app.New(Process(log, append([]string{
		"--data-dir", dataDir, "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0", "--query-addr",
		"127.0.0.1:0",
	}, args...)...))
	return &Collector{c, log}, err
}

// Process is a process with these arguments, without an environment.
func Process(log *runtest.Log, args ...string) run.Process {
	return run.Process{
		Args: args, LookupEnv: func(string) (string, bool) { return "", false }, Stdout: log,
		Stderr: log,
	}
}
