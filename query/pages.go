package query

import (
	"time"

	"edgescope/edge"
)

// Overview answers: is anything wrong, where, since when?
type Overview struct {
	About
	// Requests is the number of invocations in the range, as in Total.
	Requests Num    `json:"requests"`
	Total    Stats  `json:"total"`
	Before   *Stats `json:"before,omitempty"`

	// Finding is the worst of Findings, which are what is wrong, the worst first: nil and none when nothing is. They are
	// of the end of the range, as far as they are known at once; the answer findings waits for all.
	Finding  *Finding  `json:"finding,omitempty"`
	Findings []Finding `json:"findings"`
	// Judging is true while not all who look for findings have said something: then none found does not mean none.
	Judging bool `json:"judging,omitempty"`
	// Lines are named rate, p50, p95, p99, errors, cold, cache, cpu; BeforeLines are those of the period compared with.
	Lines       []Line `json:"lines"`
	BeforeLines []Line `json:"before_lines,omitempty"`
	// Latency has a line per region, of the asked percentile: the 5 busiest-and-worst, then "others".
	Latency []Line `json:"latency"`
	// Regions are the 12 worst, RegionCount says how many there are.
	Regions     []Row `json:"regions"`
	RegionCount int   `json:"region_count"`
	// Places are all regions, with what a map shows of them.
	Places     []Place `json:"places"`
	LosingHits []Row   `json:"losing_hits"` // routes, largest OriginExtra first
	Heatmap    Heatmap `json:"heatmap"`     // of the asked percentile per region
	Choices    Choices `json:"choices"`
}

// Place is a region on the map.
type Place struct {
	Name       string `json:"name"`
	City       string `json:"city,omitempty"`
	Lat        Num    `json:"lat"`
	Lon        Num    `json:"lon"`
	Rate       Num    `json:"rate"`
	P95        Num    `json:"p95"`
	Samples    Num    `json:"samples"`
	ErrorRatio Num    `json:"error_ratio"`
	// Norm, Ratio, Silent and Standing are those of its Row.
	Norm     Num       `json:"norm"`
	Ratio    Num       `json:"ratio"`
	Silent   Num       `json:"silent"`
	Standing *Standing `json:"standing,omitempty"`
}

// Regions answers: which region is slow against its own norm?
type Regions struct {
	About
	Total   Stats   `json:"total"`
	Regions []Row   `json:"regions"` // all, sorted as asked
	Heatmap Heatmap `json:"heatmap"`
	Choices Choices `json:"choices"`
}

// Region is the detail of one region (regions?region=X is the same as a table; this is /regions/{code}).
type Region struct {
	About
	Name     string  `json:"name"`
	City     string  `json:"city,omitempty"`
	Total    Stats   `json:"total"`
	All      Stats   `json:"all"`   // all regions, to compare with
	Lines    []Line  `json:"lines"` // p50, p95, p99, rate, errors
	Routes   []Row   `json:"routes"`
	Versions []Row   `json:"versions"`
	Slowest  []Trace `json:"slowest"`
	Choices  Choices `json:"choices"`
}

// ColdStarts answers: how often, how long, what does it cost the user?
type ColdStarts struct {
	About
	Total  Stats  `json:"total"`
	Before *Stats `json:"before,omitempty"`
	// Share is the part of requests slower than the warm p99 that are cold starts.
	Share Num `json:"share"`
	// Rate has a line per region: cold / (cold + warm).
	Rate []Line `json:"rate"`
	// ColdHistogram and WarmHistogram are durations on the same buckets.
	ColdHistogram Histogram `json:"cold_histogram"`
	WarmHistogram Histogram `json:"warm_histogram"`
	Regions       []Row     `json:"regions"`
	Versions      []Row     `json:"versions"`
	Routes        []Row     `json:"routes"`
	Choices       Choices   `json:"choices"`
}

// CacheAnswer answers: which route loses hits, what does that cost the origin?
type CacheAnswer struct {
	About
	Total  Stats  `json:"total"`
	Before *Stats `json:"before,omitempty"`
	// Outcomes has a line per cache status: invocations per step.
	Outcomes []Line `json:"outcomes"`
	Regions  []Row  `json:"regions"`
	Routes   []Row  `json:"routes"`
	// Hit and Miss are latencies of invocations answered from the cache and not.
	HitP50  Num     `json:"hit_p50"`
	HitP95  Num     `json:"hit_p95"`
	MissP50 Num     `json:"miss_p50"`
	MissP95 Num     `json:"miss_p95"`
	Choices Choices `json:"choices"`
}

// Routes are the figures by route.
type Routes struct {
	About
	Routes  []Row   `json:"routes"`
	Choices Choices `json:"choices"`
}

// Versions are the figures by version.
type Versions struct {
	About
	Versions []Row   `json:"versions"`
	Choices  Choices `json:"choices"`
}

// Runs are the load tests, newest first.
type Runs struct {
	About
	Runs []RunRow `json:"runs"`
}

// RunRow is a run in a list: its summary without what is long.
type RunRow struct {
	edge.Run
	// Base is the run it is compared with: the latest passed one of that name before it.
	Base string `json:"base,omitempty"`
	// P95Change is how its P95 differs from the base's, as a part of that: 0.05 is 5 % slower. Absent without either.
	P95Change Num `json:"p95_change"`
}

// RunDetail is one run: what the client saw and what the edge saw in the same minutes.
type RunDetail struct {
	About
	Run edge.Run `json:"run"`
	// Base is the run compared with, nil without one.
	Base *edge.Run `json:"base,omitempty"`
	// History are earlier runs of that name, oldest first, at most 20.
	History []RunRow `json:"history,omitempty"`
	// Edge is the invocations of the run's services while it lasted; Services names them, found through the run's
	// traces.
	Edge        Stats    `json:"edge"`
	Services    []string `json:"services"`
	EdgeRegions []Row    `json:"edge_regions"`
	EdgeLines   []Line   `json:"edge_lines"` // rate, p95, cold, cache
	Traces      []Trace  `json:"traces"`     // the slowest sampled ones
}

// WASM is what was measured of the engines that do a function's work: by loadgen bench under a method, and by the
// invocations of the range as they come.
type WASM struct {
	About
	Choices Choices `json:"choices"`
	// Benches are the newest comparisons of all that is kept, newest first, at most 20; the range does not bound them.
	Benches []edge.Bench `json:"benches"`
	// Engines are the invocations of the range that name their engine (attribute edge.engine), by engine, and the asked
	// percentile of their duration over time. They are not a comparison: what they do, and where, may differ.
	Engines []Row  `json:"engines"`
	Latency []Line `json:"latency"`
}

// Dataset is the name of a table of data points and how much is in it.
type Dataset struct {
	Name string `json:"name"`
	// Points is the number of data points received in the range, Estimated the number of occurrences they stand for.
	Points    int64 `json:"points"`
	Estimated Num   `json:"estimated"`
	// Last is the time of the newest one.
	Last time.Time `json:"last"`
}

// Datasets are the tables of data points that have any in the range, the largest first.
type Datasets struct {
	About
	Datasets []Dataset `json:"datasets"`
}

// What a Refusal was of.
const (
	// RefusedRequest is a request that was refused as a whole.
	RefusedRequest = "request"
	// RefusedRecord is a record that was rejected while others of its request were kept.
	RefusedRecord = "record"
	// ChangedValue is a value that was dropped or changed while its record was kept.
	ChangedValue = "value"
)

// Refusals answer: what was not taken, why and from whom? Filters do not apply: what was refused has no region or
// route.
type Refusals struct {
	About
	// Requests, Records and Values count what was refused, rejected and changed in the range.
	Requests Num `json:"requests"`
	Records  Num `json:"records"`
	Values   Num `json:"values"`
	// Refusals are the reasons and senders, those of requests first, then the most frequent; More is how many are left
	// out.
	Refusals []Refusal `json:"refusals"`
	More     int       `json:"more,omitempty"`
}

// Refusal is how often something was refused to a sender for a reason.
type Refusal struct {
	What   string `json:"what"` // request, record or value
	Reason string `json:"reason"`
	Sender string `json:"sender"`
	Count  Num    `json:"count"`
	// Last is when it happened last, to the step of the answer.
	Last time.Time `json:"last"`
	// Example is what the sender was told last; empty when the collector has been restarted since, or an hour has
	// passed.
	Example string `json:"example,omitempty"`
}

// Trace is a line in a list of traces: its invocation.
type Trace struct {
	ID       string    `json:"trace_id"`
	SpanID   string    `json:"span_id"`
	Start    time.Time `json:"start"`
	Duration Num       `json:"duration"` // ms
	Service  string    `json:"service"`
	Name     string    `json:"name"`
	Route    string    `json:"route,omitempty"`
	Method   string    `json:"method,omitempty"`
	Status   int       `json:"status,omitempty"`
	Outcome  string    `json:"outcome,omitempty"`
	Region   string    `json:"region,omitempty"`
	Version  string    `json:"version,omitempty"`
	Cold     string    `json:"cold,omitempty"` // true, false or absent
	Cache    string    `json:"cache,omitempty"`
}

// Facet is the values of one attribute among the traces found, most frequent first.
type Facet struct {
	Key    string       `json:"key"` // the filter's key in URLs: region, route, status, cold, cache, version
	Values []FacetValue `json:"values"`
}

// FacetValue is one value and how many invocations have it.
type FacetValue struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Traces answers: show me slow requests.
type Traces struct {
	About
	Traces    []Trace   `json:"traces"`
	Found     int64     `json:"found"` // invocations that match
	Facets    []Facet   `json:"facets"`
	Histogram Histogram `json:"histogram"`
	// Next is the cursor of the next page, empty on the last.
	Next    string  `json:"next,omitempty"`
	Choices Choices `json:"choices"`
}

// Span is a span of a trace.
type Span struct {
	ID       string    `json:"span_id"`
	ParentID string    `json:"parent_span_id,omitempty"`
	Service  string    `json:"service"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Start    time.Time `json:"start"`
	Offset   Num       `json:"offset"`   // ms after the trace's first start
	Duration Num       `json:"duration"` // ms
	Status   string    `json:"status,omitempty"`
	// Depth is how many ancestors were received; a span whose parent was not received is a root with MissingParent.
	Depth         int               `json:"depth"`
	MissingParent bool              `json:"missing_parent,omitempty"`
	Region        string            `json:"region,omitempty"`
	Cold          string            `json:"cold,omitempty"`
	Cache         string            `json:"cache,omitempty"`
	Attrs         map[string]string `json:"attributes"`
	Events        []SpanEvent       `json:"events,omitempty"`
}

// SpanEvent is an event on a span.
type SpanEvent struct {
	Name   string            `json:"name"`
	At     time.Time         `json:"time"`
	Offset Num               `json:"offset"` // ms after the trace's first start
	Attrs  map[string]string `json:"attributes,omitempty"`
}

// TraceDetail is one trace, spans in waterfall order: parents before children, siblings by start.
type TraceDetail struct {
	About
	ID       string    `json:"trace_id"`
	Start    time.Time `json:"start"`
	Duration Num       `json:"duration"`
	Services []string  `json:"services"`
	Spans    []Span    `json:"spans"`
	// Missing is how many parents are named by spans but were not received.
	Missing int `json:"missing"`
	// Run is the id of the load run that made the trace, if one did.
	Run string `json:"run,omitempty"`
}
