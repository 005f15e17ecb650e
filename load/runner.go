// Package load runs a plan: arrivals start on an exact schedule whatever the target does, each becomes a virtual user
// that walks its flow, and every request becomes a Result. An arrival that cannot start in time starts late and says
// so; none is dropped but what the script's maxVusers asks to drop, and that is counted.
package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"edgescope/load/network"
	"edgescope/load/outbox"
	"edgescope/load/spans"
	"edgescope/load/timer"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/value"
)

// Options are what a run has beside its plan. The zero value runs the plan as the script says.
type Options struct {
	// Seed fixes all randomness of the load: one stream for the schedule and one for each user.
	Seed uint64
	// UserAgent is sent unless the script sets one.
	UserAgent string
	// MaxConnections > 0 makes all users share one pool of at most so many connections per host, in place of
	// config.http.pool.
	MaxConnections int
	// Network is how requests get to their targets. Its Protocol and Sessions, if set, replace config.http.version and
	// config.tls.sessions.
	Network network.Options
	// Segment is the part of the arrivals that this process takes; nil: all of them. Its Seed must be that of all
	// parts.
	Segment *Segment
	// StartAt is the zero point of the schedule, which several processes share; zero: when Run is called. The before
	// flow runs before it. Run returns *StartError when it is missed by more than a second.
	StartAt time.Time
	// Abort, when closed, stops the arrivals; users that are there walk on. nil: never.
	Abort <-chan struct{}
	// Stop > 0 ends users between two steps once the run has lasted that long; they count as completed.
	Stop time.Duration
	// Tracer, if set, makes the client spans of sampled requests, about SampledPerSecond of them. They carry a
	// traceparent with the flag sampled (01); all others carry none, unless config.http.distributedTracing asks for one
	// on each.
	Tracer trace.Tracer
	// RunID is put on client spans as edge.run.id.
	RunID string
	// Wait replaces the precise timer of the arrivals, RoundTripper the connections: for tests.
	Wait         timer.Wait
	RoundTripper http.RoundTripper
}

// Runner runs one plan. A Runner may run several times, one run after another.
type Runner struct {
	plan     *plan.Plan
	options  Options
	schedule *Schedule
	dialer   *network.Dialer
	sockets  *network.Dialer // of WebSockets; nil if the plan has none

	suggestedExit    int // of the last run
	hasSuggestedExit bool
}

// New prepares a run. It fails when the certificates of config.tls cannot be used, or when Options.Network contradicts
// itself or the script's target.
func New(p *plan.Plan, o Options) (*Runner, error) {
	d, err := dialerFor(p, o.Network)
	if err != nil {
		return nil, err
	}
	sockets, err := socketDialer(p, o.Network)
	if err != nil {
		return nil, err
	}
	return &Runner{plan: p, options: o, schedule: NewSchedule(p.Phases, o.Seed), dialer: d, sockets: sockets}, nil
}

// Schedule is the arrivals of the run.
func (r *Runner) Schedule() *Schedule { return r.schedule }

// FlowError tells that the script's before or after flow failed. After a failed before flow no user was started.
type FlowError struct {
	Flow string // "before" or "after"
	Err  error
}

func (e *FlowError) Error() string {
	return fmt.Sprintf("the script's %s flow failed: %v", e.Flow, e.Err)
}

func (e *FlowError) Unwrap() error { return e.Err }

// Run starts every arrival of the schedule at its time and returns when the last user has ended and emit has returned
// for the last time. emit is called from one goroutine, event by event. The end of ctx stops the arrivals, cuts the
// users off and makes the error context.Cause(ctx); *FlowError tells of the before and after flows; any other error
// means that the run could not go on.
func (r *Runner) Run(ctx context.Context, emit func(Event)) error {
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	run := r.newRun(ctx)
	run.startProcessor(ctx, giveUp)
	defer run.close()
	var receiver sync.WaitGroup
	receiver.Go(func() {
		pprof.SetGoroutineLabels(stage(ctx, "results"))
		run.events.Receive(emit)
	})
	err := run.all(ctx)
	run.events.Close()
	receiver.Wait()
	return err
}

// run is the state of one run.
type run struct {
	*Runner
	steps  map[plan.Step]*sequence
	events *outbox.Outbox[Event]
	shared network.Client // nil when every user has its own connections
	spans  *spans.Source
	code   *processor.Pool // the script's functions; nil if it has none
	start  time.Time
	before *value.Scope
	alive  atomic.Int64
	users  sync.WaitGroup
}

// stage labels a goroutine in profiles with its part of the run.
func stage(ctx context.Context, name string) context.Context {
	return pprof.WithLabels(ctx, pprof.Labels("stage", name))
}

func (r *Runner) newRun(ctx context.Context) *run {
	n := &run{Runner: r, events: outbox.New[Event](), steps: map[plan.Step]*sequence{}}
	for i := range r.plan.Flows {
		n.sequences(r.plan.Flows[i].Name, r.plan.Flows[i].Steps)
	}
	tracing := &r.plan.HTTP.Tracing
	n.spans = spans.New(ctx, spans.Options{
		Tracer: r.options.Tracer, All: tracing.Enabled, Sampled: tracing.Sampled, Prefix: tracing.TraceIDPrefix,
		RunID: r.options.RunID,
	})
	switch pool := r.Connections(); {
	case r.options.RoundTripper != nil:
		n.shared = network.Over(r.options.RoundTripper)
	case pool > 0:
		n.shared = n.dialer.Client(pool)
	}
	return n
}

// Protocol is what the run speaks.
func (r *Runner) Protocol() network.Protocol { return r.dialer.Protocol() }

// Connections is how many connections per host all users share; 0: each has its own.
func (r *Runner) Connections() int {
	if r.options.MaxConnections > 0 {
		return r.options.MaxConnections
	}
	return r.plan.HTTP.Pool
}

func (n *run) close() {
	n.stopProcessor()
	if n.shared != nil {
		n.shared.Close()
	}
	n.dialer.Close()
	if n.sockets != nil {
		n.sockets.Close()
	}
}

func (n *run) all(ctx context.Context) error {
	n.start = time.Now()
	if err := n.once(ctx, n.plan.Before, "before"); err != nil {
		return err
	}
	var err error
	pprof.Do(ctx, pprof.Labels("stage", "arrivals"), func(ctx context.Context) { err = n.dispatch(ctx) })
	n.users.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return err
	}
	return n.once(ctx, n.plan.After, "after")
}

// once runs the before or the after flow, whose requests are in no counter. What before captures is what users begin
// with.
func (n *run) once(ctx context.Context, flow *plan.Flow, name string) error {
	if flow == nil {
		return nil
	}
	u := n.newUser(-1, n.plan.NewScope(n.options.Seed, -1, n.before))
	u.silent = true
	defer u.close()
	err := u.live(ctx, flow)
	u.closeSocket(ctx)
	if name == "before" {
		n.before = u.scope
	}
	if err == nil || errors.Is(err, errStop) {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return &FlowError{Flow: name, Err: err}
}

// sequences gives every request of a flow its vegeta attack name and sequence numbers.
func (n *run) sequences(flow string, steps []plan.Step) {
	for _, step := range steps {
		switch step := step.(type) {
		case *plan.Request, *plan.Connect, *plan.Exchange:
			n.steps[step] = n.sequenceOf(flow + "/" + stepName(step))
		case *plan.Loop:
			n.sequences(flow, step.Steps)
		case *plan.Parallel:
			n.sequences(flow, step.Steps)
		case *plan.Think, *plan.Log:
		}
	}
}

// sequenceOf finds the sequence of an attack: two steps of a flow with one name share it.
func (n *run) sequenceOf(attack string) *sequence {
	for _, s := range n.steps {
		if s.attack == attack {
			return s
		}
	}
	return &sequence{attack: attack}
}

// stepName is how reports call a step that has results: its name, else its method and the URL as the script spells it,
// or what it does with a WebSocket.
func stepName(step plan.Step) string {
	switch step := step.(type) {
	case *plan.Request:
		return cmp.Or(step.Name, step.Method+" "+step.Endpoint)
	case *plan.Connect:
		return strings.TrimSpace("connect " + step.Endpoint)
	case *plan.Exchange:
		return cmp.Or(step.Name, step.Label)
	default:
		return ""
	}
}
