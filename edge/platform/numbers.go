package platform

import (
	"math"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform/headerlist"
)

// Where a cold start was told (edge.coldstart.source): by an attribute of the event, or by an init span or report.
const (
	coldByAttribute = "attribute"
	ColdByPlatform  = "platform"
)

// The lengths of time of one unit in nanoseconds, for sources.
const (
	nano   = 1
	milli  = 1e6
	second = 1e9
)

// mebi is the bytes of what Lambda calls a MB.
const mebi = 1 << 20

// mostMemory and mostSubrequests bound what is believed of an invocation: no function has a TB of memory, none makes a
// million requests.
const (
	mostMemory      = 1 << 40
	mostSubrequests = 1e6
)

// The sources of flags and numbers, in order.
var (
	statusRule = rule{sources: []source{
		{name: edge.KeyStatus, read: statusText},
		{name: "http.status_code", read: statusText},
	}}
	countRule    = rule{sources: attrs(edge.KeyCount)}
	intervalRule = rule{sources: attrs("_sample_interval")}

	initRule = rule{sources: []source{
		length(edge.KeyInitDuration, nano), length("faas.init_duration", second),
		length("cloudflare.cold_start_ms", milli),
		length("aws.lambda.init_duration", milli, "aws.lambda.init_duration_ms", "aws.lambda.initDuration",
			"init_duration_ms"),
		length("initDurationMs", milli, "restoreDurationMs"),
	}}
	cpuRule = rule{sources: []source{
		length(edge.KeyCPUTime, nano), length("cloudflare.cpu_time_ms", milli), length("cloudflare.cpu_time", milli),
		length("cpu_time_ms", milli), length("faas.cpu_usage", second),
	}}
	wallRule = rule{sources: []source{
		length(edge.KeyWallTime, nano), length("cloudflare.wall_time_ms", milli), length("cloudflare.wall_time", milli),
	}}
	ttfbRule = rule{sources: []source{
		length(edge.KeyTTFB, nano), length("cloudflare.response.time_to_first_byte_ms", milli),
		length("http.response_time", milli),
	}}
	// rttRule: a round trip of 0 is what Workers say of QUIC, of which they don't know it
	// (developers.cloudflare.com/workers/runtime-apis/request, clientTcpRtt).
	rttRule = rule{sources: []source{
		positive(edge.KeyClientRTT, nano),
		positive("cf.clientTcpRtt", milli, "cf.client_tcp_rtt", "cloudflare.client_tcp_rtt_ms", "cloudflare.client_tcp_rtt",
			"cloudflare.cf.clientTcpRtt", "clientTcpRtt", "client_tcp_rtt_ms"),
	}}
	// memoryRule: Lambda counts MB of 1,048,576 bytes (docs.aws.amazon.com/lambda, "Telemetry API Event schema").
	memoryRule = rule{sources: []source{
		positive(edge.KeyMemory, 1), positive("faas.mem_usage", 1),
		positive("maxMemoryUsedMB", mebi, "aws.lambda.max_memory_used_mb", "aws.lambda.max_memory_used",
			"aws.lambda.maxMemoryUsedMB", "max_memory_used_mb"),
	}}
	subrequestsRule = rule{sources: []source{positive(edge.KeySubrequests, 1)}}
	// originRule comes before the spans of requests to an origin, upstreamRule and Server-Timing after them.
	originRule   = rule{sources: []source{length(edge.KeyOriginDuration, nano)}}
	upstreamRule = rule{sources: []source{{name: headerEnvoyTime, header: true, read: number, unit: milli}}}
	timingRule   = rule{list: true, sources: []source{header(headerTiming, nil)}}
)

// length is a source that holds a number of units, with other spellings of its key.
func length(key string, unit float64, also ...string) source {
	return source{name: key, read: number, unit: unit, also: also}
}

// positive is a source that holds a number of units, of which 0 says nothing.
func positive(key string, unit float64, also ...string) source {
	return source{name: key, read: aboveZero, unit: unit, also: also}
}

// aboveZero lets a number above 0 through.
func aboveZero(s string) string {
	if n, err := strconv.ParseFloat(s, 64); err != nil || !(n > 0) {
		return ""
	}
	return s
}

// number lets a number through that can be a length of time.
func number(s string) string {
	if _, ok := nanoseconds(s, 1); !ok {
		return ""
	}
	return s
}

// length returns the length of time that a rule finds, in nanoseconds.
func (v *View) length(r *rule) (nanos int64, found bool) {
	value, src := v.find(r)
	if src == nil {
		return 0, false
	}
	return nanoseconds(value, src.unit)
}

// boundLength makes a length of time unknown that is negative or longer than any, and returns 1 then.
func boundLength(nanos *int64, has *bool) int {
	if *has && (*nanos < 0 || *nanos > int64(edge.MaxDuration)) {
		*nanos, *has = 0, false
		return 1
	}
	return 0
}

// nanoseconds reads a number of units; negative ones and those beyond edge.MaxDuration are none.
func nanoseconds(s string, unit float64) (int64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n*unit > float64(edge.MaxDuration) {
		return 0, false
	}
	return int64(math.Round(n * unit)), true
}

func boolean(s string) string {
	switch {
	case s == "1" || strings.EqualFold(s, "true"):
		return "true"
	case s == "0" || strings.EqualFold(s, "false"):
		return "false"
	default:
		return ""
	}
}

func trueIfPositive(s string) string {
	if n, err := strconv.ParseFloat(s, 64); err != nil || !(n > 0) {
		return ""
	}
	return "true"
}

// statusText lets an HTTP status through.
func statusText(s string) string {
	if statusCode(s) == 0 {
		return ""
	}
	return s
}

// statusCode reads an HTTP status sent as integer, double or text; anything outside 100..599 is none.
func statusCode(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || f != math.Trunc(f) {
			return 0
		}
		n = int(max(0, min(f, 1000)))
	}
	if n < 100 || n > 599 {
		return 0
	}
	return n
}

// serverTiming returns the duration of the first of those metrics in a Server-Timing header
// (W3C Server Timing: name;dur=milliseconds;desc="text"), and whether one of them is there.
func serverTiming(value string, names ...string) (nanos int64, found bool) {
	for _, name := range names {
		for member := range headerlist.Members(value, ',') {
			metric, params, _ := strings.Cut(member, ";")
			if !strings.EqualFold(strings.TrimSpace(metric), name) {
				continue
			}
			dur, _ := headerlist.Parameter(params, "dur")
			nanos, _ = nanoseconds(dur, milli)
			return nanos, true
		}
	}
	return 0, false
}

// Sampling returns the count of a data point and its sample interval as they were sent, "" for none.
func (v *View) Sampling() (count, interval string) { return v.text(&countRule), v.text(&intervalRule) }
