package load

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/load/network"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
)

// Event is something that happened in a run: *Result, *UserStart, *UserEnd, *Skip, *PhaseStart, *Line, *Metric or *Mishap.
// The runner hands events over one at a time and does not touch them again: they belong to the receiver.
type Event interface{ event() }

func (*Result) event()     {}
func (*UserStart) event()  {}
func (*UserEnd) event()    {}
func (*Skip) event()       {}
func (*PhaseStart) event() {}
func (*Line) event()       {}
func (*Metric) event()     {}
func (*Mishap) event()     {}

// Kind is what a result is of.
type Kind uint8

// The kinds of results.
const (
	KindRequest Kind = iota // an HTTP request
	KindConnect             // the handshake of a WebSocket, whose answer is complete with its head
	// KindMessage is a message over a WebSocket that was waited for, whether the user had sent one before or not. One that
	// was only sent is a result when it could not be sent.
	KindMessage
)

// Result is what came of one HTTP request, or of what is like one over a WebSocket; every hop of a redirect is a request
// of its own. The code of a message that came is the one of its handshake: 101.
//
// The embedded vegeta result has Attack = "scenario/step", Seq contiguous from 0 per Attack in the order in which they
// started, Timestamp = the intended start (moved forward where a user started out of order, since vegeta's plot wants
// Timestamps to rise with Seq), Latency = the response time (intended start to last byte of the body), BytesIn as
// received from the wire; Body and Headers are nil.
type Result struct {
	vegeta.Result

	Kind     Kind
	Scenario string
	Endpoint string // plan.Request.Endpoint: the URL as the script spells it, and the name
	Name     string // of the request, "" if it has none
	Region   string // where the user was sent, "" without regions

	network.Timing
	// Connection is what the request went over; nil when no connection came about.
	Connection *network.Connection

	// Final is false for a redirect that was followed.
	Final bool
	// Failure is the name under which Artillery counts the error of a request without a (complete) answer:
	// ECONNREFUSED, ETIMEDOUT, ...; "" otherwise. vegeta's Error is this, or the first failed expectation.
	Failure string
	// Fault says more of a Failure, nil without one.
	Fault *Fault
	// Cut is true when the request was in flight as the run was interrupted; Failure is empty then.
	Cut bool
	// Decoded is the length of the body after decompression, in bytes.
	Decoded int64

	// What the answer's headers say of the edge (edge/platform): empty and nil when they say nothing.
	EdgeRegion  string
	CacheStatus string
	ColdStart   *bool
	// ServerTotal is the dur of total in Server-Timing, if the answer has one.
	ServerTotal    time.Duration
	HasServerTotal bool

	// Outcomes are the expectations of the request, on its final answer only.
	Outcomes []plan.Outcome
	// BadCookies counts Set-Cookie headers of the answer that could not be read.
	BadCookies int
}

// Fault is whose an error is, and what it says.
type Fault struct {
	From string // see network.From
	Text string // printable, at most 200 bytes
}

// Answered tells whether the headers of an answer came.
func (r *Result) Answered() bool { return r.Code != 0 }

// UserStart is an arrival that became a user.
type UserStart struct {
	At       time.Time // when it really started
	Scenario string
	Lag      time.Duration
}

// UserEnd is the end of a user. Err is the name of the error that ended it early, "" for one that walked its whole
// flow.
type UserEnd struct {
	At       time.Time
	Scenario string
	Length   time.Duration // from the real start
	Err      string
	// Cut is true when the interruption of the run ended it.
	Cut bool
}

// Skip is an arrival that was dropped because maxVusers users were alive.
type Skip struct{ At time.Time }

// PhaseStart is the start of a phase.
type PhaseStart struct {
	At    time.Time
	Phase plan.Phase
}

// Line is what a log step, or the console of a function, prints.
type Line struct{ Text string }

// Metric is what a function of the script has emitted.
type Metric struct {
	At time.Time
	processor.Metric
}

// Mishap is an error after which its user goes on, by the name under which it is counted.
type Mishap struct {
	At  time.Time
	Err string
}

// serverTotal reads the dur of the metric total in Server-Timing (w3.org/TR/server-timing, section 3.2), which is in
// milliseconds.
func serverTotal(h http.Header) (total time.Duration, ok bool) {
	for _, line := range h["Server-Timing"] {
		for metric := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(metric, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "total") {
				continue
			}
			for p := range strings.SplitSeq(parameters, ";") {
				key, value, _ := strings.Cut(p, "=")
				ms, err := strconv.ParseFloat(strings.Trim(strings.TrimSpace(value), `"`), 64)
				if strings.EqualFold(strings.TrimSpace(key), "dur") && err == nil && ms >= 0 && ms < 1e12 {
					return time.Duration(ms * float64(time.Millisecond)), true
				}
			}
		}
	}
	return 0, false
}

// facts are what an answer's header says of the edge; coldStart is nil when it does not say.
type facts struct {
	region, cacheStatus string
	coldStart           *bool
	serverTotal         time.Duration
	hasServerTotal      bool
}

func readFacts(h http.Header) (f facts) {
	if len(h) == 0 {
		return f
	}
	f.serverTotal, f.hasServerTotal = serverTotal(h)
	said := platform.Response(h)
	f.region, f.cacheStatus = said.Region, said.CacheStatus
	if said.ColdStart != edge.Unknown {
		cold := said.ColdStart == edge.True
		f.coldStart = &cold
	}
	return f
}

func (r *Result) take(f *facts) {
	r.EdgeRegion, r.CacheStatus, r.ColdStart = f.region, f.cacheStatus, f.coldStart
	r.ServerTotal, r.HasServerTotal = f.serverTotal, f.hasServerTotal
}
