package access

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAPortIsAskedByItsNames(t *testing.T) {
	f := func(o HostOptions, want bool, page bool, hosts ...string) {
		t.Helper()
		h, err := NewHosts(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range hosts {
			if got := h.Allows(host, page); got != want {
				t.Errorf("%+v: %q (of a page: %v): got %v", o, host, page, got)
			}
		}
	}
	local := HostOptions{Addr: "127.0.0.1:4320", Local: true}
	f(local, true, false, "127.0.0.1:4320", "localhost:4320", "localhost", "LOCALHOST.", "app.localhost:4320",
		"[::1]:4320", "[::1]", "::1",
		"127.8.8.8", "192.168.1.7:4320", "[fe80::1%25eth0]:4320", "0.0.0.0", "")
	f(local, false, false, "evil.example:4320", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io",
		"notlocalhost", "collector:4320",
		"host.docker.internal:4320", "mybox.local", ".", "a b")
	// A port that only takes telemetry is reached from containers and workers; pages can't.
	ingest := HostOptions{Addr: "127.0.0.1:4318", Local: true, Ingest: true}
	f(ingest, true, false, "127.0.0.1:4318", "collector", "host.docker.internal:4318", "mybox.local",
		"collector.observability.svc")
	f(ingest, false, true, "collector", "host.docker.internal:4318", "evil.local")
	f(ingest, false, false, "evil.example", "evil.example:4318")
	// Beyond this machine, names that no page can have are good.
	everywhere := HostOptions{Addr: "0.0.0.0:4320"}
	f(everywhere, true, false, "10.0.0.5:4320", "collector:4320", "collector.observability.svc.cluster.local",
		"mybox.local", "nas.home.arpa")
	f(everywhere, true, true, "collector:4320")
	f(everywhere, false, false, "evil.example", "collector.example.com")
	named := HostOptions{Addr: "collector.example.com:4320"}
	f(named, true, false, "collector.example.com", "Collector.Example.com.:4320")
	f(named, false, false, "example.com", "x.collector.example.com")
	// Who must sign in may use any name, unless names are given.
	f(HostOptions{Addr: "0.0.0.0:4320", SignIn: true}, true, true, "telemetry.example.com", "evil.example")
	f(HostOptions{Addr: "0.0.0.0:4320", SignIn: true, Allowed: []string{"a.example.com"}}, false, false, "evil.example")
	allowed := HostOptions{
		Addr: "127.0.0.1:4320", Local: true,
		Allowed: []string{"a.example.com, B.example.com", "*.c.example"},
	}
	f(allowed, true, false, "a.example.com", "b.example.com:443", "x.c.example", "x.y.c.example", "localhost")
	f(allowed, false, false, "c.example", "xc.example", "d.example.com")
	f(HostOptions{Addr: "127.0.0.1:1", Local: true, Allowed: []string{"*"}}, true, false, "evil.example")
}

func TestAllowedHostsAreNames(t *testing.T) {
	for _, text := range []string{
		"", "a.example:80", "http://a.example", "a.*.example", "*.", "a b",
		"a.example,,b.example",
	} {
		if _, err := NewHosts(HostOptions{Addr: "127.0.0.1:0", Allowed: []string{text}}); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// TestFront holds what passes, by the headers that browsers send and no page can change.
func TestFront(t *testing.T) {
	hosts, err := NewHosts(HostOptions{Addr: "127.0.0.1:4320", Local: true})
	if err != nil {
		t.Fatal(err)
	}
	front := Front{Hosts: hosts, Origins: []string{"https://shop.example"}}
	passed := front.Wrap(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		w.WriteHeader(http.StatusNoContent)
	}))
	f := func(name string, want int, method string, headers ...string) {
		t.Helper()
		r := httptest.NewRequest(method, "http://localhost:4320/api/v1/query", http.NoBody)
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == "Host" {
				r.Host = headers[i+1]
			} else {
				r.Header.Add(headers[i], headers[i+1])
			}
		}
		w := httptest.NewRecorder()
		passed.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: got %d %s, want %d", name, w.Code, w.Body, want)
		}
		if want == http.StatusNoContent {
			return
		}
		var refusal map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || refusal["status"] != "error" {
			t.Errorf("%s: %s: %v", name, w.Body, err)
		}
		if remedy := map[int]string{
			400: "send one", 403: "--cors-origin",
			421: "--allowed-hosts",
		}[want]; !strings.Contains(refusal["error"], remedy) {
			t.Errorf("%s: %q lacks %q", name, refusal["error"], remedy)
		}
	}
	const evil = "https://evil.example"
	f("curl", 204, "GET")
	f("curl that posts", 204, "POST")
	f("the address bar", 204, "GET", "Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate")
	f("a link on another site", 204, "GET", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
	f("a page of this port", 204, "POST", "Origin", "http://localhost:4320", "Sec-Fetch-Site", "same-origin",
		"Sec-Fetch-Mode", "cors")
	f("the same, old browser", 204, "POST", "Origin", "http://localhost:4320")
	f("the same behind a proxy", 204, "POST", "Origin", "https://dash.example", "Sec-Fetch-Site", "same-origin")
	f("a page that may send", 204, "POST", "Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site",
		"Sec-Fetch-Mode", "cors")
	f("a page that may send, old browser", 204, "OPTIONS", "Origin", "https://shop.example")

	f("another site's fetch", 403, "POST", "Origin", evil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors")
	f("another site's form", 403, "POST", "Origin", evil, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate")
	f("another site's question", 403, "GET", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors")
	f("another port of this machine", 403, "POST", "Origin", "http://localhost:3000", "Sec-Fetch-Site", "same-site",
		"Sec-Fetch-Mode", "cors")
	f("old browser", 403, "POST", "Origin", evil)
	f("old browser's question", 403, "GET", "Origin", evil)
	f("old browser, another port", 403, "DELETE", "Origin", "http://localhost:3000")
	f("a file or a sandbox", 403, "POST", "Origin", "null")
	f("a preflight", 403, "OPTIONS", "Origin", evil, "Access-Control-Request-Method", "DELETE")

	f("a name that was rebound", 421, "GET", "Host", "evil.example:4320")
	f("a name that was rebound, same origin", 421, "POST", "Host", "evil.example:4320", "Origin",
		"http://evil.example:4320", "Sec-Fetch-Site", "same-origin")
	f("two tokens", 400, "GET", "Authorization", "Bearer one", "Authorization", "Bearer two")
	f("the same token twice", 400, "GET", "Authorization", "Bearer one", "Authorization", "Bearer one")
}
