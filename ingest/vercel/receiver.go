// Package vercel receives the log drains of Vercel: lines of functions, middleware, the CDN and builds, as an array or
// one per line. Each line becomes a log record, and each request one server span, however many lines it has. Trace
// drains are OTLP and go to ingest/otlp. Door stands before the ingest port: it knows drains by their signature, and
// answers Vercel's question whose address it is. docs/drains.md has the steps.
package vercel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/records"
	"edgescope/ingest/refusals"
)

// Sink takes batches. The receiver owns the batch and its memory again when Events returns. The sink may add rejections
// to it. An error of type *edge.UnavailableError asks the client to come again later; any other is ours.
type Sink interface {
	Events(ctx context.Context, b *edge.Batch) error
}

// Options configure a Receiver. Sink is required.
type Options struct {
	Sink Sink
	// Refusals remembers what is not taken; nil remembers nothing.
	Refusals *refusals.Recorder
	// Tenant returns whose request it is. nil is tenant 0.
	Tenant func(*http.Request) edge.Tenant
	// Now is the clock. nil is time.Now.
	Now func() time.Time
	// Logger gets errors of the sink. nil drops them.
	Logger *slog.Logger
}

// Receiver takes the lines of log drains. It is safe for concurrent use and owns no goroutine.
type Receiver struct {
	o       Options
	counted *counted
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Sink == nil {
		return nil, errors.New("make receiver of log drains: no sink")
	}
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Tenant == nil {
		o.Tenant = func(*http.Request) edge.Tenant { return 0 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Receiver{o: o, counted: newCounted()}, nil
}

// named tells whether a path says that a drain of Vercel is sent to it, whatever the body is.
func named(path string) bool { return strings.HasSuffix(strings.TrimRight(path, "/"), "/v1/vercel") }

// LooksLikeDrain tells whether a body is of a log drain, by the keys of the object that it begins with. It allocates
// nothing.
func LooksLikeDrain(text []byte) bool {
	object, _ := records.First(text)
	var deployed, sourced bool
	for key := range records.Keys(object) {
		switch string(key) {
		case "deploymentId", "projectId":
			deployed = true
		case "source", "proxy":
			sourced = true
		}
		if deployed && sourced {
			return true
		}
	}
	return false
}

// Logs answers a request whose body, already read and decompressed, is of a log drain. It returns false and writes
// nothing if the body is something else.
func (rc *Receiver) Logs(w http.ResponseWriter, r *http.Request, b *body.Body) bool {
	if !named(r.URL.Path) && !LooksLikeDrain(b.Bytes()) {
		return false
	}
	p := post{arrival: rc.o.Now().UnixNano(), requests: map[string]*request{}}
	p.batch.Tenant, p.batch.Body = rc.o.Tenant(r), b.Hash
	if err := p.read(b); err != nil {
		rc.refuse(w, r, err)
		return true
	}
	if err := rc.take(r.Context(), &p); err != nil {
		var busy *edge.UnavailableError
		if !errors.As(err, &busy) && r.Context().Err() == nil {
			rc.o.Logger.LogAttrs(r.Context(), slog.LevelError, "lines of a log drain not taken", slog.Any("error", err))
		}
		rc.refuse(w, r, err)
		return true
	}
	rc.o.Refusals.Batch(r, &p.batch)
	writeResult(w, &p)
	return true
}

// take gives the sink the lines, and the requests that were not counted before.
func (rc *Receiver) take(ctx context.Context, p *post) error {
	fresh := rc.counted.claim(p)
	for _, q := range fresh {
		p.batch.Events = append(p.batch.Events, q.span(p.arrival))
	}
	if len(p.batch.Events) == 0 {
		return nil
	}
	err := rc.o.Sink.Events(ctx, &p.batch)
	if err != nil {
		rc.counted.forget(p, fresh)
	}
	return err
}

func (rc *Receiver) refuse(w http.ResponseWriter, req *http.Request, err error) {
	r := body.Refuse(err)
	rc.o.Refusals.Request(req, r.Reason, r.Message)
	r.Answer(w)
}

// post is one request on its way.
type post struct {
	batch   edge.Batch
	arrival int64
	total   int
	// requests are those of the body by both their names, order in the order of their first lines.
	requests map[string]*request
	order    []*request
}

// recordBytes is what a line takes in memory beside its text, about: it decoded, its log record, a span and their rows.
const recordBytes = 6 << 10

var (
	errNoObject = errors.New("not an object")
	errNoLine   = errors.New("no line of a log drain: want source, and deploymentId or projectId")
)

// read reads the body. What is wrong in a line costs that line. It fails when the body as a whole is no JSON, and when
// there is no room for its lines.
func (p *post) read(b *body.Body) error {
	if err := b.Share.Take(2 * int64(len(b.Bytes()))); err != nil {
		return err
	}
	var full error
	broken := records.Split(b.Bytes(), func(i int, text json.RawMessage, err error) bool {
		p.total = i + 1
		if full = b.Share.Take(recordBytes); full != nil {
			return false
		}
		if err == nil {
			err = p.line(i, text)
		}
		if err != nil {
			p.batch.RejectError(i, err)
		}
		return true
	})
	if broken != nil {
		return &body.RefusalError{Status: http.StatusBadRequest, Message: broken.Error(), Reason: "malformed"}
	}
	return full
}

// line takes one line.
func (p *post) line(index int, text json.RawMessage) error {
	if text[0] != '{' {
		return errNoObject
	}
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil { // it is known to be JSON
		p.batch.Warn("value of an unexpected type")
	}
	if strings.HasPrefix(string(r.Schema), "vercel.") {
		return fmt.Errorf("drains of %s are not read: add one for logs or traces", r.Schema)
	}
	if r.Source == "" && r.Proxy == nil || r.DeploymentID == "" && r.ProjectID == "" {
		return errNoLine
	}
	trace := p.group(index, r)
	if e, ok := r.log(index, p.arrival); ok {
		e.TraceID = trace
		if !trace.IsZero() {
			e.SpanID = spanID(trace)
		}
		p.batch.Events = append(p.batch.Events, e)
	}
	return nil
}

// group adds a line to its request, and returns the trace of that; zero for a line of none.
func (p *post) group(index int, r *record) edge.TraceID {
	var q *request
	names := r.request()
	for _, name := range names {
		if q == nil && name != "" {
			q = p.requests[name]
		}
	}
	if q == nil {
		if names == [2]string{} && !r.served() {
			return r.traceID()
		}
		q = &request{trace: r.traceID()}
		if q.trace.IsZero() {
			q.trace = lineTrace(r)
		}
		p.order = append(p.order, q)
	}
	for i, name := range names {
		if name != "" {
			p.requests[name] = q
			q.names[i] = cmp.Or(q.names[i], name)
		}
	}
	q.add(index, r)
	return q.trace
}

// writeResult answers what became of the lines of a request. When all are stored the answer is {}, as OTLP's is.
func writeResult(w http.ResponseWriter, p *post) {
	if p.batch.RejectedCount == 0 {
		body.AnswerJSON(w, http.StatusOK, struct{}{})
		return
	}
	body.AnswerRecords(w, &p.batch, p.total, 0)
}
