package otlp

import (
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

const (
	// maxPooled bounds the memory in bytes that a decoder may keep for the next request.
	maxPooled = 4 << 20
)

// decoder turns what either encoding says into a batch of events and a list of metrics with their points. All memory of
// a request is its own: once it has grown to the size of the usual request, decoding allocates nothing. What belongs to
// one signal is in spans.go, logs.go and points.go; the walkers over both encodings are in *_proto.go and *_json.go.
type decoder struct {
	batch edge.Batch
	values.Decoder
	// attrs holds the attributes of all events and points, one after the other.
	attrs []edge.Attr
	points

	// share is what the request has of the memory of all requests, nil when nobody counts.
	share *body.Share
	// taken is how many bytes of it decoding has taken so far.
	taken int64
	// texts is how many bytes the texts of all rows will have. Each row repeats those of its resource and its scope.
	texts int64

	// now is the arrival in Unix nanoseconds, newest the end of the newest event of the resource so far.
	now, newest int64
	// skews are those of the receiver.
	skews *skews
	notes notes
	// signal is what is being read.
	signal Signal
	// index is the number of records seen, rejected ones included; seen counts them by signal.
	index int
	seen  [len(Signals) + 1]int
	// runs tell which records belong to which signal: nearly always there is one.
	runs []run

	// scope holds the attributes of an instrumentation scope of metrics.
	resource, scope, own, nested values.Pairs
	// links and events are the JSON of the current span; exception is what its event "exception" says.
	links, events []byte
	exception     exception
	// start and end of the current record as sent; observed is when a log record was seen.
	start, end, observed uint64
	// body and eventName are what a log record says.
	body, eventName values.Value
	// text reads JSON; it is here for its memory.
	text jsonwire.Reader
}

// run is where the records of a signal begin.
type run struct {
	from   int
	signal Signal
}

// mark is a place in the lists of a decoder.
type mark struct{ events, metrics int }

func newDecoder(limits values.Limits) *decoder {
	d := new(decoder)
	d.To, d.Limits, d.Note = &d.batch, limits, d.note
	d.posted = series.Request{Batch: &d.batch, Note: d.noteAt}
	return d
}

// toSamples returns the data points of the request, to become samples.
func (d *decoder) toSamples() *series.Request {
	q := &d.posted
	q.Now, q.Metrics, q.Points = d.now, d.metrics, d.data
	return q
}

// begin makes the decoder ready for a body that came at now.
func (d *decoder) begin(tenant edge.Tenant, now time.Time) {
	d.batch.Tenant = tenant
	d.now = now.UnixNano()
}

// release drops all references, so that the decoder can serve another request. It returns false when its memory has
// grown so much that it is better given up.
func (d *decoder) release() bool {
	d.batch.Reset()
	clear(d.attrs)
	d.attrs, d.runs = d.attrs[:0], d.runs[:0]
	d.index, d.signal = 0, Unknown
	d.share, d.taken, d.texts = nil, 0, 0
	clear(d.seen[:])
	d.newest = 0
	d.notes.drop()
	d.resource.Drop()
	d.scope.Drop()
	d.own.Drop()
	d.nested.Drop()
	d.exception, d.body, d.eventName = exception{}, values.Value{}, values.Value{}
	d.text.Reset(nil, nil)
	size := d.Drop() + cap(d.attrs)*32 + cap(d.batch.Events)*700 + cap(d.links) + cap(d.events)
	return size+d.dropPoints() <= maxPooled
}

// startResource begins a list of records that share a resource.
func (d *decoder) startResource() (first mark) {
	d.resource.Reset()
	return d.mark()
}

func (d *decoder) mark() mark { return mark{len(d.batch.Events), len(d.metrics)} }

// endResource gives the resource to all records since first. It may have come after them.
func (d *decoder) endResource(first mark) {
	if first == d.mark() {
		return
	}
	d.settleFuture(d.batch.Events[first.events:])
	attrs := d.keep(&d.resource)
	d.shareAmong(len(d.batch.Events)-first.events, attrs)
	for i := first.events; i < len(d.batch.Events); i++ {
		d.batch.Events[i].Resource = attrs
	}
	for i := first.metrics; i < len(d.metrics); i++ {
		d.metrics[i].Resource = attrs
	}
}

// startScope begins a list of records that share an instrumentation scope.
func (d *decoder) startScope() (first mark) {
	d.scope.Reset()
	return d.mark()
}

// endScope gives the instrumentation scope to all records since first. Its attributes are part of what metrics are
// known by.
func (d *decoder) endScope(first mark, name, version string) {
	d.texts += int64(len(d.batch.Events)-first.events) * int64(len(name)+len(version))
	for i := first.events; i < len(d.batch.Events); i++ {
		d.batch.Events[i].ScopeName, d.batch.Events[i].ScopeVersion = name, version
	}
	if first.metrics == len(d.metrics) {
		return
	}
	attrs := d.keep(&d.scope)
	for i := first.metrics; i < len(d.metrics); i++ {
		d.metrics[i].Scope, d.metrics[i].ScopeVersion, d.metrics[i].ScopeAttrs = name, version, attrs
	}
}

// startSignal begins a list of records of that signal.
func (d *decoder) startSignal(sig Signal) {
	d.signal = sig
	last := len(d.runs) - 1
	switch {
	case last >= 0 && d.runs[last].from == d.index: // of the former there was none
		d.runs[last].signal = sig
	case last < 0 || d.runs[last].signal != sig:
		d.runs = append(d.runs, run{d.index, sig})
	}
}

// count gives a record its index.
func (d *decoder) count() (index int) {
	d.seen[d.signal]++
	d.index++
	return d.index - 1
}

// signalOf returns the signal of the record of that index.
func (d *decoder) signalOf(index int) Signal {
	for i := len(d.runs) - 1; i > 0; i-- {
		if index >= d.runs[i].from {
			return d.runs[i].signal
		}
	}
	return d.runs[0].signal
}

// rejectLast takes back the last event.
func (d *decoder) rejectLast(reason string) {
	last := len(d.batch.Events) - 1
	d.batch.Reject(d.batch.Events[last].Index, reason)
	d.batch.Events[last] = edge.Event{}
	d.batch.Events = d.batch.Events[:last]
}

// rejectEntry notes an entry of a list of records that is none.
func (d *decoder) rejectEntry() { d.batch.Reject(d.count(), "entry is no object") }

// keep moves a list of attributes into the memory of the batch.
func (d *decoder) keep(p *values.Pairs) []edge.Attr {
	from, size := len(d.attrs), 0
	for i := range p.List {
		at := edge.Attr{Key: p.List[i].Key, Value: p.List[i].Val.Text(&d.Arena)}
		size += len(at.Key) + len(at.Value)
		d.attrs = append(d.attrs, at)
	}
	d.texts += int64(size)
	return d.attrs[from:len(d.attrs):len(d.attrs)]
}

// keepList closes a JSON array that was begun by its first entry and moves it into the memory of the batch.
func (d *decoder) keepList(list []byte) string {
	if len(list) == 0 {
		return ""
	}
	from := len(d.Arena.Buf)
	d.Arena.Buf = append(append(d.Arena.Buf, list...), ']')
	return d.Arena.Since(from)
}

// maxNotes bounds the changes that an answer describes; further ones are only counted.
const maxNotes = 5

// notes are what an answer tells of records that were kept with a change, beside those that were rejected: values that
// were read as something else than they say. What is only dropped, such as an attribute without a value, is counted and
// not told, since some SDKs send it with every span.
type notes struct {
	told []string
	more int
}

// note counts a change of the record that is being read, by a reason, and has the answer describe it.
func (d *decoder) note(reason, text string) { d.noteAt(max(d.index-1, 0), reason, text) }

// noteAt is note for the record of that index.
func (d *decoder) noteAt(index int, reason, text string) {
	d.batch.Warn(reason)
	if len(d.notes.told) >= maxNotes {
		d.notes.more++
		return
	}
	d.notes.told = append(d.notes.told, d.signalOf(index).record()+" "+strconv.Itoa(index)+": "+text)
}

// append adds the notes to the message of an answer.
func (n *notes) append(msg *strings.Builder) {
	if len(n.told) == 0 {
		return
	}
	sep := "kept with changes: "
	if msg.Len() > 0 {
		sep = "; " + sep
	}
	for _, text := range n.told {
		msg.WriteString(sep + text)
		sep = "; "
	}
	if n.more > 0 {
		msg.WriteString("; and " + strconv.Itoa(n.more) + " more")
	}
}

func (n *notes) drop() { n.told, n.more = n.told[:0], 0 }
