package otlp_test

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// pb builds a protobuf message field by field, in the order of the calls, right or wrong.
type pb []byte

func (b pb) bytes(num protowire.Number, v string) pb {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func (b pb) msg(num protowire.Number, v pb) pb { return b.bytes(num, string(v)) }

func (b pb) varint(num protowire.Number, v uint64) pb {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func (b pb) fixed64(num protowire.Number, v uint64) pb {
	return binary.LittleEndian.AppendUint64(protowire.AppendTag(b, num, protowire.Fixed64Type), v)
}

func (b pb) fixed32(num protowire.Number, v uint32) pb {
	return binary.LittleEndian.AppendUint32(protowire.AppendTag(b, num, protowire.Fixed32Type), v)
}

func (b pb) group(num protowire.Number, content pb) pb {
	b = append(protowire.AppendTag(b, num, protowire.StartGroupType), content...)
	return protowire.AppendTag(b, num, protowire.EndGroupType)
}

// The messages of opentelemetry/proto/trace/v1 and common/v1, as far as the cases need them.

func anyString(v string) pb          { return pb(nil).bytes(1, v) }
func anyBool(v uint64) pb            { return pb(nil).varint(2, v) }
func anyInt(v int64) pb              { return pb(nil).varint(3, uint64(v)) }
func anyDouble(v float64) pb         { return pb(nil).fixed64(4, math.Float64bits(v)) }
func anyBytes(v string) pb           { return pb(nil).bytes(7, v) }
func keyValue(key string, val pb) pb { return pb(nil).bytes(1, key).msg(2, val) }

func anyArray(elements ...pb) pb {
	var list pb
	for _, e := range elements {
		list = list.msg(1, e)
	}
	return pb(nil).msg(5, list)
}

func anyMap(entries ...pb) pb {
	var list pb
	for _, e := range entries {
		list = list.msg(1, e)
	}
	return pb(nil).msg(6, list)
}

const (
	traceText = "0123456789abcdef" // 16 bytes: 30313233343536373839616263646566
	spanText  = "ABCDEFGH"         // 8 bytes: 4142434445464748
	startTime = 1_795_215_078_300_000_000
	endTime   = 1_795_215_078_341_000_000
)

// goodSpan is a span with all that it needs, to which a case adds.
func goodSpan() pb {
	return pb(nil).bytes(1, traceText).bytes(2, spanText).bytes(5, "op").varint(6, 2).fixed64(7, startTime).fixed64(8, endTime)
}

// request wraps spans into an export request of one resource and scope.
func request(spans ...pb) pb {
	var scope pb
	for _, s := range spans {
		scope = scope.msg(2, s)
	}
	return pb(nil).msg(1, pb(nil).msg(2, scope))
}
