package runtest_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/internal/run/runtest"
)

func export(t *testing.T) []byte {
	t.Helper()
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "a-program")
	spans := resource.ScopeSpans().AppendEmpty().Spans()
	spans.AppendEmpty().SetName("root")
	child := spans.AppendEmpty()
	child.SetName("child")
	child.SetParentSpanID([8]byte{0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31})
	text, err := ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func post(r *runtest.Recorder, path, encoding string, body []byte) int {
	request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, request)
	return answer.Code
}

func TestRecorderKeepsWhatCame(t *testing.T) {
	var r runtest.Recorder
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(export(t)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	f := func(path, encoding, body string, want int) {
		t.Helper()
		if got := post(&r, path, encoding, []byte(body)); got != want {
			t.Errorf("POST %s, encoding %q: %d, want %d", path, encoding, got, want)
		}
	}
	f("/v1/traces", "", string(export(t)), http.StatusOK)
	f("/v1/traces", "gzip", zipped.String(), http.StatusOK)
	f("/ingest?name=a-program%7Bservice_version%3D1%7D", "", "profiles", http.StatusOK)
	f("/v1/traces", "", "no protobuf", http.StatusBadRequest)
	f("/v1/traces", "gzip", "no gzip", http.StatusBadRequest)

	two := []runtest.Span{
		{Service: "a-program", Name: "root"},
		{Service: "a-program", Name: "child", Parent: "b7ad6b7169203331"},
	}
	if d := cmp.Diff(append(two, two...), r.Spans()); d != "" {
		t.Errorf("spans (-want +got):\n%s", d)
	}
	if p := r.Profiles(); len(p) != 1 || p[0].Application != "a-program" ||
		!strings.Contains(string(p[0].Body), "profiles") {
		t.Errorf("profiles %+v", p)
	}
}
