package otlp

import (
	"unsafe"

	"edgescope/edge"
	"edgescope/ingest/otlp/series"
	"edgescope/internal/jsonwire"
)

const (
	// rowCopies is how often a row is in memory while its batch is stored: rendered, in the engine's buffer, and once
	// more while lists of rows grow. Measured: 12 KB a span of 800 bytes with 34 attributes, in batches of 5,000.
	rowCopies = 3
	// fieldBytes is a field of a row, or an attribute, beside its text; factFields are the fields of a row that are no
	// attributes.
	fieldBytes = int64(unsafe.Sizeof(edge.Attr{}))
	factFields = 32
	// eventBytes and attrBytes are what an event and an attribute take, with their part of the row.
	eventBytes = int64(unsafe.Sizeof(edge.Event{})) + rowCopies*factFields*fieldBytes
	attrBytes  = fieldBytes + rowCopies*fieldBytes
	// pointBytes and metricBytes are what a data point and a metric take; numberBytes is a number in a list of a point,
	// and the sample that it becomes.
	pointBytes, metricBytes = int64(unsafe.Sizeof(series.Point{})), int64(unsafe.Sizeof(series.Metric{}))
	numberBytes             = 8 + int64(unsafe.Sizeof(edge.Sample{}))
	// roomStep is the least in bytes that is taken of the budget at a time.
	roomStep = 16 << 10
)

// need returns how many bytes the request takes beside its body, about. The smallest span is 30 bytes of a body and the
// smallest data point 2, of a metric whose resource may have 900 attributes: what a request takes follows from what it
// says, not from how long it is.
func (d *decoder) need() int64 {
	return int64(len(d.batch.Events))*eventBytes + int64(len(d.attrs))*attrBytes + rowCopies*d.texts +
		int64(len(d.data))*pointBytes + int64(len(d.metrics))*metricBytes + int64(len(d.numbers))*numberBytes +
		2*int64(len(d.Arena.Buf)+len(d.links)+len(d.events))
}

// room takes what the request has grown by from its share of memory. It fails as body.Share.Take does; decoding ends
// then.
func (d *decoder) room() error {
	grown := d.need() - d.taken
	if grown <= 0 || d.share == nil {
		return nil
	}
	step := max(grown, roomStep)
	if err := d.share.Take(step); err != nil {
		return err
	}
	d.taken += step
	return nil
}

// roomForJSON is room where an error ends reading by itself.
func (d *decoder) roomForJSON(r *jsonwire.Reader) {
	if r.Err == nil {
		r.Err = d.room()
	}
}

// shareAmong adds what each of n rows takes of the attributes that they have in common.
func (d *decoder) shareAmong(n int, attrs []edge.Attr) {
	size := 0
	for i := range attrs {
		size += int(fieldBytes) + len(attrs[i].Key) + len(attrs[i].Value)
	}
	d.texts += int64(n) * int64(size)
}
