package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/report/text"
)

func TestNothingFromOutsideIsObeyed(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := text.Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	f("plain é 日本 👩‍👩‍👧 : :: ##", "plain é 日本 👩‍👩‍👧 : :: ##")
	f("::error::x", ": :error::x")
	f("a\n  ::add-mask::x\n::  set-output name=a::b", "a\n  : :add-mask::x\n: :  set-output name=a::b")
	f("\t::stop-commands::t", "\t: :stop-commands::t")
	f("\u00a0\u3000::error::x", "\u00a0\u3000: :error::x")
	f("std::string and a ::b", "std::string and a ::b")
	f("::1 is an address", "::1 is an address")
	f("x ##[error]y", "x # #[error]y")
	f("##vso[task.setvariable variable=a]b ##teamcity[buildStop]", "# #vso[task.setvariable variable=a]b # #teamcity[buildStop]")
	f("####[group]", "### #[group]")
	f("\r::error::x", `\r::error::x`)
	f("\u2028::error::x", `\u2028::error::x`)
	f("\x1b[2J\x1b]8;;http://x\x07", `\x1b[2J\x1b]8;;http://x\a`)
	f("\u009b31m \u0085", `\u009b31m \u0085`)
	f("abc\u202egnp.exe\u2066\u200f\u061c", `abc\u202egnp.exe\u2066\u200f\u061c`)
	f("\xff\xfe", "��")
	f("\x00\x7f\v\f\ufeff", `\x00\x7f\v\f\ufeff`)
	f("", "")
}

func TestWriterKeepsCharactersWhole(t *testing.T) {
	const in = "é\x1b日本\u202e👩"
	for size := 1; size < len(in); size++ {
		var b strings.Builder
		w := text.Writer(&b)
		for at := 0; at < len(in); at += size {
			if n, err := w.Write([]byte(in[at:min(at+size, len(in))])); err != nil || n != min(size, len(in)-at) {
				t.Fatalf("%d written, %v", n, err)
			}
		}
		if got, want := b.String(), text.Visible(in); got != want {
			t.Errorf("in pieces of %d: %q, want %q", size, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("::error::")
	f.Add("##[x] ####vso[ :::: \x1b")
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Printable(s)
		if !utf8.ValidString(got) || text.Printable(got) != got {
			t.Errorf("%q: %q, and again %q", s, got, text.Printable(got))
		}
		for line := range strings.SplitSeq(got, "\n") {
			trimmed := strings.TrimLeft(line, " \t")
			if strings.HasPrefix(trimmed, "::") && len(trimmed) > 2 && trimmed[2]|0x20 >= 'a' && trimmed[2]|0x20 <= 'z' ||
				strings.Contains(line, "##[") || strings.Contains(line, "##vso[") || strings.Contains(line, "##teamcity[") {
				t.Errorf("%q: %q is a command", s, line)
			}
		}
	})
}
