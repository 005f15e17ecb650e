package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
	"edgescope/internal/workerd"
)

// TestTailsReachTheCollector runs a Worker with the tail worker beside it on workerd. What it tells is stored; so is
// what had not ended when the collector stopped.
func TestTailsReachTheCollector(t *testing.T) {
	needWorkerd(t)
	data := t.TempDir()
	c, _ := startCollector(t, data)
	p, err := workerd.Start(t.Context(), workerd.Options{
		Dir: wasmBench, Config: "tail.capnp",
		OTLPURL: c.URL("ingest"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	for _, path := range []string{"/img/1", "/boom", "/origin"} {
		if _, _, err := runtest.Get(t.Context(), p.URL()+path); err != nil {
			t.Fatal(err)
		}
	}
	spans := map[string]int{
		"tail GET /boom exception": 1, "tail GET /img/:id ok": 1, "tail GET /origin ok": 1,
		"tail-stream GET /boom exception": 1, "tail-stream GET /img/:id ok": 1, "tail-stream GET /origin ok": 1,
	}
	told{"0", `"edge.invocation":="true"`, []string{"edge.source", "name", "edge.outcome"}}.eventually(t, c, spans)
	told{"1", `"severity_text":="INFO"`, []string{"edge.source", "_msg"}}.eventually(t, c, map[string]int{
		"tail start /boom": 1, "tail start /img/1": 1, "tail start /origin": 1,
		"tail-stream start /boom": 1, "tail-stream start /img/1": 1, "tail-stream start /origin": 1,
	})

	halfTold(t, c)
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _ = startCollector(t, data)
	spans["tail-stream GET /half ok"] = 1
	told{"0", `"edge.invocation":="true"`, []string{"edge.source", "name", "edge.outcome"}}.eventually(t, c, spans)
}

// halfTold posts an invocation that has answered and not ended.
func halfTold(t *testing.T, c *e2e.Program) {
	t.Helper()
	now := time.Now().UTC().Format(time.RFC3339Nano)
	body := strings.ReplaceAll(`[
		{"invocationId":"half","spanContext":{"traceId":"74a2997dd6fc3ff85c055fca1e76b7ef"},"timestamp":"NOW","sequence":"0",
		 "event":{"type":"onset","spanId":"69f732ce5fb8bf58","info":{"type":"fetch","method":"GET","url":"http://h/half"}}},
		{"invocationId":"half","spanContext":{"traceId":"74a2997dd6fc3ff85c055fca1e76b7ef"},"timestamp":"NOW","sequence":"1",
		 "event":{"type":"return","info":{"type":"fetch","statusCode":200}}}]`, "NOW", now)
	status, answer := runtest.Post(t, c.URL("ingest")+"/", "application/json", "", []byte(body))
	if want := `{"accepted":2,"rejected":0,"waiting":2}`; status != http.StatusOK || answer != want {
		t.Fatalf("half an invocation: %d %s, want %s", status, answer, want)
	}
}

// eventually waits until the answer is that.
func (q told) eventually(t *testing.T, c *e2e.Program, want map[string]int) {
	t.Helper()
	var got map[string]int
	runtest.Eventually(t, func() string { return fmt.Sprintf("%s: got %v, want %v", q.filter, got, want) },
		func() bool {
			got = q.ask(t, c)
			return fmt.Sprint(got) == fmt.Sprint(want)
		})
}

// told is a question to LogsQL: the events of a kind (ProjectID) that match a filter, counted by fields.
type told struct {
	kind, filter string
	fields       []string
}

func (q told) ask(t *testing.T, c *e2e.Program) map[string]int {
	t.Helper()
	form := url.Values{
		"query": {q.filter}, "start": {time.Now().Add(-time.Hour).Format(time.RFC3339)},
		"limit": {"1000"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("query")+"/select/logsql/query",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("ProjectID", q.kind)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	counts := map[string]int{}
	for d := json.NewDecoder(res.Body); ; {
		var row map[string]string
		if err := d.Decode(&row); errors.Is(err, io.EOF) {
			return counts
		} else if err != nil {
			t.Fatalf("%s: status %d: %v", q.filter, res.StatusCode, err)
		}
		var values []string
		for _, f := range q.fields {
			values = append(values, row[f])
		}
		counts[strings.Join(values, " ")]++
	}
}
