package vercel

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/ingest/records"
)

// request is what a body has of one request: the index of the line that tells most of it, and what others add.
type request struct {
	names [2]string
	index int
	line  *record // with a proxy; nil while only lines without one were there
	trace edge.TraceID

	report        report
	crashed, died bool
}

// add takes a line of the request. The first one that the edge wrote tells where, what and how; of a function there are
// further ones.
func (q *request) add(index int, r *record) {
	function := r.Source == "lambda" || r.Source == "edge"
	if r.served() && (q.line == nil || function && q.line.Source != "lambda") {
		q.index, q.line = index, r
	}
	if found := reportOf(string(r.Message)); found.found {
		q.report = found
	}
	q.crashed = q.crashed || r.Source == "lambda" && r.StatusCode == "-1"
	q.died = q.died || r.Type == "fatal" || strings.EqualFold(string(r.Level), "fatal")
}

// resource is what all lines of a deployment share.
func (r *record) resource() []edge.Attr {
	var to attrs
	to.add(edge.KeyServiceName, cmp.Or(string(r.ProjectName), string(r.ProjectID), string(r.Host)))
	to.add("vercel.deployment_id", string(r.DeploymentID))
	to.add("vercel.project_id", string(r.ProjectID))
	to.add("vercel.branch", string(r.Branch))
	to.add("vercel.host", string(r.Host))
	to.add("vercel.env", string(r.Environment))
	return to
}

// log makes the record of one line. A line without a message tells of its request alone.
func (r *record) log(index int, arrival int64) (e edge.Event, ok bool) {
	if r.Message == "" {
		return e, false
	}
	e = edge.Event{
		Kind: edge.KindLog, Index: index, Body: string(r.Message), Time: r.Timestamp.Or(arrival),
		Resource: r.resource(),
	}
	e.Facts.Source = edge.SourceVercelLogs
	e.SeverityNumber, e.SeverityText = r.severity()
	var to attrs
	to.add("vercel.source", string(r.Source))
	to.add("vercel.log_type", string(r.Type))
	to.add("vercel.request_id", string(r.RequestID))
	to.add("vercel.region", r.region())
	to.add("vercel.matched_path", string(r.Path))
	e.Attrs = to
	return e, true
}

// region is where the code ran, "" for what no code answered.
func (r *record) region() string {
	if r.ExecutionRegion == "" && r.Proxy != nil {
		return string(r.Proxy.LambdaRegion)
	}
	return string(r.ExecutionRegion)
}

// span makes the server span of a request. Its start is when the edge took it; how long it took is known where the
// function reported.
func (q *request) span(arrival int64) edge.Event {
	r, p := q.line, q.line.Proxy
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: string(p.Method), Index: q.index, Resource: r.resource(),
		TraceID: q.trace, SpanID: spanID(q.trace),
	}
	e.Facts.Source = edge.SourceVercelLogs
	e.Time = p.Timestamp.Or(r.Timestamp.Or(arrival))
	to := q.describe()
	if q.report.found {
		e.Duration, e.HasDuration = int64(q.report.duration*1e6), true
		e.Time += e.Duration
		to.add("maxMemoryUsedMB", q.report.memory)
		to.add(edge.KeyColdStart, strconv.FormatBool(q.report.hasInit))
		if q.report.hasInit {
			to.add("initDurationMs", strconv.FormatFloat(q.report.init, 'f', -1, 64))
		}
	}
	switch code := status(p.StatusCode, q.line.StatusCode); {
	case q.crashed || q.died:
		e.Status, e.StatusMessage = edge.StatusError, "the function did not answer"
	case len(code) == 3 && code[0] == '5': // as servers set it: opentelemetry.io/docs/specs/semconv/http/http-spans
		e.Status = edge.StatusError
	}
	e.Attrs = to
	return e
}

// describe leaves out the query of the address and the client's address: secrets and personal data are there.
func (q *request) describe() attrs {
	r, p := q.line, q.line.Proxy
	path, _, _ := strings.Cut(string(p.Path), "?")
	var to attrs
	to.add(edge.KeyMethod, string(p.Method))
	to.add("url.path", path)
	to.add("url.scheme", string(p.Scheme))
	to.add("server.address", string(p.Host))
	to.add("user_agent.original", string(p.UserAgent))
	to.add(edge.KeyStatus, status(p.StatusCode, r.StatusCode))
	to.add(edge.KeyFaasTrigger, "http")
	to.add("vercel.request_id", cmp.Or(string(p.VercelID), string(r.RequestID)))
	to.add("vercel.edge_region", string(p.Region))
	to.add("vercel.source", string(r.Source))
	to.add("vercel.path_type", string(p.PathType))
	to.add("vercel.waf_action", string(p.WAFAction))
	to.add("http.response.header.x-vercel-cache", string(p.VercelCache))
	to.add("http.response.body.size", string(p.ResponseByteSize))
	if r.Source == "lambda" || r.Source == "edge" {
		to.add("vercel.region", r.region())
		to.add("vercel.matched_path", string(r.Path))
		to.add(edge.KeyFaasName, string(r.Entrypoint))
	}
	if p.StatusCode == "-1" { // a page that was made anew behind the scenes, which no client waited for
		to.add("vercel.background", "true")
	}
	return to
}

// status returns the first code that is one.
func status(codes ...records.Text) string {
	for _, c := range codes {
		if n, err := strconv.Atoi(string(c)); err == nil && n > 0 {
			return string(c)
		}
	}
	return ""
}

// traceID returns the trace that a line names, or else one that follows from its request.
func (r *record) traceID() (id edge.TraceID) {
	given := cmp.Or(string(r.TraceID), string(r.DottedTraceID))
	if n, err := hex.Decode(id[:], []byte(fixed(given, 2*len(id)))); err == nil && n == len(id) && !id.IsZero() {
		return id
	}
	for _, name := range r.request() {
		if name != "" {
			sum := sha256.Sum256([]byte("vercel request " + name))
			copy(id[:], sum[:])
			return id
		}
	}
	return edge.TraceID{}
}

// spanID returns the span of a request, by its trace: the function's own spans have other ids.
func spanID(trace edge.TraceID) (id edge.SpanID) {
	sum := sha256.Sum256(append([]byte("vercel span "), trace[:]...))
	copy(id[:], sum[:])
	return id
}

// fixed returns a text of that length, and nothing instead of another.
func fixed(s string, length int) string {
	if len(s) != length {
		return ""
	}
	return s
}

// attrs are attributes of one event.
type attrs []edge.Attr

// add adds an attribute of a key that is not there yet. An empty value is none.
func (a *attrs) add(key, value string) {
	if value != "" {
		*a = append(*a, edge.Attr{Key: key, Value: value})
	}
}
