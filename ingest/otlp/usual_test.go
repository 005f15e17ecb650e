package otlp_test

import (
	"math"
	"strings"
	"testing"

	"edgescope/ingest/otlp/otlptest"
)

// TestAttributesInTheirUsualPlace compares with the Collector the second span of two, whose attributes have the keys of
// the first one in the same order: there a shorter way is taken, whose bounds these are.
func TestAttributesInTheirUsualPlace(t *testing.T) {
	values := map[string]otlptest.PB{
		"no value":             nil,
		"an empty string":      otlptest.AnyString(""),
		"a string":             otlptest.AnyString("GET"),
		"not ASCII":            otlptest.AnyString("Zürich"),
		"no UTF-8":             otlptest.AnyString("a\xff"),
		"false":                otlptest.AnyBool(0),
		"true":                 otlptest.AnyBool(1),
		"a bool of 2":          otlptest.AnyBool(2),
		"a bool of two bytes":  otlptest.PB(nil).Varint(2, 300),
		"0":                    otlptest.AnyInt(0),
		"127":                  otlptest.AnyInt(127),
		"128":                  otlptest.AnyInt(128),
		"35 bits":              otlptest.AnyInt(1<<35 - 1),
		"36 bits":              otlptest.AnyInt(1 << 35),
		"64 bits":              otlptest.AnyInt(math.MaxInt64),
		"negative":             otlptest.AnyInt(-1),
		"a double":             otlptest.AnyDouble(2.5),
		"NaN":                  otlptest.AnyDouble(math.NaN()),
		"two alternatives":     append(otlptest.AnyString("x"), otlptest.AnyInt(1)...),
		"two of one kind":      append(otlptest.AnyInt(1), otlptest.AnyInt(2)...),
		"an unknown field":     append(otlptest.AnyString("x"), otlptest.PB(nil).Varint(12, 1)...),
		"a padded number":      {3 << 3, 0x81, 0x80, 0x00},
		"a number cut off":     {3 << 3, 0x81},
		"a string cut off":     {1<<3 | 2, 5, 'a'},
		"a double cut off":     {4<<3 | 1, 1, 2},
		"a tag alone":          {1<<3 | 2},
		"bytes":                otlptest.AnyBytes("x"),
		"a list":               otlptest.AnyArray(otlptest.AnyString("x")),
		"longest of one byte":  otlptest.AnyString(strings.Repeat("x", 118)),
		"shortest of two":      otlptest.AnyString(strings.Repeat("x", 119)),
		"longer":               otlptest.AnyString(strings.Repeat("x", 300)),
		"longer than its list": {1<<3 | 2, 0x7f},
	}
	first := otlptest.GoodSpan().Msg(9, otlptest.KeyValue("k", otlptest.AnyString("x"))).Msg(9,
		otlptest.KeyValue("last", otlptest.AnyInt(1)))
	for name, val := range values {
		t.Run(name, func(t *testing.T) {
			compare(t, otlptest.Request(first, otlptest.GoodSpan().Msg(9, otlptest.KeyValue("k", val)).Msg(9,
				otlptest.KeyValue("last", otlptest.AnyInt(2)))))
			compare(t, otlptest.Request(first, otlptest.GoodSpan().Msg(9, otlptest.KeyValue("k", val))))
			compare(t, otlptest.Request(first, otlptest.GoodSpan().Msg(9, otlptest.KeyValue("K", val)).Msg(9,
				otlptest.KeyValue("k", val)).Msg(9, otlptest.KeyValue("k", otlptest.AnyInt(3)))))
			compare(t, otlptest.Request(first, otlptest.GoodSpan().Msg(9, otlptest.PB(nil).Msg(2, val).Bytes(1, "k"))))
		})
	}
	long := strings.Repeat("k", 130)
	for _, key := range []string{"", long[:100], long[:121], long[:122], long} {
		span := otlptest.GoodSpan().Msg(9, otlptest.KeyValue(key, otlptest.AnyString("")))
		compare(t, otlptest.Request(span, span, otlptest.GoodSpan().Msg(9, otlptest.KeyValue(key, otlptest.AnyInt(7)))))
	}
}
