package access

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func whose(w http.ResponseWriter, r *http.Request) {
	tenant, err := TenantOf(r)
	fmt.Fprint(w, tenant, err)
}

func TestProtectLetsThroughWhoMayAndTellsOthersWhy(t *testing.T) {
	g := open(t, twoTenants, Options{})
	f := func(want Scope, wantCode int, wantBody string, authorization ...string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header["Authorization"] = authorization
		w := httptest.NewRecorder()
		g.Protect(want, nil, http.HandlerFunc(whose)).ServeHTTP(w, r)
		body := w.Body.String()
		if w.Code != http.StatusOK {
			var refusal map[string]string
			if err := json.Unmarshal(w.Body.Bytes(), &refusal); err != nil || refusal["status"] != "error" ||
				refusal["error"] == "" {
				t.Errorf("%v: %q: %v", authorization, body, err)
			}
			body = refusal["errorType"]
		}
		if w.Code != wantCode || body != wantBody {
			t.Errorf("%v for %s: got %d %s, want %d %s", authorization, want, w.Code, body, wantCode, wantBody)
		}
		if asks := w.Header().Get("WWW-Authenticate") != ""; asks != (wantCode == http.StatusUnauthorized) {
			t.Errorf("%v: WWW-Authenticate is %q with status %d", authorization, w.Header().Get("WWW-Authenticate"),
				w.Code)
		}
	}
	f(Read, 200, "1 <nil>", "Bearer "+shopReader)
	f(Read, 200, "2 <nil>", "Bearer "+newsAll)
	f(Admin, 403, "forbidden", "Bearer "+shopReader)
	f(Read, 403, "forbidden", "Bearer "+shopWriter)
	f(Read, 401, "unauthorized", "Bearer wrong")
	f(Read, 401, "unauthorized", "")
	f(Read, 401, "unauthorized")
	f(Read, 400, "bad_data", "Bearer "+shopReader, "Bearer "+newsAll)
}

func TestWhoIsNotLetThroughIsToldInThePathsOwnWords(t *testing.T) {
	g := open(t, twoTenants, Options{})
	fail := func(w http.ResponseWriter, r *http.Request, status int, text string) {
		w.WriteHeader(status)
		fmt.Fprint(w, r.URL.Path, " ", text != "")
	}
	w := httptest.NewRecorder()
	g.Protect(Read, fail, http.HandlerFunc(whose)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x", http.NoBody))
	if w.Code != http.StatusUnauthorized || w.Body.String() != "/x true" || w.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
}

func TestATextNamesATenant(t *testing.T) {
	g := open(t, twoTenants, Options{})
	f := func(g *Guard, who string, want string) {
		t.Helper()
		if got := fmt.Sprint(g.Member(who)); got != want {
			t.Errorf("%q: got %s, want %s", who, got, want)
		}
	}
	f(g, "shop", "1 true")
	f(g, "1", "1 true")
	f(g, "news", "2 true")
	f(g, "0x1", "0 false")
	f(g, "-1", "0 false")
	f(g, "4294967298", "0 false") // 2 beyond 32 bits
	f(g, "3", "0 false")
	f(g, "", "0 false")
	f(nil, "shop", "0 false")
}

// TestTheSenderOfWhatIsRefusedIsKnown by its token, and grants nothing.
func TestTheSenderOfWhatIsRefusedIsKnown(t *testing.T) {
	g := open(t, twoTenants, Options{})
	f := func(authorization string, want Scope, wantSender string, wantAdmitted bool) {
		t.Helper()
		ctx := Begin(t.Context())
		_, err := g.Admit(ctx, authorization, want)
		tenant, known := SenderOf(ctx)
		if got := fmt.Sprint(tenant, known); got != wantSender || (err == nil) != wantAdmitted {
			t.Errorf("%q for %s: sender %s, %v; want %s", authorization, want, got, err, wantSender)
		}
		_, err = TenantOf(httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
		if (err == nil) != wantAdmitted {
			t.Errorf("%q for %s: TenantOf says %v", authorization, want, err)
		}
	}
	f("Bearer "+shopWriter, Write, "1 true", true)
	f("Bearer "+shopReader, Write, "1 true", false)
	f("Bearer wrong", Write, "0 false", false)
	f("", Write, "0 false", false)
	if _, known := SenderOf(t.Context()); known {
		t.Error("somebody is known without a visit")
	}
}

func TestWithoutAGuardQuestionsAreOfTenantZero(t *testing.T) {
	var g *Guard
	w := httptest.NewRecorder()
	g.Protect(Admin, nil, http.HandlerFunc(whose)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusOK || w.Body.String() != "0 <nil>" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAHandlerWithoutProtectionAnswersNobody(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	if tenant, err := TenantOf(r); err == nil {
		t.Errorf("got tenant %d", tenant)
	}
	if tenant, err := TenantOf(r.WithContext(Begin(r.Context()))); err == nil {
		t.Errorf("a visit of nobody: got tenant %d", tenant)
	}
}

func TestTheHeaderOfATrustedProxyCounts(t *testing.T) {
	g := open(t, twoTenants, Options{ProxyHeader: "X-User", Proxies: prefixes(t, "10.1.0.0/16", "fd00::1")})
	f := func(remote string, h http.Header, scope Scope, want string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr, r.Header = remote, h
		if got := outcome(g.AdmitRequest(r, scope)); got != want {
			t.Errorf("%s %v for %s: got %s, want %s", remote, h, scope, got, want)
		}
	}
	const proxy = "10.1.2.3:555"
	f(proxy, http.Header{"X-User": {"alice@shop.example"}}, Read, "shop")
	f(proxy, http.Header{"X-User": {"news"}}, Read, "news")
	f("[::ffff:10.1.2.3]:555", http.Header{"X-User": {"news"}}, Read, "news")
	f("[fd00::1]:555", http.Header{"X-User": {"news"}}, Read, "news")
	f("[fd00::1%eth0]:555", http.Header{"X-User": {"news"}}, Read, "news")

	f(proxy, http.Header{"X-User": {"news"}}, Write, "403")
	f(proxy, http.Header{"X-User": {"news"}}, Admin, "403")
	f(proxy, http.Header{"X-User": {"mallory"}}, Read, "403")
	f(proxy, http.Header{"X-User": {"News"}}, Read, "403")
	f(proxy, http.Header{"X-User": {"2"}}, Read, "403")
	f(proxy, http.Header{"X-User": {"news, shop"}}, Read, "403")
	f(proxy, http.Header{"X-User": {"news", "shop"}}, Read, "401")
	f(proxy, http.Header{"X-User": {""}}, Read, "401")
	f(proxy, http.Header{}, Read, "401")

	// A token counts before the header, also a wrong one.
	f(proxy, http.Header{"X-User": {"news"}, "Authorization": {"Bearer " + shopReader}}, Read, "shop")
	f(proxy, http.Header{"X-User": {"news"}, "Authorization": {"Bearer wrong"}}, Read, "401")

	// Anybody else may write what they like into the header.
	for _, remote := range []string{"10.2.0.1:555", "127.0.0.1:555", "[fd00::2]:555", "10.1.2.3", "@", ""} {
		f(remote, http.Header{"X-User": {"news"}, "X-Forwarded-For": {"10.1.2.3"}}, Read, "401")
	}
}

func prefixes(t *testing.T, texts ...string) []netip.Prefix {
	t.Helper()
	p, err := ParseProxies(texts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProxiesAreNetworksOrAddresses(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := ParseProxies([]string{text})
		if err != nil {
			got = []netip.Prefix{{}}
		}
		if d := cmp.Diff(want, got[0].String()); d != "" {
			t.Errorf("%s: %v", text, d)
		}
	}
	f("10.1.2.3/8", "10.0.0.0/8")
	f("10.1.2.3", "10.1.2.3/32")
	f("fd00::1", "fd00::1/128")
	f("10.1.2.3/33", "invalid Prefix")
	f("proxy.example", "invalid Prefix")
	f("", "invalid Prefix")
}
