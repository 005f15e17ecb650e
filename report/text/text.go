// Package text writes numbers and sentences as reports do.
package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Width is how wide the lines of figures are, "name: ..... value": that of Artillery's.
const Width = 79

// Round rounds to so many decimals.
func Round(f float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(f*scale) / scale
}

// Decimal is a number with as many decimals as it has.
func Decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Grouped is a whole number with commas: 1,234,567.
func Grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Plural is a number of things: "1 user", "1,234 users".
func Plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return Grouped(n) + " " + unit + "s"
}

// Percent is a share (0..1) as "12.34 %".
func Percent(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

// Change is a relative change with its sign: 0.1 is "+10.0 %".
func Change(f float64) string { return fmt.Sprintf("%+.1f %%", 100*f) }

// Milliseconds is a number of milliseconds in at most 8 columns, without the unit.
func Milliseconds(ms float64) string {
	switch {
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 3, 64)
	case ms < 1000:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	default:
		return strconv.FormatFloat(ms, 'f', 0, 64)
	}
}

// MillisecondsOf is a figure of a distribution with so many values; of none there is no figure.
func MillisecondsOf(count int64, ms float64) string {
	if count == 0 {
		return "-"
	}
	return Milliseconds(ms)
}

// Wrap breaks a sentence at blanks so that it fits a terminal of so many columns, and ends it; what follows its first
// line is indented. In 0 columns, a pipe or a file, a line stays one: whoever searches it finds what it says.
func Wrap(line string, columns int) string {
	if columns <= 0 {
		return line + "\n"
	}
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(line, " ") {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width >= columns && column > 2:
			b.WriteString("\n  ")
			column = 2
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String() + "\n"
}

// Shorten cuts text to n characters, keeping both ends: what differs is often at the end.
func Shorten(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	head := (n - 3) / 2
	return string(r[:head]) + "..." + string(r[len(r)-(n-3-head):])
}
