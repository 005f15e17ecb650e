package vercel

import (
	"strconv"
	"strings"

	"edgescope/ingest/records"
)

// record is a line of a log drain: https://vercel.com/docs/drains/reference/logs.
type record struct {
	ID, DeploymentID, ProjectID, ProjectName records.Text
	// Source is build, edge, lambda, static, external, firewall or redirect.
	Source          records.Text
	Host            records.Text
	Timestamp       records.Instant
	Level           records.Text
	Message         records.Text
	Type            records.Text
	Entrypoint      records.Text
	Path            records.Text
	StatusCode      records.Text
	RequestID       records.Text
	Environment     records.Text
	Branch          records.Text
	ExecutionRegion records.Text
	// TraceID and SpanID are there when the project is traced. Older drains spell them with a dot.
	TraceID, SpanID records.Text
	DottedTraceID   records.Text `json:"trace.id"`
	Proxy           *proxy
	// Schema names what drains of other kinds send.
	Schema records.Text
}

// proxy is what a request looked like at the edge.
type proxy struct {
	Timestamp        records.Instant
	Method           records.Text
	Scheme           records.Text
	Host             records.Text
	Path             records.Text
	UserAgent        userAgent
	Region           records.Text
	StatusCode       records.Text
	VercelCache      records.Text
	VercelID         records.Text
	CacheID          records.Text
	LambdaRegion     records.Text
	PathType         records.Text
	WAFAction        records.Text
	ResponseByteSize records.Text
}

// userAgent is a list of one, or a text.
type userAgent string

// UnmarshalJSON reads any value.
func (u *userAgent) UnmarshalJSON(b []byte) error {
	var words records.Words // the parts of a list, joined
	_ = words.UnmarshalJSON(b)
	*u = userAgent(words)
	return nil
}

// request returns the names by which other lines of the same request are known, "" where there is none.
func (r *record) request() (names [2]string) {
	names[0] = string(r.RequestID)
	if r.Proxy != nil {
		names[1] = string(r.Proxy.VercelID)
	}
	return names
}

// served tells whether the line is of a request that was answered: what a firewall turned away never came to a function
// or cache.
func (r *record) served() bool {
	return r.Proxy != nil && r.Source != "firewall" && r.Source != "build"
}

// severities are OpenTelemetry's numbers and names of Vercel's levels.
var severities = map[string]struct {
	number uint8
	text   string
}{
	"debug": {5, "DEBUG"}, "warning": {13, "WARN"}, "warn": {13, "WARN"}, "error": {17, "ERROR"},
	"fatal": {21, "FATAL"},
}

func (r *record) severity() (number uint8, text string) {
	if s, ok := severities[strings.ToLower(string(r.Level))]; ok {
		return s.number, s.text
	}
	return 9, "INFO"
}

// report is what the line says that AWS Lambda, on which functions run, writes at the end of a request.
type report struct {
	duration, init float64 // milliseconds
	hasInit, found bool
	memory         string // the most that was used, in MB; "" when it is not told
}

// reportOf reads "REPORT RequestId: ... Duration: 12.3 ms Billed Duration: 13 ms ... Init Duration: 210.5 ms". The last
// one has no init duration when the function was warm.
func reportOf(message string) (r report) {
	_, line, ok := strings.Cut(message, "REPORT RequestId:")
	if !ok {
		return r
	}
	line, _, _ = strings.Cut(line, "\n")
	var given bool
	if r.duration, given = lengthAfter(line, "\tDuration: "); !given {
		r.duration, given = lengthAfter(line, " Duration: ")
	}
	r.init, r.hasInit = lengthAfter(line, "Init Duration: ")
	_, memory, _ := strings.Cut(line, "Max Memory Used: ")
	r.memory, _, _ = strings.Cut(memory, " ")
	r.found = given
	return r
}

// mostLength is 15 minutes in milliseconds, the longest that a function runs.
const mostLength = 15 * 60 * 1000

func lengthAfter(line, name string) (ms float64, ok bool) {
	_, rest, ok := strings.Cut(line, name)
	if !ok {
		return 0, false
	}
	number, _, _ := strings.Cut(rest, " ")
	ms, err := strconv.ParseFloat(number, 64)
	return ms, err == nil && ms >= 0 && ms <= mostLength
}
