package otlptest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Zipped compresses with gzip.
func Zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Nowhere is a response writer that keeps the status only.
type Nowhere struct {
	Head http.Header
	Code int
}

// Header implements http.ResponseWriter.
func (n *Nowhere) Header() http.Header { return n.Head }

// WriteHeader implements http.ResponseWriter.
func (n *Nowhere) WriteHeader(code int) { n.Code = code }

func (n *Nowhere) Write(b []byte) (int, error) { return io.Discard.Write(b) }

// Post sends a body to the handler of a receiver; headers are "Name: value".
func Post(h http.Handler, path string, body []byte, headers ...string) *http.Response {
	return Send(h, http.MethodPost, path, body, headers...)
}

// Send sends a request to a handler; headers are "Name: value".
func Send(h http.Handler, method, path string, body []byte, headers ...string) *http.Response {
	req := httptest.NewRequest(method, path, bytes.NewReader(body))
	for _, header := range headers {
		name, val, _ := strings.Cut(header, ": ")
		req.Header.Set(name, val)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result()
}

// ReadAll reads an answer to its end.
func ReadAll(t testing.TB, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The content types of both encodings, as headers of Post.
const (
	AsJSON     = "Content-Type: application/json"
	AsProtobuf = "Content-Type: application/x-protobuf"
)

// ZstdOf compresses with zstd.
func ZstdOf(t testing.TB, b []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	out := z.EncodeAll(b, nil)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}
