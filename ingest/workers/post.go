package workers

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"edgescope/edge"
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

// read reads the body: an array of records, or one. It fails when the body is no JSON; what is wrong in a record costs that
// record.
func (p *post) read(body []byte) error {
	text := trimStart(body)
	var records []json.RawMessage
	var err error
	if text[0] == '[' {
		err = json.Unmarshal(text, &records)
	} else {
		records = make([]json.RawMessage, 1)
		err = json.Unmarshal(text, &records[0])
	}
	if err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return fmt.Errorf("the body is no JSON at byte %d: %w", int(syntax.Offset)+len(body)-len(text), err)
		}
		return fmt.Errorf("the body is no JSON: %w", err)
	}
	p.total, p.last = len(records), len(records)-1
	parts := make(map[key]int)
	for i, record := range records {
		if err := p.record(i, record, parts); err != nil {
			p.batch.Reject(i, err.Error())
		}
	}
	if len(p.batch.Events) == 0 {
		// All of it is streamed, and has ids: the same body again is a repeat. Finished invocations have none, and equal ones of
		// the same millisecond are legitimate.
		sum := sha256.Sum256(body)
		p.batch.Body = edge.BodyHash(sum[:])
	}
	return nil
}

var (
	errNoObject     = errors.New("not an object")
	errNoEvent      = errors.New("no tail event: want eventTimestamp and outcome, or spanContext and event")
	errNoInvocation = errors.New("no invocationId")
)

// record takes one record.
func (p *post) record(index int, record json.RawMessage, parts map[key]int) error {
	if record[0] != '{' {
		return errNoObject
	}
	for name := range keys(record) {
		switch string(name) {
		case "spanContext", "invocationId", "sequence":
			return p.streamed(record, parts)
		case "eventTimestamp", "outcome":
			var f finished
			p.decode(record, &f)
			p.batch.Events = f.build(p.batch.Events, p.build(index))
			return nil
		}
	}
	return errNoEvent
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
