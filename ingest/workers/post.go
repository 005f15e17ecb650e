package workers

import (
	"encoding/json"
	"errors"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/records"
	"edgescope/internal/jsonwire"
)

// warnType is the warning of a batch that counts records with a value of a type that it can't have.
const warnType = "value of an unexpected type"

// post is one request on its way.
type post struct {
	batch   edge.Batch
	arrival time.Time
	route   func(service, path string) string
	// total is how many records the request had, last the position of the last one, from 0.
	total, last int
	// nameless tells that a record has no id of its own. Equal ones of the same millisecond are legitimate then: only
	// without any is the same body again a repeat.
	nameless bool
	// parts are the events of streaming tails, by invocation. waiting is how many of them are not stored yet.
	parts   []part
	waiting int
}

// part is what a post has of one invocation.
type part struct {
	key    key
	events []streamed
	last   time.Time
}

func (p *post) build(index int) builder {
	return builder{index: index, arrival: p.arrival, route: p.route}
}

// recordBytes is what a record takes in memory beside its text and values, about: an event or two, and their rows.
const recordBytes = 2 << 10

// read reads the body: records in arrays, one per line or one after another. What is wrong in a record costs that
// record. It fails when the body as a whole is no JSON, and when there is no room for its records.
func (p *post) read(b *body.Body) error {
	parts := make(map[key]int)
	var full error
	broken := records.Split(b.Bytes(), func(i int, record json.RawMessage, err error) bool {
		p.total = i + 1
		if full = b.Share.Take(recordBytes); full != nil {
			return false
		}
		if err == nil {
			err = p.record(i, record, parts)
		}
		if err != nil {
			p.batch.RejectError(i, err)
		}
		return true
	})
	p.last = max(0, p.total-1)
	if !p.nameless {
		p.batch.Body = b.Hash
	}
	if broken != nil {
		return broken
	}
	return full
}

var (
	errNoObject = errors.New("not an object")
	errNoEvent  = errors.New("no tail event: want eventTimestamp and outcome, or spanContext and event; " +
		"of Logpush the datasets workers_trace_events and http_requests are read")
	errNoInvocation = errors.New("no invocationId")
)

// record takes one record.
func (p *post) record(index int, record json.RawMessage, parts map[key]int) error {
	if record[0] != '{' {
		return errNoObject
	}
	var h hints
	var doc jsonwire.Reader
	doc.Reset(record, new(jsonwire.Arena))
	for o := doc.Object(); ; doc.Skip() {
		name, ok := o.Member()
		if !ok {
			break
		}
		switch name {
		case "spanContext", "invocationId", "sequence":
			return p.streamed(record, parts)
		case "eventTimestamp", "outcome":
			p.nameless = true
			return p.finished(index, record, edge.SourceTail)
		}
		h.see(name)
	}
	switch h.dataset() {
	case datasetTraceEvents:
		return p.finished(index, record, edge.SourceLogpush)
	case datasetRequests:
		return p.request(index, record)
	}
	if h.isTest(record) {
		return nil
	}
	return errNoEvent
}

// finished takes an invocation from its start to its end.
func (p *post) finished(index int, record json.RawMessage, source string) error {
	f := finished{source: source}
	p.decode(record, &f)
	p.batch.Events = f.build(p.batch.Events, p.build(index))
	return nil
}

// decode reads a record that is known to be JSON. A value of a type that it can't have is absent, and counted.
func (p *post) decode(record json.RawMessage, to any) {
	if err := json.Unmarshal(record, to); err != nil {
		p.batch.Warn(warnType)
	}
}

// streamedBytes is what an event of a streaming tail takes beside its text.
const streamedBytes = 600

// streamed takes one event of a streaming tail.
func (p *post) streamed(record json.RawMessage, parts map[key]int) error {
	e := streamed{post: p, size: streamedBytes + 2*int64(len(record))}
	p.decode(record, &e)
	id := key{p.batch.Tenant, string(e.InvocationID)}
	if id.id == "" {
		id.id = string(e.SpanContext.TraceID)
	}
	if id.id == "" {
		return errNoInvocation
	}
	at, known := parts[id]
	if !known {
		at = len(p.parts)
		parts[id] = at
		p.parts = append(p.parts, part{key: id, last: p.arrival})
	}
	p.parts[at].events = append(p.parts[at].events, e)
	return nil
}
