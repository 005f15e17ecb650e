// Package vercel takes the log drains of Vercel apart: lines of functions, middleware, the CDN and builds, as an array
// or one per line. Each line becomes a log record, and each request one server span, however many lines it has. Trace
// drains are OTLP and go to ingest/otlp; ingest/door knows drains by their signature. docs/drains.md has the steps.
package vercel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/records"
)

// Options configure a Receiver. Sink is required.
type Options struct {
	Sink edge.Sink
	// Now is the clock. nil is time.Now.
	Now func() time.Time
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
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Receiver{o: o, counted: newCounted()}, nil
}

// Marks are the keys of an object that tell that it is a line of a log drain.
type Marks struct{ deployed, sourced bool }

// See looks at the next key of the object, and returns whether that is told now.
func (m *Marks) See(key string) bool {
	switch key {
	case "deploymentId", "projectId":
		m.deployed = true
	case "source", "proxy":
		m.sourced = true
	}
	return m.deployed && m.sourced
}

// Taken is what became of a request.
type Taken struct {
	// Batch holds what was rejected and what was changed.
	Batch edge.Batch
	// Total is how many lines the request had.
	Total int
}

// Take takes the lines of a log drain. It fails with *records.BrokenError when the body as a whole is no JSON, and with
// what the sink or the body's share of memory returned.
func (rc *Receiver) Take(ctx context.Context, tenant edge.Tenant, b *body.Body) (Taken, error) {
	p := post{arrival: rc.o.Now().UnixNano(), requests: map[string]*request{}}
	p.batch.Tenant, p.batch.Body = tenant, b.Hash
	if err := p.read(b); err != nil {
		return Taken{}, err
	}
	if err := rc.take(ctx, &p); err != nil {
		return Taken{}, err
	}
	return Taken{p.batch, p.total}, nil
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
		return broken
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
