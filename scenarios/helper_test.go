package scenarios_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// reader serves files from memory.
func reader(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if src, ok := files[name]; ok {
			return []byte(src), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
}

// load compiles one script, given as text.
func load(script string, options ...func(*scenarios.Options)) (*plan.Plan, error) {
	o := scenarios.Options{Files: []string{"s.yml"}, ReadFile: reader(map[string]string{"s.yml": script})}
	for _, f := range options {
		f(&o)
	}
	return scenarios.Load(o)
}

func mustLoad(t testing.TB, script string, options ...func(*scenarios.Options)) *plan.Plan {
	t.Helper()
	p, err := load(script, options...)
	if err != nil {
		t.Fatalf("%v\nin:\n%s", err, script)
	}
	return p
}

// one wraps the lines of config and of a flow into a script.
func one(config, flow string) string {
	indent := func(s string) string {
		return "  " + strings.ReplaceAll(strings.Trim(s, "\n"), "\n", "\n  ")
	}
	return fmt.Sprintf("config:\n  target: http://t\n%s\nscenarios:\n- flow:\n%s\n", indent(config), indent(flow))
}

// firstRequest is the first step of the first flow.
func firstRequest(t testing.TB, p *plan.Plan) *plan.Request {
	t.Helper()
	r, ok := p.Flows[0].Steps[0].(*plan.Request)
	if !ok {
		t.Fatalf("the first step is a %T", p.Flows[0].Steps[0])
	}
	return r
}

// set stores a variable at a path.
func set(t *testing.T, s *value.Scope, path string, v any) {
	t.Helper()
	p, err := value.ParsePath(path)
	if err != nil {
		t.Fatal(err)
	}
	s.Store(&p, v)
}

func answer(status int, body string, headers ...string) *plan.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &plan.Response{Status: status, Header: h, Body: []byte(body)}
}
