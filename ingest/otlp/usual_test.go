package otlp_test

import (
	"math"
	"strings"
	"testing"
)

// TestAttributesInTheirUsualPlace compares with the Collector the second span of two, whose attributes have the keys of the first
// one in the same order: there a shorter way is taken, whose bounds these are.
func TestAttributesInTheirUsualPlace(t *testing.T) {
	values := map[string]pb{
		"no value":             nil,
		"an empty string":      anyString(""),
		"a string":             anyString("GET"),
		"not ASCII":            anyString("Zürich"),
		"no UTF-8":             anyString("a\xff"),
		"false":                anyBool(0),
		"true":                 anyBool(1),
		"a bool of 2":          anyBool(2),
		"a bool of two bytes":  pb(nil).varint(2, 300),
		"0":                    anyInt(0),
		"127":                  anyInt(127),
		"128":                  anyInt(128),
		"35 bits":              anyInt(1<<35 - 1),
		"36 bits":              anyInt(1 << 35),
		"64 bits":              anyInt(math.MaxInt64),
		"negative":             anyInt(-1),
		"a double":             anyDouble(2.5),
		"NaN":                  anyDouble(math.NaN()),
		"two alternatives":     append(anyString("x"), anyInt(1)...),
		"two of one kind":      append(anyInt(1), anyInt(2)...),
		"an unknown field":     append(anyString("x"), pb(nil).varint(12, 1)...),
		"a padded number":      {3 << 3, 0x81, 0x80, 0x00},
		"a number cut off":     {3 << 3, 0x81},
		"a string cut off":     {1<<3 | 2, 5, 'a'},
		"a double cut off":     {4<<3 | 1, 1, 2},
		"a tag alone":          {1<<3 | 2},
		"bytes":                anyBytes("x"),
		"a list":               anyArray(anyString("x")),
		"longest of one byte":  anyString(strings.Repeat("x", 118)),
		"shortest of two":      anyString(strings.Repeat("x", 119)),
		"longer":               anyString(strings.Repeat("x", 300)),
		"longer than its list": {1<<3 | 2, 0x7f},
	}
	first := goodSpan().msg(9, keyValue("k", anyString("x"))).msg(9, keyValue("last", anyInt(1)))
	for name, val := range values {
		t.Run(name, func(t *testing.T) {
			compare(t, request(first, goodSpan().msg(9, keyValue("k", val)).msg(9, keyValue("last", anyInt(2)))))
			compare(t, request(first, goodSpan().msg(9, keyValue("k", val))))
			compare(t, request(first, goodSpan().msg(9, keyValue("K", val)).msg(9, keyValue("k", val)).msg(9, keyValue("k", anyInt(3)))))
			compare(t, request(first, goodSpan().msg(9, pb(nil).msg(2, val).bytes(1, "k"))))
		})
	}
	long := strings.Repeat("k", 130)
	for _, key := range []string{"", long[:100], long[:121], long[:122], long} {
		span := goodSpan().msg(9, keyValue(key, anyString("")))
		compare(t, request(span, span, goodSpan().msg(9, keyValue(key, anyInt(7)))))
	}
}
