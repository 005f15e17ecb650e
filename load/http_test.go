package load_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
)

func TestPoolIsSharedAndBounded(t *testing.T) {
	server, connections := loadtest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	script := "config: {http: {pool: 2}, phases: [{duration: 20ms, arrivalCount: 40}]}\nscenarios: [{flow: [{get: " +
		"{url: /}}]}]"
	if n := loadtest.Tell(loadtest.Run(t, server.URL, script, load.Options{}))["code 200"]; n != 40 {
		t.Errorf("%d answers, want 40", n)
	}
	if n := connections.Load(); n > 2 {
		t.Errorf("a pool of 2 opened %d connections", n)
	}
}

func TestMaxConnectionsReplacesThePool(t *testing.T) {
	server, connections := loadtest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	loadtest.Run(t, server.URL, "config: {phases: [{duration: 20ms, arrivalCount: 20}]}\nscenarios: [{flow: [{get: "+
		"{url: /}}]}]", load.Options{MaxConnections: 1})
	if n := connections.Load(); n != 1 {
		t.Errorf("--max-connections 1 opened %d connections", n)
	}
}

func TestWaitForAConnectionIsInResponseTimeNotInService(t *testing.T) {
	const each = 30 * time.Millisecond
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(each):
		case <-r.Context().Done():
		}
	})
	script := "config: {http: {pool: 1}, phases: [{duration: 1ms, arrivalCount: 4}]}\nscenarios: [{flow: [{get: " +
		"{url: /}}]}]"
	var slowest *load.Result
	for _, r := range loadtest.Results(loadtest.Run(t, server.URL, script, load.Options{})) {
		if slowest == nil || r.Response() > slowest.Response() {
			slowest = r
		}
	}
	if slowest.Response() < 4*each || slowest.ConnWait < 3*each {
		t.Errorf("the last of 4 in the queue has response time %v, wait %v; want at least %v and %v",
			slowest.Response(), slowest.ConnWait, 4*each, 3*each)
	}
	if slowest.Service() >= 3*each {
		t.Errorf("its service time is %v, want about %v: without the queue", slowest.Service(), each)
	}
}

func TestRedirectsAreFollowedByHand(t *testing.T) {
	type seen struct{ method, path, body, auth string }
	var got []seen
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, seen{r.Method, r.URL.Path, string(body), r.Header.Get("Authorization")})
		var code int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &code); err == nil {
			http.Redirect(w, r, "/end", code)
			return
		}
		if r.URL.Path == "/forever" {
			http.Redirect(w, r, "/forever", http.StatusFound)
		}
	})
	f := func(step string, want ...seen) {
		t.Helper()
		got = nil
		loadtest.Run(t, server.URL, loadtest.OneUser+"scenarios: [{flow: ["+step+"]}]", load.Options{})
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
	f("{post: {url: /301, body: x}}", seen{"POST", "/301", "x", ""}, seen{"POST", "/end", "x", ""})
	f("{post: {url: /302, body: x}}", seen{"POST", "/302", "x", ""}, seen{"POST", "/end", "x", ""})
	f("{put: {url: /302, body: x}}", seen{"PUT", "/302", "x", ""}, seen{"PUT", "/end", "x", ""})
	f("{put: {url: /303, body: x}}", seen{"PUT", "/303", "x", ""}, seen{"GET", "/end", "", ""})
	f("{post: {url: /307, body: x}}", seen{"POST", "/307", "x", ""}, seen{"POST", "/end", "x", ""})
	f("{get: {url: /308, headers: {authorization: a}}}", seen{"GET", "/308", "", "a"}, seen{"GET", "/end", "", "a"})
	f("{get: {url: /302, followRedirect: false}}", seen{"GET", "/302", "", ""})

	got = nil
	n := loadtest.Tell(loadtest.Run(t, server.URL, loadtest.OneUser+"scenarios: [{flow: [{get: {url: /forever}}]}]",
		load.Options{}))
	if n["requests"] != 11 || n["failed: ERR_TOO_MANY_REDIRECTS"] != 1 {
		t.Errorf("an endless redirect made %v, want 11 requests and a failed user", n)
	}
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	var got http.Header
	other, _ := loadtest.Serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	first, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	loadtest.Run(t, first.URL, "config: {http: {credentials: [x-api-key]}, phases: [{duration: 1ms, arrivalCount: 1}]}\n"+
		"scenarios: [{flow: [{get: {url: /, headers: {authorization: secret, x-api-key: secret, x-own: kept}}}]}]",
		load.Options{})
	if got.Get("Authorization") != "" || got.Get("X-Api-Key") != "" || got.Get("X-Own") != "kept" {
		t.Errorf("the other host got %v, want no authorization, no x-api-key, and x-own", got)
	}
}

func TestCookiesBelongToTheUser(t *testing.T) {
	var cookies []string
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			w.Header().Add("Set-Cookie", "sid=7; Path=/")
			w.Header().Add("Set-Cookie", "b@d cookie")
			return
		}
		cookies = append(cookies, r.Header.Get("Cookie"))
	})
	script := "config: {phases: [{duration: 200ms, arrivalCount: 2}], http: {pool: 1}}\nscenarios: [{flow: [{get: " +
		"{url: /me}}, {get: {url: /login}}, {get: {url: /me, cookie: {own: x}}}]}]"
	events := loadtest.Run(t, server.URL, script, load.Options{})
	if diff := cmp.Diff([]string{"", "sid=7; own=x", "", "sid=7; own=x"}, cookies); diff != "" {
		t.Errorf("cookies sent (-want +got):\n%s", diff)
	}
	var bad int
	for _, r := range loadtest.Results(events) {
		bad += r.BadCookies
	}
	if bad != 2 {
		t.Errorf("%d malformed cookies were counted, want 2", bad)
	}
}

func TestConnectionErrorsEndTheUser(t *testing.T) {
	dropped, _ := loadtest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	})
	short, _ := loadtest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "ten bytes!")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	listener.Close()
	f := func(base, wantError string, wantCode int) {
		t.Helper()
		n := loadtest.Tell(loadtest.Run(t, base, loadtest.OneUser+"scenarios: [{flow: [{post: {url: /, body: x}}, "+
			"{get: {url: /never}}]}]", load.Options{}))
		want := map[string]int{
			"phases": 1, "created 0": 1, "requests": 1, fmt.Sprint("code ", wantCode): 1,
			"failed: " + wantError: 1,
		}
		if diff := cmp.Diff(want, n); diff != "" {
			t.Errorf("%s (-want +got):\n%s", wantError, diff)
		}
	}
	f(closed, "ECONNREFUSED", 0)
	f(dropped.URL, "ECONNRESET", 0)
	f(short.URL, "ECONNRESET", 200)
}
