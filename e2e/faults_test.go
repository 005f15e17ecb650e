package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// span is a good OTLP span of service "faults" at that Unix time in nanoseconds.
func span(end string) string {
	return `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"faults"}}]},` +
		`"scopeSpans":[{"spans":[` +
		`{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","kind":2,"name":"GET /",` +
		`"startTimeUnixNano":"` + end + `","endTimeUnixNano":"` + end + `"}]}]}]}`
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

func nowNano() string { return strconv.FormatInt(time.Now().UnixNano(), 10) }
