package jaeger_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden file of answers anew")

// TestTheBakery sends testdata/bakery/spans.json through the door of OTLP to a store, asks what requests.txt has, and
// compares the answers with answers.golden, word by word.
func TestTheBakery(t *testing.T) {
	const dir, golden = "testdata/bakery/", "testdata/bakery/answers.golden"
	sent, err := os.ReadFile(dir + "spans.json")
	if err != nil {
		t.Fatal(err)
	}
	requests, err := os.ReadFile(dir + "requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 4, 5, 10, 0, 0, time.UTC)
	h := over(storeOf(t, now, sent), now)
	var got strings.Builder
	for path := range strings.Lines(string(requests)) {
		path = strings.TrimSpace(path)
		status, body := ask(t, h, path)
		var indented bytes.Buffer
		if err := json.Indent(&indented, []byte(strings.TrimSpace(body)), "", " "); err != nil {
			t.Fatalf("%s: %v: %s", path, err, body)
		}
		fmt.Fprintf(&got, "GET %s\n%d\n%s\n\n", path, status, &indented)
		n, err := wellFormed(path, status, []byte(body))
		if err != nil {
			t.Errorf("%s: %d found, %v", path, n, err)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("-want +got (go test -run TestTheBakery -update writes it anew):\n%s", diff)
	}
}

// wellFormed reads an answer as the strictest client of its path does.
func wellFormed(path string, status int, body []byte) (int, error) {
	three := strings.HasPrefix(path, "/api/v3/")
	switch {
	case status >= 400 && three:
		return decoders3["error 3"](body)
	case status >= 400:
		return traceDecoders["error 1"](body)
	case strings.HasPrefix(path, "/api/v3/traces"):
		return otlpSpans(body)
	case strings.HasPrefix(path, "/api/v3/trace-summaries"):
		return summaries3(body)
	case strings.HasPrefix(path, "/api/v3/services"):
		return services3(body)
	case three:
		return decoders3["ui operations 3"](body)
	case strings.HasPrefix(path, "/api/traces"):
		return traceDecoders["ui traces"](body)
	default:
		return 0, nil
	}
}
