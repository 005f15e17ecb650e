package normalize_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

func TestRouteSources(t *testing.T) {
	f := func(want string, inferred bool, name string, pairs ...string) {
		t.Helper()
		events := []edge.Event{{Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: name, Attrs: attrs(pairs...)}}
		normalize.New(normalize.Options{}).Normalize(events)
		got := events[0].Facts
		if got.Route != want || got.RouteInferred != inferred {
			t.Errorf("span %q with %q: route %q, inferred %v, want %q, %v", name, pairs, got.Route, got.RouteInferred,
				want, inferred)
		}
		if want != "" && got.Operation != want {
			t.Errorf("span %q with %q: operation %q, want the route", name, pairs, got.Operation)
		}
	}
	f("/img/:id", false, "GET /other", "http.route", "/img/:id", "url.path", "/img/1")
	f("/api/cart/[id]", false, "GET", "vercel.matched_path", "/api/cart/[id]")
	f("/api/cart/[id]", false, "GET", "next.route", "/api/cart/[id]")
	f("/users/{id}", false, "GET", "url.template", "/users/{id}")
	f("/img/:id", false, "GET /img/:id", "url.path", "/img/1")
	f("/boom", false, "GET /boom", "url.path", "/boom")
	f("/users/:id", true, "GET /users/12", "url.path", "/users/12")
	f("/users/:id", true, "GET", "url.path", "/users/12")
	f("/users/:id", true, "GET", "http.target", "/users/12?x=/3")
	f("/cart/:id", true, "GET", "url.full", "https://shop.example/cart/12345?x=1")
	f("/", true, "GET", "url.full", "https://shop.example?x=/1")
	f("/cart/:id", true, "GET", "http.url", "https://shop.example:8443/cart/12345#top")
	f("", false, "GET", "url.full", "shop")
	f("/cart/:id", true, "GET", "http.url", "/cart/12345?x=http://h/1")
	f("/users/{id}", false, "GET", "http.route", "GET /users/{id}") // a pattern of Go's ServeMux
	f("GET users", false, "GET", "http.route", "GET users")
	f("/x/:id", true, "GET", "http.target", "http://h/x/1?y")
	f("/x/:id", true, "GET", "url.path", "http://h/x/1")
	f("/x/:id", true, "GET", "http.path", "/x/1")
	f("/log/:id", true, "GET /log/2026-11-20", "url.path", "/log/2026-11-20")
	f("/users/:id", true, "GET /users/12")
	f("/users/:id/orders", true, "POST /users/12/orders?x=1")
	f("/users/{id}", false, "GET /users/{id}", "url.path", "/users/12")
	f("", false, "FETCH /a")
	f("", false, "GET a")
}

func TestRouteIsInferredForInvocationsOnly(t *testing.T) {
	events := []edge.Event{
		{Kind: edge.KindSpan, SpanKind: edge.SpanClient, Name: "fetch", Attrs: attrs("url.path", "/users/12")},
		{Kind: edge.KindLog, Attrs: attrs("url.path", "/users/12")},
	}
	normalize.New(normalize.Options{}).Normalize(events)
	for _, e := range events {
		if e.Facts.Route != "" || e.Facts.RouteInferred {
			t.Errorf("%s: route %q", e.Kind, e.Facts.Route)
		}
	}
	if got := events[0].Facts.Operation; got != "fetch" {
		t.Errorf("operation without a route is %q, want the span's name", got)
	}
}

// TestInferredRoutesAreBounded: a service that is scanned for random paths gets the first routes, then "/*".
func TestInferredRoutesAreBounded(t *testing.T) {
	n := normalize.New(normalize.Options{MaxInferredRoutes: 3})
	route := func(service, path string) string {
		events := []edge.Event{{
			Kind: edge.KindSpan, SpanKind: edge.SpanServer,
			Attrs: attrs("service.name", service, "url.path", path),
		}}
		n.Normalize(events)
		return events[0].Facts.Route
	}
	for i := range 10 {
		want := fmt.Sprintf("/p%d", i)
		if i >= 3 {
			want = "/*"
		}
		if got := route("shop", fmt.Sprintf("/p%d", i)); got != want {
			t.Errorf("route %d is %q, want %q", i, got, want)
		}
	}
	if got := route("shop", "/p1"); got != "/p1" {
		t.Errorf("a route from before the bound is %q, want /p1", got)
	}
	if got := route("other", "/p7"); got != "/p7" {
		t.Errorf("the route of another service is %q, want /p7", got)
	}
}

func TestLongRouteIsNotRemembered(t *testing.T) {
	e := span(ids{1, 0}, edge.SpanServer, ms{0, 1}, "url.path", "/"+strings.Repeat("x", 300))
	if got := normalized(e)[0].Facts.Route; got != "/*" {
		t.Errorf("the route of a path of 301 bytes is %q, want /*", got)
	}
}

func TestServicesWithInferredRoutesAreBounded(t *testing.T) {
	n := normalize.New(normalize.Options{})
	for i := range 10_001 {
		events := []edge.Event{span(ids{1, 0}, edge.SpanServer, ms{0, 1}, "service.name", strconv.Itoa(i), "url.path",
			"/a")}
		n.Normalize(events)
		want := "/a"
		if i == 10_000 {
			want = "/*"
		}
		if got := events[0].Facts.Route; got != want {
			t.Fatalf("service %d: route %q, want %q", i, got, want)
		}
	}
}
