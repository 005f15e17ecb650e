package redirect_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"edgescope/load/redirect"
)

func request(t *testing.T, method, address, body string, header http.Header) *redirect.Request {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return &redirect.Request{Method: method, URL: u, Header: header, Body: []byte(body)}
}

// TestMethods: what Artillery 2.0.34 sends on; all but 303 keep the method, POST too.
func TestMethods(t *testing.T) {
	f := func(method string, status int, want string) {
		t.Helper()
		header := http.Header{"Content-Type": {"text/plain"}, "Content-Length": {"1"}}
		next, err := request(t, method, "http://a.test/b/c?d", "x", header).Follow(status, "../e?f=1", nil)
		got := ""
		if next != nil {
			got = next.Method + " " + next.URL.String() + " " + string(next.Body) + next.Header.Get("Content-Length")
		}
		if got != want || err != nil {
			t.Errorf("%s after %d: %q, %v; want %q", method, status, got, err, want)
		}
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
		for _, status := range []int{300, 301, 302, 304, 307, 308} {
			f(method, status, method+" http://a.test/e?f=1 x1")
		}
		for _, status := range []int{200, 201, 204, 305, 306, 400} {
			f(method, status, "")
		}
		if method != "HEAD" {
			f(method, 303, "GET http://a.test/e?f=1 ")
		}
	}
	f("HEAD", 303, "HEAD http://a.test/e?f=1 x1")
}

func TestWhereItLeads(t *testing.T) {
	f := func(location, want string) {
		t.Helper()
		next, err := request(t, "GET", "http://a.test:81/b/c", "", http.Header{}).Follow(302, location, nil)
		got := ""
		switch {
		case err != nil:
			got = err.Error()
			var named interface{ ErrorName() string }
			if !errors.As(err, &named) || named.ErrorName() != got {
				t.Errorf("%q: %v has no name", location, err)
			}
		case next != nil:
			got = next.URL.String()
		}
		if got != want {
			t.Errorf("%q leads to %q, want %q", location, got, want)
		}
	}
	f("", "")
	f("/x", "http://a.test:81/x")
	f("x", "http://a.test:81/b/x")
	f("?q", "http://a.test:81/b/c?q")
	f("//b.test/x", "http://b.test/x")
	f("https://b.test", "https://b.test/")
	f("ftp://b.test/", "ERR_UNSUPPORTED_PROTOCOL")
	f("javascript:alert(1)", "ERR_UNSUPPORTED_PROTOCOL")
	f("http://[bad", "ERR_INVALID_URL")
	f("//[", "ERR_INVALID_URL")
	f("http://", "ERR_INVALID_URL")
	f("http://:80/", "ERR_INVALID_URL")
	f("://", "http://a.test:81/b/://")
	f("http://b.test:port/", "ERR_INVALID_URL")
	f("/a\nb c", "http://a.test:81/ab%20c")
}

// TestCredentials: which headers go where.
func TestCredentials(t *testing.T) {
	f := func(from, to, want string) {
		t.Helper()
		header := http.Header{}
		for _, name := range []string{
			"Authorization", "Cookie", "Proxy-Authorization", "Host", "X-Api-Key", "X-Other", "Accept",
			"Accept-Language", "User-Agent",
		} {
			header.Set(name, "v")
		}
		r := request(t, "GET", from, "", header)
		next, err := r.Follow(302, to, []string{"X-Api-Key"})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(slices.Sorted(maps.Keys(next.Header)), " ")
		if got != want || len(header) != 9 {
			t.Errorf("from %s to %s:\ngot  %s\nwant %s", from, to, got, want)
		}
	}
	const (
		all      = "Accept Accept-Language Authorization Cookie Host Proxy-Authorization User-Agent X-Api-Key X-Other"
		others   = "Accept Accept-Language User-Agent X-Other"
		harmless = "Accept Accept-Language User-Agent"
	)
	f("http://a.test/", "/x", all)
	f("http://a.test/", "http://A.test:80/x", all)
	f("https://a.test:443/", "https://a.test/x", all)
	f("http://a.test/", "https://a.test/", all)
	f("http://a.test:81/", "https://a.test:81/", all)
	f("http://a.test/", "https://a.test:81/", others)
	f("http://a.test/", "http://b.test/", others)
	f("http://a.test/", "http://a.test:81/", others)
	f("http://a.test/", "http://sub.a.test/", others)
	f("https://a.test/", "https://b.test/", others)
	f("https://a.test/", "http://a.test/", harmless)
	f("https://a.test:81/", "http://a.test:81/", harmless)
	f("https://a.test/", "http://b.test/", harmless)
}

func TestUserinfoOfALocation(t *testing.T) {
	next, err := request(t, "GET", "http://a.test/", "", http.Header{"Authorization": {"own"}}).
		Follow(302, "http://bob:s%40x@b.test/", nil)
	if err != nil || next.Header.Get("Authorization") != "Basic Ym9iOnNAeA==" || next.URL.User != nil {
		t.Errorf("%v, %v: want Basic authentication by the URL", next, err)
	}
}
