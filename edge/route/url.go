package route

import "strings"

// IsTemplate tells whether a path is its own template.
func IsTemplate(path string) bool {
	var buf [256]byte // it grows for a longer one
	return string(Append(buf[:0], path)) == path
}

// OriginForm returns what is a path as it is, and of a whole URL the path.
func OriginForm(s string) string {
	if s[0] == '/' {
		return s
	}
	return Path(s)
}

// URLPath returns the path of a URL, also of one without scheme and authority, "" for what is none.
func URLPath(s string) string {
	if s[0] != '/' && !strings.Contains(s, "://") {
		return ""
	}
	return Path(s)
}
