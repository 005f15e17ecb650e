package workers_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// fixture is a request of the manifest: what workerd's tails sent, and what must become of it.
type fixture struct {
	ID, Body string
	Expect   struct {
		Status      int
		Spans, Logs int
		Events      []struct {
			Match, Fields map[string]string
			Absent        []string
		}
	}
}

// TestFixtures posts what tail workers posted in workerd and compares the rows with what the manifest says.
func TestFixtures(t *testing.T) {
	dir := filepath.Join(cmp.Or(os.Getenv("EDGESCOPE_SHARED"), "../../../shared"), "fixtures", "otlp")
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Skipf("the shared fixtures are not here (set EDGESCOPE_SHARED): %v", err)
	}
	var all struct{ Requests []fixture }
	if err := json.Unmarshal(manifest, &all); err != nil {
		t.Fatalf("read manifest: %v", err)
	}
	seen := 0
	for _, f := range all.Requests {
		if strings.HasPrefix(f.ID, "tail-") {
			seen++
			t.Run(f.ID, func(t *testing.T) { f.run(t, dir) })
		}
	}
	if seen == 0 {
		t.Fatal("the manifest has no tail events")
	}
}

func (f *fixture) run(t *testing.T, dir string) {
	body, err := os.ReadFile(filepath.Join(dir, f.Body))
	if err != nil {
		t.Fatal(err)
	}
	to := newSink()
	if code, answer := post(open(t, to), string(body)); code != f.Expect.Status || answer != "{}" {
		t.Fatalf("answer %d %s, want %d {}", code, answer, f.Expect.Status)
	}
	if spans, logs := len(to.kept("span")), len(to.kept("log")); spans != f.Expect.Spans || logs != f.Expect.Logs {
		t.Errorf("%d spans and %d log records, want %d and %d", spans, logs, f.Expect.Spans, f.Expect.Logs)
	}
	for _, e := range f.Expect.Events {
		found := pick(t, to.rows, e.Match, e.Fields)
		for k, want := range e.Fields {
			if !sameValue(found[k], want) {
				t.Errorf("row %v: %s = %q, want %q", e.Match, k, found[k], want)
			}
		}
		for _, k := range e.Absent {
			if v, ok := found[k]; ok {
				t.Errorf("row %v: %s = %q, want it absent", e.Match, k, v)
			}
		}
	}
}

// pick returns the one row that matches. Of log records with the same match, the message tells which.
func pick(t *testing.T, rows []row, match, fields map[string]string) (found row) {
	t.Helper()
	n := 0
	for _, r := range rows {
		matches := fields["_msg"] == "" || r["_msg"] == fields["_msg"]
		for k, v := range match {
			matches = matches && sameValue(r[k], v)
		}
		if matches {
			found = r
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d rows match %v, want 1", n, match)
	}
	return found
}

// sameValue compares numbers as numbers and everything else, long integers too, byte for byte.
func sameValue(got, want string) bool {
	if got == want {
		return true
	}
	a, errA := strconv.ParseFloat(got, 64)
	b, errB := strconv.ParseFloat(want, 64)
	return errA == nil && errB == nil && a == b && len(want) < 16
}
