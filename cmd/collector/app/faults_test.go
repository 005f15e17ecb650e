package app_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// TestBadInputIsRefusedAndTheProgramStaysUp sends what a program must survive, one after the other to the same
// collector.
func TestBadInputIsRefusedAndTheProgramStaysUp(t *testing.T) {
	c := collectortest.Start(t, t.TempDir(), "--max-body", "1MiB")
	ingest := c.URL("ingest")
	f := func(name, path, contentType, encoding string, body []byte, status int, says string) {
		t.Helper()
		if got, answer := runtest.Post(t, ingest+path, contentType, encoding, body); got != status ||
			!strings.Contains(answer, says) {
			t.Errorf("%s: got %d %.200s, want %d and %q", name, got, answer, status, says)
		}
	}
	bomb := gzipped(bytes.Repeat([]byte(" "), 64<<20))
	const otlp, points = "/v1/traces", "/v1/datapoints/d"
	f("cut off JSON", otlp, "application/json", "", []byte(`{"resourceSpans":[{`), 400, "message")
	f("cut off protobuf", otlp, "application/x-protobuf", "", []byte{0x0a, 0x7f, 0x01}, 400, "")
	f("no telemetry", otlp, "text/html", "", []byte("<html>"), 415, "")
	f("unknown encoding", otlp, "application/json", "lzma", []byte("{}"), 415,
		"content encoding must be one of gzip, deflate, zstd")
	f("broken gzip", otlp, "application/json", "gzip", []byte("not gzip"), 400, "")
	f("too large", otlp, "application/json", "", bytes.Repeat([]byte(" "), 2<<20), 413, "")
	f("bomb", otlp, "application/json", "gzip", bomb, 413, "")
	f("bomb of points", points, "application/json", "gzip", bomb, 413, "")
	f("deep nesting", otlp, "application/json", "", bytes.Repeat([]byte("["), 500_000), 400, "")
	f("points that are none", points, "application/json", "", []byte(`[1,2]`), 400, `"rejected":2`)
	f("a bad point among good ones", points, "application/json", "", []byte(`[{"indexes":["a"]},7]`), 200,
		`"accepted":1,"rejected":1`)
	f("a name that is no dataset", "/v1/datapoints/a%20b", "application/json", "", []byte(`{}`), 400, "")

	f("a good span after all that", otlp, "application/json", "",
		[]byte(collectortest.Trace("faults", "0af7651916cd43dd8448eb211c80319c", time.Now())), 200, "{}")
	runtest.Eventually(t, func() string { return "the good span does not show" }, func() bool {
		return runtest.Ask[query.Overview](t, c.URL("query")+query.APIPrefix+"overview?range=15m").Requests == 1
	})
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is one
	z.Write(data)
	z.Close()
	return b.Bytes()
}
