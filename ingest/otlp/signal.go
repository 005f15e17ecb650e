package otlp

// signal is what a request carries.
type signal uint8

const (
	signalUnknown signal = iota
	signalTraces
	signalLogs
	signalMetrics
	signalTail
	signalDataPoints
)

// otlpSignals are those that have a door of their own, in the order in which answers name them.
var otlpSignals = [...]signal{signalTraces, signalLogs, signalMetrics}

// String answers the name that messages and paths give a signal.
func (s signal) String() string {
	return [...]string{"telemetry", "traces", "logs", "metrics", "tail events", "data points of workerd"}[s]
}

// record answers what messages call one record of a signal.
func (s signal) record() string {
	return [...]string{"record", "span", "log record", "data point", "tail event", "data point"}[s]
}

// ours tells whether the receiver itself takes the signal.
func (s signal) ours() bool { return s == signalTraces || s == signalLogs || s == signalMetrics }

// The three requests of OTLP have one shape: a list of resources, of each a list of scopes, of each a list of spans, log records
// or metrics. These answer the signal that a member's name belongs to, signalUnknown for any other name.

func signalOfResources(key string) signal {
	switch key {
	case "resourceSpans", "resource_spans":
		return signalTraces
	case "resourceLogs", "resource_logs":
		return signalLogs
	case "resourceMetrics", "resource_metrics":
		return signalMetrics
	}
	return signalUnknown
}

func signalOfScopes(key string) signal {
	switch key {
	case "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans":
		return signalTraces
	case "scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs":
		return signalLogs
	case "scopeMetrics", "scope_metrics", "instrumentationLibraryMetrics", "instrumentation_library_metrics":
		return signalMetrics
	}
	return signalUnknown
}

func signalOfRecords(key string) signal {
	switch key {
	case "spans":
		return signalTraces
	case "logRecords", "log_records", "logs":
		return signalLogs
	case "metrics":
		return signalMetrics
	}
	return signalUnknown
}
