// Package runtest is what tests of programs share: questions over HTTP, patience for the answer, a log, and where
// programs send their own telemetry, an OTLP receiver and a Pyroscope server in one.
package runtest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// Span is what a recorder keeps of a span.
type Span struct {
	// Service is the resource's service.name; Parent the id of the parent span in hex digits, empty of a root.
	Service, Name, Parent string
}

// Profile is one push of profiles.
type Profile struct {
	// Application is its name without labels; Body the multipart body, with profiles that are gzipped once more.
	Application string
	Body        []byte
}

// Recorder takes spans at /v1/traces (protobuf) and profiles at /ingest. The zero value is ready; it is safe for
// concurrent use.
type Recorder struct {
	mu       sync.Mutex
	spans    []Span
	profiles []Profile
}

// Spans returns the spans that came so far; they are the caller's.
func (r *Recorder) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Profiles returns the pushes that came so far; the list is the caller's, the bodies are not to be changed.
func (r *Recorder) Profiles() []Profile {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.profiles)
}

// ServeHTTP records a request. What can't be read is 400.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if err := r.record(request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (r *Recorder) record(request *http.Request) error {
	body, err := readBody(request)
	if err != nil {
		return err
	}
	switch request.URL.Path {
	case "/v1/traces":
		spans, err := readSpans(body)
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.spans = append(r.spans, spans...)
	case "/ingest":
		application, _, _ := strings.Cut(request.URL.Query().Get("name"), "{")
		r.mu.Lock()
		defer r.mu.Unlock()
		r.profiles = append(r.profiles, Profile{application, body})
	}
	return nil
}

func readBody(request *http.Request) ([]byte, error) {
	body := io.Reader(request.Body)
	if request.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("read a gzipped body: %w", err)
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("read a body: %w", err)
	}
	return text, nil
}

func readSpans(body []byte) ([]Span, error) {
	in := ptraceotlp.NewExportRequest()
	if err := in.UnmarshalProto(body); err != nil {
		return nil, fmt.Errorf("read spans: %w", err)
	}
	var spans []Span
	for _, resource := range in.Traces().ResourceSpans().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, scope := range resource.ScopeSpans().All() {
			for _, s := range scope.Spans().All() {
				spans = append(spans, Span{service.Str(), s.Name(), s.ParentSpanID().String()})
			}
		}
	}
	return spans, nil
}
