package load

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"edgescope/scenarios/plan"
)

// keepCookies puts the cookies that a request of the script sets into the user's jar.
func (u *user) keepCookies(target *url.URL, fields []plan.Field) {
	if len(fields) == 0 {
		return
	}
	cookies := make([]*http.Cookie, len(fields))
	for i, f := range fields {
		cookies[i] = &http.Cookie{Name: f.Name, Value: f.Value, Path: "/"}
	}
	u.cookieJar().SetCookies(target, cookies)
}

func (u *user) cookieJar() http.CookieJar {
	if u.jar == nil {
		u.jar, _ = cookiejar.New(nil) // New has no way to fail
	}
	return u.jar
}

// withCookies is the header of a hop with the jar's cookies for its URL.
func (u *user) withCookies(h *hop) http.Header {
	if u.jar == nil {
		return h.header
	}
	cookies := u.jar.Cookies(h.url)
	if len(cookies) == 0 {
		return h.header
	}
	header := h.header.Clone()
	var pairs []string
	if own := header.Get("Cookie"); own != "" {
		pairs = append(pairs, own)
	}
	for _, c := range cookies {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	header.Set("Cookie", strings.Join(pairs, "; "))
	return header
}

// readCookies keeps what an answer sets and tells how many of its cookies could not be read.
func (u *user) readCookies(from *url.URL, header http.Header) (bad int) {
	lines := header["Set-Cookie"]
	if len(lines) == 0 {
		return 0
	}
	var cookies []*http.Cookie
	for _, line := range lines {
		c, err := http.ParseSetCookie(line)
		if err != nil && u.plan.HTTP.LooseCookies {
			c, err = looseCookie(line), nil
		}
		if err != nil {
			bad++
			continue
		}
		cookies = append(cookies, c)
	}
	u.cookieJar().SetCookies(from, cookies)
	return bad
}

// looseCookie takes the text before the first semicolon for name=value, whatever characters it has; without "=" it is
// all value.
func looseCookie(line string) *http.Cookie {
	pair, _, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		name, value = "", pair
	}
	return &http.Cookie{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
}
