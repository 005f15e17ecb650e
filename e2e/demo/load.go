package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"edgescope/e2e"
)

// loadTest is one script of the folder scenarios.
type loadTest struct {
	script string
	// run is the name under which the dashboard groups its runs.
	run  string
	args []string
}

// pass is what runs again and again: the guide's test at the scale of one minute, then the cache and cold starts.
func pass() []loadTest {
	return []loadTest{
		{script: "guide.yml", run: "demo", args: []string{"-e", "demo"}},
		{script: "cache-hit.yml", run: "demo-cache-hit"},
		{script: "cold-start.yml", run: "demo-cold-start"},
	}
}

// pause lies between two passes, so that the charts show that load comes and goes.
const pause = 10 * time.Second

// load runs passes until ctx ends, which is no error, or until a program ends that should not. With --once it runs one,
// and a load test that did not pass is an error.
func (s *show) load(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watched := make(chan struct{})
	go func() { // ends before load does
		defer close(watched)
		select {
		case name := <-s.product.Ended():
			cancel(fmt.Errorf("%s ended; the log %s says why", name, s.log.Name()))
		case <-ctx.Done():
		}
	}()
	err := s.passes(ctx)
	ended := context.Cause(ctx)
	cancel(nil)
	<-watched
	if ended != nil && !errors.Is(ended, context.Canceled) {
		return ended
	}
	return err
}

func (s *show) passes(ctx context.Context) error {
	err := s.runPass(ctx, s.out)
	for !s.once && ctx.Err() == nil {
		select {
		case <-time.After(pause):
			// The console of a load test is worth reading once; later ones say how they ended.
			err = s.runPass(ctx, nil)
		case <-ctx.Done():
		}
	}
	if !s.once {
		return nil // what failed was said
	}
	return err
}

// runPass runs each load test once and returns what did not pass.
func (s *show) runPass(ctx context.Context, console io.Writer) error {
	var errs []error
	for _, test := range pass() {
		if ctx.Err() != nil {
			break
		}
		s.say("load test %s ...", test.script)
		began := time.Now()
		script := filepath.Join(s.root, "scenarios", test.script)
		code, err := e2e.Run(ctx, s.product.Loadgen(console, script, test.run, test.args...))
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			return fmt.Errorf("load test %s: %w", test.script, err)
		}
		s.say("load test %s %s in %s", test.script, verdict(code), time.Since(began).Round(time.Second))
		if code != 0 {
			errs = append(errs, fmt.Errorf("load test %s %s", test.script, verdict(code)))
		}
	}
	return errors.Join(errs...)
}

// verdict says what loadgen's exit code means.
func verdict(code int) string {
	switch code {
	case 0:
		return "passed"
	case 1:
		return "missed a threshold"
	case 21:
		return "had answers that were not as expected"
	case 4:
		return "is not valid: this machine could not keep the schedule"
	default:
		return fmt.Sprintf("could not run (exit code %d)", code)
	}
}
