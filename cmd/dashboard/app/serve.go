// Package app is the dashboard: its flags, what is opened for them in which order, and how it ends.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/internal/signpost"
	"edgescope/query/client"
	"edgescope/web"
	"edgescope/web/part"
)

const usage = `Usage: dashboard [flags]

Shows per region how fast, how cold and how well cached edge functions are, in pages that work without scripts. It keeps
nothing: every page is asked of --collector.`

const (
	// drainTime is how long a stop may take: what is still running then is cut.
	drainTime = 10 * time.Second
	// askTime bounds one question to the collector.
	askTime = 30 * time.Second
	// maxConns bounds the connections of visitors, and maxAsking those to the collector: further questions wait for one
	// of them.
	maxConns, maxAsking = 4096, 64
	// lookEvery is how often the files of the certificate are looked at.
	lookEvery = 2 * time.Second
)

// options are what the flags say.
type options struct {
	collector, ingest, addr string
	access                  accessOptions
	targetP95               time.Duration
	targetErrors            float64
	log                     run.LogOptions
	telemetry               run.TelemetryOptions
}

func (o *options) register(f *run.Flags) {
	f.Group("Addresses")
	f.String(&o.collector, "collector", "http://127.0.0.1:4320", "ask the collector at this `URL`, its query port")
	f.String(&o.addr, "listen-addr", "127.0.0.1:4321", "serve the pages at this `address`; port 0 takes a free one")
	f.String(&o.ingest, "ingest-url", "http://127.0.0.1:4318",
		"the collector's ingest port as senders reach it, a `URL` for the examples on empty pages")
	o.access.register(f)
	f.Group("Targets (drawn into charts and used to judge; 0 is none)")
	f.Duration(&o.targetP95, "target-p95", 0, "p95 of invocations should stay below this `long`")
	f.Float(&o.targetErrors, "target-errors", 0, "at most this `share` of invocations may fail, such as 0.001")
	f.Group("Log")
	o.log.Register(f)
	o.telemetry.Register(f)
}

func (o *options) validate() error {
	if err := o.access.validate(o.addr); err != nil {
		return err
	}
	if o.targetP95 < 0 {
		return run.Usage("--target-p95 %s: want a length of time above 0", o.targetP95)
	}
	if !(o.targetErrors >= 0 && o.targetErrors <= 1) {
		return run.Usage("--target-errors %v: want a share from 0 to 1", o.targetErrors)
	}
	if u, err := url.Parse(o.ingest); err != nil || u.Host == "" {
		return run.Usage("--ingest-url %q: want a URL such as http://127.0.0.1:4318", o.ingest)
	}
	return nil
}

// Dashboard is the program between New and Stop. Its methods are called from one goroutine, but for Addr.
type Dashboard struct {
	options
	logger *slog.Logger
	stack  run.Stack
	took   string // the address of the listener
}

// New makes a dashboard of its flags, which p.Args and the environment give, and opens nothing yet. Its log goes to
// p.Stderr.
func New(p run.Process) (*Dashboard, error) {
	d := &Dashboard{}
	flags := run.NewFlags("dashboard", usage)
	d.register(flags)
	operands, err := flags.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return nil, err
	}
	if len(operands) > 0 {
		return nil, run.Usage("unexpected argument %q (see --help)", operands[0])
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	d.logger, err = d.log.Logger(p.Stderr)
	return d, err
}

// Main runs the program until ctx ends, then lets running requests finish.
func Main(ctx context.Context, p run.Process) error {
	d, err := New(p)
	if err != nil {
		return err
	}
	if err := d.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	d.logger.Info("stopping", slog.Duration("at_most", drainTime))
	return d.Stop(ctx)
}

// Addr returns host:port of the listener that Start has opened, web.
func (d *Dashboard) Addr(listener string) string {
	if listener != "web" {
		return ""
	}
	return d.took
}

// Stop lets running requests finish and closes everything, in drainTime at most, whether ctx has ended or not. A second
// Stop does nothing.
func (d *Dashboard) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return d.stack.Stop(ctx)
}

// Start opens the listener and returns when pages are served. When it fails, what it had opened is closed again.
func (d *Dashboard) Start(ctx context.Context) error {
	if err := d.open(ctx); err != nil {
		return errors.Join(err, d.Stop(ctx))
	}
	return nil
}

// open opens what the program consists of; what it opened is on the stack also when it fails.
func (d *Dashboard) open(ctx context.Context) error {
	stopTelemetry, err := run.StartTelemetry(ctx, "edgescope-dashboard", d.telemetry, d.logger)
	if err != nil {
		return err
	}
	d.stack.Push("own telemetry", stopTelemetry)

	certificate, err := d.access.tls.Open(ctx)
	if err != nil {
		return err
	}
	if certificate != nil {
		watched := run.Watched{Name: "TLS certificate", Every: lookEvery, Reload: certificate.Reload}
		d.stack.Push("watching of files", run.Watch(ctx, d.logger, watched))
	}
	site, err := d.site(d.logger)
	if err != nil {
		return err
	}
	set := metrics.NewSet()
	site.Mux().Handle("GET /metrics", site.Private(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		set.WritePrometheus(w)
		metrics.WriteProcessMetrics(w)
	})))
	handler, err := d.handler(set, site.Mux())
	if err != nil {
		return err
	}
	conns := run.NewConns(d.logger, 0)
	descriptors := run.Descriptors{Conns: conns, Most: maxConns, Files: func() int { return maxAsking }, Log: d.logger}
	stopHolding, err := descriptors.Hold(ctx)
	if err != nil {
		return err
	}
	d.stack.Push("bound of connections", stopHolding)
	server, err := run.Serve(ctx, run.ServerOptions{
		Name: "web", Addr: d.addr, Conns: conns, MaxConns: maxConns, Log: d.logger, TLS: certificate.Config(),
		Handler: handler,
	})
	if err != nil {
		return err
	}
	d.took = server.Addr()
	d.stack.Push("web", server.Stop)
	// Streams last as long as their readers: they end first.
	d.stack.Push("live updates", func(context.Context) error { site.Close(); return nil })
	return nil
}

// handler is all that stands between a connection and the pages.
func (o *options) handler(set *metrics.Set, pages http.Handler) (http.Handler, error) {
	front, err := o.access.front(o.addr)
	if err != nil {
		return nil, err
	}
	signs := new(signpost.Signs)
	for at, address := range map[signpost.Port]string{signpost.Query: o.collector, signpost.Ingest: o.ingest} {
		if u, err := url.Parse(address); err == nil { // both are looked at elsewhere
			signs.Opened(at, u.Host)
		}
	}
	directed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if where := signs.Elsewhere(signpost.Web, r); where != "" {
			access.Answer(w, http.StatusNotFound, "not_found", where)
			return
		}
		pages.ServeHTTP(w, r)
	})
	return counted(set, web.Secure(run.Traced("dashboard", front.Wrap(directed)))), nil
}

// site makes the pages over the collector.
func (o *options) site(logger *slog.Logger) (*web.Site, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = maxAsking, maxAsking/4
	client, err := client.New(o.collector, &http.Client{
		Timeout: askTime, Transport: web.Forward(transport),
		// A token is for the collector, not for wherever an answer points to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	if err != nil {
		return nil, run.Usage("--collector: %w", err)
	}
	return web.New(web.Options{
		Client: client, Collector: o.collector, Ingest: o.ingest, Log: logger, SignIn: o.access.signIn(),
		Targets: part.Targets{P95: float64(o.targetP95) / float64(time.Millisecond), ErrorRatio: o.targetErrors},
	})
}

// counted counts answers by status and measures how long they take. Live updates last as long as their readers and are
// left out.
func counted(set *metrics.Set, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		c := run.NewStatusWriter(w)
		next.ServeHTTP(c, r)
		set.GetOrCreateCounter(fmt.Sprintf(`edgescope_dashboard_requests_total{code="%d"}`, c.Code())).Inc()
		if c.Header().Get("Content-Type") != "text/event-stream" {
			set.GetOrCreateHistogram("edgescope_dashboard_request_duration_seconds").UpdateDuration(began)
		}
	})
}
