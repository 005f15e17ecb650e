package like_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"edgescope/query/aesql/like"
)

func TestMatch(t *testing.T) {
	f := func(pattern, text string, want bool) {
		t.Helper()
		if got := like.Compile(pattern, false).Match(text); got != want {
			t.Errorf("%q LIKE %q: %v, want %v", text, pattern, got, want)
		}
		if got := naive(pattern, text, false); got != want {
			t.Errorf("%q LIKE %q: the test's own evaluator says %v", text, pattern, got)
		}
	}
	f("", "", true)
	f("", "a", false)
	f("%", "", true)
	f("%", "anything\nat all", true)
	f("%%", "a", true)
	f("_", "ä", true)
	f("_", "", false)
	f("_", "ab", false)
	f("__", "\xff\xfe", true) // bytes that are no UTF-8 are characters of their own
	f("\xff", "\xfe", false)
	f("\xff%", "\xffa", true)
	f("error%", "error: x", true)
	f("error%", "Error: x", false)
	f("%.jpg", "/img/a.jpg", true)
	f("%.jpg", ".jpg", true)
	f("%.jpg", "/img/a.jpg?x", false)
	f("log__", "log12", true)
	f("log__", "log1", false)
	f("%b%b%", "abcb", true)
	f("%b%b%", "abc", false)
	f("a%a", "a", false)
	f("a%a", "aa", true)
	f("%_b", "b", false)
	f("%_b_%", "xabc", true)
	f("%日_語%", "これは日本語です", true)
	f(`100\%`, "100%", true)
	f(`100\%`, "1000", false)
	f(`a\_b`, "a_b", true)
	f(`a\_b`, "axb", false)
	f(`a\\b`, `a\b`, true)
	f(`a\b`, `a\b`, true)
	f(`a\`, `a\`, true)
	f("a.c", "abc", false)
	f("[a]", "a", false)
	f("%[%", "a[b", true)
}

func TestMatchWithoutCase(t *testing.T) {
	f := func(pattern, text string, want bool) {
		t.Helper()
		if got := like.Compile(pattern, true).Match(text); got != want {
			t.Errorf("%q ILIKE %q: %v, want %v", text, pattern, got, want)
		}
	}
	f("%.JPG", "/img/a.jpg", true)
	f("%DEBUG%", "xdEbUgx", true)
	f("Ä_", "äx", true)
	f("straSSe", "STRAßE", false) // one character is no two
	f("%ΣΊΣΥΦΟΣ", "xσίσυφος", true)
	f("k", "\u212a", true) // the sign of Kelvin
	f("\u017f", "S", true)
	f("a", "b", false)
	f("\xff", "\xff", true)
	f("\xe4", "\xc4", false)
}

// naive is LIKE by its definition: one table of which part of a pattern matches which part of a text.
func naive(pattern, text string, fold bool) bool {
	same := func(a, b string) bool {
		if !fold || !utf8.ValidString(a) || !utf8.ValidString(b) {
			return a == b
		}
		return strings.EqualFold(a, b)
	}
	ps, ts := characters(pattern), characters(text)
	row := make([]bool, len(ts)+1)
	row[0] = true
	for i := 0; i < len(ps); i++ {
		next, p := make([]bool, len(ts)+1), ps[i]
		one := p == "_"
		if p == `\` && i+1 < len(ps) && slices.Contains([]string{"%", "_", `\`}, ps[i+1]) {
			i++
			p, one = ps[i], false
		} else if p == "%" {
			for j := range next {
				next[j] = row[j] || j > 0 && next[j-1]
			}
			row = next
			continue
		}
		for j := range ts {
			next[j+1] = row[j] && (one || same(p, ts[j]))
		}
		row = next
	}
	return row[len(ts)]
}

// characters are code points, and bytes that are no part of one.
func characters(s string) []string {
	var all []string
	for s != "" {
		_, n := utf8.DecodeRuneInString(s)
		all = append(all, s[:n])
		s = s[n:]
	}
	return all
}

func TestRandomPatterns(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 4))
	word := func(letters string, most int) string {
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	for range 20000 {
		pattern, text := word("ab%_\\A\xc3\xa4", 8), word("abA\xc3\xa4%\\", 12)
		for _, fold := range []bool{false, true} {
			if got, want := like.Compile(pattern, fold).Match(text), naive(pattern, text, fold); got != want {
				t.Fatalf("%q like %q (fold %v): %v, want %v", text, pattern, fold, got, want)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("%a_b%", "xxaäb", true)
	f.Add(`\%\_\\`, `%_\`, false)
	f.Add("\xff_%", "\xff\xfe", false)
	f.Add("_%"+strings.Repeat("_", 70), strings.Repeat("ä", 80), true)
	f.Fuzz(func(t *testing.T, pattern, text string, fold bool) {
		if len(pattern)*len(text) > 1<<20 {
			return
		}
		if got, want := like.Compile(pattern, fold).Match(text), naive(pattern, text, fold); got != want {
			t.Errorf("%q like %q (fold %v): %v, want %v", text, pattern, fold, got, want)
		}
	})
}

// A pattern made to be tried at every place is searched once: the work is that of the text.
func TestMatchIsLinear(t *testing.T) {
	text := strings.Repeat("a", 16_000)
	for _, pattern := range []string{
		strings.Repeat("%a", 8_000) + "b", "%" + strings.Repeat("a_", 4_000) + "b%", strings.Repeat("%_", 8_000) + "b",
		"%" + strings.Repeat("_", 60) + "b%",
	} {
		if like.Compile(pattern, true).Match(text) {
			t.Errorf("%.20q... matches", pattern)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	for _, pattern := range []string{"error%", "%.jpg", "%a_b%", "log__"} {
		for _, fold := range []bool{false, true} {
			p := like.Compile(pattern, fold)
			if n := testing.AllocsPerRun(100, func() { p.Match("/api/übung/axb/a.jpg") }); n != 0 {
				t.Errorf("%s (fold %v) allocates %v times", pattern, fold, n)
			}
		}
	}
}

// Letters that differ in case only are one, whichever of them a pattern has.
func TestFoldIsTheSameFromAllSides(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		next := unicode.SimpleFold(r)
		if next == r || !utf8.ValidRune(r) {
			continue
		}
		if p := string(r); !like.Compile("%_"+p, true).Match("x" + string(next)) {
			t.Errorf("%q does not match %q", next, r)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	text := "https://shop.example/img/products/large/4711-übersicht.jpg?width=800"
	for name, pattern := range map[string]string{"suffix": "%.jpg?width=800", "inside": "%products%", "one": "%4_1%"} {
		for _, fold := range []bool{false, true} {
			p := like.Compile(pattern, fold)
			b.Run(name+map[bool]string{true: "/ilike", false: "/like"}[fold], func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if !p.Match(text) {
						b.Fatal("no match")
					}
				}
			})
		}
	}
}
