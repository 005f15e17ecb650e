package place

import "strings"

// Code writes the code of an airport in capitals and leaves every other spelling as it is.
func Code(s string) string {
	if len(s) != 3 || !isLetter(s[0]) || !isLetter(s[1]) || !isLetter(s[2]) {
		return s
	}
	if upper := strings.ToUpper(s); upper != s {
		if c, ok := Lookup(upper); ok {
			return c.Code
		}
	}
	return s
}

func isLetter(c byte) bool { return 'A' <= c&^0x20 && c&^0x20 <= 'Z' }
