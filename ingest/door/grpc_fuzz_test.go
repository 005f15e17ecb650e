package door_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"edgescope/ingest/body"
	"edgescope/ingest/otlp/otlptest"
)

// FuzzGRPC gives a call any bytes and headers: it always ends with a status, takes at most one message, and gives all
// memory back.
func FuzzGRPC(f *testing.F) {
	prefixed := func(flag byte, message []byte) []byte {
		return append([]byte{flag, 0, 0, byte(len(message) >> 8), byte(len(message))}, message...)
	}
	f.Add(prefixed(0, otlptest.GoodProto), "", "")
	f.Add(prefixed(1, otlptest.Zipped(f, otlptest.GoodProto)), "gzip", "10S")
	f.Add(prefixed(1, otlptest.ZstdOf(f, otlptest.GoodProto)), "zstd", "99999999n")
	f.Add(prefixed(1, nil), "identity", "1x")
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff}, "br", "")
	f.Add(append(prefixed(0, otlptest.GoodProto), prefixed(0, otlptest.GoodProto)...), "", "")
	f.Add([]byte{0, 0}, "", "0S")
	budget, sink := body.NewBudget(64<<20), &otlptest.Recorder{}
	h := newDoor(f, sink, func(o *options) {
		o.door.Bodies = body.NewReader(body.Options{Budget: budget, MaxBody: 1 << 20})
	}).GRPC()
	f.Fuzz(func(t *testing.T, sent []byte, encoding, timeout string) {
		sink.Got, sink.Calls = nil, 0
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, exportMethod, bytes.NewReader(sent))
		req.ProtoMajor = 2
		req.Header = http.Header{
			"Content-Type": {"application/grpc"}, "Grpc-Encoding": {encoding},
			"Grpc-Timeout": {timeout},
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, req)
		status := w.Result().Trailer.Get("Grpc-Status")
		if status == "" || sink.Calls > 1 || sink.Calls == 1 && status != "0" {
			t.Errorf("status %q after %d calls of the sink", status, sink.Calls)
		}
		if budget.Used() != 0 {
			t.Errorf("%d bytes are still taken", budget.Used())
		}
	})
}
