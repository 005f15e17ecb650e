package node

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // scripts sign requests for servers that ask for it
	"crypto/rand" // tokens and nonces differ between runs, as in node
	"crypto/sha1" //nolint:gosec // as md5
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/grafana/sobek"
)

// native is what the prelude is built on.
func native(rt *sobek.Runtime) *sobek.Object {
	n := rt.NewObject()
	for name, f := range map[string]any{
		"encode": in(rt, bytesOf), "decode": decode, "hash": in(rt, digest), "hmac": in3(rt, sign),
		"random": in1(rt, random), "parseURL": parseURL, "joinQuery": url.QueryEscape, "splitQuery": splitQuery,
	} {
		_ = n.Set(name, f)
	}
	return n
}

// in, in1 and in3 make the bytes that f returns an ArrayBuffer of the runtime.
func in[A, B any](rt *sobek.Runtime, f func(A, B) ([]byte, error)) func(A, B) (sobek.ArrayBuffer, error) {
	return func(a A, b B) (sobek.ArrayBuffer, error) {
		bytes, err := f(a, b)
		return rt.NewArrayBuffer(bytes), err
	}
}

func in1[A any](rt *sobek.Runtime, f func(A) ([]byte, error)) func(A) (sobek.ArrayBuffer, error) {
	return func(a A) (sobek.ArrayBuffer, error) {
		bytes, err := f(a)
		return rt.NewArrayBuffer(bytes), err
	}
}

func in3[A, B, C any](rt *sobek.Runtime, f func(A, B, C) ([]byte, error)) func(A, B, C) (sobek.ArrayBuffer, error) {
	return func(a A, b B, c C) (sobek.ArrayBuffer, error) {
		bytes, err := f(a, b, c)
		return rt.NewArrayBuffer(bytes), err
	}
}

// bytesOf makes bytes of a text.
func bytesOf(text, encoding string) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "utf8", "utf-8":
		return []byte(text), nil
	case "hex":
		b, _ := hex.DecodeString(text[:len(text)&^1]) // as node: up to the first pair that is none
		return b, nil
	case "base64", "base64url":
		text = strings.NewReplacer("-", "+", "_", "/", "=", "", "\n", "", "\r", "", " ", "").Replace(text)
		b, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("not valid %s: %w", encoding, err)
		}
		return b, nil
	case "latin1", "binary", "ascii":
		b := make([]byte, 0, len(text))
		for _, c := range text {
			if c > 0xff {
				return nil, fmt.Errorf("the character %q is not in latin1", c)
			}
			b = append(b, byte(c))
		}
		return b, nil
	}
	return nil, fmt.Errorf("encoding %q is not available", encoding)
}

// decode makes text of bytes.
func decode(b []byte, encoding string) (string, error) {
	switch strings.ToLower(encoding) {
	case "utf8", "utf-8":
		return strings.ToValidUTF8(string(b), string(utf8.RuneError)), nil
	case "hex":
		return hex.EncodeToString(b), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(b), nil
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(b), nil
	case "latin1", "binary", "ascii":
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), nil
	}
	return "", fmt.Errorf("encoding %q is not available", encoding)
}

var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New,
	"sha384": sha512.New384, "sha512": sha512.New,
}

func newHash(name string) (func() hash.Hash, error) {
	if f := hashes[strings.ReplaceAll(strings.ToLower(name), "-", "")]; f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("digest %q is not available", name)
}

func digest(name string, data []byte) ([]byte, error) {
	f, err := newHash(name)
	if err != nil {
		return nil, err
	}
	h := f()
	h.Write(data)
	return h.Sum(nil), nil
}

func sign(name string, key, data []byte) ([]byte, error) {
	f, err := newHash(name)
	if err != nil {
		return nil, err
	}
	h := hmac.New(f, key)
	h.Write(data)
	return h.Sum(nil), nil
}

// maxRandom bounds randomBytes.
const maxRandom = 1 << 20

func random(n int) ([]byte, error) {
	if n < 0 || n > maxRandom {
		return nil, fmt.Errorf("randomBytes takes 0 to %d", maxRandom)
	}
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail
	return b, nil
}

// parseURL splits an absolute URL, or one relative to base, into the parts of URL. Hosts without their default port.
func parseURL(text, base string) (map[string]string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err == nil && base != "" {
		var b *url.URL
		if b, err = url.Parse(base); err == nil {
			u = b.ResolveReference(u)
		}
	}
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil, fmt.Errorf("Invalid URL: %s", text) //nolint:staticcheck // node's message
	}
	port := u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		port = ""
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	password, _ := u.User.Password()
	parts := map[string]string{
		"protocol": u.Scheme + ":", "username": url.PathEscape(u.User.Username()), "password": url.PathEscape(password),
		"hostname": strings.ToLower(host), "port": port, "pathname": u.EscapedPath(), "search": "", "hash": "",
	}
	if parts["pathname"] == "" {
		parts["pathname"] = "/"
	}
	if u.RawQuery != "" {
		parts["search"] = "?" + u.RawQuery
	}
	if u.Fragment != "" {
		parts["hash"] = "#" + u.EscapedFragment()
	}
	return parts, nil
}

// splitQuery parses a query in its order.
func splitQuery(query string) [][2]string {
	var pairs [][2]string
	for part := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
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
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s
}
