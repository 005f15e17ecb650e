// Package address reads URLs as Node and browsers do (URL Standard of the WHATWG), whatever people and variables write:
// blanks, letters beyond ASCII, backslashes, dots, upper case. What it returns is a URL that net/url reads alike.
package address

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// Errors of what is no address, by Node's names.
var (
	ErrInvalid = errors.New("ERR_INVALID_URL")
	ErrScheme  = errors.New("ERR_UNSUPPORTED_PROTOCOL")
)

// Address is a URL that a request can be sent to.
type Address struct {
	// URL is absolute, with http or https, a host and a path; it has neither user and password nor a fragment, so it may
	// be shown.
	URL string
	// Authorization is the header that stands for user and password of the URL, "Basic ..."; "" if it has none.
	Authorization string
}

// Parse reads an absolute URL. The error is [ErrInvalid] or [ErrScheme].
func Parse(raw string) (Address, error) {
	if Plain(raw) {
		return Address{URL: raw}, nil
	}
	u, err := whatwg.Parse(strings.ToValidUTF8(raw, "\ufffd"))
	if err != nil {
		return Address{}, ErrInvalid
	}
	return read(u)
}

// Resolve reads a URL that may be relative to base, as that of a redirect is. The errors are those of [Parse].
func Resolve(base, raw string) (Address, error) {
	if Plain(raw) {
		return Address{URL: raw}, nil
	}
	u, err := whatwg.ParseRef(base, strings.ToValidUTF8(raw, "\ufffd"))
	if err != nil {
		return Address{}, ErrInvalid
	}
	return read(u)
}

// Socket reads the absolute URL of a WebSocket. http means ws and https wss (WebSockets Standard, section 3.1): the URL
// that is returned has ws or wss. The errors are those of [Parse].
func Socket(raw string) (Address, error) {
	u, err := whatwg.Parse(strings.ToValidUTF8(raw, "\ufffd"))
	if err != nil {
		return Address{}, ErrInvalid
	}
	switch u.Scheme() {
	case "http", "ws":
		return with("ws", u)
	case "https", "wss":
		return with("wss", u)
	default:
		return Address{}, ErrScheme
	}
}

func read(u *whatwg.Url) (Address, error) {
	if u.Scheme() != "http" && u.Scheme() != "https" {
		return Address{}, ErrScheme
	}
	return with(u.Scheme(), u)
}

// with is an address of a scheme.
func with(scheme string, u *whatwg.Url) (Address, error) {
	if u.Hostname() == "" {
		return Address{}, ErrInvalid
	}
	a := Address{URL: scheme + "://" + u.Host() + escape(u.Pathname()) + u.Search()}
	if u.Username() != "" || u.Password() != "" {
		a.Authorization = Basic(decode(u.Username()), decode(u.Password()))
	}
	if _, err := url.Parse(a.URL); err != nil {
		return Address{}, ErrInvalid
	}
	return a, nil
}

// Basic is the Authorization header of a user and a password (RFC 7617).
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// decode keeps what cannot be decoded as it is.
func decode(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// escape encodes what the URL Standard leaves in a path and net/url reads as something else: a % that begins no code,
// and the characters | and ^.
func escape(path string) string {
	if !strings.ContainsAny(path, "%|^") {
		return path
	}
	var escaped strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case c == '%' && !encodes(path[i:]):
			escaped.WriteString("%25")
		case c == '|':
			escaped.WriteString("%7C")
		case c == '^':
			escaped.WriteString("%5E")
		default:
			escaped.WriteByte(c)
		}
	}
	return escaped.String()
}

// encodes tells whether s begins with % and two hex digits.
func encodes(s string) bool { return len(s) > 2 && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
