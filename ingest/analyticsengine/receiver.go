// Package analyticsengine receives data points: what a Worker writes with Analytics Engine's writeDataPoint, sent by a
// function itself (POST /v1/datapoints/{dataset}) or by workerd's analyticsEngine binding (POST /). It knows the legal
// shape of Workers, the wider shape of operation, region and status, our own layout, which is legal on Workers and
// means the same, and layouts that a dataset is registered with.
package analyticsengine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// WarnOverLimit is the warning of a batch that counts the points that Analytics Engine would have dropped.
const WarnOverLimit = "over_limit"

const (
	// maxAhead is how far the clock of a sender may be ahead, as for OTLP.
	maxAhead   = int64(10 * time.Minute)
	warnFuture = "time in the future"
)

// Options configure a Receiver. Sink is required.
type Options struct {
	Sink edge.Sink
	// Layouts are the datasets whose columns have a fixed meaning, by name; AllDatasets is the layout of those that
	// have none. See ParseLayout.
	Layouts map[string]Layout
	// Now is the clock. nil is time.Now.
	Now func() time.Time
}

// Receiver takes data points. It is safe for concurrent use and owns no goroutine.
type Receiver struct {
	o Options
	// pool holds *Taken.
	pool sync.Pool
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Sink == nil {
		return nil, errors.New("make data point receiver: no sink")
	}
	for name := range o.Layouts {
		if name != AllDatasets && !edge.ValidDataset(name) {
			return nil, fmt.Errorf("make data point receiver: the layout's dataset %q does not match %s", name,
				edge.DatasetPattern)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	rc := &Receiver{o: o}
	rc.pool.New = func() any { return &Taken{pool: &rc.pool} }
	return rc, nil
}

// Taken is a request that was taken. Release gives its memory back.
type Taken struct {
	// Batch holds what was rejected and what was changed, and the events that came of the rest.
	Batch edge.Batch
	// Total is how many records the request had.
	Total int

	records splitter
	point   point
	dataset string
	layout  *Layout
	source  string
	arrival int64
	strict  bool
	// share is what the request has of the memory of all.
	share *body.Share
	// err is why the request can't be taken as a whole.
	err  error
	pool *sync.Pool
}

// begin begins a request.
func (rc *Receiver) begin(tenant edge.Tenant, b *body.Body, source string) *Taken {
	t := rc.pool.Get().(*Taken)
	t.Batch.Reset()
	t.Batch.Tenant, t.share = tenant, &b.Share
	t.source, t.arrival = source, rc.o.Now().UnixNano()
	t.strict, t.Total, t.err = false, 0, nil
	return t
}

func (rc *Receiver) layout(dataset string) *Layout {
	l, ok := rc.o.Layouts[dataset]
	if !ok {
		if l, ok = rc.o.Layouts[AllDatasets]; !ok {
			return nil
		}
	}
	return &l
}

// Dataset is where the points of a body belong.
type Dataset struct {
	Name string
	// Strict rejects what Analytics Engine would drop.
	Strict bool
}

// Take takes one data point, an array of them, or one per line. It fails with what the sink or the share of memory
// returned, or with *body.TooLargeError; nothing was taken then. The caller releases what was.
func (rc *Receiver) Take(ctx context.Context, tenant edge.Tenant, b *body.Body, to Dataset) (*Taken, error) {
	t := rc.begin(tenant, b, edge.SourceDataPoints)
	t.dataset, t.layout, t.strict = to.Name, rc.layout(to.Name), to.Strict
	t.records.each(b.Bytes(), t.record)
	return rc.finish(ctx, t)
}

// record adds the record at that index, or rejects it.
func (t *Taken) record(index int, record []byte, err error) {
	if t.err != nil {
		return
	}
	t.Total++
	if err == nil {
		err = t.point.read(record)
	}
	if err != nil {
		t.Batch.RejectError(index, err)
		return
	}
	t.add(index)
}

// add adds the point that was read.
func (t *Taken) add(index int) {
	p := &t.point
	if p.overLimit != "" && t.strict {
		t.Batch.Reject(index, p.overLimit)
		return
	}
	if len(t.Batch.Events) == mostPoints {
		t.err = &body.TooLargeError{Reason: fmt.Sprintf("the body has more than %d points: send fewer at a time",
			mostPoints)}
		return
	}
	if t.err = t.share.Take(eventBytes); t.err != nil {
		return
	}
	if p.overLimit != "" {
		t.Batch.Warn(WarnOverLimit)
	}
	if p.dropped != "" {
		t.Batch.Warn(p.dropped)
	}
	e, doubtful := p.event(t.dataset, t.layout, t.source, t.arrival)
	if doubtful {
		t.Batch.Warn(WarnNotCertain)
	}
	if e.Time-t.arrival > maxAhead {
		e.Time = t.arrival
		t.Batch.Warn(warnFuture)
	}
	e.Index = index
	t.Batch.Events = append(t.Batch.Events, e)
}

// finish gives the batch to the sink.
func (rc *Receiver) finish(ctx context.Context, t *Taken) (*Taken, error) {
	err := t.err
	if err == nil && len(t.Batch.Events) > 0 {
		err = rc.o.Sink.Events(ctx, &t.Batch)
	}
	if err != nil {
		t.Release()
		return nil, err
	}
	return t, nil
}

const (
	// eventBytes is what an event costs in memory beside its text, about: itself, its attributes and a row. A point of
	// three bytes, {}, becomes one too.
	eventBytes = 2 << 10
	// mostPoints bounds the points of one request.
	mostPoints = 100_000
)

// textOf returns the text of a body, of which parts are kept until the body is released.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// maxKept bounds the events whose memory is kept for the next request.
const maxKept = 10_000

// Release gives memory back: the batch is not to be looked at any more.
func (t *Taken) Release() {
	t.Batch.Reset()
	t.point.forget()
	t.share = nil
	if cap(t.Batch.Events) > maxKept {
		t.Batch.Events = nil
	}
	t.pool.Put(t)
}
