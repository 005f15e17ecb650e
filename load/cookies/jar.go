// Package cookies keeps a user's cookies as RFC 6265 says and tough-cookie 5, Artillery's jar, does it. net/http's jar
// would not do: it refuses values with quotes, blanks or JSON and letters beyond ASCII, sends Secure cookies to
// localhost, knows no loose mode, and tells nobody what it has refused.
package cookies

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// What a jar holds at most; beyond that the oldest cookies go. RFC 6265, section 6.1, asks for less than this by site.
const (
	maxCookies = 1000
	maxBytes   = 1 << 20
)

// Options are config.http.cookieJarOptions. The zero value is Artillery's default.
type Options struct {
	Loose          bool // a cookie may have no name
	PublicSuffixes bool // a cookie may be for a domain such as com
	// Prefixes says what becomes of a cookie that breaks the rules of __Secure- and __Host-: it is left out without a
	// word, refused, or kept.
	Prefixes Prefixes
}

// Prefixes is a way to treat the prefixes of names.
type Prefixes int

// The ways to treat prefixes.
const (
	SilentPrefixes Prefixes = iota
	StrictPrefixes
	NoPrefixes
)

// Jar holds cookies. It belongs to one goroutine at a time.
type Jar struct {
	options Options
	cookies []*cookie // the longest path first, then the oldest, as they are sent
	made    uint64
	size    int
}

// New makes an empty jar.
func New(o Options) *Jar { return &Jar{options: o} }

type cookie struct {
	name, value  string
	domain, path string
	hostOnly     bool
	secure       bool
	expires      time.Time // zero: never
	serial       uint64    // of its creation, which a cookie that replaces it keeps
}

func (c *cookie) size() int { return len(c.name) + len(c.value) + len(c.domain) + len(c.path) }

// Set keeps the cookie of a Set-Cookie line that came from a URL, or of a script's "name=value". It is false for a line
// that is no cookie, or is one for a domain that the URL's host may not set cookies for.
func (j *Jar) Set(from *url.URL, line string) bool {
	now := time.Now()
	c, ok := parse(line, j.options.Loose, now)
	if !ok || !j.place(c, from) {
		return false
	}
	if !c.keepsPrefix() {
		switch j.options.Prefixes {
		case SilentPrefixes:
			return true
		case StrictPrefixes:
			return false
		case NoPrefixes:
		}
	}
	return j.keep(c, now)
}

// place finds domain and path of a cookie (RFC 6265, section 5.3, steps 4 to 7).
func (j *Jar) place(c *cookie, from *url.URL) bool {
	host := hostOf(from)
	if c.domain == "" {
		c.domain, c.hostOnly = host, true
	} else if !j.options.PublicSuffixes && isPublic(c.domain) || !domainMatch(host, c.domain) {
		return false
	}
	if c.path == "" {
		c.path = defaultPath(pathOf(from))
	}
	return true
}

// keepsPrefix holds a name to what its prefix promises (RFC 6265bis, section 4.1.3).
func (c *cookie) keepsPrefix() bool {
	if strings.HasPrefix(c.name, "__Secure-") {
		return c.secure
	}
	return !strings.HasPrefix(c.name, "__Host-") || c.secure && c.hostOnly && c.path == "/"
}

// keep takes the place of the cookie of the same name, domain and path. An expired one only ends that.
func (j *Jar) keep(c *cookie, now time.Time) bool {
	old := slices.IndexFunc(j.cookies, func(o *cookie) bool {
		return o.name == c.name && o.domain == c.domain && o.path == c.path
	})
	if old >= 0 {
		c.serial = j.cookies[old].serial
		j.drop(old)
	}
	if c.expired(now) {
		return true
	}
	if c.size() > maxBytes {
		return false
	}
	if old < 0 {
		j.made++
		c.serial = j.made
	}
	for len(j.cookies) >= maxCookies || j.size+c.size() > maxBytes {
		j.drop(j.oldest())
	}
	at, _ := slices.BinarySearchFunc(j.cookies, c, func(a, b *cookie) int {
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), cmp.Compare(a.serial, b.serial))
	})
	c.own()
	j.cookies = slices.Insert(j.cookies, at, c)
	j.size += c.size()
	return true
}

// own copies the texts, which lie in the header that they came with.
func (c *cookie) own() {
	c.name, c.value = strings.Clone(c.name), strings.Clone(c.value)
	c.domain, c.path = strings.Clone(c.domain), strings.Clone(c.path)
}

func (c *cookie) expired(now time.Time) bool { return !c.expires.IsZero() && !c.expires.After(now) }

func (j *Jar) drop(i int) {
	j.size -= j.cookies[i].size()
	j.cookies = slices.Delete(j.cookies, i, i+1)
}

func (j *Jar) oldest() int {
	oldest := 0
	for i, c := range j.cookies {
		if c.serial < j.cookies[oldest].serial {
			oldest = i
		}
	}
	return oldest
}

// Header is the Cookie header of a request to a URL, "" if there is none: cookies with the longest path first, then the
// oldest. Secure cookies go to https only, localhost included.
func (j *Jar) Header(to *url.URL) string {
	if len(j.cookies) == 0 {
		return ""
	}
	now := time.Now()
	j.cookies = slices.DeleteFunc(j.cookies, func(c *cookie) bool {
		if !c.expired(now) {
			return false
		}
		j.size -= c.size()
		return true
	})
	host, path, secure := hostOf(to), pathOf(to), to.Scheme == "https"
	var header strings.Builder
	for _, c := range j.cookies {
		if c.secure && !secure || !pathMatch(path, c.path) {
			continue
		}
		if c.domain != host && (c.hostOnly || !domainMatch(host, c.domain)) {
			continue
		}
		if header.Len() > 0 {
			header.WriteString("; ")
		}
		if c.name != "" {
			header.WriteString(c.name)
			header.WriteByte('=')
		}
		header.WriteString(c.value)
	}
	return header.String()
}

func hostOf(u *url.URL) string { return strings.ToLower(u.Hostname()) }

func pathOf(u *url.URL) string { return cmp.Or(u.EscapedPath(), "/") }

// defaultPath is the path of a cookie that names none (RFC 6265, section 5.1.4).
func defaultPath(path string) string {
	if last := strings.LastIndexByte(path, '/'); last > 0 {
		return path[:last]
	}
	return "/"
}

// pathMatch is RFC 6265, section 5.1.4.
func pathMatch(path, cookie string) bool {
	rest, ok := strings.CutPrefix(path, cookie)
	return ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(cookie, "/"))
}

// domainMatch is RFC 6265, section 5.1.3: an address matches only itself.
func domainMatch(host, domain string) bool {
	if host == domain {
		return true
	}
	rest, ok := strings.CutSuffix(host, domain)
	return ok && strings.HasSuffix(rest, ".") && !isAddress(host)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// isPublic tells a domain that many sites share, or that is no name at all, as tough-cookie does: of the names that RFC
// 6761 sets aside, two labels are a site, and localhost and invalid are one alone.
func isPublic(domain string) bool {
	if isAddress(domain) {
		return true
	}
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	switch last {
	case "localhost", "invalid":
		return false
	case "local", "example", "test":
		return last == domain
	}
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err != nil
}
