// Package route makes templates of request paths: a segment that names one thing of many becomes ":id", so that
// /users/12/orders/9f86d081884c7d65 is /users/:id/orders/:id, and words stay as they are.
package route

import "strings"

const (
	// Any is the template of what has too many paths, and the end of one that has too many segments.
	Any = "/*"

	id = ":id"
	// maxSegments is how many segments of a path a template keeps.
	maxSegments = 8
)

// Append appends the template of a request target or path. Query and fragment are cut, as are a slash at the end, the
// scheme and authority of an absolute form (RFC 9112 section 3.2.2), and what follows a semicolon in a segment (RFC
// 3986 section 3.3), such as ;jsessionid=. Percent signs stay. Of more than 8 segments the rest is "/*", also from a
// segment on that begins a URL.
func Append(to []byte, target string) []byte {
	path := strings.TrimRight(strings.TrimPrefix(Path(target), "/"), "/")
	if path == "" {
		return append(to, '/')
	}
	for n := 0; ; n++ {
		segment, rest, more := strings.Cut(path, "/")
		if n == maxSegments || n > 0 && more && isScheme(segment) {
			return append(to, Any...)
		}
		to = appendSegment(append(to, '/'), segment)
		if !more {
			return to
		}
		path = rest
	}
}

// Path returns the path of a request target without query and fragment: of http://host/path what follows the authority.
func Path(target string) string {
	for i := range len(target) {
		if target[i] == '?' || target[i] == '#' {
			target = target[:i]
			break
		}
	}
	if target == "" || target[0] == '/' {
		return target
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || strings.ContainsAny(scheme, "/:") {
		return target
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

func isScheme(segment string) bool { return segment == "http:" || segment == "https:" }

// appendSegment appends a segment, or what stands for all of its kind.
func appendSegment(to []byte, s string) []byte {
	s = withoutParameters(s)
	if isWords(s) {
		return append(to, s...)
	}
	if isNumber(s) {
		return append(to, id...)
	}
	if whole, ok := appendAround(to, s); ok {
		return whole
	}
	if foldable(s) {
		return append(to, id...)
	}
	return append(to, s...)
}

// withoutParameters cuts off what follows a semicolon, also one that is encoded, where a session follows.
func withoutParameters(s string) string {
	s, _, _ = strings.Cut(s, ";")
	const encoded = "%3B"
	if i := strings.IndexByte(s, '%'); i >= 0 && len(s)-i > len(encoded) &&
		strings.EqualFold(s[i:i+len(encoded)], encoded) {
		return s[:i]
	}
	return s
}

// appendAround appends a segment of which a part is an identifier: 12.json, 12:cancel (Google AIP-136), Products(42)
// (OData 4.01 part 2, section 4.3), user=12. It returns false for others, which it does not append.
func appendAround(to []byte, s string) ([]byte, bool) {
	if i := strings.LastIndexByte(s, '.'); i > 0 && isExtension(s[i+1:]) && foldable(s[:i]) && !isMail(s) {
		return append(append(to, id...), s[i:]...), true
	}
	if i := strings.IndexByte(s, ':'); i > 0 && isVerb(s[i+1:]) && foldable(s[:i]) {
		return append(append(to, id...), s[i:]...), true
	}
	if i := strings.IndexByte(s, '('); i >= 0 && s[len(s)-1] == ')' && isKey(s[i+1:len(s)-1]) {
		return append(append(append(to, s[:i+1]...), id...), ')'), true
	}
	if i := strings.IndexByte(s, '='); i > 0 && foldable(s[i+1:]) {
		return append(append(to, s[:i+1]...), id...), true
	}
	return to, false
}

// foldable tells whether a segment, or a part of one, is an identifier behind its percent signs.
func foldable(s string) bool {
	if strings.IndexByte(s, '%') < 0 {
		return isID(s)
	}
	return isID(decode(s))
}

// isExtension tells whether a text can be the extension of a file's name: up to 5 letters and digits, a letter first.
func isExtension(s string) bool {
	const longest = 5
	if s == "" || len(s) > longest || !isLetter(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isLetter(s[i]) && !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isVerb(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

// isKey tells whether what stands in parentheses is the key of one thing: 42, 'jane', id=7, or the session of ASP.NET,
// S(...).
func isKey(inner string) bool {
	if inner == "" {
		return false
	}
	return inner[0] == '\'' || strings.HasPrefix(inner, "S(") || strings.IndexByte(inner, '=') > 0 || foldable(inner)
}

// maxDecoded bounds what of a segment is looked at behind its percent signs; a template of that length is of no use.
const maxDecoded = 256

// decode returns a segment without percent encoding (RFC 3986 section 2.1), or its beginning.
func decode(s string) string {
	var buf [maxDecoded]byte
	n := 0
	for i := 0; i < len(s) && n < len(buf); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		buf[n] = c
		n++
	}
	return string(buf[:n])
}

func unhex(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isLetter(c byte) bool { return isUpper(c &^ 0x20) }
func isHex(c byte) bool    { return isDigit(c) || 'A' <= c&^0x20 && c&^0x20 <= 'F' }
