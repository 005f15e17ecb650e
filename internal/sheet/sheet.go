// Package sheet makes texts safe for the cells of a spreadsheet.
package sheet

import (
	"strings"
	"unicode/utf8"
)

// Cell puts an apostrophe before a text that a spreadsheet would take for a formula, in full-width characters too
// (owasp.org/www-community/attacks/CSV_Injection). Numbers need no guard, and must have none.
func Cell(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}
