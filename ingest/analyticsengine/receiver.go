// Package analyticsengine receives data points: what a Worker writes with Analytics Engine's writeDataPoint, sent by a
// function itself (POST /v1/datapoints/{dataset}) or by workerd's analyticsEngine binding (POST /). It knows the legal shape
// of Workers, the wider shape of operation, region and status, our own layout, which is legal on Workers and means the same,
// and layouts that a dataset is registered with.
package analyticsengine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
	"unsafe"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/refusals"
)

// WarnOverLimit is the warning of a batch that counts the points that Analytics Engine would have dropped.
const WarnOverLimit = "over_limit"

const (
	// maxAhead is how far the clock of a sender may be ahead, as for OTLP.
	maxAhead   = int64(10 * time.Minute)
	warnFuture = "time in the future"
)

// Sink takes batches. The receiver owns the batch and its memory again when Events returns. The sink may add rejections to
// it. An error of type *edge.UnavailableError asks the client to come again later; any other is ours.
type Sink interface {
	Events(ctx context.Context, b *edge.Batch) error
}

// Options configure a Receiver.
type Options struct {
	Sink Sink
	// Bodies reads the bodies and bounds the memory of all requests; a request has at most 100,000 points. nil takes bodies of up
	// to 64 MiB and eight times as much for all.
	Bodies *body.Reader
	// Refusals remembers what is not taken; nil remembers nothing.
	Refusals *refusals.Recorder
	// Layouts are the datasets whose columns have a fixed meaning, by name; AllDatasets is the layout of those that
	// have none. See ParseLayout.
	Layouts map[string]Layout
	// Admit decides whose data points those of a request to the dataset are: for /v1/datapoints before the body is read, for
	// workerd's binding, whose body names the dataset, after. It fails with *DeniedError, or with *edge.UnavailableError when
	// sender exceeds its rate. nil admits everybody as tenant 0.
	Admit func(r *http.Request, dataset string) (edge.Tenant, error)
	// Now is the clock. nil is time.Now.
	Now func() time.Time
	// Logger gets errors of the sink. nil drops them.
	Logger *slog.Logger
}

// DeniedError is the error of Options.Admit for a sender that may not send.
type DeniedError struct {
	// Forbidden is true for a valid token that does not allow this (403), false for a token that is missing or wrong (401).
	Forbidden bool
	Reason    string
}

// Error says why.
func (d *DeniedError) Error() string { return d.Reason }

const defaultMaxBody = 64 << 20

// Receiver is an http.Handler for POST /v1/datapoints/{dataset}. It is safe for concurrent use.
type Receiver struct {
	o    Options
	jobs sync.Pool
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Sink == nil {
		return nil, errors.New("make data point receiver: no sink")
	}
	for name := range o.Layouts {
		if name != AllDatasets && !edge.ValidDataset(name) {
			return nil, fmt.Errorf("make data point receiver: the layout's dataset %q does not match %s", name, edge.DatasetPattern)
		}
	}
	if o.Bodies == nil {
		o.Bodies = body.NewReader(body.Options{Budget: body.NewBudget(8 * defaultMaxBody), MaxBody: defaultMaxBody})
	}
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Admit == nil {
		o.Admit = func(*http.Request, string) (edge.Tenant, error) { return 0, nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	rc := &Receiver{o: o}
	rc.jobs.New = func() any { return new(job) }
	return rc, nil
}

const pathPrefix = "/v1/datapoints/"

// job is one request on its way.
type job struct {
	batch   edge.Batch
	point   point
	dataset string
	layout  *Layout
	source  string
	arrival int64
	strict  bool
	// total is how many records the request had.
	total int

	// share is what the request has of the memory of all.
	share *body.Share
	// err is why the request can't be taken as a whole.
	err error
}

// job begins a request; release ends it.
func (rc *Receiver) job(source string) *job {
	j := rc.jobs.Get().(*job)
	j.batch.Reset()
	j.source, j.arrival = source, rc.o.Now().UnixNano()
	j.strict, j.total, j.err = false, 0, nil
	return j
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

// ServeHTTP takes one data point, an array of them, or one per line, whatever the content type says, and answers how many
// were accepted. With ?strict=1 it rejects what Analytics Engine would drop.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		rc.refuse(w, r, &body.RefusalError{Status: http.StatusMethodNotAllowed, Message: "want POST", Reason: "method"})
		return
	}
	path := strings.TrimSuffix(r.URL.Path, "/")
	dataset := path[strings.LastIndexByte(path, '/')+1:]
	if !strings.HasSuffix(path, pathPrefix+dataset) || !edge.ValidDataset(dataset) {
		rc.refuse(w, r, &body.RefusalError{
			Status: http.StatusBadRequest, Reason: "malformed",
			Message: fmt.Sprintf("want POST %s{dataset}, with a dataset that matches %s", pathPrefix, edge.DatasetPattern),
		})
		return
	}
	tenant, err := rc.o.Admit(r, dataset)
	if err != nil {
		rc.refuse(w, r, sender(err))
		return
	}
	b, err := rc.o.Bodies.Read(r.Context(), body.Of(r, tenant))
	if err != nil {
		rc.refuse(w, r, err)
		return
	}
	defer b.Release()
	if err := b.Work(r.Context()); err != nil {
		rc.refuse(w, r, err)
		return
	}
	j := rc.job(edge.SourceDataPoints)
	defer rc.release(j)
	j.batch.Tenant, j.share = tenant, &b.Share
	j.dataset, j.layout, j.strict = dataset, rc.layout(dataset), r.URL.Query().Get("strict") == "1"
	eachRecord(textOf(b.Bytes()), j.record)
	rc.finish(w, r, j)
}

// record adds the record at that index, or rejects it.
func (j *job) record(index int, record string, err error) {
	if j.err != nil {
		return
	}
	j.total++
	if err == nil {
		err = j.point.read(record)
	}
	if err != nil {
		j.batch.RejectError(index, err)
		return
	}
	j.add(index)
}

// add adds the point that was read.
func (j *job) add(index int) {
	p := &j.point
	if p.overLimit != "" && j.strict {
		j.batch.Reject(index, p.overLimit)
		return
	}
	if len(j.batch.Events) == mostPoints {
		j.err = &body.TooLargeError{Reason: fmt.Sprintf("the body has more than %d points: send fewer at a time", mostPoints)}
		return
	}
	if j.err = j.share.Take(eventBytes); j.err != nil {
		return
	}
	if p.overLimit != "" {
		j.batch.Warn(WarnOverLimit)
	}
	if p.dropped != "" {
		j.batch.Warn(p.dropped)
	}
	e, doubtful := p.event(j.dataset, j.layout, j.source, j.arrival)
	if doubtful {
		j.batch.Warn(WarnNotCertain)
	}
	if e.Time-j.arrival > maxAhead {
		e.Time = j.arrival
		j.batch.Warn(warnFuture)
	}
	e.Index = index
	j.batch.Events = append(j.batch.Events, e)
}

// finish gives the batch to the sink and answers the request.
func (rc *Receiver) finish(w http.ResponseWriter, r *http.Request, j *job) {
	if j.err != nil {
		rc.refuse(w, r, j.err)
		return
	}
	if len(j.batch.Events) > 0 {
		if err := rc.o.Sink.Events(r.Context(), &j.batch); err != nil {
			rc.failed(w, r, err)
			return
		}
	}
	rc.o.Refusals.Batch(r, &j.batch)
	body.AnswerRecords(w, &j.batch, j.total, 0)
}

const (
	// eventBytes is what an event costs in memory beside its text, about: itself, its attributes and a row. A point of three
	// bytes, {}, becomes one too.
	eventBytes = 2 << 10
	// mostPoints bounds the points of one request.
	mostPoints = 100_000
)

// textOf answers the text of a body, of which parts are kept until the body is released.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// maxKept bounds the events whose memory a job keeps for the next request.
const maxKept = 10_000

func (rc *Receiver) release(j *job) {
	j.batch.Reset()
	j.point.forget()
	j.share = nil
	if cap(j.batch.Events) > maxKept {
		j.batch.Events = nil
	}
	rc.jobs.Put(j)
}

// failed answers an error of the sink, and logs what is ours to repair.
func (rc *Receiver) failed(w http.ResponseWriter, r *http.Request, err error) {
	var busy *edge.UnavailableError
	if !errors.As(err, &busy) && r.Context().Err() == nil {
		rc.o.Logger.LogAttrs(r.Context(), slog.LevelError, "data points not taken", slog.Any("error", err))
	}
	rc.refuse(w, r, err)
}
