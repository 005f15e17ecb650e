package otlp

// Signal is what a request carries.
type Signal uint8

// The signals; Unknown is none of them.
const (
	Unknown Signal = iota
	Traces
	Logs
	Metrics
)

// Signals are all, in the order in which answers name them.
var Signals = [...]Signal{Traces, Logs, Metrics}

// String returns the name that messages and paths give a signal.
func (s Signal) String() string { return [...]string{"telemetry", "traces", "logs", "metrics"}[s] }

// record returns what messages call one record of a signal.
func (s Signal) record() string {
	return [...]string{"record", "span", "log record", "data point"}[s]
}

// The three requests of OTLP have one shape: a list of resources, of each a list of scopes, of each a list of spans,
// log records or metrics. These return the signal that a member's name belongs to, Unknown for any other name.

// SignalOf returns the signal of a document that has this member at its top, Unknown when it tells none.
func SignalOf(key string) Signal {
	switch key {
	case "resourceSpans", "resource_spans":
		return Traces
	case "resourceLogs", "resource_logs":
		return Logs
	case "resourceMetrics", "resource_metrics":
		return Metrics
	}
	return Unknown
}

func signalOfScopes(key string) Signal {
	switch key {
	case "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans":
		return Traces
	case "scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs":
		return Logs
	case "scopeMetrics", "scope_metrics", "instrumentationLibraryMetrics", "instrumentation_library_metrics":
		return Metrics
	}
	return Unknown
}

func signalOfRecords(key string) Signal {
	switch key {
	case "spans":
		return Traces
	case "logRecords", "log_records", "logs":
		return Logs
	case "metrics":
		return Metrics
	}
	return Unknown
}
