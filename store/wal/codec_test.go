package wal

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
)

// full returns an event with every field set, so that a field that is added to edge.Event and not to the codec fails a
// test.
func full(n int) edge.Event {
	var e edge.Event
	fill(reflect.ValueOf(&e).Elem(), &n)
	e.Kind, e.Record = edge.KindLog, nil
	return e
}

func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, n)
		}
	case reflect.String:
		v.SetString(fmt.Sprint("text ", *n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n % 200))
	case reflect.Float64:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Pointer: // Record, which the log gives
	default:
		panic("a kind of field that the codec does not know: " + v.Kind().String())
	}
}

// alike returns events as one request brings them: one resource, same attributes, other values.
func alike(n int) []edge.Event {
	resource := []edge.Attr{{Key: "service.name", Value: "shop"}, {Key: "cloud.region", Value: "FRA"}}
	events := make([]edge.Event, n)
	for i := range events {
		events[i] = edge.Event{
			Index: i, Time: 1_795_219_200_000_000_000 + int64(i)*1e6, Duration: 20e6, HasDuration: true,
			SpanKind: edge.SpanServer,
			TraceID:  edge.TraceID{1, byte(i)}, SpanID: edge.SpanID{2, byte(i)}, Name: "GET /cart", Resource: resource,
			Attrs: []edge.Attr{{Key: "http.route", Value: "/cart"}, {Key: "url.path", Value: fmt.Sprint("/cart/", i)}},
			Facts: edge.Facts{
				Service: "shop", Region: "FRA", Route: "/cart", Weight: 1, Invocation: true,
				Source: edge.SourceOTLP,
			},
		}
	}
	return events
}

// samples returns the samples of histograms: some share their series, some begin with the same labels.
func samples(n int) []edge.Sample {
	var list []edge.Sample
	for i := range n {
		bucket := &edge.Series{Labels: []edge.Attr{
			{Key: edge.LabelName, Value: "duration_seconds_bucket"},
			{Key: "le", Value: strconv.Itoa(i)},
		}}
		list = append(list,
			edge.Sample{Series: bucket, Time: 1_795_219_200_000},
			edge.Sample{Series: bucket, Time: 1_795_219_201_000, Value: float64(i)},
			edge.Sample{Series: &edge.Series{}, Time: math.MinInt64, Value: math.Inf(1)})
	}
	return list
}

func TestWhatIsDecodedIsWhatWasEncoded(t *testing.T) {
	f := func(name string, events ...edge.Event) {
		t.Helper()
		want := edge.Batch{
			Events: events, RejectedCount: 12,
			Rejected: []edge.Rejection{{Index: 3, Reason: "too old"}, {Index: 9}},
		}
		want.Samples, want.Part, want.Totals = samples(len(events)), uint64(len(events)), []byte(name)
		var got edge.Batch
		if err := decodeBatch(new(encoder).batch(&want), &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want -, got +\n%s", name, diff)
		}
	}
	changed := full(1000)
	changed.Attrs, changed.Resource = nil, nil
	longer := full(2000)
	longer.Attrs = append(longer.Attrs, edge.Attr{Key: "one", Value: "more"})
	f("every field", full(0))
	f("the same again", full(0), full(0))
	f("every field changes", full(0), full(1000))
	f("to nothing and back", full(0), edge.Event{}, full(0))
	f("lists vanish and come", full(0), changed, longer, full(5))
	f("extremes", edge.Event{Time: math.MaxInt64, Duration: math.MinInt64}, edge.Event{Time: math.MinInt64},
		edge.Event{Facts: edge.Facts{Weight: math.Inf(1)}})
	f("events of one request", alike(50)...)
}

func TestEncodingAllocatesNothing(t *testing.T) {
	b := &edge.Batch{Events: alike(50), Samples: samples(50)}
	w := new(encoder)
	w.batch(b)
	if n := testing.AllocsPerRun(20, func() { w.batch(b) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzDecode(f *testing.F) {
	w := new(encoder)
	for _, events := range [][]edge.Event{nil, {full(0), full(1000), full(0)}, alike(3)} {
		f.Add(append([]byte(nil), w.batch(&edge.Batch{
			Events: events, RejectedCount: 1,
			Rejected: []edge.Rejection{{Reason: "x"}}, Samples: samples(len(events)),
		})...))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var first, second edge.Batch
		if decodeBatch(payload, &first) != nil {
			return
		}
		again := new(encoder).batch(&first)
		if err := decodeBatch(again, &second); err != nil {
			t.Fatalf("what was decoded can't be decoded when encoded again: %v", err)
		}
		if string(new(encoder).batch(&second)) != string(again) {
			t.Fatal("encoding twice gives other bytes")
		}
	})
}

func FuzzRecord(f *testing.F) {
	b := &edge.Batch{Events: alike(2), Tenant: 7}
	h := header{seq: 9, arrival: 5}
	h.describe(b)
	payload := new(encoder).batch(b)
	h.length, h.checksum = uint32(len(payload)), checksum(1, payload)
	f.Add(appendRecord(nil, &h, 1, payload))
	f.Add(make([]byte, headerSize))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, payload, size, err := readRecord(data, 1)
		if err != nil {
			return
		}
		if size > len(data) || size < headerSize+len(payload) {
			t.Fatalf("a record of %d bytes with a payload of %d in %d bytes", size, len(payload), len(data))
		}
		var got edge.Batch
		_ = readBatch(&h, payload, "log", &got)
		scanSegment(append(make([]byte, segmentStart), data...), 1, func(*header, []byte) {})
	})
}
