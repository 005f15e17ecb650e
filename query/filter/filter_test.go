package filter_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/query/filter"
)

// words are a language of three keys, of which cold has two values.
var words = filter.Vocabulary{
	Known:      func(key string) bool { return key == "region" || key == "cold" || strings.Contains(key, ".") },
	UnknownKey: "use region or cold",
	Bad: func(key, value string) string {
		if key == "cold" && value != "true" && value != "false" {
			return "write true or false"
		}
		return ""
	},
}

// show writes terms so that every piece of them can be told.
func show(terms []filter.Term) string {
	out := make([]string, len(terms))
	for i, t := range terms {
		sign := "+"
		if t.Exclude {
			sign = "-"
		}
		out[i] = fmt.Sprintf("%s%s%q", sign, t.Key, []string(t.Pattern))
	}
	return strings.Join(out, " ")
}

func TestTextsAreReadAsTerms(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		terms, err := filter.Parse(text, words)
		if got := show(terms); err != nil || got != want {
			t.Errorf("%s: %s %v, want %s", text, got, err, want)
		}
	}
	f("", "")
	f(" \t ", "")
	f("img", `+["img"]`)
	f("-img", `-["img"]`)
	f("a  b", `+["a"] +["b"]`)
	f("region:FRA", `+region["FRA"]`)
	f("-region:FRA", `-region["FRA"]`)
	f("region:F*", `+region["F" ""]`)
	f("region:*F*A", `+region["" "F" "A"]`)
	f("region:*", `+region["" ""]`)
	f(`region:""`, `+region[""]`)
	f(`region:"a b"`, `+region["a b"]`)
	f(`region:"a*b"`, `+region["a" "b"]`)
	f(`region:"a\*b"`, `+region["a*b"]`)
	f(`region:"a\"b\\"`, `+region["a\"b\\"]`)
	f(`"a:b"`, `+["a:b"]`)
	f("url.path:/a:b", `+url.path["/a:b"]`)
	f("/a:b", `+["/a:b"]`) // a path is no key
	f("region:é -cold:true", `+region["é"] -cold["true"]`)
	f("--a", `-["-a"]`)
}

func TestWrongTextsAreToldWhere(t *testing.T) {
	f := func(text string, column int, reason string) {
		t.Helper()
		_, err := filter.Parse(text, words)
		var wrong *filter.SyntaxError
		if !errors.As(err, &wrong) || wrong.Column != column || !strings.Contains(wrong.Reason, reason) {
			t.Errorf("%s: %v, want column %d: %s", text, err, column, reason)
		}
	}
	f("region:", 1, "a value is missing")
	f("é region:", 3, "a value is missing")
	f("-", 1, "a value is missing")
	f(`""`, 1, "a value is missing")
	f("-*", 1, "excludes everything")
	f("colour:red", 1, "unknown key colour: use region or cold")
	f("region:a -colour:red", 11, "unknown key colour")
	f("cold:maybe", 6, "write true or false")
	f(`cold:"maybe"`, 6, "write true or false")
	f(`region:"a`, 8, "the quote is not closed")
	f(`region:"a"b`, 11, "a space must follow")
	f(`region:a"b`, 9, "a quote may stand around the whole value only")
	f("a \xff", 1, "not UTF-8")
	f(strings.Repeat("a", filter.MaxText+1), 1, "longer than 2048 bytes")
	if _, err := filter.Parse("cold:t*", words); err != nil {
		t.Errorf("a pattern is held to the few values that there are: %v", err)
	}
}

// matches tells whether a value meets a pattern here.
func matches(p filter.Pattern, value string) bool {
	c := filter.Condition{Patterns: []filter.Pattern{p}}
	return c.Holds(value)
}

// matchesThere tells whether it does by the expression that the metrics engine is given.
func matchesThere(t *testing.T, p filter.Pattern, value string) bool {
	t.Helper()
	c := filter.Condition{Patterns: []filter.Pattern{p}}
	expression, err := strconv.Unquote(strings.TrimPrefix(c.Matcher("x"), "x=~"))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?s)^(?:" + expression + ")$").MatchString(value)
}

func TestPatternsMatch(t *testing.T) {
	f := func(p filter.Pattern, value string, want bool) {
		t.Helper()
		if got, there := matches(p, value), matchesThere(t, p, value); got != want || there != want {
			t.Errorf("%q matches %q: %t, in the engine %t, want %t", []string(p), value, got, there, want)
		}
	}
	f(filter.Pattern{"a"}, "a", true)
	f(filter.Pattern{"a"}, "ab", false)
	f(filter.Pattern{""}, "", true)
	f(filter.Pattern{""}, "a", false)
	f(filter.Pattern{"", ""}, "a", true)
	f(filter.Pattern{"", ""}, "", false) // any value: there must be one
	f(filter.Pattern{"", "", ""}, "", false)
	f(filter.Pattern{"a", ""}, "a", true)
	f(filter.Pattern{"a", "c"}, "abc", true)
	f(filter.Pattern{"a", "c"}, "ac", true)
	f(filter.Pattern{"ab", "ba"}, "aba", false) // no letter is used twice
	f(filter.Pattern{"", "b", ""}, "abc", true)
	f(filter.Pattern{"a", "b", "c"}, "aXbYc", true)
	f(filter.Pattern{"a", "b", "c"}, "acb", false)
	f(filter.Pattern{"a.", ""}, "ab", false)
	f(filter.Pattern{"a", ""}, "a\nb", true)
}

// FuzzMatch holds that a value matches here where it matches in the engines.
func FuzzMatch(f *testing.F) {
	f.Add("a*b", "axxb")
	f.Add("*", "")
	f.Add("aa*a", "aa")
	f.Fuzz(func(t *testing.T, pieces, value string) {
		if !utf8.ValidString(pieces) || !utf8.ValidString(value) {
			t.Skip("Parse refuses it")
		}
		p := filter.Pattern(strings.Split(pieces, "*"))
		if got, there := matches(p, value), matchesThere(t, p, value); got != there {
			t.Errorf("%q matches %q: %t, in the engine %t", []string(p), value, got, there)
		}
	})
}

func TestConditionsHold(t *testing.T) {
	is := filter.AnyOf("region", []string{"FRA", "SIN"})
	not := is
	not.Exclude = true
	for value, want := range map[string]bool{"FRA": true, "SIN": true, "IAD": false, "": false, "FRAX": false} {
		if is.Holds(value) != want || not.Holds(value) == want {
			t.Errorf("%q: is %t, is not %t, want %t and %t", value, is.Holds(value), not.Holds(value), want, !want)
		}
	}
}

func TestTongues(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(filter.Pattern{"FRA"}.LogsQL("cloud.region"), `"cloud.region":="FRA"`)
	f(filter.Pattern{""}.LogsQL("cloud.region"), `"cloud.region":=""`)
	f(filter.Pattern{"", ""}.LogsQL("cloud.region"), `"cloud.region":*`)
	f(filter.Pattern{"F", ""}.LogsQL("cloud.region"), `"cloud.region":="F"*`)
	f(filter.Pattern{"", "A"}.LogsQL("cloud.region"), `"cloud.region":~"(?s)^.*A$"`)
	f(filter.Pattern{"a.b", "(", ""}.LogsQL("x"), `"x":~"(?s)^a\\.b.*\\(.*$"`)
	f(filter.Exactly(`a"b`, "c\n"), `"a\"b":="c\n"`)
	f(filter.In("a", []string{"1", `"2`}), `"a":in("1","\"2")`)
	f(filter.OneOf("edge_region", []string{"FRA", "a.b"}), `edge_region=~"FRA|a\\.b"`)
	c := filter.Condition{Exclude: true, Patterns: []filter.Pattern{{"FRA"}, {"", ""}, {"S", ""}}}
	f(c.Matcher("edge_region"), `edge_region!~"FRA|.+|S.*"`)
}

// FuzzQuote holds that no value can leave its quotes: both engines read them with strconv.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{`a`, `"`, `\`, `") or *`, "`", "\x00", "a\nb | delete"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		q := filter.Quote(value)
		prefix, err := strconv.QuotedPrefix(q)
		if err != nil || prefix != q {
			t.Fatalf("%s goes on after its quotes", q)
		}
		if got, err := strconv.Unquote(q); err != nil || got != value && utf8.ValidString(value) {
			t.Fatalf("%q is read as %q, %v", value, got, err)
		}
	})
}
