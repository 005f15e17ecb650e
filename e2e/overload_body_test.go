package e2e_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

func field(number protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), message)
}

func attribute(key, value string) []byte {
	return append(field(1, []byte(key)), field(2, field(1, []byte(value)))...)
}

func spanIDs(n int) []byte {
	trace := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, 1), uint64(n)+1)
	return append(field(1, trace), field(2, trace[8:])...)
}

// spanBatch is an ExportTraceServiceRequest of n spans of ten attributes, whose ids follow from the batch's number.
// routes, when given, names the route and the service of each.
func spanBatch(batch, n int, routes func(i int) string) []byte {
	now := time.Now()
	route := func(int) string { return "/item" }
	if routes != nil {
		route = routes
	}
	return requestOf("overload", batch, n, route, func(int) time.Time { return now })
}

// spansOf is a request of n spans of a service, of which when tells the ends.
func spansOf(service string, batch, n int, when func(i int) time.Time) []byte {
	return requestOf(service, batch, n, func(int) string { return "/item" }, when)
}

func requestOf(service string, batch, n int, route func(i int) string, when func(i int) time.Time) []byte {
	scope := []byte{}
	for i := range n {
		end := uint64(when(i).UnixNano())
		span := spanIDs(batch<<20 | i)
		span = append(span, field(5, []byte("GET /item"))...)
		span = protowire.AppendVarint(protowire.AppendTag(span, 6, protowire.VarintType), 2)
		span = protowire.AppendFixed64(protowire.AppendTag(span, 7, protowire.Fixed64Type), end-5e6)
		span = protowire.AppendFixed64(protowire.AppendTag(span, 8, protowire.Fixed64Type), end)
		for a := range 9 {
			span = append(span, field(9, attribute("app.attribute."+strconv.Itoa(a), "value "+strconv.Itoa(i%7)))...)
		}
		span = append(span, field(9, attribute("http.route", route(i)))...)
		scope = append(scope, field(2, span)...)
	}
	resource := field(1, append(field(1, attribute("service.name", service)),
		field(1, attribute("cloud.region", "FRA"))...))
	return field(1, append(resource, field(2, scope)...))
}

// pointBatchOf is an ExportMetricsServiceRequest of n points of one gauge, each a series of its own.
func pointBatchOf(batch, n int) []byte {
	now := uint64(time.Now().UnixNano())
	var points []byte
	for i := range n {
		point := protowire.AppendFixed64(protowire.AppendTag(nil, 3, protowire.Fixed64Type), now)
		point = protowire.AppendFixed64(protowire.AppendTag(point, 6, protowire.Fixed64Type), 1)
		point = append(point, field(7, attribute("user", fmt.Sprintf("%d-%d", batch, i)))...)
		points = append(points, field(1, point)...)
	}
	metric := append(field(1, []byte("app.users")), field(5, points)...)
	return field(1, field(2, field(2, metric)))
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}
