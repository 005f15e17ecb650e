package wal

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"edgescope/edge"
)

// leastEvent is the fewest bytes that an event takes, which bounds how many a payload can claim.
const leastEvent = 32

// decoder reads payloads. It stops at the first thing that is wrong: err.
type decoder struct {
	data []byte
	err  error
}

// decodeBatch reads a payload into b, whose events then point into it. It fails with errDamaged.
func decodeBatch(payload []byte, b *edge.Batch) error {
	r := &decoder{data: payload}
	n := r.uint()
	if n > uint64(len(payload)/leastEvent)+1 {
		return fmt.Errorf("%w: it claims %d events in %d bytes", errDamaged, n, len(payload))
	}
	prev := &edge.Event{}
	for range n {
		b.Events = append(b.Events, edge.Event{})
		e := &b.Events[len(b.Events)-1]
		if r.event(e, prev); r.err != nil {
			return r.err
		}
		prev = e
	}
	r.rejections(b)
	if len(r.data) > 0 { // format 1 ends here
		r.samples(b)
	}
	if len(r.data) > 0 { // format 2 ends here
		b.Part = r.uint()
		if n := r.uint(); n > 0 {
			b.Totals = r.bytes(n)
		}
	}
	if r.err == nil && len(r.data) > 0 {
		r.fail("%d bytes are left over", len(r.data))
	}
	return r.err
}

func (r *decoder) rejections(b *edge.Batch) {
	b.RejectedCount = int(min(r.uint(), math.MaxInt32))
	n := r.uint()
	if n > edge.MaxRejections {
		r.fail("it describes %d rejections", n)
		return
	}
	for range n {
		index := int(min(r.uint(), math.MaxInt32))
		b.Rejected = append(b.Rejected, edge.Rejection{Index: index, Reason: r.text("")})
	}
}

// leastSample is the fewest bytes that a sample takes.
const leastSample = 3

func (r *decoder) samples(b *edge.Batch) {
	n := r.uint()
	if n > uint64(len(r.data)/leastSample) {
		r.fail("it claims %d samples in %d bytes", n, len(r.data))
		return
	}
	prev := edge.Sample{Series: &edge.Series{}}
	for range n {
		s := edge.Sample{Series: prev.Series}
		if labels := r.attrs(prev.Series.Labels); unsafe.SliceData(labels) != unsafe.SliceData(prev.Series.Labels) {
			s.Series = &edge.Series{Labels: labels}
		}
		s.Time = prev.Time + r.int()
		s.Value = r.float(prev.Value)
		b.Samples = append(b.Samples, s)
		prev = s
	}
}

func (r *decoder) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
	}
	r.data = nil
}

func (r *decoder) event(e, prev *edge.Event) {
	head := r.bytes(5)
	if r.err != nil {
		return
	}
	e.Kind, e.SpanKind, e.Status = edge.Kind(head[0]), edge.SpanKind(head[1]), edge.StatusCode(head[2])
	e.SeverityNumber, e.HasDuration = head[3], head[4]&1 != 0
	if e.Kind > edge.KindDataPoint {
		r.fail("kind %d of event is unknown", e.Kind)
	}
	e.Index = prev.Index + int(r.int())
	e.Time = prev.Time + r.int()
	e.Duration = r.int()
	r.id(e.TraceID[:], prev.TraceID[:])
	r.id(e.SpanID[:], prev.SpanID[:])
	r.id(e.ParentID[:], prev.ParentID[:])
	for _, p := range [...]*uint32{&e.Flags, &e.DroppedAttrs, &e.DroppedEvents, &e.DroppedLinks} {
		*p = uint32(r.uint())
	}
	a, b := eventTexts(e), eventTexts(prev)
	for i := range a {
		*a[i] = r.text(*b[i])
	}
	e.Resource = r.attrs(prev.Resource)
	e.Attrs = r.attrs(prev.Attrs)
	r.facts(&e.Facts, &prev.Facts)
}

func (r *decoder) facts(f, prev *edge.Facts) {
	head := r.bytes(3)
	if r.err != nil {
		return
	}
	setFactFlags(f, binary.LittleEndian.Uint16(head))
	f.ColdStart = edge.Tri(head[2])
	f.Status = int(r.int())
	for _, p := range [...]*int64{&f.InitDuration, &f.CPUTime, &f.WallTime, &f.OriginDuration, &f.TTFB} {
		*p = r.int()
	}
	for _, n := range factExtras(f) {
		if *n.has {
			*n.value = r.int()
		}
	}
	f.Count = r.float(prev.Count)
	f.Weight = r.float(prev.Weight)
	a, b := factTexts(f), factTexts(prev)
	for i := range a {
		*a[i] = r.text(*b[i])
	}
}

func (r *decoder) attrs(prev []edge.Attr) []edge.Attr {
	n := r.uint()
	if n == 0 {
		return prev
	}
	if n--; n > uint64(len(r.data)/2) {
		r.fail("it claims %d attributes in %d bytes", n, len(r.data))
		return nil
	}
	if n == 0 {
		return nil
	}
	list := make([]edge.Attr, n)
	for i := range list {
		var before edge.Attr
		if i < len(prev) {
			before = prev[i]
		}
		list[i] = edge.Attr{Key: r.text(before.Key), Value: r.text(before.Value)}
	}
	return list
}

func (r *decoder) text(prev string) string {
	n := r.uint()
	if n == 0 {
		return prev
	}
	b := r.bytes(n - 1)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (r *decoder) id(id, prev []byte) {
	if b := r.bytes(1); len(b) == 0 || b[0] == 0 {
		copy(id, prev)
		return
	}
	copy(id, r.bytes(uint64(len(id))))
}

func (r *decoder) float(prev float64) float64 {
	if b := r.bytes(1); len(b) == 0 || b[0] == 0 {
		return prev
	}
	b := r.bytes(8)
	if len(b) == 0 {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// bytes returns the next n bytes, none when there are fewer.
func (r *decoder) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail("it ends in the middle")
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *decoder) uint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail("a number is cut off or too large")
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *decoder) int() int64 {
	v, n := binary.Varint(r.data)
	if n <= 0 {
		r.fail("a number is cut off or too large")
		return 0
	}
	r.data = r.data[n:]
	return v
}
