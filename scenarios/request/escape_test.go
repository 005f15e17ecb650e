package request

import (
	"testing"
)

func FuzzEscapeURL(f *testing.F) {
	for _, s := range []string{"http://t", "http://t/a b?c=é'#x y", "https://t?\\`{}", "http://t/%20\t%zz\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := escapeURL("http://t/" + s)
		if again := escapeURL(escaped); again != escaped {
			t.Errorf("%q becomes %q, and then %q", s, escaped, again)
		}
		for i := range len(escaped) {
			if c := escaped[i]; c <= ' ' || c >= 0x7f || c == '"' {
				t.Errorf("%q becomes %q, which holds the byte %#x", s, escaped, c)
			}
		}
	})
}
