// Package plan is a compiled script: what a load test does, as data and functions. Package scenarios makes plans of
// scripts, package load runs them.
package plan

import (
	"crypto/tls"
	"iter"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/address"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/value"
)

// Plan is a compiled script. It is read-only once it is made and safe for concurrent use; what a user knows is in a
// [value.Scope].
type Plan struct {
	Script      string   // first file of the script, as it was named
	Target      string   // the base as it may be shown: without user and password
	Base        string   // base of URLs that begin with "/"; joined by concatenation
	Regions     []Region // empty: every user goes to Target
	Environment string   // name given with -e, else ""

	Phases     []Phase
	HTTP       HTTP
	TLS        TLS
	WebSockets WebSockets

	Flows  []Flow // the scenarios, in script order; those of weight 0 included
	Before *Flow  // runs once before the first arrival; nil if the script has none
	After  *Flow  // runs once after the last user; nil if the script has none

	Checks    []Check  // from `ensure`, in the order in which they are printed
	Allow     []string // of [NoUserCompleted], [NothingSent] and [OnlyErrors]: what does not fail a run
	Expect    ExpectOptions
	Endpoints EndpointOptions
	Apdex     time.Duration // threshold of the apdex plugin; 0: off

	// Idle is how long nothing must have been answered for the next request to be a first hit, which may meet a cold
	// start; 0: first hits are not told apart.
	Idle time.Duration

	// Telemetry is where the script wants its spans; nil if it says nothing of it.
	Telemetry *Telemetry

	// Processor has the functions that hooks and steps name; nil without config.processor.
	Processor *processor.Program

	Warnings tree.Problems // what was accepted but is ignored, or means something else than in Artillery

	// Hash is equal for two scripts that put the same load on a target: it covers all of the merged script but target,
	// regions, ensure and x- keys. Baselines are compared only when it is equal.
	Hash string

	// What users know when they start: variables that all share, lists of which each has one element, rows of files.
	Shared   map[string]any
	Lists    []List
	Payloads []*Payload

	rounds []int // the region by user index, a cycle
}

// Region is one place that users are sent to: `config.regions`.
type Region struct {
	Name   string
	Target string // replaces Plan.Target for the users of this region
	Base   string // replaces Plan.Base for them
	Weight int    // share of the users, >= 1
}

// PhaseKind says how a phase makes its arrivals.
type PhaseKind int

// The kinds of phases.
const (
	PhaseRate  PhaseKind = iota // Rate arrivals per second, uniform or Poisson
	PhaseRamp                   // from Rate to RampTo, one step per second
	PhaseCount                  // Count arrivals, evenly over Duration
	PhasePause                  // no arrivals for Duration
	PhaseSine                   // Rate up and down by Amplitude, once in each Period
)

// Phase is one part of the arrival schedule. Phases run one after another.
type Phase struct {
	Name      string // "" if the script gives none
	Index     int    // position in the script, from 0
	Kind      PhaseKind
	Duration  time.Duration
	Rate      float64       // users per second, >= 0, may be fractional; of a sine, the mean, > 0
	RampTo    float64       // users per second at the end of a ramp
	Amplitude float64       // of a sine: users per second above and below the mean, >= 0 and less than it
	Period    time.Duration // of a sine, > 0
	Count     int           // users of a PhaseCount
	MaxVusers int           // live users above which arrivals are dropped; 0: no limit
	Poisson   bool          // exponential gaps of mean 1/Rate
}

// HTTP holds the `config.http` settings that concern connections.
type HTTP struct {
	Timeout         time.Duration // request start to response headers; default 10 s
	Version         string        // of HTTP: "1.1", "2", "h2c", "3"; "" if the script does not say
	Pool            int           // connections per host that all users share; 0: each user opens its own
	ExtendedMetrics bool          // report http.dns, http.tcp, http.tls, http.total
	Cookies         CookieOptions
	Credentials     []string // canonical names of headers that are for the origin of the request only (ours)
	Tracing         Tracing
}

// CookieOptions are `config.http.cookieJarOptions`.
type CookieOptions struct {
	Loose          bool   // a cookie may have no name
	PublicSuffixes bool   // a cookie may be for a domain such as com
	Prefixes       string // __Secure- and __Host-: "strict", "silent", "unsafe-disabled"; "" is silent
}

// Tracing is `config.http.distributedTracing`: a W3C traceparent per request.
type Tracing struct {
	Enabled       bool
	Sampled       bool
	TraceIDPrefix string // hex digits that every trace id begins with
}

// TLS is `config.tls`. The PEM texts are read when the script is loaded.
type TLS struct {
	Insecure      bool   // do not verify the server's certificate
	CA, Cert, Key []byte // Key is not encrypted: the passphrase is used up
	ServerName    string // for which the certificate is verified, in place of the URL's host; "": that host

	Curves                 []tls.CurveID // key exchanges to offer; nil: load decides
	MinVersion, MaxVersion uint16        // of TLS, as crypto/tls numbers them; 0: crypto/tls decides

	Sessions string // who takes up whose sessions: "user", "shared", "none"; "" if the script does not say
}

// ExpectOptions are the options of the expect plugin.
type ExpectOptions struct {
	Format              string // pretty, json, prettyError or silent
	FailuresAsErrors    bool   // a failed expectation fails the user
	UseOnlyRequestNames bool
}

// EndpointOptions are the options of the metrics-by-endpoint plugin.
type EndpointOptions struct {
	UseOnlyRequestNames bool
	IgnoreUnnamed       bool
	KeepQuery           bool   // labels hold the query too
	Apart               bool   // groupDynamicURLs is false: each rendered URL is an endpoint of its own
	Namespace           string // "": plugins.metrics-by-endpoint
}

// Telemetry is where a script wants its spans: the open-telemetry reporter of the plugin publish-metrics. loadgen sends
// there what --otlp would.
type Telemetry struct {
	// URL takes OTLP/HTTP traces: the reporter's endpoint as it is written, "http://127.0.0.1:4318/v1/traces".
	URL     string
	Headers []Field
}

// Flow is a scenario: the steps that one user walks.
type Flow struct {
	Name   string  // the scenario's name, else its index from 0 as text
	Weight float64 // relative, >= 0; 0: never picked
	Steps  []Step

	// Start gives the user the scenario's own variables, before all else; nil if it has none.
	Start func(*value.Scope)

	// The functions that are called before the first step, after the last one (not when the user has failed), and when a
	// request has failed.
	BeforeScenario, AfterScenario, OnError []string
}

// Connect is the first step of a scenario with `engine: ws`, nil for any other, and for nil.
func (f *Flow) Connect() *Connect {
	if f == nil || len(f.Steps) == 0 {
		return nil
	}
	c, _ := f.Steps[0].(*Connect)
	return c
}

// Step is one of [*Request], [*Think], [*Loop], [*Parallel], [*Function] and [*Log], and in a scenario with `engine: ws`
// [*Connect] and [*Exchange], in place of requests and parallel blocks.
type Step interface{ step() }

func (*Request) step()  {}
func (*Think) step()    {}
func (*Loop) step()     {}
func (*Parallel) step() {}
func (*Function) step() {}
func (*Log) step()      {}

// Request is one HTTP request with what is read from and expected of its answer. Its functions are safe for concurrent
// use; errors of them that end the user are a [value.UserError].
type Request struct {
	Pos    tree.Position
	Method string // upper case
	// Endpoint labels the request in reports: the script's URL as written, without its query, and the name: "/status/{{ id
	// }} (check)".
	Endpoint string
	Name     string // "" if the script gives none
	// IfFunction is a function of the processor that decides whether it is sent; "" for none.
	IfFunction string
	// The functions that are called before it is rendered and after its answer was captured from, those of the scenario
	// first.
	BeforeRequest, AfterResponse []string
	Timeout                      time.Duration // to response headers; always > 0
	FollowRedirect               bool
	MaxRedirects                 int  // how many are followed; the next is an error
	Gzip                         bool // offer compressed answers (accept-encoding is not among the rendered headers)
	// NeedsBody says whether a function, capture, match or expectation reads the answer's body; if not, it need not be
	// kept.
	NeedsBody bool
	// Expects are the kinds of what is expected of the answer, as reports count them.
	Expects []string

	// Send decides by `ifTrue` and `probability` whether the user sends the request. It draws from the user's random
	// stream only for a probability below 100.
	Send func(*value.Scope) (bool, error)
	// Render fills a message with the request of one user. base is the plan's target, or that of the user's region; a URL
	// that begins with "/" is appended to it.
	Render func(s *value.Scope, base string, m *Message) error
	// Capture stores what the script captures of an answer. If a strict capture or match fails, nothing is stored and the
	// error is [ErrCapture]: the user ends there.
	Capture func(*value.Scope, *Response) error
	// ContinueOnError is that the user goes on when the request fails, in whatever way: its error is counted. Forget makes
	// undefined what the request would have captured.
	ContinueOnError bool
	Forget          func(*value.Scope)
	// Judge appends the outcome of each expectation to dst. Call it after Capture, whatever that returned: expectations
	// see the captured variables, and are judged also when a capture failed.
	Judge func(dst []Outcome, s *value.Scope, res *Response) []Outcome

	// Script is the request as a function of the processor sees it before it is rendered, as JSON. Sent is the rendered
	// one, for functions that run after it.
	Script func(base string) []byte
	Sent   func(*Message) []byte
	// Changed is the request with what functions left of its Script, member by member: other templates, rendered like
	// those of the script.
	Changed func(members []value.Member) (*Request, error)
}

// Think is a pause between steps.
type Think struct {
	Pos tree.Position
	// Pause returns how long the user thinks, never below 0. The error is a [value.UserError], for a template that renders
	// to no duration.
	Pause func(*value.Scope) (time.Duration, error)
}

// Function calls a function of the processor.
type Function struct {
	Pos  tree.Position
	Name string
}

// Log prints a line to the console.
type Log struct {
	Pos  tree.Position
	Text func(*value.Scope) string
}

// Parallel walks its steps side by side. They share the user's variables, cookies and connections; each takes
// [value.Scope.Branch] of its own.
type Parallel struct {
	Pos   tree.Position
	Steps []Step
	Limit int // steps that are walked at a time, >= 1
}

// Loop repeats its steps.
type Loop struct {
	Pos   tree.Position
	Steps []Step
	// While is a function of the processor that is asked after each pass whether there is another one; "" for none.
	While string
	// Passes yields the running number of each pass, having set $loopCount and $loopElement (or the names that the script
	// chose) for it. After the loop these names mean again what they meant before. A count of -1 is endless; a count that
	// renders to no number, or an `over` that is no list, is no pass.
	Passes func(*value.Scope) iter.Seq[int]
}

// Field is a name and a value: a header, a cookie.
type Field struct{ Name, Value string }

// Message is a request as it goes out. A Message may be reused: Render overwrites all of it and keeps the memory of
// Header, Cookies and Body.
type Message struct {
	Method  string
	URL     string  // absolute, http or https
	Header  []Field // names as written; those of one name are lines of it, in their order
	Cookies []Field // to be put in the user's jar for this URL before sending
	Body    []byte  // nil: no body

	// Anonymous tells that the script wants no User-Agent.
	Anonymous bool

	// Memory is what Body lies in; Render uses it again. Address is the last URL as it was rendered, before its query was
	// merged, and Parsed what it means: it need not be read again.
	Memory  []byte
	Address string
	Parsed  address.Address
}

// Outcome is the result of one expectation.
type Outcome struct {
	OK   bool
	Type string // counter suffix: "statusCode", "header x-cache-status values equals", ...
	Want string
	Got  string
}

// ErrCapture is the error of a user whose capture or match failed.
const ErrCapture = value.UserError("Failed capture or match")
