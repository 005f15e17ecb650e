package grammar

import (
	"fmt"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	f := func(source string, want ...string) {
		t.Helper()
		tokens, err := lex(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			return
		}
		var got []string
		for _, token := range tokens[:len(tokens)-1] {
			kind := map[tokenKind]string{word: "w", quoted: "q", number: "n", text: "t", symbol: "s"}[token.kind]
			got = append(got, fmt.Sprintf("%s %s", kind, token.text))
			if token.kind != text && token.kind != quoted && source[token.at:token.until] != token.text {
				t.Errorf("%s: %q stands at %d to %d", source, token.text, token.at, token.until)
			}
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%s\n got %q\nwant %q", source, got, want)
		}
		if last := tokens[len(tokens)-1]; last.kind != end || last.at != len(source) {
			t.Errorf("%s ends with %v", source, last)
		}
	}
	f("")
	f("a _b C9", "w a", "w _b", "w C9")
	f("1 2.5 .5 3. 1e3 1E-3 2.5e+10", "n 1", "n 2.5", "n .5", "n 3.", "n 1e3", "n 1E-3", "n 2.5e+10")
	f("f(x)-1", "w f", "s (", "w x", "s )", "s -", "n 1")
	f("x-1", "w x", "s -", "n 1")
	f("a.1", "w a", "s .", "n 1")
	f("a.1.2", "w a", "s .", "n 1", "s .", "n 2")
	f("(x).1", "s (", "w x", "s )", "s .", "n 1")
	f("[1].5", "s [", "n 1", "s ]", "s .", "n 5")
	f("(.5)", "s (", "n .5", "s )")
	f("a .5", "w a", "n .5")
	f("<=> <= <> < >= >> > != ! == = -> - || |", "s <=>", "s <=", "s <>", "s <", "s >=", "s >>", "s >", "s !=", "s !", "s ==",
		"s =", "s ->", "s -", "s ||", "s |")
	f(`'a''b' "c""d" `+"`e``f`", "t a'b", `q c"d`, "q e`f")
	f(`'\n\t\\\'\%\x\0'`, "t \n\t\\'\\%\\x\x00")
	f("a--b\nc", "w a", "w c")
	f("a -- b", "w a")
	f("a/*b*/c/**/d", "w a", "w c", "w d")
	f("a - -b", "w a", "s -", "s -", "w b")
	f("\ufeffa\u00a0b", "w a", "w b")
}

func TestTokensThatAreNone(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := lex(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	f("a 1e", "1:3: 1e is no number")
	f("1a", "1:1: 1a is no number")
	f("a\n  'b", "2:3: the text that begins here has no end: close it with '")
	f(`a "b`, `1:3: the text that begins here has no end: close it with "`)
	f("`b", "1:1: the text that begins here has no end: close it with `")
	f(`'a\'`, "1:1: the text that begins here has no end")
	f("``", "1:1: a name is empty")
	f("/* a", "1:1: the comment has no end")
	f("/*/", "1:1: the comment has no end")
	f("a \x00", `1:3: '\x00' can't stand here`)
	f("\\", `1:1: '\\' can't stand here`)
	f("a \xff", "1:3: this is no UTF-8")
	f("'\xff'", "1:1: this is no UTF-8")
	f("“x”", "1:1: “ is no quote of SQL: put texts between ' and names between \"")
	f("`ü` ü", "1:5: 'ü' can't stand here")
}
