package address_test

import (
	"net/url"
	"testing"

	"edgescope/scenarios/address"
)

// The right side is what Node 22 sends, but for %25, %7C and %5E, which it sends as %, | and ^.
func TestURLsAreReadAsInNode(t *testing.T) {
	f := func(raw, want string) {
		t.Helper()
		a, err := address.Parse(raw)
		got := a.URL
		if err != nil {
			got = err.Error()
		}
		if a.Authorization != "" {
			got += " " + a.Authorization
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
	path := func(raw, want string) { t.Helper(); f("http://h:1"+raw, "http://h:1"+want) }
	path("/", "/")
	path("/a b", "/a%20b")
	path("/100%%20c", "/100%25%20c")
	path("/100% c", "/100%25%20c")
	path("/a\\b", "/a/b")
	path("/a\tb\nc", "/abc")
	path("/é?q=é", "/%C3%A9?q=%C3%A9")
	path("/a?q=a b\"<>'`{}|^\\", "/a?q=a%20b%22%3C%3E%27`{}|^\\")
	path("/a\"<>`{}|^[]", "/a%22%3C%3E%60%7B%7D%7C%5E[]")
	path("/a/../b/./c", "/b/c")
	path("/a/%2e%2E/b", "/b")
	path("/a/..", "/")
	path("/.x/y.z", "/.x/y.z")
	path("/a#frag", "/a")
	path("/?#", "/")
	path("/a?", "/a")
	path("/a??b", "/a??b")
	path("//x/y", "//x/y")
	path("/%zz?%zz", "/%25zz?%zz")
	path("/a?x=%", "/a?x=%")
	path("/%e9", "/%e9")
	path("/a%2fb|c", "/a%2fb%7Cc")
	path("/a;b=c,d", "/a;b=c,d")
	path("/😀", "/%F0%9F%98%80")
	path("/\xff", "/%EF%BF%BD")
	path("/\x00x", "/%00x")
	path("/ a ", "/%20a")
	path("?x=1", "/?x=1")
	path("#f", "/")
	path("", "/")

	f("HTTP://h:1/x", "http://h:1/x")
	f("http:\\\\h:1\\x", "http://h:1/x")
	f("http:h:1/x", "http://h:1/x")
	f("http:/h:1/x", "http://h:1/x")
	f("http:///h:1/x", "http://h:1/x")
	f("  http://h:1/x\n", "http://h:1/x")
	f("http://h:80/", "http://h/")
	f("https://h:443/a", "https://h/a")
	f("http://h:0080/", "http://h/")
	f("http://h:443/", "http://h:443/")
	f("http://h:/", "http://h/")
	f("http://LOCALHOST/x", "http://localhost/x")
	f("http://0x7f.1/x", "http://127.0.0.1/x")
	f("http://2130706433/x", "http://127.0.0.1/x")
	f("http://127.1/x", "http://127.0.0.1/x")
	f("http://017700000001/x", "http://127.0.0.1/x")
	f("http://127.0.0.1./x", "http://127.0.0.1/x")
	f("http://１２７.0.0.1/x", "http://127.0.0.1/x")
	f("http://%31%32%37.0.0.1/x", "http://127.0.0.1/x")
	f("http://[::ffff:127.0.0.1]:8080/x", "http://[::ffff:7f00:1]:8080/x")
	f("http://[0:0::1]/", "http://[::1]/")
	f("http://bücher.example/", "http://xn--bcher-kva.example/")
	f("http://a_b.example/x", "http://a_b.example/x")

	f("http://bob:s%40x@h/a", "http://h/a Basic Ym9iOnNAeA==")
	f("http://bob@h/", "http://h/ Basic Ym9iOg==")
	f("http://b@b:c:d@h/", "http://h/ Basic YkBiOmM6ZA==")
	f("http://bé:ü@h/", "http://h/ Basic YsOpOsO8")
	f("http://:p@h/", "http://h/ Basic OnA=")
	f("http://@h/", "http://h/")
	f("http://:@h/", "http://h/")
	f("http://b%zz:p@h/", "http://h/ Basic YiV6ejpw")

	for _, bad := range []string{
		"", "foo", "/x", "http", "http://", "http:// /x", "http://a b/x", "http://[::1/x", "http://h:99999/x",
		"http://h:abc/", "http://a%zzb/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://a<b/", "http://?x",
		"http://h\x00/",
	} {
		f(bad, "ERR_INVALID_URL")
	}
	for _, other := range []string{"ftp://x/", "mailto:x", "httpx://a/", "javascript:alert(1)"} {
		f(other, "ERR_UNSUPPORTED_PROTOCOL")
	}
}

func TestRedirectsAreRelative(t *testing.T) {
	f := func(location, want string) {
		t.Helper()
		a, err := address.Resolve("http://h:1/d/e?q=1", location)
		got := a.URL
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", location, got, want)
		}
	}
	f("/b c", "http://h:1/b%20c")
	f("?y=2", "http://h:1/d/e?y=2")
	f("b", "http://h:1/d/b")
	f("../b", "http://h:1/b")
	f("//o/n", "http://o/n")
	f("https://o/n", "https://o/n")
	f("HTTP://O/n", "http://o/n")
	f("%zz", "http://h:1/d/%25zz")
	f("#f", "http://h:1/d/e?q=1")
	f("\\\\o\\n", "http://o/n")
	f("http://", "ERR_INVALID_URL")
	f("ftp://x", "ERR_UNSUPPORTED_PROTOCOL")
}

// FuzzParse: what is plain is read as it is, what is read is read again alike, and net/url agrees.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"http://h/", "https://h:8/a%20b?c={}#d", "http://1.2.3.4/x/../y", "http://u:p@H:80/%", "http:\\\\x\\y",
		"http://a.b-c.example:65535/~x/;,?q", "http://xn--bcher-kva.example/", "http://1.2.3.04/", "http://h/.%2e/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := address.Parse(s)
		if err != nil {
			return
		}
		slow, err := address.Resolve("https://base.example/x?y", "\n"+s)
		if address.Plain(s) && (err != nil || slow.URL != s) {
			t.Errorf("%q is called plain, and becomes %q, %v", s, slow.URL, err)
		}
		again, err := address.Parse(a.URL)
		if err != nil || again.URL != a.URL || again.Authorization != "" {
			t.Errorf("%q becomes %q, and then %+v, %v", s, a.URL, again, err)
		}
		u, err := url.Parse(a.URL)
		if err != nil || u.String() != a.URL {
			t.Errorf("%q becomes %q, which net/url reads as %v, %v", s, a.URL, u, err)
		}
	})
}

func TestPlainURLsCostNothing(t *testing.T) {
	u := "http://shop-7.example.com:8080/path/to/a%20page.html?query=1&list=a,b"
	if allocs := testing.AllocsPerRun(100, func() {
		if a, err := address.Parse(u); err != nil || a.URL != u || !address.Plain(u) {
			t.Errorf("%+v, %v", a, err)
		}
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
