package node

import (
	"errors"
	"net/url"
	"strings"

	"github.com/grafana/sobek"
	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/idna"
)

func (r *realm) addressNatives() map[string]any {
	return map[string]any{
		"url":       r.url,
		"formJoin":  url.QueryEscape,
		"formSplit": formSplit,
		"toASCII":   func(s string) string { return orNothing(idna.ToASCII(s)) },
		"toUnicode": func(s string) string { return orNothing(idna.ToUnicode(s)) },
	}
}

func orNothing(s string, err error) string {
	if err != nil {
		return ""
	}
	return s
}

// url parses an absolute URL, or one that is relative to base, as the URL Standard of the WHATWG says: an object with
// get and set, which take the names of URL's members.
func (r *realm) url(text, base string, based bool) (*sobek.Object, error) {
	var u *whatwg.Url
	var err error
	text = strings.ToValidUTF8(text, "\uFFFD")
	if based {
		u, err = whatwg.ParseRef(base, text)
	} else {
		u, err = whatwg.Parse(text)
	}
	if err != nil {
		return nil, &fault{
			class: "TypeError", code: "ERR_INVALID_URL", message: "Invalid URL", members: []string{"input", text},
		}
	}
	o := r.rt.NewObject()
	get := func(name string) string {
		if f, ok := getters[name]; ok {
			return f(u)
		}
		return ""
	}
	set := func(name, value string) {
		if f, ok := setters[name]; ok {
			f(u, value)
		}
	}
	return o, errors.Join(o.Set("get", get), o.Set("set", set))
}

var getters = map[string]func(*whatwg.Url) string{
	"href": func(u *whatwg.Url) string { return u.Href(false) }, "protocol": (*whatwg.Url).Protocol,
	"username": (*whatwg.Url).Username, "password": (*whatwg.Url).Password, "host": (*whatwg.Url).Host,
	"hostname": (*whatwg.Url).Hostname, "port": (*whatwg.Url).Port, "pathname": (*whatwg.Url).Pathname,
	"search": (*whatwg.Url).Search, "hash": (*whatwg.Url).Hash,
}

var setters = map[string]func(*whatwg.Url, string){
	"protocol": (*whatwg.Url).SetProtocol, "username": (*whatwg.Url).SetUsername, "password": (*whatwg.Url).SetPassword,
	"host": (*whatwg.Url).SetHost, "hostname": (*whatwg.Url).SetHostname, "port": (*whatwg.Url).SetPort,
	"pathname": (*whatwg.Url).SetPathname, "search": (*whatwg.Url).SetSearch, "hash": (*whatwg.Url).SetHash,
}

// formSplit parses application/x-www-form-urlencoded in its order.
func formSplit(query string) [][2]string {
	pairs := [][2]string{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{unescape(key), unescape(value)})
	}
	return pairs
}

// unescape leaves what is no valid escape as it is, as browsers do.
func unescape(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			b = append(b, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return validUTF8(b)
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
