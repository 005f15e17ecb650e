package address

import "strings"

// Plain tells at a glance that [Parse] would return a URL as it is: most of them, at the cost of one look at each
// character. It may be false for such a URL, never true for another.
func Plain(u string) bool {
	rest, ok := strings.CutPrefix(u, "http://")
	if !ok {
		if rest, ok = strings.CutPrefix(u, "https://"); !ok {
			return false
		}
	}
	slash := strings.IndexByte(rest, '/')
	return slash > 0 && plainHost(rest[:slash], u[4] == 's') && plainPath(rest[slash:])
}

// plainHost tells a name of lower case, or an IPv4 address, with a port that is not the scheme's own.
func plainHost(host string, secure bool) bool {
	name, port, hasPort := strings.Cut(host, ":")
	if hasPort && !plainPort(port, secure) {
		return false
	}
	last := strings.LastIndexByte(name, '.') + 1
	if last == len(name) || strings.Contains(name, "xn--") {
		return false
	}
	if c := name[last]; c >= '0' && c <= '9' {
		return plainIPv4(name)
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return name[0] != '.' && !strings.Contains(name, "..")
}

func plainPort(port string, secure bool) bool {
	if len(port) < 1 || len(port) > 4 && (len(port) > 5 || port > "65535") || port[0] == '0' {
		return false
	}
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return false
		}
	}
	return secure && port != "443" || !secure && port != "80"
}

// plainIPv4 tells four numbers of 0 to 255 without leading zeros.
func plainIPv4(s string) bool {
	numbers, n, digits := 0, 0, 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '.' {
			if digits == 0 {
				return false
			}
			numbers, n, digits = numbers+1, 0, 0
			continue
		}
		c := s[i]
		if c < '0' || c > '9' || digits > 0 && n == 0 {
			return false
		}
		if n, digits = n*10+int(c-'0'), digits+1; n > 255 {
			return false
		}
	}
	return numbers == 4
}

// inPath and inQuery are the characters that stay as they are: what may stand in a path, and what else in a query.
const (
	inPath  = "!$&'()*+,-./:;=@_~[]"
	inQuery = inPath + "?%`{}|^\\"
)

// table says for each byte whether it stays as it is in a path (1) and in a query (2).
var table = func() (t [256]byte) {
	for c := range 128 {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if letter || strings.IndexByte(inPath, byte(c)) >= 0 {
			t[c] |= 1
		}
		if letter || strings.IndexByte(inQuery, byte(c)) >= 0 && c != '\'' {
			t[c] |= 2
		}
	}
	return t
}()

// plainPath tells a path and a query of characters that stay as they are, in which no segment begins with a dot.
func plainPath(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case table[c]&1 != 0 && c != '.':
		case c == '.':
			if s[i-1] == '/' {
				return false
			}
		case c == '%':
			if !encodes(s[i:]) || s[i+1] == '2' && s[i+2]|0x20 == 'e' {
				return false
			}
		case c == '?':
			return plainQuery(s[i+1:])
		default:
			return false
		}
	}
	return true
}

func plainQuery(s string) bool {
	for i := range len(s) {
		if table[s[i]]&2 == 0 {
			return false
		}
	}
	return s != ""
}
