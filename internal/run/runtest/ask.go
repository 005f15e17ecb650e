package runtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

const (
	// patience is how long Eventually waits, lookEvery how often it looks.
	patience  = time.Minute
	lookEvery = 20 * time.Millisecond
)

// Eventually waits until a condition holds, at most a minute; what describes the state when it does not.
func Eventually(t testing.TB, what func() string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("still not so after %s: %s", patience, what())
		case <-tick.C:
		}
	}
}

// Get reads an answer, whatever its status.
func Get(ctx context.Context, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	body, err = io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// Ask reads a JSON answer, which must have status 200.
func Ask[A any](t testing.TB, url string) A {
	t.Helper()
	status, body, err := Get(t.Context(), url)
	var a A
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil {
		t.Fatalf("GET %s: %v: %.300s", url, err, body)
	}
	return a
}

// Post sends a body and reads the answer, whatever its status. The headers Content-Type and Content-Encoding are left
// out where they are empty.
func Post(t testing.TB, url, contentType, encoding string, body []byte) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": contentType, "Content-Encoding": encoding} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("POST %s: %v", url, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("POST %s: %v", url, err)
	}
	return res.StatusCode, string(text)
}

// Log takes what programs log. The zero value is ready; it is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is all that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
