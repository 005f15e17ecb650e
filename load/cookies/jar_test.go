package cookies_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/load/cookies"
)

func at(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestCookiesAreThoseOfToughCookie: each line was made by tough-cookie 5.1.2: how many lines it refuses, and what it
// sends.
func TestCookiesAreThoseOfToughCookie(t *testing.T) {
	var options cookies.Options
	var from, to *url.URL
	g := func(o cookies.Options, set, get string) {
		t.Helper()
		options, from, to = o, at(t, set), at(t, get)
	}
	f := func(refused int, want string, lines ...string) {
		t.Helper()
		j := cookies.New(options)
		bad := 0
		for _, line := range lines {
			if !j.Set(from, line) {
				bad++
			}
		}
		if got := j.Header(to); got != want || bad != refused {
			t.Errorf("%s, then %s with %+v, %q:\n got %d %q\nwant %d %q", from, to, options, lines, bad, got, refused, want)
		}
	}
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/a/b")
	f(0, "j={\"a\":1}", "j={\"a\":1}")
	f(0, "q=\"x y\"", "q=\"x y\"")
	f(0, "s=a b", "s=a b")
	f(0, "e=a=b=c", "e=a=b=c")
	f(0, "n=grün", "n=grün")
	f(1, "", "=v")
	f(1, "", "alone")
	f(1, "", "")
	f(0, "a=b", "  a = b  ")
	f(0, "a=", "a=")
	f(0, "a=b", "a=b;")
	f(0, "a=b", "a=b; ; Path")
	f(0, "a=1,b=2", "a=1,b=2")
	f(1, "", "a=b\x01")
	f(1, "", "a\x02=b")
	f(0, "a=b", "a=b\nc")
	f(0, "a=b", "a=b\x00c")
	f(0, "a=\x7f", "a=\x7f")
	f(1, "", "=")
	f(1, "", "; Path=/")
	f(0, "a b=c", "a b=c")
	f(1, "", "a;b=c")
	f(0, "é=1", "é=1")
	f(0, "a=\"b", "a=\"b;c\"")
	f(0, "a='x'", "a='x'")
	f(1, "", "a=b\tc")
	f(0, "a=b", "\ta=b\t")
	f(1, "", " =x")
	f(1, "", " = ")
	f(0, "", "a=1; Max-Age=0")
	f(0, "", "a=1; Max-Age=-1")
	f(0, "a=1", "a=1; Max-Age=100")
	f(0, "a=1", "a=1; Max-Age=x")
	f(0, "a=1", "a=1; Max-Age=1.5")
	f(0, "a=1", "a=1; Max-Age=\"5\"")
	f(0, "a=1", "a=1; Max-Age=0; Max-Age=10")
	f(0, "a=1", "a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	f(0, "", "a=1; Max-Age=0; Expires=Wed, 09 Jun 2099 10:18:14 GMT")
	f(0, "a=1", "a=1; Max-Age=99999999999999999999")
	f(0, "a=1", "a=1; Max-Age=")
	f(0, "a=1", "a=1; Max-Age")
	f(0, "", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	f(0, "a=1", "a=1; Expires=Wed, 09 Jun 2099 10:18:14 GMT")
	f(0, "a=1", "a=1; Expires=Wed, 09-Jun-2099 10:18:14 GMT")
	f(0, "", "a=1; expires=Wednesday, 09-Jun-99 10:18:14 GMT")
	f(0, "a=1", "a=1; expires=Wed, 09-Jun-69 10:18:14 GMT")
	f(0, "", "a=1; Expires=Wed Jun  9 10:18:14 1999")
	f(0, "a=1", "a=1; Expires=junk")
	f(0, "a=1", "a=1; Expires=0")
	f(0, "a=1", "a=1; Expires=")
	f(0, "", "a=1; Expires=1 jan 1999 00:00:00")
	f(0, "", "a=1; Expires=jan 1 00:00:00 1999 -0800")
	f(0, "a=1", "a=1; Expires=32 jan 1999 00:00:00")
	f(0, "a=1", "a=1; Expires=1 jan 1600 00:00:00")
	f(0, "a=1", "a=1; Expires=1 jan 1999 24:00:00")
	f(0, "", "a=1; Expires=1 jan 1999 0:0:0")
	f(0, "a=1", "a=1; Expires=1 jan 1999 00:00")
	f(0, "a=1", "a=1; Expires=1999-01-01T00:00:00Z")
	f(0, "", "a=1; Expires=Tue, 30 Feb 1999 00:00:00 GMT")
	f(0, "", "a=1; Expires=1 january 99 00:00:00")
	f(0, "", "a=1; Expires=1st jan 1999 00:00:00x")
	f(0, "a=1", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=Wed, 09 Jun 2099 10:18:14 GMT")
	f(0, "a=1", "a=1; Expires=Wed, 09 Jun 2099 10:18:14 GMT; Expires=junk")
	f(0, "a=1", "a=1; Expires=Thu,01/Jan/1970:00:00:00")
	f(0, "", "a=1; Expires=1 jan 70 00:00:00")
	f(0, "a=1", "a=1; Expires=1 jan 170 00:00:00")
	f(0, "a=3; b=2", "a=1", "b=2", "a=3")
	f(0, "d=4; b=2; a=1; c=3", "a=1; Path=/", "b=2; Path=/a", "c=3; Path=/", "d=4; Path=/a/b")
	f(0, "", "a=1", "a=; Max-Age=0")
	f(0, "a=2", "a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=2")
	f(0, "a=2; a=1", "a=1; Path=/", "a=2; Path=/a")
	f(0, "a=2", "a=1", "a=2; Domain=h.test")
	f(0, "a=1", "a=1; Path=/", "a=; Path=/a; Max-Age=0")
	f(0, "A=1; a=2", "A=1", "a=2")
	f(0, "x=3; y=2", "x=1; Path=/", "y=2; Path=/", "x=3; Path=/")
	g(cookies.Options{Loose: true}, "http://h.test/a/b", "http://h.test/a/b")
	f(0, "alone", "alone")
	f(0, "v", "=v")
	f(0, "=v", "==v")
	f(0, "a=b", "=a=b")
	f(0, "", "=")
	f(0, "", " ")
	f(0, "a=b", "a=b")
	f(0, "", "; x")
	f(0, "alone", " alone ")
	f(0, "", "=;")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/a/b/c")
	f(0, "a=1", "a=1")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/a")
	f(0, "a=1", "a=1")
	f(0, "", "a=1; Path=/a/")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/")
	f(0, "", "a=1")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/ab")
	f(0, "", "a=1; Path=/a")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/a/")
	f(0, "a=1", "a=1; Path=/a")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/z")
	f(0, "a=1", "a=1; Path=/")
	f(0, "a=1", "a=1; Path=/a; Path=/")
	f(0, "a=1", "a=1; PATH=/")
	f(0, "", "a=1; Path=\"/\"")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/a/c")
	f(0, "a=1", "a=1; Path=x")
	f(0, "a=1", "a=1; Path")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/é")
	f(0, "", "a=1; Path=/é")
	f(0, "a=1", "a=1; Path=/%C3%A9")
	g(cookies.Options{}, "http://h.test/a/b", "http://h.test/a b")
	f(0, "a=1", "a=1; path=/a%20b")
	g(cookies.Options{}, "http://www.h.test/", "http://h.test/")
	f(0, "a=1", "a=1; Domain=h.test")
	f(0, "", "a=1")
	g(cookies.Options{}, "http://www.h.test/", "http://x.h.test/")
	f(0, "a=1", "a=1; Domain=.h.test")
	f(0, "a=1", "a=1; Domain=H.Test")
	f(1, "", "a=1; Domain=x.h.test")
	g(cookies.Options{}, "http://h.test/", "http://www.h.test/")
	f(0, "", "a=1")
	f(1, "", "a=1; Domain=www.h.test")
	f(0, "a=1", "a=1; Domain=h.test; Domain=")
	f(0, "a=1", "a=1; Domain=b.test; Domain=h.test")
	g(cookies.Options{}, "http://h.test/", "http://h.test/")
	f(1, "", "a=1; Domain=test")
	f(0, "a=1", "a=1; Domain=")
	f(0, "a=1", "a=1; Domain=.")
	f(1, "", "a=1; Domain=h.test:80")
	f(0, "a=1", "a=1; HttpOnly; SameSite=Strict")
	g(cookies.Options{}, "http://a.com/", "http://a.com/")
	f(1, "", "a=1; Domain=com")
	g(cookies.Options{}, "http://a.co.uk/", "http://a.co.uk/")
	f(1, "", "a=1; Domain=co.uk")
	g(cookies.Options{}, "http://x.github.io/", "http://y.github.io/")
	f(1, "", "a=1; Domain=github.io")
	g(cookies.Options{}, "http://localhost/", "http://localhost/")
	f(0, "a=1", "a=1; Domain=localhost")
	f(0, "", "a=1; Secure")
	g(cookies.Options{}, "http://localhost:8080/", "http://localhost:9/")
	f(0, "a=1", "a=1")
	g(cookies.Options{}, "http://127.0.0.1/", "http://127.0.0.1/")
	f(1, "", "a=1; Domain=127.0.0.1")
	f(0, "a=1", "a=1")
	f(0, "", "a=1; Secure=false")
	g(cookies.Options{}, "http://[::1]/", "http://[::1]/")
	f(0, "a=1", "a=1")
	g(cookies.Options{}, "http://myhost/", "http://myhost/")
	f(1, "", "a=1; Domain=myhost")
	g(cookies.Options{}, "http://a.myhost/", "http://a.myhost/")
	f(1, "", "a=1; Domain=myhost")
	g(cookies.Options{}, "http://a.xn--bcher-kva.example/", "http://xn--bcher-kva.example/")
	f(0, "a=1", "a=1; Domain=xn--bcher-kva.example")
	g(cookies.Options{}, "http://x.local/", "http://x.local/")
	f(1, "", "a=1; Domain=local")
	g(cookies.Options{}, "http://x.y.local/", "http://y.local/")
	f(0, "a=1", "a=1; Domain=y.local")
	g(cookies.Options{}, "http://example/", "http://example/")
	f(1, "", "a=1; Domain=example")
	g(cookies.Options{}, "http://a.b.c.d.test/", "http://q.d.test/")
	f(0, "a=1", "a=1; Domain=d.test")
	g(cookies.Options{}, "http://1.2.3.4/", "http://1.2.3.4/")
	f(1, "", "a=1; Domain=3.4")
	g(cookies.Options{}, "http://h.test./", "http://h.test/")
	f(1, "", "a=1; Domain=h.test")
	g(cookies.Options{}, "http://ah.test/", "http://h.test/")
	f(1, "", "a=1; Domain=h.test")
	g(cookies.Options{}, "https://h.test/", "http://h.test/")
	f(0, "", "a=1; Secure")
	g(cookies.Options{}, "https://h.test/", "https://h.test/")
	f(0, "a=1", "a=1; Secure")
	f(0, "", "__Secure-a=1")
	f(0, "__Secure-a=1", "__Secure-a=1; Secure")
	f(0, "__Host-a=1", "__Host-a=1; Secure; Path=/")
	f(0, "__Host-a=1", "__Host-a=1; Secure")
	f(0, "", "__Host-a=1; Secure; Path=/; Domain=h.test")
	f(0, "__host-a=1", "__host-a=1")
	g(cookies.Options{}, "http://h.test/", "https://h.test/")
	f(0, "a=1", "a=1; secure")
	f(0, "__Secure-a=1", "__Secure-a=1; Secure")
	g(cookies.Options{}, "https://h.test/x/y", "https://h.test/x/y")
	f(0, "", "__Host-a=1; Secure")
	g(cookies.Options{}, "http://h.test", "http://h.test/q")
	f(0, "a=1", "a=1")
	g(cookies.Options{}, "http://h.test/?x=/y/z", "http://h.test/q")
	f(0, "a=1", "a=1")
	g(cookies.Options{}, "http://h.test/a", "http://h.test/q")
	f(0, "a=1", "a=1")
	g(cookies.Options{Prefixes: cookies.StrictPrefixes}, "https://h.test/", "https://h.test/")
	f(1, "", "__Secure-a=1")
	g(cookies.Options{Prefixes: cookies.SilentPrefixes}, "https://h.test/", "https://h.test/")
	f(0, "", "__Secure-a=1")
	g(cookies.Options{Prefixes: cookies.NoPrefixes}, "https://h.test/", "https://h.test/")
	f(0, "__Secure-a=1", "__Secure-a=1")
}

func TestCookiesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, u := cookies.New(cookies.Options{}), at(t, "http://h.test/")
		for _, line := range []string{
			"a=1; Max-Age=10", "b=2; Expires=" + time.Now().Add(20*time.Second).UTC().Format(time.RFC1123), "c=3",
			"d=4; Max-Age=30; Expires=" + time.Now().UTC().Format(time.RFC1123), "e=5; Max-Age=99999999999999999999",
		} {
			if !j.Set(u, line) {
				t.Errorf("%q is refused", line)
			}
		}
		for _, want := range []string{"a=1; b=2; c=3; d=4; e=5", "b=2; c=3; d=4; e=5", "c=3; d=4; e=5", "c=3; e=5"} {
			if got := j.Header(u); got != want {
				t.Errorf("after %s: got %q, want %q", time.Since(time.Time{}), got, want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// A jar is bounded: the oldest cookies go, and one that is larger than a jar is refused.
func TestJarsAreBounded(t *testing.T) {
	j, u := cookies.New(cookies.Options{}), at(t, "http://h.test/")
	for i := range 1200 {
		j.Set(u, fmt.Sprintf("c%d=%d", i, i))
	}
	got := strings.Split(j.Header(u), "; ")
	if len(got) != 1000 || got[0] != "c200=200" || got[999] != "c1199=1199" {
		t.Errorf("%d cookies, from %s to %s", len(got), got[0], got[len(got)-1])
	}
	large := strings.Repeat("x", 600<<10)
	if !j.Set(u, "l="+large) || !j.Set(u, "m="+large) || j.Header(u) != "m="+large {
		t.Errorf("%d bytes of two large cookies", len(j.Header(u)))
	}
	if j.Set(u, "n="+large+large) {
		t.Error("a cookie larger than a jar is taken")
	}
}

// FuzzSet: whatever a server sets, what is sent is one line of pairs, and set again it is sent alike.
func FuzzSet(f *testing.F) {
	for _, line := range []string{
		"a=1; Path=/; Domain=h.test; Secure", "j={\"a\":1}; Max-Age=5; Expires=Wed, 09 Jun 2099 10:18:14 GMT", "=v", "alone",
		"__Host-a=1; Secure; Path=/", "a=b; expires=1 jan 99 0:0:0", "\xff=\xfe; domain=.com",
	} {
		f.Add(line, false)
		f.Add(line, true)
	}
	u, err := url.Parse("https://www.h.test/a/b")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string, loose bool) {
		j := cookies.New(cookies.Options{Loose: loose})
		set := j.Set(u, line)
		header := j.Header(u)
		if !set && header != "" || strings.ContainsAny(header, "\r\n\x00;") {
			t.Errorf("%q is sent as %q, %v", line, header, set)
		}
		again := cookies.New(cookies.Options{Loose: loose, Prefixes: cookies.NoPrefixes})
		if header != "" && !strings.HasPrefix(header, "=") && (!again.Set(u, header) || again.Header(u) != header) {
			t.Errorf("%q is sent as %q, and then as %q", line, header, again.Header(u))
		}
	})
}
