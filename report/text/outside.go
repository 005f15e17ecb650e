package text

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Visible is text from outside, of a script or a server, as a terminal, a page or a list may show it: what would move a
// cursor, colour or reorder what is around it stands there as an escape, "\u001b". Line ends and tabs stay; bytes that
// are no UTF-8 become U+FFFD.
func Visible(s string) string {
	i := 0
	for i < len(s) && (s[i] >= ' ' && s[i] < 0x7f || s[i] == '\n' || s[i] == '\t') {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	for _, r := range s[i:] {
		if steers(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// steers tells whether a character is not shown but obeyed: C0 and C1 but line ends and tabs, line separators, marks of
// direction (Unicode, UAX 9), and the mark of the order of bytes.
func steers(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < ' ', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r >= 0x200e && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return true
	}
	return false
}

// A line that begins with a command is obeyed by GitHub Actions; the others wherever they stand: by its older form, by
// Azure Pipelines and by TeamCity.
var (
	lineCommand = regexp.MustCompile(`(?m)^([\s\p{Z}]*):(:\s*[A-Za-z])`)
	anyCommand  = regexp.MustCompile(`##(\[|vso\[|teamcity\[)`)
)

// Printable is text from outside as the log of a CI may hold it: [Visible], and what would be a command there is broken
// by a blank: ": :error".
func Printable(s string) string {
	s = Visible(s)
	if strings.Contains(s, "::") {
		s = lineCommand.ReplaceAllString(s, "$1: $2")
	}
	if strings.Contains(s, "##") {
		s = anyCommand.ReplaceAllString(s, "# #$1")
	}
	return s
}

// Writer makes all that is written to it [Visible].
func Writer(w io.Writer) io.Writer { return &visible{to: w} }

type visible struct {
	to   io.Writer
	rest []byte // the begin of a character that ends in the next piece
}

// Write implements io.Writer.
func (v *visible) Write(b []byte) (int, error) {
	text := append(v.rest, b...) //nolint:gocritic // rest is set anew below
	whole := len(text)
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if tail := text[len(text)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				whole -= i
			}
			break
		}
	}
	v.rest = append([]byte(nil), text[whole:]...)
	_, err := io.WriteString(v.to, Visible(string(text[:whole])))
	return len(b), err
}
