package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/internal/tree"
)

var sameButPlace = cmp.Options{
	cmpopts.IgnoreTypes(tree.Position{}), cmpopts.IgnoreFields(Group{}, "Tenant"), cmpopts.EquateEmpty(),
}

func roundTrip(t *testing.T, groups []Group) {
	t.Helper()
	for _, dialect := range Dialects() {
		var text strings.Builder
		if err := Write(&text, groups, dialect); err != nil {
			t.Fatal(err)
		}
		got, problems := Read("written.yml", []byte(text.String()), nil)
		if len(problems) > 0 {
			t.Fatalf("%s can't be read: %s\n%s", dialect, problems, text.String())
		}
		if diff := cmp.Diff(groups, got, sameButPlace); diff != "" {
			t.Errorf("%s (-written +read):\n%s\n%s", dialect, diff, text.String())
		}
	}
}

// TestWhatIsWrittenIsRead holds that texts come back as they were, whatever YAML means by them.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	for i, text := range []string{
		"a", "two words", "yes", "null", "1", "0x1f", "1e3", "~", "it's", `"`, `\`, "a: b", "a #b", "- a", "{{ $labels.a }}",
		"é", "a\nb", "a\nb\n", "a\n\nb\n", " a\nb\n", "a\n  b\n", "\ta\n\tb\n", "a\n", "a\r\nb\n", "a \nb \n", "%", "2001-01-01",
		"!x", "&a", "*a", "a\n...\n", "a\n---\nb\n", "# a\nb\n", "[a]\nb\n", "a\u2028b", "😀",
	} {
		texts[string(rune('a'+i%26))+strings.Repeat("x", i/26)] = text
	}
	roundTrip(t, []Group{
		{
			Name: "a: group", Interval: 90 * time.Minute, EvalDelay: 90 * time.Second, Limit: 3,
			Labels: map[string]string{"team": "edge"}, Tenant: "shop",
			Rules: []Rule{{
				Alert: "A", Expr: "a\n  > 1\nand\nb\n", For: 26 * time.Hour, KeepFiringFor: 1500 * time.Millisecond,
				Annotations: texts,
			}},
		},
		{Name: "true", Interval: time.Minute, EvalDelay: time.Minute, Rules: []Rule{{Alert: "B", Expr: `{a="b"}`}}},
	})
	roundTrip(t, nil)
}

func FuzzWrite(f *testing.F) {
	for _, text := range []string{"a", "a\nb\n", " a", "'", "a\n b\n\n", "\x00", "a: |\n", "\u0085"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ToValidUTF8(text, "") != text || strings.TrimSpace(text) == "" || len(text) > maxText ||
			strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }) {
			t.Skip("no text of a rule")
		}
		roundTrip(t, []Group{{
			Name: text, Interval: time.Minute, EvalDelay: time.Minute, Rules: []Rule{{Alert: text, Expr: text}},
		}})
	})
}

func TestLengthsOfTimeAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	f := func(d time.Duration, want string) {
		t.Helper()
		got := FormatDuration(d)
		if back, err := ParseDuration(got); got != want || err != nil || back != d {
			t.Errorf("%s: got %s (%s, %v), want %s", d, got, back, err, want)
		}
	}
	f(0, "0s")
	f(90*time.Second, "1m30s")
	f(1500*time.Millisecond, "1s500ms")
	f(30*24*time.Hour, "30d")
	f(25*time.Hour+time.Minute, "1d1h1m")
}
