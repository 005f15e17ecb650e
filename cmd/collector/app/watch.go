package app

import (
	"context"
	"net/http"
	"net/http/pprof"
	"time"

	"edgescope/ingest"
	"edgescope/internal/run"
)

// watchOptions are the flags of how the collector watches itself.
type watchOptions struct {
	pprof  bool
	canary time.Duration
}

func (o *watchOptions) register(f *run.Flags) {
	f.Group("Watching itself (query port, admin right)")
	f.Duration(&o.canary, "canary", 0, "write a span through the pipeline `this often` and read it back; /metrics "+
		"tells; 0 is never")
	f.Bool(&o.pprof, "pprof", false, "serve profiles at /debug/pprof/ of the query port; a CPU profile is split by "+
		"the label stage")
}

// servePprof adds Go's profiles, which tell of all tenants.
func (c *Collector) servePprof(r routes) {
	if !c.pprof {
		return
	}
	for path, h := range map[string]http.HandlerFunc{
		"": pprof.Index, "cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol,
		"trace": pprof.Trace,
	} {
		r.admin("GET /debug/pprof/"+path, h)
	}
}

func (o *watchOptions) validate() error {
	if o.canary != 0 && o.canary < time.Second {
		return run.Usage("--canary %s: at most one each second is read back, as in --canary 10s", o.canary)
	}
	return nil
}

// startCanary has a span written and read back regularly, if that is asked for.
func (c *Collector) startCanary(ctx context.Context) error {
	if c.canary > 0 {
		canary := ingest.OpenCanary(ctx, ingest.CanaryOptions{
			Every: c.canary, Pipeline: c.pipeline, Reader: c.store, Metrics: c.metrics, Logger: c.logger,
		})
		c.stack.Push("canary", canary.Close)
	}
	return nil
}
