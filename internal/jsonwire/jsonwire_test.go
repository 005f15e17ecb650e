package jsonwire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"edgescope/internal/jsonwire"
)

// spell writes a document as it is read: containers by their brackets, scalars by their type and text.
func spell(r *jsonwire.Reader, to *strings.Builder) {
	switch t := r.Peek(); t {
	case jsonwire.Object:
		to.WriteString("{")
		for o := r.Object(); ; {
			key, ok := o.Member()
			if !ok {
				break
			}
			to.WriteString(key + ":")
			spell(r, to)
		}
		to.WriteString("}")
	case jsonwire.Array:
		to.WriteString("[")
		for list := r.Array(); list.Next(); {
			spell(r, to)
		}
		to.WriteString("]")
	default:
		_, text := r.Scalar()
		to.WriteString([...]string{"?", "null", "b", "n", "s", "", ""}[t] + text + " ")
	}
}

func read(document string) (string, error) {
	var r jsonwire.Reader
	var to strings.Builder
	r.Reset([]byte(document), new(jsonwire.Arena))
	spell(&r, &to)
	r.End()
	return to.String(), r.Err
}

func TestDocumentsAreRead(t *testing.T) {
	f := func(document, want string) {
		t.Helper()
		if got, err := read(document); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", document, got, err, want)
		}
	}
	f(`{}`, `{}`)
	f(" [ ] ", `[]`)
	f("\ufeff"+`{"a":1}`, `{a:n1 }`)
	f(`{"a":[true,false,null,-1.5e+3,"x"],"b":{"c":{}}}`, `{a:[btrue bfalse null n-1.5e+3 sx ]b:{c:{}}}`)
	f(`"\u00e9\n\t\"\\\/\ud83d\ude00"`, "sé\n\t\"\\/😀 ")
	f(`"\ud800x"`, "s\ufffdx ")
	f(`"`+"\xff"+`"`, "s\ufffd ")
	f(`{"a":1,"a":2}`, `{a:n1 a:n2 }`)
}

func TestBrokenDocumentsSayWhere(t *testing.T) {
	f := func(document, reason string, offset int) {
		t.Helper()
		_, err := read(document)
		var syntax *jsonwire.SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != offset || !strings.Contains(syntax.Reason, reason) {
			t.Errorf("%s: %v, want %q at byte %d", document, err, reason, offset)
		}
	}
	f(``, "cut off", 0)
	f(`{"a":1`, "cut off", 6)
	f(`[1 2]`, "want , or ]", 3)
	f(`{"a" 1}`, "want :", 5)
	f(`{a:1}`, "want a member's name in quotes", 1)
	f(`[01]`, "number is malformed", 3)
	f(`nul`, "want null", 0)
	f(`"\x"`, "unknown escape", 1)
	f(`"\u12"`, "want four hex digits", 1)
	f(`{} 7`, "want nothing after the document", 3)
	f(strings.Repeat("[", 3), "cut off", 3)
}

// TestSkippingChecks: what is passed over is checked as what is read, without a limit to the stack.
func TestSkippingChecks(t *testing.T) {
	f := func(document, reason string) {
		t.Helper()
		var r jsonwire.Reader
		var text jsonwire.Arena
		r.Reset([]byte(document), &text)
		r.Skip()
		r.End()
		if got := fmt.Sprint(r.Err); !strings.Contains(got, reason) || len(text.Buf) > 0 {
			t.Errorf("%.40s: %s with %d bytes of text, want %s", document, got, len(text.Buf), reason)
		}
	}
	f(`{"a":[1,{"b":"\u00e9"}],"c":null}`, "<nil>")
	f(strings.Repeat("[", 9000)+strings.Repeat("]", 9000), "<nil>")
	f(strings.Repeat("[", 20000), "nested deeper than 10000 at byte 10000")
	f(`{"a":[1,{"b":}]}`, "want a value at byte 13")
}

func TestStringsAreWritten(t *testing.T) {
	for _, text := range []string{"", "plain", "\"\\\n\t\r\x00\x1f", "é😀</script>", "\u2028"} {
		var back string
		if err := json.Unmarshal(jsonwire.AppendString(nil, text), &back); err != nil || back != text {
			t.Errorf("%q comes back as %q, %v", text, back, err)
		}
	}
}

func TestTextIsCutBetweenCharacters(t *testing.T) {
	f := func(text string, limit int, want string) {
		t.Helper()
		if got := jsonwire.Shorten(text, limit); got != want {
			t.Errorf("%q cut to %d bytes is %q, want %q", text, limit, got, want)
		}
	}
	f("abc", 3, "abc")
	f("abcd", 3, "abc")
	f("aéé", 4, "aé")
	f("éé", 1, "")
}

// FuzzReader: a document is read or refused as encoding/json does, but for texts that it repairs, and what is read by
// hand and what is passed over end alike.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,true,null,"x\u00e9"]}`, `[`, `{"a":1,}`, `01`, `"\ud800"`, "\ufeff[]",
		`1e5 `, `{"a":{"b":[]}}x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var r jsonwire.Reader
		r.Reset(document, new(jsonwire.Arena))
		if r.Empty() {
			return
		}
		r.Skip()
		r.End()
		_, err := read(string(document))
		if (r.Err == nil) != (err == nil) {
			t.Errorf("%q: passed over %v, read %v", document, r.Err, err)
		}
		// Control characters in strings are taken here.
		plain := bytes.TrimPrefix(document, []byte("\ufeff"))
		if json.Valid(plain) && err != nil {
			t.Errorf("%q is JSON: %v", document, err)
		}
		if err == nil && !json.Valid(plain) && bytes.IndexFunc(plain, func(c rune) bool { return c < ' ' }) < 0 {
			t.Errorf("%q is no JSON", document)
		}
	})
}
