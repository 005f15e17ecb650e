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
	"regexp"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
)

// WarnOverLimit is the warning of a batch that counts the points that Analytics Engine would have dropped.
const WarnOverLimit = "over_limit"

// Sink takes batches. The receiver owns the batch and its memory again when Events returns. The sink may add rejections to
// it. An error of type *edge.UnavailableError asks the client to come again later; any other is ours.
type Sink interface {
	Events(ctx context.Context, b *edge.Batch) error
}

// Options configure a Receiver.
type Options struct {
	Sink Sink
	// MaxBody is how many bytes a body may have, both as sent and decompressed. 0 is 64 MiB.
	MaxBody int64
	// MaxInFlight is how many bytes the requests that are being worked on may need, about; a further one is told to come
	// again. 0 is four times MaxBody; at least two bodies and 32 MiB fit. One request has at most 100,000 points, or as many
	// as half of it holds.
	MaxInFlight int64
	// Layouts are the datasets whose columns have a fixed meaning, by name; see ParseLayout.
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
	o         Options
	room      budget
	maxPoints int
	jobs      sync.Pool
}

// New makes a Receiver.
func New(o Options) (*Receiver, error) {
	if o.Sink == nil {
		return nil, errors.New("make data point receiver: no sink")
	}
	for name := range o.Layouts {
		if !validDataset(name) {
			return nil, fmt.Errorf("make data point receiver: the layout's dataset %q does not match %s", name, datasetPattern)
		}
	}
	if o.MaxBody < 0 || o.MaxInFlight < 0 {
		return nil, fmt.Errorf("make data point receiver: want no negative limits: MaxBody %d, MaxInFlight %d", o.MaxBody, o.MaxInFlight)
	}
	o.MaxBody = cmp.Or(o.MaxBody, defaultMaxBody)
	o.MaxInFlight = max(cmp.Or(o.MaxInFlight, 4*o.MaxBody), 2*o.MaxBody, leastInFlight)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Admit == nil {
		o.Admit = func(*http.Request, string) (edge.Tenant, error) { return 0, nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	rc := &Receiver{o: o, room: budget{limit: o.MaxInFlight}, maxPoints: int(min(mostPoints, o.MaxInFlight/2/eventBytes))}
	rc.jobs.New = func() any { return &job{share: share{room: &rc.room}} }
	return rc, nil
}

const datasetPattern = `^[A-Za-z0-9_.-]{1,64}$`

var validDataset = regexp.MustCompile(datasetPattern).MatchString

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

	share     share
	maxPoints int
	// err is why the request can't be taken as a whole.
	err error
}

// job begins a request; release ends it.
func (rc *Receiver) job(source string) *job {
	j := rc.jobs.Get().(*job)
	j.batch.Reset()
	j.source, j.arrival = source, rc.o.Now().UnixNano()
	j.strict, j.total = false, 0
	j.maxPoints, j.err = rc.maxPoints, nil
	return j
}

func (rc *Receiver) layout(dataset string) *Layout {
	l, ok := rc.o.Layouts[dataset]
	if !ok {
		return nil
	}
	return &l
}

// ServeHTTP takes one data point, an array of them, or one per line, whatever the content type says, and answers how many
// were accepted. With ?strict=1 it rejects what Analytics Engine would drop.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		writeError(w, http.StatusMethodNotAllowed, "want POST")
		return
	}
	path := strings.TrimSuffix(r.URL.Path, "/")
	dataset := path[strings.LastIndexByte(path, '/')+1:]
	if !strings.HasSuffix(path, pathPrefix+dataset) || !validDataset(dataset) {
		writeError(w, http.StatusBadRequest, fmt.Sprintf("want POST %s{dataset}, with a dataset that matches %s", pathPrefix, datasetPattern))
		return
	}
	tenant, err := rc.o.Admit(r, dataset)
	if err != nil {
		writeFailure(w, err)
		return
	}
	j := rc.job(edge.SourceDataPoints)
	defer rc.release(j)
	j.batch.Tenant = tenant
	body, err := rc.body(r, &j.share)
	if err != nil {
		writeFailure(w, err)
		return
	}
	j.dataset, j.layout, j.strict = dataset, rc.layout(dataset), r.URL.Query().Get("strict") == "1"
	eachRecord(body, j.record)
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
		j.batch.Reject(index, err.Error())
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
	if len(j.batch.Events) == j.maxPoints {
		j.err = &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d points: send fewer at a time", j.maxPoints)}
		return
	}
	if j.err = j.share.take(eventBytes); j.err != nil {
		return
	}
	if p.overLimit != "" {
		j.batch.Warn(WarnOverLimit)
	}
	if p.dropped != "" {
		j.batch.Warn(p.dropped)
	}
	e := p.event(j.dataset, j.layout, j.source, j.arrival)
	e.Index = index
	j.batch.Events = append(j.batch.Events, e)
}

// finish gives the batch to the sink and answers the request.
func (rc *Receiver) finish(w http.ResponseWriter, r *http.Request, j *job) {
	if j.err != nil {
		writeFailure(w, j.err)
		return
	}
	if len(j.batch.Events) > 0 {
		if err := rc.o.Sink.Events(r.Context(), &j.batch); err != nil {
			rc.refuse(w, r, err)
			return
		}
	}
	writeResult(w, &j.batch, j.total)
}

// maxKept bounds the events whose memory a job keeps for the next request.
const maxKept = 10_000

func (rc *Receiver) release(j *job) {
	j.batch.Reset()
	j.point.forget()
	j.share.release()
	if cap(j.batch.Events) > maxKept {
		j.batch.Events = nil
	}
	rc.jobs.Put(j)
}

func (rc *Receiver) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var busy *edge.UnavailableError
	if !errors.As(err, &busy) && r.Context().Err() == nil {
		rc.o.Logger.LogAttrs(r.Context(), slog.LevelError, "data points not taken", slog.Any("error", err))
	}
	writeFailure(w, err)
}
