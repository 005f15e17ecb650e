package text_test

import (
	"math"
	"strings"
	"testing"

	"edgescope/report/text"
)

func TestNumbers(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(text.Decimal(0.1), "0.1")
	f(text.Decimal(1e21), "1000000000000000000000")
	f(text.Decimal(text.Round(2.0/3, 3)), "0.667")
	f(text.Decimal(text.Round(-2.5, 0)), "-3")
	f(text.Grouped(0), "0")
	f(text.Grouped(999), "999")
	f(text.Grouped(1000), "1,000")
	f(text.Grouped(1234567), "1,234,567")
	f(text.Grouped(-999), "-999")
	f(text.Grouped(-1234567), "-1,234,567")
	f(text.Grouped(math.MinInt64), "-9,223,372,036,854,775,808")
	f(text.Plural(1, "user"), "1 user")
	f(text.Plural(0, "user"), "0 users")
	f(text.Plural(1200, "user"), "1,200 users")
	f(text.Percent(0.12345), "12.35 %")
	f(text.Change(0.1), "+10.0 %")
	f(text.Change(-0.004), "-0.4 %")
	f(text.Milliseconds(0), "0.000")
	f(text.Milliseconds(9.9994), "9.999")
	f(text.Milliseconds(10), "10.0")
	f(text.Milliseconds(999.94), "999.9")
	f(text.Milliseconds(1000), "1000")
	f(text.Milliseconds(4_380_000), "4380000") // 73 minutes, the longest, in 8 columns
	f(text.MillisecondsOf(0, 5), "-")
	f(text.MillisecondsOf(1, 5), "5.000")
}

func TestShortenedTextsKeepBothEnds(t *testing.T) {
	f := func(s string, n int, want string) {
		t.Helper()
		if got := text.Shorten(s, n); got != want {
			t.Errorf("%q in %d: %q, want %q", s, n, got, want)
		}
	}
	f("GET /cart", 9, "GET /cart")
	f("GET /cart/items", 11, "GET ...tems")
	f("ééééééééé", 8, "éé...ééé") // characters, not bytes
	f("", 3, "")
}

// TestWrappedLinesFit: what is broken is put together again by its reader, and only a word of its own is longer.
func TestWrappedLinesFit(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, s := range []string{
		"short", "", strings.Repeat("word ", 40) + "end", strings.Repeat("größer ", 30) + "als", "warning: " + long +
			" and more", long,
	} {
		if got := text.Wrap(s, 0); got != s+"\n" {
			t.Errorf("without a terminal %q became %q", s, got)
		}
		wrapped := text.Wrap(s, 80)
		if !strings.HasSuffix(wrapped, "\n") {
			t.Errorf("%q does not end its line", wrapped)
		}
		var words []string
		for i, line := range strings.Split(strings.TrimSuffix(wrapped, "\n"), "\n") {
			if n := len([]rune(line)); n > 79 && !strings.Contains(line, long) {
				t.Errorf("%d characters in %q, want at most 79", n, line)
			}
			if i > 0 && !strings.HasPrefix(line, "  ") {
				t.Errorf("%q is not indented", line)
			}
			words = append(words, strings.Fields(line)...)
		}
		if got, want := strings.Join(words, " "), strings.Join(strings.Fields(s), " "); got != want {
			t.Errorf("the words are %q, want %q", got, want)
		}
	}
}
