package value

import "testing"

// The texts are those of Node 22's Buffer.from(...).toString().
func TestBytesReadAsInJavaScript(t *testing.T) {
	f := func(b Bytes, want string) {
		t.Helper()
		if got := b.Text(); got != want {
			t.Errorf("% x: got %q, want %q", string(b), got, want)
		}
	}
	f("", "")
	f("grün", "grün")
	f("\ufeffx", "\ufeffx")
	f("\xff\x00\xfe", "\ufffd\x00\ufffd")
	f("\xe2\x82", "\ufffd")
	f("\xe2\x82x", "\ufffdx")
	f("\xe2\x82\xe2\x82\xac", "\ufffd€")
	f("\xf0\x9f\x98", "\ufffd")
	f("\xf0\x80\x80", "\ufffd\ufffd\ufffd")
	f("\xed\xa0\x80", "\ufffd\ufffd\ufffd")
	f("\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd")
	f("\xc3(", "\ufffd(")
	f("\xc0\xaf", "\ufffd\ufffd")
	f("\ufffd\x80", "\ufffd\ufffd")
}

func TestBytesAreAValue(t *testing.T) {
	b := Bytes("7\xff")
	if got, want := string(AppendJSON(nil, []any{b, Bytes("")})),
		`[{"type":"Buffer","data":[55,255]},{"type":"Buffer","data":[]}]`; got != want {
		t.Errorf("JSON is %s, want %s", got, want)
	}
	s := NewScope(map[string]any{"b": b, "n": Bytes("12")}, 1, 1)
	for path, want := range map[string]string{"b[0]": "55", "b[1]": "255", "b.length": "2", "b[2]": "undefined"} {
		if got := jsonText(s.Get(path)); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	n := Bytes("12")
	if !Truthy(b) || LooseEqual(b, b) || StrictEqual(b, b) {
		t.Error("a buffer is false, or equals another")
	}
	if !LooseEqual(n, 12.0) || !LooseEqual(n, "12") || !Compare(">", n, 11.0) || Add(n, 1.0) != "121" {
		t.Error("a buffer does not count as its text")
	}
}
