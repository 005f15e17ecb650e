package regex_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"edgescope/scenarios/regex"
)

// shown is a match in short: its place and the texts of its groups, "-" for one that took no part.
func shown(m *regex.Match) string {
	groups := make([]string, len(m.Spans))
	for i := range groups {
		text, ok := m.Text(i)
		if groups[i] = text; !ok {
			groups[i] = "-"
		}
	}
	return fmt.Sprintf("%d %s", m.Spans[0].From, strings.Join(groups, "|"))
}

// What Node 22 answers to new RegExp(pattern, flags).exec(text).
func TestPatternsAreJavaScripts(t *testing.T) {
	f := func(pattern, flags, text, want string) {
		t.Helper()
		re, err := regex.Compile(pattern, flags)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			return
		}
		m, ok, err := re.FindFrom(text, 0)
		got := "none"
		if ok {
			got = shown(&m)
		}
		if err != nil || got != want {
			t.Errorf("/%s/%s of %q: got %s, %v, want %s", pattern, flags, text, got, err, want)
		}
	}
	f(`(?<=tok=)\w+`, "", "x tok=abc123;", "6 abc123")
	f("(?<!a)b", "", "ab cb", "4 b")
	f("foo(?=bar)", "", "foobar", "0 foo")
	f("foo(?!bar)", "", "foobar foobaz", "7 foo")
	f(`(?<y>\d{4})-(?<m>\d\d)`, "", "on 2024-05-06", "3 2024-05|2024|05")
	f(`(\w)\1`, "", "hello", "2 ll|l")
	f(`\k<a>(?<a>x)`, "", "x", "0 x|x")
	f(`(?<a>.)\k<a>`, "", "abb", "1 bb|b")
	f("[]", "", "a", "none")
	f("[^]", "", "\n", "0 \n")
	f("a[]|b", "", "b", "0 b")
	f(`\d+`, "", "٣٤ 12", "3 12")
	f(`\w+`, "", "é abc", "2 abc")
	f(`\bfoo\b`, "", "éfoo foo", "1 foo")
	f(`\s+`, "", "a\ufeff\u00a0b", "1 \ufeff\u00a0")
	f("^b", "", "a\nb", "none")
	f("a$", "", "a\n", "none")
	f("a.b", "", "a\nb a\u2028b a-b", "8 a-b")
	f(`\/x\/`, "", "/x/", "0 /x/")
	f(`[\b]`, "", "\u0008", "0 \u0008")
	f(`\x41\u0042`, "", "AB", "0 AB")
	f(`\u{61}`, "", "uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu", "0 uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu")
	f(`\cJ`, "", "\n", "0 \n")
	f(`\c`, "", `\c`, `0 \c`)
	f(`\0`, "", "\u0000", "0 \u0000")
	f(`\07`, "", "\u0007", "0 \u0007")
	f(`\8`, "", "8", "0 8")
	f(`(a)\2`, "", "a\u0002", "0 a\u0002|a")
	f(`[\12-\14]`, "", "\u000b", "0 \u000b")
	f("a{,3}", "", "a{,3}", "0 a{,3}")
	f("a{2}", "", "aaa", "0 aa")
	f("a{2,}", "", "aaaa", "0 aaaa")
	f("a{1,2}?", "", "aaa", "0 a")
	f("x{", "", "x{", "0 x{")
	f("x}", "", "x}", "0 x}")
	f("a]", "", "a]", "0 a]")
	f("(?:a|ab)(?:c|bcd)(?:d*)", "", "abcd", "0 abcd")
	f(`(?=(a+))a*b\1`, "", "baaabac", "3 aba|a")
	f("(?=a)*b", "", "b", "0 b")
	f("(a)|(b)", "", "b", "0 b|-|b")
	f(`\1(a)`, "", "aa", "0 a|a")
	f("(?:)", "", "x", "0 ")
	f("", "", "x", "0 ")
	f("[a-z]+", "", "ABC def", "4 def")
	f(`[\w-]+`, "", "a-b c", "0 a-b")
	f(`[a-\d]+`, "", "a-5", "0 a-5")
	f(`[^\d\s]+`, "", "12 ab", "3 ab")
	f(`[\]]`, "", "a]", "1 ]")
	f("[[]", "", "[", "0 [")
	f("[a-z-[aeiou]]", "", "b]", "0 b]")
	f("[[:alpha:]]", "", "a]", "0 a]")
	f(`\Aab`, "", "Aab", "0 Aab")
	f(`ab\Z`, "", "abZ", "0 abZ")
	f(`\Gx`, "", "Gx", "0 Gx")
	f(`\p{L}`, "", "p{L}", "0 p{L}")
	f(`\q`, "", "q", "0 q")
	f(`\-`, "", "-", "0 -")
	f("😀", "", "x😀", "1 😀")
	f("^.$", "", "😀", "none")
	f("[😀]", "", "😀", "0 �")
	f("(.)(.)", "", "😀", "0 😀|�|�")
	f("a|", "", "b", "0 ")
	f("(?<$x>a)", "", "a", "0 a|a")
	f("(?<é>a)", "", "a", "0 a|a")
	f(`"csrf":"([^"]+)"`, "", `{"csrf":"t0k"}`, `1 "csrf":"t0k"|t0k`)
	f(`name=\'(.*?)\'`, "", "name='a' x='b'", "0 name='a'|a")
	f("(a+)+$", "", "aaaa", "0 aaaa|aaaa")
	f("(?<a>x)|(?<b>y)", "", "y", "0 y|-|y")
	f(`(?<=(\d+)(\d+))$`, "", "1053", "4 |1|053")
	f(`(?<=\1(a))b`, "", "aab", "2 b|a")
	f(`[\d-x]`, "", "-", "0 -")
	f(`[x-\d]`, "", "-", "0 -")
	f(`\ud83d\ude00`, "", "😀", "0 😀")
	f("(?<=^|,)b", "", "a,b", "2 b")
	f("a{0}b", "", "b", "0 b")
	f("a{0,0}b", "", "b", "0 b")
	f(`\B`, "", "ab", "1 ")
	f(`[\B]`, "", "B", "0 B")
	f(`[\c1]`, "", "\u0011", "0 \u0011")
	f(`[\c]`, "", "c", "0 c")
	f(`\u00e9`, "", "é", "0 é")
	f(`\u12`, "", "u12", "0 u12")
	f(`\x1`, "", "x1", "0 x1")
	f(`(((((((((((a)))))))))))\11`, "", "aa", "0 aa|a|a|a|a|a|a|a|a|a|a|a")
	f(`\11`, "", "\t", "0 \t")
	f("^^a$$", "", "a", "0 a")
	f("(?!)", "", "a", "none")
	f("(?:(?=a)){2}a", "", "a", "0 a")
	f("[^a]", "", "a\n", "1 \n")
	f(`\$\{x\}`, "", "${x}", "0 ${x}")
	f(`[\u0061-\u0063]+`, "", "xabcd", "1 abc")
	f("(?<n>a)(b)(?<m>c)", "", "abc", "0 abc|a|b|c")
	f("a{99999999999}", "", "a", "none")
	f(`\v\f\t`, "", "\u000b\u000c\t", "0 \u000b\u000c\t")
	f(`[\0-\x1f]`, "", "\u0005", "0 \u0005")
	f(`[a\-z]+`, "", "a-z", "0 a-z")
	f("a??b", "", "ab", "0 ab")
	f("(?:a?)*?$", "", "aa", "0 aa")
	f(`\k<a>`, "", "x", "none")
	f(`\u{1F600}`, "u", "x😀", "1 😀")
	f("^.$", "u", "😀", "0 😀")
	f("[😀-😂]", "u", "😁", "0 😁")
	f(`\p{L}+`, "u", "1é日a!", "1 é日a")
	f(`\p{Lu}`, "u", "aB", "1 B")
	f(`\P{L}`, "u", "a1", "1 1")
	f(`\p{Script=Greek}+`, "u", "aαβ", "1 αβ")
	f(`[\p{L}\d]+`, "u", "- é9", "2 é9")
	f(`\p{Letter}`, "u", "1a", "1 a")
	f(`\p{gc=Nd}`, "u", "a٣", "1 ٣")
	f(`\ud83d\ude00`, "u", "😀", "0 😀")
	f(`[\-]`, "u", "-", "0 -")
	f("😀{2}", "u", "😀😀", "0 😀😀")
	f(`\p{Any}`, "u", "a", "0 a")
	f(`\p{ASCII}+`, "u", "éab", "1 ab")
	f(`\p{Alphabetic}+`, "u", "1é", "1 é")
	f("(.)", "u", "x😀", "0 x|x")
	f(`\W`, "u", "é", "0 é")
	f(`[^\p{L}]`, "u", "a-", "1 -")
	f(`\/`, "u", "/", "0 /")
	f(`\0`, "u", "\u0000", "0 \u0000")
	f("ABC", "i", "xabc", "1 abc")
	f("[a-z]+", "i", "ABC", "0 ABC")
	f("[^a-z]", "i", "A1", "1 1")
	f("é", "i", "É", "0 É")
	f(`\u00c9`, "i", "é", "0 é")
	f(`(a)\1`, "i", "aA", "0 aA|a")
	f("ß", "i", "SS", "none")
	f(`\w`, "i", "K", "0 K")
	f(`[^\W]`, "i", "K", "0 K")
	f("^b", "m", "a\nb", "2 b")
	f("a$", "m", "a\nb", "0 a")
	f("^b", "m", "a\rb", "2 b")
	f("a$", "m", "a\u2028b", "0 a")
	f("^", "m", "ab", "0 ")
	f("^a.*$", "m", "x\nabc\ny", "2 abc")
	f("$", "m", "a\n", "1 ")
	f("^$", "m", "a\n\nb", "2 ")
	f("b$", "m", "ab\r\n", "1 b")
	f("a.b", "s", "a\nb", "0 a\nb")
	f("a.b", "s", "a\u2028b", "0 a\u2028b")
	f(".", "s", "\r", "0 \r")
	f("b", "y", "ab", "none")
	f("a", "y", "ab", "0 a")
	f("a|b", "y", "b", "0 b")
	f("a.b", "is", "A\nB", "0 A\nB")
	f("^a.b$", "ims", "x\nA\nB", "2 A\nB")
	f("a", "g", "a", "0 a")
	f("a", "d", "a", "0 a")
	f("a", "gi", "a", "0 a")
	f("a", "gimsuyd", "a", "0 a")
	f(".", "su", "\n", "0 \n")
}

// Patterns that are none, and what is said of them.
func TestPatternsThatAreNone(t *testing.T) {
	f := func(pattern, flags, want string) {
		t.Helper()
		if re, err := regex.Compile(pattern, flags); err == nil || err.Error() != want {
			t.Errorf("/%s/%s: %v, %v, want %s", pattern, flags, re, err, want)
		}
	}
	f("(", "", "regular expression /(/: Unterminated group at character 1")
	f("(a", "", "regular expression /(a/: Unterminated group at character 1")
	f(")", "", "regular expression /)/: Unmatched ')' at character 1")
	f("a)", "", "regular expression /a)/: Unmatched ')' at character 2")
	f("[", "", "regular expression /[/: Unterminated character class at character 1")
	f("[a", "", "regular expression /[a/: Unterminated character class at character 1")
	f("*", "", "regular expression /*/: Nothing to repeat at character 1")
	f("a**", "", "regular expression /a**/: Nothing to repeat at character 3")
	f("+a", "", "regular expression /+a/: Nothing to repeat at character 1")
	f("?", "", "regular expression /?/: Nothing to repeat at character 1")
	f("(?", "", "regular expression /(?/: Invalid group at character 1")
	f("(?a)", "", "regular expression /(?a)/: Invalid group at character 1")
	f("(?i)a", "", "regular expression /(?i)a/: Invalid group, flags stand beside the pattern: flags: i at character 1")
	f("(?i:a)", "", "regular expression /(?i:a)/: Invalid group, flags stand beside the pattern: flags: i at character 1")
	f("(?P<x>a)", "", "regular expression /(?P<x>a)/: Invalid group, a named group is (?<name>...) at character 1")
	f("(?>a)", "", "regular expression /(?>a)/: Invalid group, JavaScript has no atomic groups at character 1")
	f("(?#c)", "", "regular expression /(?#c)/: Invalid group, JavaScript has no comments in patterns at character 1")
	f("(?<>a)", "", "regular expression /(?<>a)/: Invalid capture group name at character 4")
	f("(?<1>a)", "", "regular expression /(?<1>a)/: Invalid capture group name at character 4")
	f("(?<a", "", "regular expression /(?<a/: Invalid capture group name at character 5")
	f("(?<a>x)(?<a>y)", "", "regular expression /(?<a>x)(?<a>y)/: Duplicate capture group name at character 8")
	f(`\`, "", `regular expression /\/: \ at end of pattern at character 1`)
	f(`a\`, "", `regular expression /a\/: \ at end of pattern at character 2`)
	f("[b-a]", "", "regular expression /[b-a]/: Range out of order in character class at character 2")
	f("a{2,1}", "", "regular expression /a{2,1}/: numbers out of order in {} quantifier at character 2")
	f("{1}", "", "regular expression /{1}/: Nothing to repeat at character 1")
	f("a|*", "", "regular expression /a|*/: Nothing to repeat at character 3")
	f("(?<=a)*", "", "regular expression /(?<=a)*/: Nothing to repeat at character 7")
	f("(?<!a)+", "", "regular expression /(?<!a)+/: Nothing to repeat at character 7")
	f("^*", "", "regular expression /^*/: Nothing to repeat at character 2")
	f(`\b+`, "", `regular expression /\b+/: Nothing to repeat at character 3`)
	f(`(?<a>x)\k<b>`, "", `regular expression /(?<a>x)\k<b>/: Invalid named capture referenced at character 8`)
	f(`(?<a>x)\k`, "", `regular expression /(?<a>x)\k/: Invalid named reference at character 8`)
	f("a*+", "", "regular expression /a*+/: Nothing to repeat at character 3")
	f(`[z-\x41]`, "", `regular expression /[z-\x41]/: Range out of order in character class at character 2`)
	f("(?:", "", "regular expression /(?:/: Unterminated group at character 1")
	f("x{1}{2}", "", "regular expression /x{1}{2}/: Nothing to repeat at character 5")
	f(`\-`, "u", `regular expression /\-/: Invalid escape at character 1`)
	f(`\q`, "u", `regular expression /\q/: Invalid escape at character 1`)
	f("a{", "u", "regular expression /a{/: Incomplete quantifier at character 2")
	f("a]", "u", "regular expression /a]/: Lone quantifier brackets at character 2")
	f("}", "u", "regular expression /}/: Lone quantifier brackets at character 1")
	f(`\1`, "u", `regular expression /\1/: Invalid escape at character 1`)
	f(`\01`, "u", `regular expression /\01/: Invalid escape at character 1`)
	f("(?=a)*", "u", "regular expression /(?=a)*/: Nothing to repeat at character 6")
	f(`\p{Nope}`, "u", `regular expression /\p{Nope}/: Invalid property name "Nope", or one that is not supported at character 1`)
	f(`\u{110000}`, "u", `regular expression /\u{110000}/: Invalid Unicode escape at character 1`)
	f(`\u{`, "u", `regular expression /\u{/: Invalid Unicode escape at character 1`)
	f(`\u12`, "u", `regular expression /\u12/: Invalid Unicode escape at character 1`)
	f(`\c`, "u", `regular expression /\c/: Invalid Unicode escape at character 1`)
	f(`[\d-x]`, "u", `regular expression /[\d-x]/: Invalid character class at character 2`)
	f(`\k`, "u", `regular expression /\k/: Invalid named reference at character 1`)
	f(`\x4`, "u", `regular expression /\x4/: Invalid escape at character 1`)
	f("a", "ii", "flag 'i' stands twice")
	f("a", "z", "unknown flag 'z', legal are d, g, i, m, s, u and y")
	f("a", "v", `flag "v" is not supported, use u`)
	f("[a", "u", "regular expression /[a/: Unterminated character class at character 1")
	f("(?<a", "", "regular expression /(?<a/: Invalid capture group name at character 5")
	f(strings.Repeat("a", 70_000), "", "a regular expression has at most 65536 characters")
	if _, err := regex.Compile(strings.Repeat("(", 300)+strings.Repeat(")", 300), ""); err == nil ||
		!strings.Contains(err.Error(), "nested too deep") {
		t.Error(err)
	}
}

// TestSearchesEnd: a search that would take years ends within a second, by name, however many go on.
func TestSearchesEnd(t *testing.T) {
	re, err := regex.Compile("(a+)+$", "")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a", 60) + "!"
	searches := 4 * runtime.GOMAXPROCS(0)
	ended := make(chan error, searches)
	for range searches {
		go func() {
			_, err := re.Matches(text)
			ended <- err
		}()
	}
	for range searches {
		select {
		case err := <-ended:
			if !errors.Is(err, regex.ErrTimeout) {
				t.Errorf("a search ends with %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("a search goes on")
		}
	}
	if ok, err := re.Matches("aaa"); !ok || err != nil {
		t.Errorf("afterwards nothing is found: %v, %v", ok, err)
	}
	if _, err := re.Find(strings.Repeat("x", regex.MaxText+1), 1); !errors.Is(err, regex.ErrTooLong) {
		t.Errorf("a text of 16 MB and a byte: %v", err)
	}
}

func TestAllMatches(t *testing.T) {
	f := func(pattern, flags, text string, most int, want string) {
		t.Helper()
		re, err := regex.Compile(pattern, flags)
		if err != nil {
			t.Fatal(err)
		}
		found, err := re.Find(text, most)
		var got []string
		for i := range found {
			got = append(got, shown(&found[i]))
		}
		if s := strings.Join(got, "; "); err != nil || s != want {
			t.Errorf("/%s/%s of %q: got %s, %v, want %s", pattern, flags, text, s, err, want)
		}
	}
	f("a(.)", "", "abacad", -1, "0 ab|b; 2 ac|c; 4 ad|d")
	f("a(.)", "", "abacad", 2, "0 ab|b; 2 ac|c")
	f("b*", "", "abb", -1, "0 ; 1 bb; 3 ")
	f(".", "u", "a😀b", -1, "0 a; 1 😀; 3 b")
	f("b", "", "a😀b", -1, "3 b")
	f("x", "", strings.Repeat("y", 70_000)+"x", -1, "70000 x")
}

func TestMatchesFromAPlace(t *testing.T) {
	f := func(flags string, from int, want string) {
		t.Helper()
		re, err := regex.Compile("[a-z]", flags)
		if err != nil {
			t.Fatal(err)
		}
		m, ok, err := re.FindFrom("😀ab", from)
		got := "none"
		if ok {
			got = shown(&m)
		}
		if err != nil || got != want {
			t.Errorf("from %d with %q: got %s, %v, want %s", from, flags, got, err, want)
		}
	}
	for _, flags := range []string{"", "u"} {
		f(flags, 0, "2 a")
		f(flags, 3, "3 b")
		f(flags, 4, "none")
		f(flags, 5, "none")
	}
}

func TestGroups(t *testing.T) {
	re, err := regex.Compile("(?<n>a)(b)(?<m>c)", "")
	if err != nil {
		t.Fatal(err)
	}
	if n := re.Names(); re.Groups() != 3 || len(n) != 2 || n["n"] != 1 || n["m"] != 3 {
		t.Errorf("%d groups, names %v", re.Groups(), n)
	}
	if re.String() != "(?<n>a)(b)(?<m>c)" {
		t.Errorf("it is written as %s", re)
	}
}

// FuzzRegex: what is read as a pattern is one for regexp2 too, and a search of it ends.
func FuzzRegex(f *testing.F) {
	for _, p := range []string{
		`(?<=tok=)\w+`, `(?<y>\d{4})-\k<y>`, `[]|[^]`, `\u{1F600}[\p{L}\-]`, `a{2,3}?|(?!b)*`, `[\d-x]\cJ\0\07\8`, `(((a)))\3`,
	} {
		f.Add(p, "", "tok=abc")
		f.Add(p, "u", "2024-2024")
		f.Add(p, "ims", "a\nb😀")
	}
	f.Fuzz(func(t *testing.T, pattern, flags, text string) {
		re, err := regex.Compile(pattern, flags)
		if err != nil {
			if strings.Contains(err.Error(), "is not supported: ") {
				t.Errorf("/%s/%s: %v", pattern, flags, err)
			}
			return
		}
		m, ok, err := re.FindFrom(text, 0)
		if err != nil || !ok {
			return
		}
		if s := m.Spans[0]; s.From < 0 || s.To < s.From || s.To > 2*len(text) {
			t.Errorf("/%s/%s of %q is at %v", pattern, flags, text, s)
		}
	})
}
