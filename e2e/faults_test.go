package e2e_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/query"
)

// span is a good OTLP span of service "faults" at that Unix time in nanoseconds.
func span(end string) string {
	return `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"faults"}}]},"scopeSpans":[{"spans":[` +
		`{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","kind":2,"name":"GET /","startTimeUnixNano":"` + end + `","endTimeUnixNano":"` + end + `"}]}]}]}`
}

func post(t *testing.T, url, contentType, encoding string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("POST %s: %v", url, err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(answer)
}

// TestBadInputIsRefusedAndTheProgramStaysUp sends what a program must survive, one after the other to the same collector.
func TestBadInputIsRefusedAndTheProgramStaysUp(t *testing.T) {
	c, _ := startCollector(t, t.TempDir(), "--max-body", "1MiB")
	ingest := c.URL("ingest")
	f := func(name, path, contentType, encoding string, body []byte, status int, says string) {
		t.Helper()
		if got, answer := post(t, ingest+path, contentType, encoding, body); got != status || !strings.Contains(answer, says) {
			t.Errorf("%s: got %d %.200s, want %d and %q", name, got, answer, status, says)
		}
	}
	const otlp, points = "/v1/traces", "/v1/datapoints/d"
	f("cut off JSON", otlp, "application/json", "", []byte(`{"resourceSpans":[{`), 400, "message")
	f("cut off protobuf", otlp, "application/x-protobuf", "", []byte{0x0a, 0x7f, 0x01}, 400, "")
	f("no telemetry", otlp, "text/html", "", []byte("<html>"), 415, "")
	f("unknown encoding", otlp, "application/json", "lzma", []byte("{}"), 415, "content encoding must be one of gzip, deflate, zstd")
	f("broken gzip", otlp, "application/json", "gzip", []byte("not gzip"), 400, "")
	f("too large", otlp, "application/json", "", bytes.Repeat([]byte(" "), 2<<20), 413, "")
	f("bomb", otlp, "application/json", "gzip", gzipped(bytes.Repeat([]byte(" "), 64<<20)), 413, "")
	f("bomb of points", points, "application/json", "gzip", gzipped(bytes.Repeat([]byte(" "), 64<<20)), 413, "")
	f("deep nesting", otlp, "application/json", "", bytes.Repeat([]byte("["), 500_000), 400, "")
	f("points that are none", points, "application/json", "", []byte(`[1,2]`), 400, `"rejected":2`)
	f("a bad point among good ones", points, "application/json", "", []byte(`[{"indexes":["a"]},7]`), 200, `"accepted":1,"rejected":1`)
	f("a name that is no dataset", "/v1/datapoints/a%20b", "application/json", "", []byte(`{}`), 400, "")

	f("a good span after all that", otlp, "application/json", "", []byte(span(nowNano())), 200, "{}")
	eventually(t, func() string { return "the good span does not show" }, func() bool {
		return ask[query.Overview](t, c.URL("query")+query.APIPrefix+"overview?range=15m").Requests == 1
	})
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}

// TestDataDirectoryIsGuarded starts a second collector where it must not run.
func TestDataDirectoryIsGuarded(t *testing.T) {
	f := func(name string, prepare func(t *testing.T, dir string), want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			prepare(t, dir)
			cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "collector"), "--data-dir", dir,
				"--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0", "--query-addr", "127.0.0.1:0")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("got %v, output %q; want an error with %q", err, out, want)
			}
		})
	}
	f("in use", func(t *testing.T, dir string) { startCollector(t, dir) }, "in use")
	f("of a newer format", func(t *testing.T, dir string) {
		c, _ := startCollector(t, dir)
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		format := filepath.Join(dir, "FORMAT")
		text, err := os.ReadFile(format)
		if err != nil {
			t.Fatal(err)
		}
		newer := regexp.MustCompile(`"row":\s*\d+`).ReplaceAllString(string(text), `"row":99`)
		if newer == string(text) {
			t.Fatalf("FORMAT holds no version of rows: %s", text)
		}
		if err := os.WriteFile(format, []byte(newer), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "newer")
}

// TestNobodyListensBeyondThisMachineUnasked holds the programs to their promise about addresses.
func TestNobodyListensBeyondThisMachineUnasked(t *testing.T) {
	f := func(program string, args ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), filepath.Join(bin, program), args...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--insecure") {
			t.Errorf("%s %v: got %v, output %q; want a refusal that names --insecure", program, args, err, out)
		}
	}
	f("collector", "--data-dir", t.TempDir(), "--otlp-http-addr", "0.0.0.0:0")
	f("collector", "--data-dir", t.TempDir(), "--query-addr", ":0")
	f("dashboard", "--listen-addr", "[::]:0")
}

func nowNano() string { return strconv.FormatInt(time.Now().UnixNano(), 10) }
