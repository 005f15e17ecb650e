package jaeger_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// request is a request that a client sends, from a file testdata/requests*.json.
type request struct {
	// Sender is the client and its versions, Source where it says so.
	Sender, Source string
	// Method is GET when it is absent. Path and Query are as they are on the wire, escaped or not; in the query
	// {from} and {to} are the ends of the last hour (see moments).
	Method, Path, Query string
	Headers             map[string]string
	// Status is 200 when it is absent.
	Status int
	// As is the name of the decoder (decoders) that reads the answer into the types of the client.
	As string
	// Found is how many things the answer has at least: 1 when it is absent, and 0 is none exactly.
	Found *int
}

// decoder reads an answer as a client does and returns how many things it has found. It fails where the client would.
type decoder func(body []byte) (int, error)

// decoders are all of them, by name.
var decoders = []map[string]decoder{nameDecoders, traceDecoders, decoders3, tabDecoders}

// TestRequestsOfClients replays what clients send.
func TestRequestsOfClients(t *testing.T) {
	h, now := asked(t)
	files, err := filepath.Glob("testdata/requests*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of requests, %v", len(files), err)
	}
	for _, file := range files {
		for i, q := range readRequests(t, file) {
			t.Run(fmt.Sprintf("%s/%d %s", filepath.Base(file), i, q.Source), func(t *testing.T) { q.replay(t, h, now) })
		}
	}
}

func readRequests(t *testing.T, file string) []request {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var list []request
	if err := d.Decode(&list); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return list
}

func (q *request) replay(t *testing.T, h http.Handler, now time.Time) {
	if q.Sender == "" || q.Source == "" {
		t.Fatal("it does not say who sends it, and where that is written")
	}
	if q.Status == 0 {
		q.Status = http.StatusOK
	}
	to := q.Path
	if q.Query != "" {
		to += "?" + moments(now).Replace(q.Query)
	}
	method := q.Method
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(t.Context(), method, to, nil)
	for name, value := range q.Headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != q.Status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, to, w.Code, q.Status, w.Body)
	}
	for _, set := range decoders {
		if read := set[q.As]; read != nil {
			n, err := read(w.Body.Bytes())
			enough := q.Found == nil && n > 0 || q.Found != nil && (n >= *q.Found && *q.Found > 0 || n == *q.Found)
			if err != nil || !enough {
				t.Errorf("%s %s: read as %s: %d found, %v: %.2000s", method, to, q.As, n, err, w.Body)
			}
			return
		}
	}
	t.Errorf("there is no decoder %q", q.As)
}

// moments replaces {from} and {to} by the ends of the last hour: {from} as browsers write it, {from.us} and {from.ms}
// since 1970, {from.escaped} as {from} and escaped, {from.local} with nanoseconds and the offset of a zone, as Go writes it.
func moments(now time.Time) *strings.Replacer {
	var pairs []string
	for name, at := range map[string]time.Time{"from": now.Add(-time.Hour), "to": now.Add(time.Second)} {
		pairs = append(pairs,
			"{"+name+"}", at.UTC().Format("2006-01-02T15:04:05.000Z"),
			"{"+name+".escaped}", url.QueryEscape(at.UTC().Format("2006-01-02T15:04:05.000Z")),
			"{"+name+".us}", strconv.FormatInt(at.UnixMicro(), 10),
			"{"+name+".ms}", strconv.FormatInt(at.UnixMilli(), 10),
			"{"+name+".local}", at.In(time.FixedZone("", 2*60*60)).Format(time.RFC3339Nano))
	}
	return strings.NewReplacer(pairs...)
}

// strictly decodes JSON whose members v has all.
func strictly(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
