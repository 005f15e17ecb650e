package querytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"edgescope/query"
)

var example = regexp.MustCompile("(?s)`GET (/api/edge/v1/[^`]*)`\n\n```json\n(.*?)```")

// Examples asks every example of docs/api.md about one of these questions, paths after query.APIPrefix, and holds that
// the answer has all that the example shows. Each question must have one. doc is the path of the document.
func (w *World) Examples(t *testing.T, doc string, answers query.Answers, questions ...string) {
	t.Helper()
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	server, _ := w.Serve(answers)
	left := map[string]bool{}
	for _, q := range questions {
		left[q] = true
	}
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		question, _, _ := strings.Cut(strings.TrimPrefix(m[1], query.APIPrefix), "?")
		if first, _, one := strings.Cut(question, "/"); one {
			question = first + "/"
		}
		if !slices.Contains(questions, question) {
			continue
		}
		delete(left, question)
		holds(t, server.URL, m[1], m[2])
	}
	for question := range left {
		t.Errorf("%s has no example of %s", doc, question)
	}
}

func holds(t *testing.T, base, path, shown string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var want, got any
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		t.Errorf("%s: the example is no JSON: %v", path, err)
	}
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %d %v %v", path, resp.StatusCode, err, got)
		return
	}
	for _, missing := range lacks(want, got, "") {
		t.Errorf("%s: %s", path, missing)
	}
}

// lacks returns what of the shape of want is not in got. Of an array its first element counts; a number may be null.
func lacks(want, got any, path string) []string {
	switch x := want.(type) {
	case map[string]any:
		return lacksFields(x, got, path)
	case []any:
		a, ok := got.([]any)
		if !ok || len(a) == 0 && len(x) > 0 {
			return []string{fmt.Sprintf("%s is %v, want an array with elements", path, got)}
		}
		if len(x) > 0 {
			return lacks(x[0], a[0], path+".0")
		}
	case float64:
		if _, ok := got.(float64); !ok && got != nil {
			return []string{fmt.Sprintf("%s is %v, want a number", path, got)}
		}
	case string:
		if text, ok := got.(string); !ok || strings.HasSuffix(path, "_id") && len(text) != len(x) {
			return []string{fmt.Sprintf("%s is %v, want text such as %s", path, got, x)}
		}
	}
	return nil
}

func lacksFields(want map[string]any, got any, path string) []string {
	m, ok := got.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s is %v, want an object", path, got)}
	}
	var out []string
	for k, v := range want {
		if _, ok := m[k]; !ok && v != nil {
			out = append(out, path+"."+k+" is missing")
			continue
		}
		out = append(out, lacks(v, m[k], path+"."+k)...)
	}
	return out
}
