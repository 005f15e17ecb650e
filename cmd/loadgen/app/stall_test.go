package app

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"edgescope/internal/run"
	"edgescope/report"
)

// locked is a console that goroutines write to which the program has left behind.
type locked struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// TestAnInterruptWaitsForNobody: neither for a target that stalls in its answer nor for a collector that says nothing. An
// hour and a quarter of one are what they would cost.
func TestAnInterruptWaitsForNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" {
			w.Header().Set("Content-Length", "10")
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			once.Do(cancel)
		}
		<-over
	}))
	defer server.Close()
	defer close(over)
	script := filepath.Join(t.TempDir(), "s.yml")
	text := "config: {target: '" + server.URL + "', http: {timeout: 3600}, phases: [{duration: 3600, arrivalRate: 20}]}\n" +
		"scenarios: [{flow: [{get: {url: /}}]}]\n"
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var out, warnings locked
	err := Main(ctx, run.Process{
		Args: []string{"run", script, "-q", "--otlp", server.URL}, Stdin: strings.NewReader(""), Stdout: &out,
		Stderr: &warnings, LookupEnv: func(string) (string, bool) { return "", false },
	})
	var code *run.CodeError
	if !errors.As(err, &code) || code.Code != report.ExitInterrupted {
		t.Errorf("%v, want exit code 130\n%s", err, out.String())
	}
	if took := time.Since(began); took > flushTimeout-time.Second {
		t.Errorf("it took %v", took)
	}
	if strings.Contains(warnings.String()+err.Error(), "context") {
		t.Errorf("it speaks of Go: %s%v", warnings.String(), err)
	}
}
