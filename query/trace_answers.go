package query

import "time"

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
