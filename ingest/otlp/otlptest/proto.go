// Package otlptest makes requests of OTLP for tests, in both encodings, and keeps what became of them.
package otlptest

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// PB builds a protobuf message field by field, in the order of the calls, right or wrong.
type PB []byte

// Bytes adds a length-delimited field.
func (b PB) Bytes(num protowire.Number, v string) PB {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
}

// Msg adds a message.
func (b PB) Msg(num protowire.Number, v PB) PB { return b.Bytes(num, string(v)) }

// Varint adds a base-128 number.
func (b PB) Varint(num protowire.Number, v uint64) PB {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

// Fixed64 adds a number of 8 bytes.
func (b PB) Fixed64(num protowire.Number, v uint64) PB {
	return binary.LittleEndian.AppendUint64(protowire.AppendTag(b, num, protowire.Fixed64Type), v)
}

// Fixed32 adds a number of 4 bytes.
func (b PB) Fixed32(num protowire.Number, v uint32) PB {
	return binary.LittleEndian.AppendUint32(protowire.AppendTag(b, num, protowire.Fixed32Type), v)
}

// Group adds a group, which is long deprecated.
func (b PB) Group(num protowire.Number, content PB) PB {
	b = append(protowire.AppendTag(b, num, protowire.StartGroupType), content...)
	return protowire.AppendTag(b, num, protowire.EndGroupType)
}

// The messages of opentelemetry/proto/trace/v1 and common/v1, as far as the cases need them.

// AnyString is an AnyValue of a text.
func AnyString(v string) PB { return PB(nil).Bytes(1, v) }

// AnyBool is an AnyValue of a bool.
func AnyBool(v uint64) PB { return PB(nil).Varint(2, v) }

// AnyInt is an AnyValue of an integer.
func AnyInt(v int64) PB { return PB(nil).Varint(3, uint64(v)) }

// AnyDouble is an AnyValue of a double.
func AnyDouble(v float64) PB { return PB(nil).Fixed64(4, math.Float64bits(v)) }

// AnyBytes is an AnyValue of bytes.
func AnyBytes(v string) PB { return PB(nil).Bytes(7, v) }

// KeyValue is an attribute.
func KeyValue(key string, val PB) PB { return PB(nil).Bytes(1, key).Msg(2, val) }

// AnyArray is an AnyValue of an array.
func AnyArray(elements ...PB) PB {
	var list PB
	for _, e := range elements {
		list = list.Msg(1, e)
	}
	return PB(nil).Msg(5, list)
}

// AnyMap is an AnyValue of a map.
func AnyMap(entries ...PB) PB {
	var list PB
	for _, e := range entries {
		list = list.Msg(1, e)
	}
	return PB(nil).Msg(6, list)
}

// The ids and times of GoodSpan: 16 and 8 bytes, and Unix nanoseconds.
const (
	TraceText = "0123456789abcdef" // 16 bytes: 30313233343536373839616263646566
	SpanText  = "ABCDEFGH"         // 8 bytes: 4142434445464748
	StartTime = 1_795_215_078_300_000_000
	EndTime   = 1_795_215_078_341_000_000
)

// GoodSpan is a span with all that it needs, to which a case adds.
func GoodSpan() PB {
	return PB(nil).Bytes(1, TraceText).Bytes(2, SpanText).Bytes(5, "op").Varint(6, 2).Fixed64(7, StartTime).Fixed64(8,
		EndTime)
}

// Request wraps spans into an export request of one resource and scope.
func Request(spans ...PB) PB {
	var scope PB
	for _, s := range spans {
		scope = scope.Msg(2, s)
	}
	return PB(nil).Msg(1, PB(nil).Msg(2, scope))
}

// UsualProto is what an edge function sends, in the order in which SDKs write fields: one resource of 14 attributes, n
// spans of 20, one of them in five with status, event and trace state.
func UsualProto(n int) []byte {
	var resource, scope PB
	for i := range 14 {
		resource = resource.Msg(1, KeyValue(fmt.Sprintf("service.attribute_%d", i), AnyString("checkout-worker")))
	}
	scope = scope.Msg(1, PB(nil).Bytes(1, "edge").Bytes(2, "1.4.2"))
	for i := range n {
		scope = scope.Msg(2, usualSpan(i))
	}
	return PB(nil).Msg(1, PB(nil).Msg(1, resource).Msg(2, scope))
}

func usualSpan(i int) PB {
	span := PB(nil).Bytes(1, fmt.Sprintf("trace%011d", i/5)).Bytes(2, fmt.Sprintf("%08d", i)).Bytes(4,
		fmt.Sprintf("%08d", i/5*5)).
		Bytes(5, "GET /cart/:id").Varint(6, 2).Fixed64(7, StartTime+uint64(i)).Fixed64(8, EndTime+uint64(i))
	for j := range 16 {
		span = span.Msg(9, KeyValue(fmt.Sprintf("http.request.attribute_%d", j), AnyString("/cart/12345?x=1")))
	}
	span = span.Msg(9, KeyValue("http.response.status_code", AnyInt(200))).Msg(9,
		KeyValue("faas.coldstart", AnyBool(0))).
		Msg(9, KeyValue("edge.ratio", AnyDouble(0.25))).Msg(9, KeyValue("server.port", AnyInt(443)))
	if i%5 == 0 {
		span = span.Bytes(3, "ot=th:8").Msg(15, PB(nil).Bytes(2, "boom").Varint(3, 2)).
			Msg(11, PB(nil).Fixed64(1, StartTime).Bytes(2, "exception").
				Msg(3, KeyValue("exception.type", AnyString("TypeError"))).
				Msg(3, KeyValue("exception.message", AnyString("x is not a function"))))
	}
	return span
}

func usualResource() PB {
	var resource PB
	for i, key := range []string{
		"service.name", "service.version", "cloud.provider", "cloud.platform", "cloud.region",
		"faas.name", "service.instance.id",
	} {
		resource = resource.Msg(1, KeyValue(key, AnyString(fmt.Sprintf("value-%d", i))))
	}
	return resource
}

// UsualLogs is what an edge function logs: n records of four attributes.
func UsualLogs(n int) []byte {
	scope := PB(nil).Msg(1, PB(nil).Bytes(1, "app"))
	for i := range n {
		record := PB(nil).Fixed64(1, StartTime+uint64(i)).Varint(2, 9).Bytes(3, "INFO").Msg(5,
			AnyString("cache warmed for 12 keys in 34 ms"))
		for _, key := range []string{"http.route", "http.request.method", "code.function.name", "edge.colo"} {
			record = record.Msg(6, KeyValue(key, AnyString("/cart/:id")))
		}
		scope = scope.Msg(2, record.Bytes(9, TraceText).Bytes(10, SpanText).Fixed64(11, StartTime+uint64(i)))
	}
	return PB(nil).Msg(1, PB(nil).Msg(1, usualResource()).Msg(2, scope))
}

// UsualMetrics is what an SDK exports: n points in four, a counter, a gauge and two histograms of 15 bounds, with three
// attributes each. at is their time.
func UsualMetrics(n int, temporality, at uint64) []byte {
	scope := PB(nil).Msg(1, PB(nil).Bytes(1, "app"))
	var bounds, counts []uint64
	for i := range 16 {
		counts = append(counts, uint64(i))
		if i < 15 {
			bounds = append(bounds, math.Float64bits(float64(i)/8))
		}
	}
	for i := range n {
		var attrs [3]PB
		for j, key := range []string{"http.route", "http.request.method", "http.response.status_code"} {
			attrs[j] = KeyValue(key, AnyString(strconv.Itoa(i/4)))
		}
		number := PB(nil).Fixed64(2, StartTime).Fixed64(3, at).Fixed64(4, math.Float64bits(7)).Msg(7, attrs[0]).Msg(7,
			attrs[1]).Msg(7, attrs[2])
		hist := PB(nil).Fixed64(2, StartTime).Fixed64(3, at).Fixed64(4, 120).Fixed64(5, math.Float64bits(9)).
			Bytes(6, Packed64(counts...)).Bytes(7, Packed64(bounds...)).Msg(9, attrs[0]).Msg(9, attrs[1]).Msg(9,
			attrs[2])
		switch i % 4 {
		case 0:
			scope = scope.Msg(2, PB(nil).Bytes(1, "http.server.requests").Bytes(3, "{request}").Msg(7,
				PB(nil).Msg(1, number).Varint(2, temporality).Varint(3, 1)))
		case 1:
			scope = scope.Msg(2, PB(nil).Bytes(1, "faas.mem_usage").Bytes(3, "By").Msg(5, PB(nil).Msg(1, number)))
		default:
			scope = scope.Msg(2, PB(nil).Bytes(1, fmt.Sprintf("http.server.duration.%d", i%4)).Bytes(3, "s").Msg(9,
				PB(nil).Msg(1, hist).Varint(2, temporality)))
		}
	}
	return PB(nil).Msg(1, PB(nil).Msg(1, usualResource()).Msg(2, scope))
}

// Packed64 packs numbers of 8 bytes.
func Packed64(values ...uint64) string {
	var b PB
	for _, v := range values {
		b = b.Fixed64(1, v)[:len(b)+9]
		b = append(b[:len(b)-9], b[len(b)-8:]...)
	}
	return string(b)
}
