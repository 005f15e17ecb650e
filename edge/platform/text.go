package platform

import (
	"strings"

	"edgescope/edge/place"
)

// coloCode writes the code of an airport in capitals and leaves every other spelling as it is.
func coloCode(s string) string {
	if len(s) != 3 || isCapitals(s) || !isLetter(s[0]) || !isLetter(s[1]) || !isLetter(s[2]) {
		return s
	}
	upper := strings.ToUpper(s)
	if c, ok := place.Lookup(upper); ok {
		return c.Code
	}
	return s
}

func lastMember(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLetter(c byte) bool  { return isCapital(c &^ 0x20) }

func isCapitals(s string) bool {
	for i := range len(s) {
		if !isCapital(s[i]) {
			return false
		}
	}
	return s != ""
}
