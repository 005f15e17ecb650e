// Package scenarios reads Artillery 2 scripts into a [Plan]: parse, check, compile.
//
// [Load] lists every problem of a script at once, each with file, line and
// column. What it returns is fully compiled: templates, JSONPath, regular
// expressions and conditions are parsed, payload files are read. Walking a Plan
// (schedules, connections, virtual users) is the business of package load; what
// a script means (rendering, capturing, judging an answer) is decided here.
//
// The scenario files that edgescope ships are in [Files].
package scenarios

import (
	"crypto/tls"
	"time"

	"edgescope/scenarios/processor"
)

// Plan is a compiled script. It is read-only after [Load] and safe for
// concurrent use; per-user state lives in a [Scope].
type Plan struct {
	Script      string   // first file of the script, as it was named
	Target      string   // base of URLs that begin with "/"; joined by concatenation
	Regions     []Region // empty: every user goes to Target
	Environment string   // name given with -e, else ""

	Phases []Phase
	HTTP   HTTP
	TLS    TLS

	Flows  []Flow // the scenarios, in script order; those of weight 0 included
	Before *Flow  // runs once before the first arrival; nil if the script has none
	After  *Flow  // runs once after the last user; nil if the script has none

	Checks    []Check // from `ensure`, in the order in which they are printed
	Expect    ExpectOptions
	Endpoints EndpointOptions
	Apdex     time.Duration // threshold of the apdex plugin; 0: off

	// Idle is how long nothing must have been answered for the next request to be
	// a first hit, which may meet a cold start; 0: first hits are not told apart.
	Idle time.Duration

	// Telemetry is where the script wants its spans; nil if it says nothing of it.
	Telemetry *Telemetry

	// Processor has the functions that hooks and steps name; nil without config.processor.
	Processor *processor.Program

	Warnings Problems // what was accepted but is ignored, or means something else than in Artillery

	environment Options // Env and Dotenv, for templates that functions make

	hash     string
	weight   float64        // sum over Flows
	rounds   []int          // region by user index, a cycle
	base     map[string]any // variables that all users share
	lists    []listVariable
	payloads []*payload
}

// Region is one place that users are sent to: `config.regions`.
type Region struct {
	Name   string
	Target string // replaces Plan.Target for the users of this region
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
	LooseCookies    bool          // accept malformed Set-Cookie headers
	Tracing         Tracing
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

// Flow is a scenario: the steps that one user walks.
type Flow struct {
	Name   string  // the scenario's name, else its index from 0 as text
	Weight float64 // relative, >= 0; 0: never picked
	Steps  []Step

	// The functions that are called before the first step, after the last one
	// (not when the user has failed), and when a request has failed.
	BeforeScenario, AfterScenario, OnError []string
}

// Step is one of [*Request], [*Think], [*Loop], [*Parallel], [*Function] and
// [*Log].
type Step interface{ step() }

func (*Request) step()  {}
func (*Think) step()    {}
func (*Loop) step()     {}
func (*Parallel) step() {}
func (*Function) step() {}
func (*Log) step()      {}

// Request is one HTTP request with what is read from and expected of its
// answer. Use [Request.Render], [Request.Capture] and [Request.Judge].
type Request struct {
	Pos    Position
	Method string // upper case
	// Endpoint labels the request in reports: the script's URL as written,
	// without its query, and the name: "/status/{{ id }} (check)".
	Endpoint string
	Name     string // "" if the script gives none
	URL      *Template
	If       *Condition // nil: always sent
	// IfFunction is a function of the processor that decides; "" for none.
	IfFunction string
	// The functions that are called before it is rendered and after its answer
	// was captured from, those of the scenario first.
	BeforeRequest, AfterResponse []string
	// Probability in percent with which the request is sent, 0..100.
	Probability    float64
	Timeout        time.Duration // to response headers; always > 0
	FollowRedirect bool
	Gzip           bool // offer compressed answers (accept-encoding is not among the rendered headers)

	query    []fieldTemplate
	headers  []fieldTemplate
	cookies  []fieldTemplate
	auth     *authTemplate
	body     bodyTemplate
	captures []capture
	matches  []match
	expect   []expectation
}

// Think is a pause between steps.
type Think struct {
	Pos    Position
	fixed  time.Duration
	text   *Template // set when the pause is known only at run time
	jitter jitter
}

// Function calls a function of the processor.
type Function struct {
	Pos  Position
	Name string
}

// Log prints a line to the console.
type Log struct {
	Pos  Position
	Text *Template
}

// Parallel walks its steps side by side. They share the user's variables,
// cookies and connections; each takes [Scope.Branch] of its own.
type Parallel struct {
	Pos   Position
	Steps []Step
	Limit int // steps that are walked at a time, >= 1
}

// Loop repeats its steps; walk it with [Loop.Passes].
type Loop struct {
	Pos   Position
	Steps []Step
	// While is a function of the processor that is asked after each pass
	// whether there is another one; "" for none.
	While string

	count   *Template // nil when the loop goes over a list
	over    []valueTemplate
	list    *Template // variable whose value is the list
	value   string    // name of the running number
	element string    // name of the element
}

// Field is a name and a value: a header, a cookie.
type Field struct{ Name, Value string }

// Message is a request as it goes out. A Message may be reused: Render
// overwrites all of it and keeps the memory of Header, Cookies and Body.
type Message struct {
	Method  string
	URL     string  // absolute, http or https
	Header  []Field // script order, defaults first; names as written; no two equal but for case
	Cookies []Field // to be put in the user's jar for this URL before sending
	Body    []byte  // nil: no body

	buf     []byte
	checked string // the last URL, before its query was merged
}

// Outcome is the result of one expectation.
type Outcome struct {
	OK   bool
	Type string // counter suffix: "statusCode", "header x-cache-status values equals", ...
	Want string
	Got  string
}

// UserError ends a user; its text is the name that the report counts under
// `errors.`, for example "Invalid URL - after" or "Failed capture or match".
type UserError string

func (e UserError) Error() string { return string(e) }

// ErrCapture is the error of a user whose capture or match failed.
const ErrCapture = UserError("Failed capture or match")

// Hash is equal for two scripts that put the same load on a target: it covers
// all of the merged script but target, regions, ensure and x- keys. Baselines
// are compared only when it is equal.
func (p *Plan) Hash() string { return p.hash }
