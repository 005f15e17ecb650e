package edge

import "time"

// Run is the summary of a load test: what loadgen sends to a collector and the dashboard shows. It travels as the JSON
// text of attribute RunAttr of a span named RunSpan; while the run lasts, newer summaries replace older ones of the
// same ID. Lengths of time are milliseconds with fractions.
type Run struct {
	// ID is 32 lower-case hex digits, the trace id of the run's own span. Name groups runs of one kind over time.
	ID     string `json:"id"`
	Name   string `json:"name"`
	Script string `json:"script,omitempty"`
	Target string `json:"target,omitempty"`
	Commit string `json:"commit,omitempty"`

	Started time.Time `json:"started"`
	// Ended is zero while the run lasts.
	Ended time.Time `json:"ended,omitzero"`
	// Updated is when this summary was made.
	Updated time.Time `json:"updated"`
	// Verdict is running, passed, failed, invalid, interrupted or error; Reason says why in one sentence, if not
	// passed.
	Verdict  string `json:"verdict"`
	Reason   string `json:"reason,omitempty"`
	ExitCode int    `json:"exit_code"`

	Requests  int64   `json:"requests"`
	Responses int64   `json:"responses"`
	Failed    int64   `json:"failed"` // requests without an answer
	Rate      float64 `json:"rate"`   // requests per second from first to last

	Users RunUsers `json:"users"`
	// Response is from the intended start to the last byte, Service from the send; both of requests that got an answer.
	// TTFB is from the send to the first byte. Lag is from the intended to the real start of a user.
	Response RunQuantiles `json:"response"`
	Service  RunQuantiles `json:"service"`
	TTFB     RunQuantiles `json:"ttfb"`
	Lag      RunQuantiles `json:"lag"`

	Phases       []RunPhase       `json:"phases,omitempty"`
	Points       []RunPoint       `json:"points,omitempty"`
	Steps        []RunPart        `json:"steps,omitempty"`
	Regions      []RunPart        `json:"regions,omitempty"`
	Codes        map[string]int64 `json:"codes,omitempty"`
	Errors       map[string]int64 `json:"errors,omitempty"`
	Cache        map[string]int64 `json:"cache,omitempty"` // cache status -> responses
	Cold         int64            `json:"cold"`            // responses that said they were cold starts
	Expectations []RunCheck       `json:"expectations,omitempty"`
	Thresholds   []RunThreshold   `json:"thresholds,omitempty"`
	Warnings     []string         `json:"warnings,omitempty"`
}

// RunUsers counts virtual users.
type RunUsers struct {
	Planned   int64 `json:"planned"`
	Created   int64 `json:"created"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	Skipped   int64 `json:"skipped"`
}

// RunQuantiles are the quantiles of a distribution in milliseconds.
type RunQuantiles struct {
	Count int64   `json:"count"`
	Min   float64 `json:"min"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// RunPhase is a phase of the schedule; times are seconds from the start of the run.
type RunPhase struct {
	Name     string  `json:"name"`
	Start    float64 `json:"start"`
	Duration float64 `json:"duration"`
	// FromRate and ToRate are arrivals per second at its two ends; of a phase that goes up and down, the lowest and the
	// highest.
	FromRate float64 `json:"from_rate"`
	ToRate   float64 `json:"to_rate"`
	Arrivals int64   `json:"arrivals"`
}

// RunPoint is one window of the client's view over time; there are at most 600.
type RunPoint struct {
	// At is the start of the window in seconds from the start of the run, Width its length.
	At       float64 `json:"at"`
	Width    float64 `json:"width"`
	Arrivals int64   `json:"arrivals"`
	Requests int64   `json:"requests"`
	Errors   int64   `json:"errors"` // no answer, or status >= 500
	Active   int64   `json:"active"` // users at the end of the window
	P50      float64 `json:"p50"`    // response, ms
	P95      float64 `json:"p95"`
	P99      float64 `json:"p99"`
	// ServiceP95 is from the send: where it falls below P95 the wait was in our queue or theirs.
	ServiceP95 float64 `json:"service_p95"`
}

// RunPart is the client's view of one step or one region.
type RunPart struct {
	Name     string           `json:"name"`
	Requests int64            `json:"requests"`
	Failed   int64            `json:"failed"`
	Response RunQuantiles     `json:"response"`
	Cache    map[string]int64 `json:"cache,omitempty"`
	Cold     int64            `json:"cold"`
}

// RunCheck counts one kind of expectation.
type RunCheck struct {
	Name   string `json:"name"`
	OK     int64  `json:"ok"`
	Failed int64  `json:"failed"`
}

// RunThreshold is one threshold and what came of it.
type RunThreshold struct {
	Expression string  `json:"expression"`
	Limit      float64 `json:"limit"`
	Actual     float64 `json:"actual"`
	// Missing is true when the metric was never seen.
	Missing  bool `json:"missing,omitempty"`
	OK       bool `json:"ok"`
	Optional bool `json:"optional,omitempty"`
}

// How a run's summary travels.
const (
	// RunSpan is the name of the span that carries a summary, RunService the service.name of loadgen.
	RunSpan    = "loadgen.run"
	RunService = "edgescope-loadgen"
	// RunAttr holds the JSON of a Run. RunIDAttr, RunNameAttr and RunVerdictAttr repeat what lists filter by; client
	// spans carry RunIDAttr too.
	RunAttr        = "edge.run"
	RunIDAttr      = "edge.run.id"
	RunNameAttr    = "edge.run.name"
	RunVerdictAttr = "edge.run.verdict"
)

// The verdicts of a run.
const (
	VerdictRunning     = "running"
	VerdictPassed      = "passed"
	VerdictFailed      = "failed"
	VerdictInvalid     = "invalid"
	VerdictInterrupted = "interrupted"
	VerdictError       = "error"
)
