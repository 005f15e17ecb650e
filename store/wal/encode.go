package wal

import (
	"encoding/binary"
	"math"
	"unsafe"

	"edgescope/edge"
)

// The payload of a record is its events, what was rejected of the batch, its samples, its part of the totals, and
// totals. Every field of an event is written as its difference from the same field of the event before it, since the
// events of one request are much alike: a text that did not change is one byte, as is a time that moved little. The
// order of fields is that of walk, which reader and writer share.

// encoder writes payloads. It reuses its memory.
type encoder struct{ buf []byte }

// batch returns the payload of a batch, valid until the next call.
func (w *encoder) batch(b *edge.Batch) []byte {
	w.buf = w.buf[:0]
	w.uint(uint64(len(b.Events)))
	prev := &edge.Event{}
	for i := range b.Events {
		e := &b.Events[i]
		w.event(e, prev)
		prev = e
	}
	w.uint(uint64(b.RejectedCount))
	w.uint(uint64(len(b.Rejected)))
	for i := range b.Rejected {
		w.uint(uint64(b.Rejected[i].Index))
		w.text(b.Rejected[i].Reason, "")
	}
	w.samples(b.Samples)
	w.uint(b.Part)
	w.uint(uint64(len(b.Totals)))
	w.buf = append(w.buf, b.Totals...)
	return w.buf
}

// samples writes a list of samples, each as its difference from the one before: the buckets of a histogram share time
// and most labels.
func (w *encoder) samples(samples []edge.Sample) {
	w.uint(uint64(len(samples)))
	prev := &edge.Sample{Series: &edge.Series{}}
	for i := range samples {
		s := &samples[i]
		w.attrs(s.Series.Labels, prev.Series.Labels)
		w.int(s.Time - prev.Time)
		w.float(s.Value, prev.Value)
		prev = s
	}
}

func (w *encoder) event(e, prev *edge.Event) {
	w.buf = append(w.buf, byte(e.Kind), byte(e.SpanKind), byte(e.Status), e.SeverityNumber, eventFlags(e))
	w.int(int64(e.Index) - int64(prev.Index))
	w.int(e.Time - prev.Time)
	w.int(e.Duration)
	w.id(e.TraceID[:], prev.TraceID[:])
	w.id(e.SpanID[:], prev.SpanID[:])
	w.id(e.ParentID[:], prev.ParentID[:])
	for _, n := range [...]uint32{e.Flags, e.DroppedAttrs, e.DroppedEvents, e.DroppedLinks} {
		w.uint(uint64(n))
	}
	a, b := eventTexts(e), eventTexts(prev)
	for i := range a {
		w.text(*a[i], *b[i])
	}
	w.attrs(e.Resource, prev.Resource)
	w.attrs(e.Attrs, prev.Attrs)
	w.facts(&e.Facts, &prev.Facts)
}

func (w *encoder) facts(f, prev *edge.Facts) {
	w.buf = binary.LittleEndian.AppendUint16(w.buf, factFlags(f))
	w.buf = append(w.buf, byte(f.ColdStart))
	w.int(int64(f.Status))
	for _, n := range [...]int64{f.InitDuration, f.CPUTime, f.WallTime, f.OriginDuration, f.TTFB} {
		w.int(n)
	}
	for _, n := range factExtras(f) {
		if *n.has {
			w.int(*n.value)
		}
	}
	w.float(f.Count, prev.Count)
	w.float(f.Weight, prev.Weight)
	a, b := factTexts(f), factTexts(prev)
	for i := range a {
		w.text(*a[i], *b[i])
	}
}

// eventTexts are the texts of an event in the order of the payload.
func eventTexts(e *edge.Event) [11]*string {
	return [...]*string{
		&e.Name, &e.StatusMessage, &e.TraceState, &e.SpanEvents, &e.Links, &e.ScopeName, &e.ScopeVersion,
		&e.Body, &e.SeverityText, &e.Dataset, &e.Facts.Source,
	}
}

// extra is a number that only records of events that have it hold.
type extra struct {
	value *int64
	has   *bool
}

// factExtras are those of facts, in the order of the payload. Records of format 3 have none.
func factExtras(f *edge.Facts) [3]extra {
	return [...]extra{{&f.ClientRTT, &f.HasRTT}, {&f.Memory, &f.HasMemory}, {&f.Subrequests, &f.HasSubrequests}}
}

// factTexts are the texts of facts, but Source, in the order of the payload.
func factTexts(f *edge.Facts) [22]*string {
	return [...]*string{
		&f.Service, &f.Version, &f.Namespace, &f.Environment, &f.Provider, &f.Platform, &f.Region, &f.Colo, &f.Country,
		&f.FaasName, &f.FaasVersion, &f.Instance, &f.InvocationID, &f.Trigger, &f.ColdStartSource, &f.Route,
		&f.Operation,
		&f.Method, &f.Outcome, &f.ErrorType, &f.CacheStatus, &f.CacheSource,
	}
}

func eventFlags(e *edge.Event) byte {
	if e.HasDuration {
		return 1
	}
	return 0
}

// factFlags are the booleans of facts, the first in the lowest bit.
func factFlags(f *edge.Facts) uint16 {
	var bits uint16
	for i, on := range [...]bool{
		f.HasInit, f.RouteInferred, f.StatusInferred, f.HasCPU, f.HasWall, f.HasOrigin, f.HasTTFB, f.HasCount,
		f.Invocation, f.HasRTT, f.HasMemory, f.HasSubrequests,
	} {
		if on {
			bits |= 1 << i
		}
	}
	return bits
}

func setFactFlags(f *edge.Facts, bits uint16) {
	for i, p := range [...]*bool{
		&f.HasInit, &f.RouteInferred, &f.StatusInferred, &f.HasCPU, &f.HasWall, &f.HasOrigin, &f.HasTTFB, &f.HasCount,
		&f.Invocation, &f.HasRTT, &f.HasMemory, &f.HasSubrequests,
	} {
		*p = bits&(1<<i) != 0
	}
}

// attrs writes a list: 0 for that of the event before, else its length and 1, and then each by the one at its place
// before. Lists that share their memory are equal: most resources do.
func (w *encoder) attrs(list, prev []edge.Attr) {
	if len(list) == len(prev) && (len(list) == 0 || unsafe.SliceData(list) == unsafe.SliceData(prev)) {
		w.uint(0)
		return
	}
	w.uint(uint64(len(list)) + 1)
	var none edge.Attr
	for i := range list {
		before := &none
		if i < len(prev) {
			before = &prev[i]
		}
		w.text(list[i].Key, before.Key)
		w.text(list[i].Value, before.Value)
	}
}

// text writes 0 for the text before, else its length and 1, and its bytes.
func (w *encoder) text(s, prev string) {
	if s == prev {
		w.buf = append(w.buf, 0)
		return
	}
	w.uint(uint64(len(s)) + 1)
	w.buf = append(w.buf, s...)
}

// id writes 0 for the id before, else 1 and its bytes.
func (w *encoder) id(id, prev []byte) {
	if string(id) == string(prev) {
		w.buf = append(w.buf, 0)
		return
	}
	w.buf = append(append(w.buf, 1), id...)
}

// float writes 0 for the number before, else 1 and its bits.
func (w *encoder) float(f, prev float64) {
	if math.Float64bits(f) == math.Float64bits(prev) {
		w.buf = append(w.buf, 0)
		return
	}
	w.buf = binary.LittleEndian.AppendUint64(append(w.buf, 1), math.Float64bits(f))
}

func (w *encoder) uint(n uint64) { w.buf = binary.AppendUvarint(w.buf, n) }

func (w *encoder) int(n int64) { w.buf = binary.AppendVarint(w.buf, n) }
