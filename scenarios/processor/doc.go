// Package processor is the JavaScript of a script, `config.processor`: the functions that its hooks, function steps and
// conditions name, and the processes in which they run.
//
// Only a process can be bounded in time and memory whatever its JavaScript does, so none runs in this one: [Load] has a
// worker evaluate a [Source] once, and a [Pool] starts a few workers, each with a runtime and an event loop, when users
// need them (package worker; docs/adr/024). A [User] stays with one worker for its life: the state of a module is there
// at the next call, and users of a worker share it, as in Node. A worker that does not answer in time, or outgrows its
// memory, is given up: its users fail by name, and a new one starts for later users.
//
// The package knows nothing of scripts, and has no JavaScript engine: messages go to a worker's standard input and come
// from its standard output.
package processor

import (
	"errors"
	"time"
)

// Defaults of [Options].
const (
	DefaultLimit  = time.Second
	DefaultMemory = 512 << 20
)

// LoadLimit is how long the evaluation of a source may take.
const LoadLimit = 5 * time.Second

// Grace is how long a worker may go on when it was told to stop, before it is ended.
const Grace = 500 * time.Millisecond

// Bounds of what one call may leave behind; beyond them it fails.
const (
	MaxMetrics   = 10_000
	MaxLines     = 1_000
	MaxLineBytes = 1 << 20 // of all lines of a call together
	MaxName      = 200     // runes of the name of a metric or an error, which is cut
)

// ErrClosed is the error of a call to a pool that was closed or whose context has ended.
var ErrClosed = errors.New("the run is over")

// Source is a processor as one script.
type Source struct {
	// Path is the file that config.processor names; the script's __filename.
	Path string
	// Script defines module.exports or members of exports. Its require knows the builtin modules only. When it ends in a
	// line `//# sourceMappingURL=...`, Map is that source map, by which errors have their places.
	Script string
	Map    []byte
}

// Options are what a processor may use of the machine.
type Options struct {
	Env map[string]string // process.env
	// Folders are where it may read files, symbolic links resolved; the first is the script's.
	Folders []string
	// Limit is how long a call of a function may take, waits included, other calls of its worker excluded; 0 is
	// [DefaultLimit]. Memory is what a worker may use, in bytes; 0 is [DefaultMemory].
	Limit  time.Duration
	Memory int64
}

// Problem is why a processor cannot be run, and where. Line 0 is no place in the file.
type Problem struct {
	File      string
	Line, Col int
	Msg       string
	Callers   [][2]int // line and column of the calls that led there in File, innermost first
}

// Signature says with which arguments a function is called and what becomes of its answer.
type Signature byte

// The signatures, in Artillery's order of arguments. Each function may call done or return a promise.
const (
	Step          Signature = iota // f(context, events, done)
	BeforeRequest                  // f(req, context, events, done)
	AfterResponse                  // f(req, res, context, events, done)
	OnError                        // f(err, req, context, events, done)
	Condition                      // f(context, done), where done takes the answer
	Connect                        // f(req, context, done)
)

// Kind says what a [Value] is.
type Kind byte

// The kinds of values.
const (
	Undefined Kind = iota
	Null
	False
	True
	Number // Text is its JSON text
	Text
	Bytes // a buffer
	JSON  // an object or list
)

// Value is a value on its way between a user's variables and a worker.
type Value struct {
	Kind Kind
	Text string
}

// Variable is a name with its value, where [Undefined] is none.
type Variable struct {
	Name  string
	Value Value
}

// Vars are the variables of a user, by plain name. They are used by one goroutine at a time, and not after [User.Do]
// has returned.
type Vars interface {
	// Changes calls yield for each variable that is another than at the last call of Changes, or as [Vars.Set] left it.
	// Variables that all users share are none, until they are changed.
	Changes(yield func(name string, v Value))
	// Set stores what a function made of a variable.
	Set(name string, v Value)
}

// Call is one call, of one function or of several, one after another, up to the first that fails.
type Call struct {
	Functions []string
	Signature Signature
	Scenario  string // context.scenario.name
	Vars      Vars
	Seed      uint64 // of Math.random while the functions run

	Request  []byte // req, as JSON
	Response []byte // res without its body, as JSON
	Body     []byte // res.body
	Error    string // the message of err

	// What came of the call. They are set whether it failed or not.
	True    bool       // the answer of a Condition
	Changed []Variable // the members of req after a BeforeRequest or Connect, in their order; nil if it is what it was
	Metrics []Metric   // what the functions emitted
	Lines   []string   // what they wrote to the console
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

// Error is what a function threw, rejected its promise with or gave to done, or why its worker was given up; its text
// is the message, which the report counts under `errors.`.
type Error string

// Error implements error.
func (e Error) Error() string { return string(e) }
