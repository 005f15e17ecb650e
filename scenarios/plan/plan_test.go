package plan_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

func TestUsersTakeTheirRows(t *testing.T) {
	rows := [][]any{{"a", "1"}, {"b"}, {"c", "3", "x"}}
	p := &plan.Plan{
		Shared:   map[string]any{"own": "mine"},
		Payloads: []*plan.Payload{{Columns: []string{"id", "own"}, Rows: rows, Sequence: true}},
	}
	f := func(user int, want string) {
		t.Helper()
		s := p.NewScope(1, user, nil)
		id, _ := s.Get("id")
		own, _ := s.Get("own")
		if got := fmt.Sprint(id, " ", own); got != want {
			t.Errorf("user %d has %s, want %s", user, got, want)
		}
	}
	f(0, "a mine")
	f(1, "b mine")
	f(5, "c mine")
	f(-1, "a mine") // before and after flows
	p.Payloads[0].Sequence = false
	seen := map[any]int{}
	for user := range 300 {
		id, _ := p.NewScope(7, user, nil).Get("id")
		seen[id]++
	}
	if len(seen) != 3 || seen["a"] < 60 || seen["b"] < 60 || seen["c"] < 60 {
		t.Errorf("300 users drew %v", seen)
	}
	for _, none := range []*plan.Payload{{Columns: []string{"id"}}, {Columns: []string{"id"}, Rows: rows, Whole: true}} {
		p.Payloads = []*plan.Payload{none}
		if _, ok := p.NewScope(1, 0, nil).Get("id"); ok {
			t.Errorf("a user took a row of %+v", none)
		}
	}
}

func TestFlowsByWeight(t *testing.T) {
	p := &plan.Plan{Flows: []plan.Flow{
		{Name: "never"},
		{Name: "one", Weight: 1},
		{Name: "three", Weight: 3},
		{Name: "last"},
	}}
	count := map[string]int{}
	for user := range 4000 {
		count[p.PickFlow(p.NewScope(1, user, nil)).Name]++
	}
	if len(count) != 2 || count["one"] < 900 || count["one"] > 1100 {
		t.Errorf("4000 users walk %v, want about 1000 and 3000", count)
	}
}

// Regions take turns by weight, evenly spread.
func TestRegionsTakeTurns(t *testing.T) {
	f := func(want string, regions ...plan.Region) {
		t.Helper()
		p := &plan.Plan{}
		p.SetRegions(regions)
		var got []string
		for user := range 8 {
			if r := p.Region(user); r != nil {
				got = append(got, r.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %v, want %s", got, want)
		}
		if p.Region(-1) != nil {
			t.Error("the before flow has a region")
		}
	}
	f("")
	f("A A A A A A A A", plan.Region{Name: "A", Weight: 5})
	f("A B A B A B A B", plan.Region{Name: "A", Weight: 1}, plan.Region{Name: "B", Weight: 1})
	f("A A B A A A B A", plan.Region{Name: "A", Weight: 3}, plan.Region{Name: "B", Weight: 1})
	f("A B C A A B C A", plan.Region{Name: "A", Weight: 2}, plan.Region{Name: "B", Weight: 1},
		plan.Region{Name: "C", Weight: 1})
}

func TestResponses(t *testing.T) {
	r := &plan.Response{
		Status: 404, Body: []byte(`{"a":1.50}`),
		Header: http.Header{"Content-Type": {"text/x"}, "X-A": {"1", "2"}, "Set-Cookie": {"a=1", "b=2"}},
	}
	want := `{"statusCode":404,"headers":{"content-type":"text/x","set-cookie":["a=1","b=2"],"x-a":"1, 2"}}`
	if got := string(r.Script()); got != want {
		t.Errorf("as a function sees it\n got %s\nwant %s", got, want)
	}
	for name, want := range map[string]string{"x-a": "1, 2", "X-A": "1, 2", "none": ""} {
		if got, ok := r.Head(name); got != want || ok != (want != "") {
			t.Errorf("header %s: %q, %v", name, got, ok)
		}
	}
	v, ok := r.JSON()
	again, _ := r.JSON()
	if !ok || v != again || string(value.AppendJSON(nil, v)) != `{"a":1.50}` {
		t.Errorf("JSON %v, %v; again %v", v, ok, again)
	}
	if _, ok := (&plan.Response{Body: []byte("{")}).JSON(); ok {
		t.Error("{ is JSON")
	}
}

// What the target has of a URL is left out of its label: scheme, host, port. A template is not taken apart.
func TestLabelsOfEndpoints(t *testing.T) {
	f := func(target, url, name, want string) {
		t.Helper()
		p := &plan.Plan{Target: target}
		if got := p.EndpointOf(url, name); got != want {
			t.Errorf("%s of %s: %q, want %q", url, target, got, want)
		}
	}
	f("http://t:80", "http://t:80/a?b#c", "", "/a")
	f("http://t", "http://t", "", "/")
	f("http://t", "http://t?x", "", "/")
	f("http://t", "https://t:444/a", "n", ":444/a (n)")
	f("http://t", "http://other/a", "", "other/a")
	f("http://[::1]:80", "http://[::1]:80/a", "", "/a")
	f("http://t", "http://{{ host }}/a", "", "{{ host }}/a")
	f("http://t", "/a/{{ b[\"?\"] }}?c", "", "/a/{{ b[\"?\"] }}")
	f("http://t", "/100%", "", "/100%") // no escape of a URL
	f("http://t", "/a%2Fb", "", "/a/b")
	f("http://t", "http://bob:se cret@t/a", "", "/a")
	f("http://t", "http://{{ u }}:{{ p }}@other/a", "", "other/a")
	f("http://t/echo/base", "/x?y", "n", "/echo/base/x (n)")
	f("http://t/echo/base", "http://t/x", "", "/x")
	f("http://t/", "/x", "", "//x")
	f("http://t", `/a\b?c\d`, "", "/a/b")
	p := &plan.Plan{Target: "http://t", Endpoints: plan.EndpointOptions{KeepQuery: true}}
	if got := p.EndpointOf("/a?b=1#c", ""); got != "/a?b=1" {
		t.Errorf("with its query: %q", got)
	}
}

func TestErrorRate(t *testing.T) {
	for _, c := range []struct{ created, completed, want float64 }{{0, 0, 0}, {10, 10, 0}, {10, 7, 30}, {3, 0, 100}} {
		if got := plan.ErrorRate(c.created, c.completed); got != c.want {
			t.Errorf("%v of %v: %v %%, want %v", c.completed, c.created, got, c.want)
		}
	}
}
