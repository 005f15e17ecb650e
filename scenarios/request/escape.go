package request

import "strings"

// escapeURL percent-encodes what a variable has put into the path or the query of an absolute URL and may not stand
// there: blanks, quotes, letters beyond ASCII. It encodes what the URL standard of browsers and Node does (WHATWG URL,
// section 4.4), which drops tabs and line ends; what is encoded already stays.
func escapeURL(u string) string {
	start := strings.Index(u, "://") + len("://")
	end := strings.IndexAny(u[start:], "/?#")
	if end < 0 {
		return u
	}
	var escaped strings.Builder
	done, query := 0, false // all in front of done is written
	for i := start + end; i < len(u); i++ {
		c := u[i]
		query = query || c == '?'
		if !illegal(c, query) {
			continue
		}
		escaped.WriteString(u[done:i])
		done = i + 1
		switch c {
		case '\t', '\n', '\r':
		case '\\':
			escaped.WriteByte('/')
		default:
			const hex = "0123456789ABCDEF"
			escaped.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	if done == 0 {
		return u
	}
	return escaped.String() + u[done:]
}

// illegal tells a byte that must be encoded, in the path or in the query.
func illegal(c byte, query bool) bool {
	switch c {
	case '"', '<', '>':
		return true
	case '`', '{', '}', '\\':
		return !query
	case '\'':
		return query
	}
	return c <= ' ' || c >= 0x7f
}
