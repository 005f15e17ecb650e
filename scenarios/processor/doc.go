// Package processor runs the JavaScript of a script, `config.processor`: the functions that its hooks, function steps
// and conditions name.
//
// [Load] reads the file with all that it requires and refuses, with file and line, what it could not run: npm and node
// modules, TypeScript, network access. A [Pool] then holds a few worker goroutines, each with a JavaScript runtime
// (grafana/sobek) and an event loop of its own. A call runs on one of them from its begin to its end; while it waits
// for a timer the worker runs other calls. State of a module is hence per worker: what is to outlive a call belongs
// into context.vars.
//
// Values cross as JSON text, so that the package knows nothing of scripts. Users wait for their calls; arrivals never
// do.
package processor

import (
	"context"
	"errors"
	"time"
)

// Limit is how long a call may take from its begin to its end, waits included, other calls of its worker excluded.
const Limit = time.Second

// Bounds of what one call may leave behind; beyond them it fails.
const (
	maxMetrics = 10_000
	maxLines   = 1_000
	maxTimers  = 1_000
)

// ErrClosed is the error of a call to a pool that was closed or whose context has ended.
var ErrClosed = errors.New("the run is over")

// Options are what a processor may use of the machine.
type Options struct {
	ReadFile func(string) ([]byte, error)
	Env      func(string) (string, bool) // process.env
}

// Problem is something in a processor that cannot be run, and where. Line 0 is no place in the file.
type Problem struct {
	File      string
	Line, Col int
	Msg       string
}

// Signature says with which arguments a function is called and what becomes of its answer.
type Signature int

// The signatures, in Artillery's order of arguments. Each function may call done or return a promise.
const (
	Step          Signature = iota // f(context, events, done)
	BeforeRequest                  // f(req, context, events, done)
	AfterResponse                  // f(req, res, context, events, done)
	OnError                        // f(err, req, context, events, done)
	Condition                      // f(context, done), where done takes the answer
)

// Vars are the variables of a user, by plain name; a value is JSON text. They are used by one goroutine at a time, and
// not after [Pool.Do] has returned.
type Vars interface {
	Names() []string
	Get(name string) (json []byte, ok bool)
	Set(name string, json []byte)
	Delete(name string)
}

// Call is one call of a function.
type Call struct {
	Function  string
	Signature Signature
	Scenario  string // context.scenario.name
	Vars      Vars
	// Random is the source of Math.random while the function runs; nil is a random one.
	Random func() float64

	// Request is what req is, as JSON; after a BeforeRequest it is what the function left. Response is res. Error is the
	// message of err.
	Request, Response []byte
	Error             string

	// What came of the call. They are set whether it failed or not.
	True    bool     // the answer of a Condition
	Metrics []Metric // what the function emitted
	Lines   []string // what it wrote to the console
}

// Metric is what events.emit was given.
type Metric struct {
	Kind  MetricKind
	Name  string
	Value float64 // of a counter: how many; of a histogram: the value; of a rate: 1
}

// MetricKind is the first argument of events.emit.
type MetricKind string

// The kinds of metrics.
const (
	Counter   MetricKind = "counter"
	Histogram MetricKind = "histogram"
	Rate      MetricKind = "rate"
)

// Error is what a function threw, rejected its promise with or gave to done; its text is the message, which the report
// counts under `errors.`.
type Error string

// Error implements error.
func (e Error) Error() string { return string(e) }

// Pool runs calls. It is safe for concurrent use.
type Pool struct {
	program *Program
	jobs    chan *job
	ctx     context.Context // the life of the workers, ended by Close
	cancel  context.CancelFunc
	workers workers
}
