// Package app is the collector: its flags, what is opened for them in which order, and how it ends.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/refusals"
	"edgescope/ingest/rollup"
	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/internal/signpost"
	"edgescope/policy"
	"edgescope/query/gate"
	"edgescope/store/embedded"
	"edgescope/store/wal"
)

const (
	// drainTime is how long a stop may take: what is still running then is cut.
	drainTime = 15 * time.Second
	// replayTime is how long the doors stay closed while the log is replayed.
	replayTime = 5 * time.Second
)

// Collector is the program between New and Stop. Its methods are called from one goroutine, but for Addr.
type Collector struct {
	options
	watchOptions
	logger   *slog.Logger
	metrics  *metrics.Set
	stack    run.Stack
	store    *embedded.Store
	wal      *wal.Log
	pipeline *ingest.Pipeline
	door     *door.Door
	// described returns what senders say of their metrics.
	described func(edge.Tenant) map[string]series.Description
	refusals  *refusals.Recorder
	bodies    *body.Reader
	budget    *body.Budget
	conns     *run.Conns
	addrs     map[string]string // by the name of the listener
	questions *gate.Gate
	signs     signpost.Signs
	// guard is nil while nobody has to sign in, certificate without TLS.
	guard       *access.Guard
	certificate *run.Certificate
	// policy and rules are what files say, and judges what answers by them; hangups asks to read the files again.
	policy  *policy.File
	rules   *ruleSet
	judges  *judges
	hangups <-chan struct{}
	// distrust has the store compare all checksums when it opens.
	distrust bool
	// started and stopping are what /readyz looks at: it answers 503 before all doors are open and before any is
	// closed.
	started, stopping atomic.Bool
	// snapshots is held while one is made.
	snapshots sync.Mutex
}

// Main runs the program: the collector until ctx ends, which it then drains, or a verb.
func Main(ctx context.Context, p run.Process) error {
	c, operands, err := read(p)
	if err != nil {
		return err
	}
	switch {
	case len(operands) == 0:
		return c.run(ctx)
	case operands[0] == "restore":
		return c.restore(p, operands[1])
	case operands[0] == "rules":
		return c.exportRules(p, operands[2:])
	default:
		return c.verify(ctx, p)
	}
}

// New makes a collector of its flags, which p.Args and the environment give, and opens nothing yet. Its log goes to
// p.Stderr. The engines have their state in globals: a process has at most one collector between Start and Stop.
func New(p run.Process) (*Collector, error) {
	c, operands, err := read(p)
	if err == nil && len(operands) > 0 {
		err = run.Usage("unexpected argument %q: a verb does not listen", operands[0])
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// read reads the command line.
func read(p run.Process) (c *Collector, operands []string, err error) {
	c = &Collector{metrics: metrics.NewSet(), addrs: map[string]string{}}
	flags := run.NewFlags("collector", usage)
	c.options.register(flags)
	c.watchOptions.register(flags)
	if operands, err = flags.Parse(p.Args, p.LookupEnv, p.Stdout); err != nil {
		return nil, nil, err
	}
	if err := checkVerb(operands); err != nil {
		return nil, nil, err
	}
	if err := errors.Join(c.options.validate(), c.watchOptions.validate()); err != nil {
		return nil, nil, err
	}
	if c.policyFile != "" || len(c.ruleFiles) > 0 {
		c.hangups = p.Hangups()
	}
	c.logger, err = c.log.Logger(p.Stderr)
	return c, operands, err
}

// checkVerb refuses operands that are no verb with what it needs.
func checkVerb(operands []string) error {
	if len(operands) == 0 {
		return nil
	}
	most, known := map[string]int{"verify": 1, "restore": 2, "rules": 3}[operands[0]]
	switch {
	case !known:
		return run.Usage("unexpected argument %q (see --help)", operands[0])
	case operands[0] == "restore" && len(operands) < 2:
		return run.Usage("restore: name the directory of the snapshot, as collector restore SNAPSHOT --data-dir DIR")
	case operands[0] == "rules" && (len(operands) < 2 || operands[1] != "export"):
		return run.Usage("rules: say what to do with them, as collector rules export --policy FILE")
	case len(operands) > most:
		return run.Usage("unexpected argument %q (see --help)", operands[most])
	}
	return nil
}

// run is the collector itself.
func (c *Collector) run(ctx context.Context) error {
	if err := c.Start(ctx); err != nil {
		return err
	}
	failed := c.Wait(ctx)
	c.logger.Info("stopping", slog.Duration("at_most", drainTime))
	if err := errors.Join(failed, c.Stop(ctx)); err != nil {
		return err
	}
	c.logger.Info("stopped: everything is on disk")
	return nil
}

// Wait returns when ctx ends, or with the reason when the program can't go on.
func (c *Collector) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-c.wal.Failed():
		return c.wal.Err()
	case <-c.pipeline.Failed():
		return c.pipeline.Err()
	}
}

// Start opens the store and the listeners and returns when telemetry is taken, at the latest after replayTime with a
// log that is long. When it fails, what it had opened is closed again.
func (c *Collector) Start(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		c.openMemory, c.openTelemetry, c.openAccess, c.openPolicy, c.openStore, c.openLog, c.openPipeline, c.openRefusals, c.openDoor,
		c.openConns, c.openJudges, c.serveQueries, c.awaitReplay, c.serveHTTP, c.serveGRPC, c.startCanary, c.startAlerts,
	} {
		if err := step(ctx); err != nil {
			return errors.Join(err, c.Stop(ctx))
		}
	}
	c.started.Store(true)
	return nil
}

// Addr returns host:port of a listener that Start has opened: otlp-grpc, ingest or query.
func (c *Collector) Addr(listener string) string { return c.addrs[listener] }

// Stop lets what was accepted be written and closes everything, in drainTime at most, whether ctx has ended or not. A
// second Stop does nothing.
func (c *Collector) Stop(ctx context.Context) error {
	c.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return c.stack.Stop(ctx)
}

func (c *Collector) openTelemetry(ctx context.Context) error {
	stop, err := run.StartTelemetry(ctx, "edgescope-collector", c.telemetry, c.logger)
	if err != nil {
		return err
	}
	c.stack.Push("own telemetry", stop)
	return nil
}

func (c *Collector) openStore(ctx context.Context) error {
	s, err := embedded.Open(ctx, embedded.Options{
		Dir: c.dataDir, RetentionEvents: c.retentionEvents, RetentionSamples: c.retentionSamples,
		MaxDisk: c.maxDisk, MinFreeDisk: c.minFreeDisk, MemoryLimit: c.engineMemory(), Logger: c.logger,
		QueryMemory: c.questionMemory() / 2, MaxQueryDuration: max(min(c.maxQuestionDuration,
			embedded.DefaultMaxQueryDuration), time.Second),
		Tenants: c.on(), Distrust: c.distrust, Identity: func() (string, uint64,
			bool,
		) {
			return wal.Identity(c.logDir())
		},
	})
	if err != nil {
		return err
	}
	c.store = s
	//nolint:contextcheck // what closes has a time of its own
	c.stack.Push("store", func(context.Context) error { return c.closeStore() })
	return nil
}

// closeStore closes the store and then the log, which drops what the store has made durable by that.
func (c *Collector) closeStore() error {
	stored := c.store.Close()
	if c.wal == nil {
		return stored
	}
	closed := c.wal.Close()
	if stored != nil || closed != nil {
		return errors.Join(stored, closed)
	}
	return c.wal.Settled()
}

func (c *Collector) openLog(context.Context) error {
	uuid, epoch := c.store.Identity()
	l, err := wal.Open(wal.Options{
		Dir: c.logDir(), Collector: uuid, Epoch: epoch, Durability: wal.Durability(c.durability), MaxSize: c.walMaxSize,
		RefuseDamage: c.walRefuseDamage, Metrics: c.metrics, Logger: c.logger,
	})
	if err != nil {
		return err
	}
	c.wal = l
	return nil
}

func (c *Collector) logDir() string { return cmp.Or(c.walDir, filepath.Join(c.dataDir, "wal")) }

func (c *Collector) openPipeline(ctx context.Context) error {
	uuid, epoch := c.store.Identity()
	p, err := ingest.Open(ctx, ingest.Options{
		Store:      c.store,
		Reader:     c.store,
		Writable:   c.store.Writable,
		Flush:      c.store.Flush,
		Show:       c.store.ShowSamples,
		Log:        c.wal,
		Normalizer: normalize.New(normalize.Options{SampleRates: c.sampleRates, MaxWeight: float64(c.maxWeight)}),
		Rollup: rollup.New(rollup.Options{
			Collector: uuid, Epoch: epoch, Open: c.rollupOpen, MaxKeys: c.rollupKeys, MaxBytes: c.totalsMemory(),
			Log: c.logger,
		}),
		SpanMemory: c.spanMemory(),
		Continues:  epoch > 1,
		Metrics:    c.metrics,
		Logger:     c.logger,
	})
	if err != nil {
		return fmt.Errorf("open pipeline: %w", err)
	}
	c.pipeline = p
	c.stack.Push("pipeline", p.Close)
	return nil
}

// awaitReplay gives a log of usual size the time to be replayed, so that the doors open when batches are taken. A
// larger one is replayed behind open doors, which answer that clients should come again.
func (c *Collector) awaitReplay(ctx context.Context) error {
	wait := time.NewTimer(replayTime)
	defer wait.Stop()
	select {
	case <-c.pipeline.Ready():
	case <-wait.C:
		c.logger.Warn("the log is still being replayed: clients are asked to come again")
	case <-c.pipeline.Failed():
		return c.pipeline.Err()
	case <-ctx.Done():
	}
	return nil
}
