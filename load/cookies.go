package load

import (
	"net/http"
	"net/url"

	"edgescope/load/cookies"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/value"
)

// errCookie is tough-cookie's error for a cookie of the script that is none.
const errCookie = value.UserError("Cookie failed to parse")

// keepCookies puts the cookies that a request of the script sets into the user's jar, as if its target had set them.
// The error is a [value.UserError].
func (u *user) keepCookies(target *url.URL, fields []plan.Field) error {
	for _, f := range fields {
		line, err := encode.Line(f.Name + "=" + f.Value)
		if err != nil {
			return err
		}
		if !u.cookieJar().Set(target, line) {
			return errCookie
		}
	}
	return nil
}

// jar holds a user's cookies. Until a server has set one, only requests that set cookies themselves send any, as in
// Artillery.
type jar struct {
	*cookies.Jar

	served bool
}

func (u *user) cookieJar() *jar {
	if u.jar == nil {
		u.jar = &jar{Jar: cookies.New(cookieOptions(&u.plan.HTTP.Cookies))}
	}
	return u.jar
}

// sendsCookies tells whether the request under way takes part in cookies.
func (u *user) sendsCookies() bool {
	return u.jar != nil && (u.jar.served || len(u.message.Cookies) > 0)
}

func cookieOptions(o *plan.CookieOptions) cookies.Options {
	prefixes := map[string]cookies.Prefixes{
		"strict": cookies.StrictPrefixes, "unsafe-disabled": cookies.NoPrefixes,
	}
	return cookies.Options{Loose: o.Loose, PublicSuffixes: o.PublicSuffixes, Prefixes: prefixes[o.Prefixes]}
}

// withCookies is the header of a hop with the jar's cookies for its URL, behind those that the script wrote itself.
func (u *user) withCookies(h *hop) http.Header {
	cookies := u.jar.Header(h.url)
	if cookies == "" {
		return h.header
	}
	header := h.header.Clone()
	if own := header.Get("Cookie"); own != "" {
		cookies = own + "; " + cookies
	}
	header["Cookie"] = []string{cookies}
	return header
}

// readCookies keeps what an answer sets and tells how many of its cookies could not be taken.
func (u *user) readCookies(from *url.URL, header http.Header) (bad int) {
	for _, line := range header["Set-Cookie"] {
		if u.cookieJar().served = true; !u.jar.Set(from, line) {
			bad++
		}
	}
	return bad
}
