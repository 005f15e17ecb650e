package workerd_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"edgescope/internal/workerd"
)

const wasmBench = "../../wasm-bench"

// deadline is how long a test waits for what must come; on a busy machine a process takes its time.
const deadline = 20 * time.Second

// start runs one region for the test and stops it in the end. It skips without the program.
func start(t *testing.T, o workerd.Options) *workerd.Process {
	t.Helper()
	o.Dir = wasmBench
	if _, err := workerd.Find(o.Dir); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	p, err := workerd.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return p
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, url string, headers ...string) answer {
	t.Helper()
	return do(t, http.MethodGet, url, "", headers...)
}

// do sends a request; headers are pairs of name and value.
func do(t *testing.T, method, url, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// unmarshal reads the answer's JSON body.
func unmarshal[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("answer %d %q: %v", a.status, a.body, err)
	}
	return v
}

// span is one received span, its attributes as plain text.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	Start, End                          string
	Attributes, Resource                map[string]string
}

const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3
)

// point is one received data point.
type point struct {
	Dataset, Index string
	Blobs          [5]string
	Doubles        [2]float64
}

// receiver takes spans and data points as a collector does.
type receiver struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	spans  []span
	points []point
	bodies []string // of all posts of spans, refused ones too
	// refuse is the status for the nth post of spans, from 0; 200 takes it.
	refuse  func(n int) int
	changed chan struct{} // closed and replaced whenever something comes
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, changed: make(chan struct{}), refuse: func(int) int { return http.StatusOK }}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", r.takeSpans)
	mux.HandleFunc("POST /{$}", r.takePoint)
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

// region runs one region that tells this receiver.
func (r *receiver) region(name string) *workerd.Process {
	r.t.Helper()
	return start(r.t, workerd.Options{
		Region: name, OTLPURL: r.URL, AEAddr: r.Listener.Addr().String(), Version: "7", TaskKey: "shared",
	})
}

func (r *receiver) takeSpans(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return // the client is gone
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	status := r.refuse(len(r.bodies))
	r.bodies = append(r.bodies, string(body))
	if status == http.StatusOK {
		r.spans = append(r.spans, decodeSpans(r.t, body)...)
	}
	r.notify()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, "{}")
}

func (r *receiver) takePoint(_ http.ResponseWriter, request *http.Request) {
	var sent struct {
		Dataset, Index1                   []int
		Blob1, Blob2, Blob3, Blob4, Blob5 []int
		Double1, Double2                  float64
	}
	if err := json.NewDecoder(request.Body).Decode(&sent); err != nil {
		r.t.Errorf("data point: %v", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.points = append(r.points, point{
		Dataset: text(sent.Dataset), Index: text(sent.Index1),
		Blobs:   [5]string{text(sent.Blob1), text(sent.Blob2), text(sent.Blob3), text(sent.Blob4), text(sent.Blob5)},
		Doubles: [2]float64{sent.Double1, sent.Double2},
	})
	r.notify()
}

// text reads the byte arrays that workerd writes for strings.
func text(numbers []int) string {
	b := make([]byte, len(numbers))
	for i, n := range numbers {
		b[i] = byte(n)
	}
	return string(b)
}

func (r *receiver) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// waitFor returns when the condition holds; it is called under the lock.
func (r *receiver) waitFor(what string, holds func() bool) {
	r.t.Helper()
	timeout := time.After(deadline)
	for {
		r.mu.Lock()
		done, changed := holds(), r.changed
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Fatalf("no %s in %s: got %d spans, %d data points", what, deadline, len(r.spans), len(r.points))
		}
	}
}

// trace waits for the server span under that parent and returns it with its children by name.
func (r *receiver) trace(parent string) (server span, children map[string]span) {
	r.t.Helper()
	children = make(map[string]span)
	r.waitFor("server span under "+parent, func() bool {
		for _, s := range r.spans {
			if s.Kind == kindServer && s.ParentSpanID == parent {
				server = s
			}
		}
		for _, s := range r.spans {
			if s.TraceID == server.TraceID && s.ParentSpanID == server.SpanID {
				children[s.Name] = s
			}
		}
		return server.SpanID != ""
	})
	return server, children
}

func decodeSpans(t *testing.T, body []byte) (spans []span) {
	type attributes []struct {
		Key   string
		Value map[string]any
	}
	plain := func(list attributes) map[string]string {
		m := make(map[string]string)
		for _, a := range list {
			for kind, value := range a.Value {
				if b, ok := value.(bool); ok && kind == "boolValue" {
					value = strconv.FormatBool(b)
				}
				if f, ok := value.(float64); ok && kind == "doubleValue" {
					value = strconv.FormatFloat(f, 'g', -1, 64)
				}
				m[a.Key], _ = value.(string)
			}
		}
		return m
	}
	var request struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes attributes }
			ScopeSpans []struct {
				Spans []struct {
					TraceID, SpanID, ParentSpanID, Name string
					Kind                                int
					StartTimeUnixNano, EndTimeUnixNano  string
					Attributes                          attributes
				}
			}
		}
	}
	if err := json.Unmarshal(body, &request); err != nil {
		t.Errorf("spans are no OTLP/JSON: %v: %s", err, body)
	}
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, s := range scope.Spans {
				spans = append(spans, span{
					s.TraceID, s.SpanID, s.ParentSpanID, s.Name, s.Kind, s.StartTimeUnixNano, s.EndTimeUnixNano,
					plain(s.Attributes), plain(resource.Resource.Attributes),
				})
			}
		}
	}
	return spans
}
