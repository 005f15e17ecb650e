package value

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func jsonText(v any, ok bool) string {
	if !ok {
		return "undefined"
	}
	return string(AppendJSON(nil, v))
}

func TestJSON(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		v, err := Parse([]byte(in))
		if got := jsonText(v, err == nil); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	f(` { "b" : [ 1 , 2.0e+5 , -0 ] , "a" : null } `, `{"b":[1,2.0e+5,-0],"a":null}`)
	f(`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`)
	f(`"\u00e9\ud83d\ude00\n\/\"\\"`, `"é😀\n/\"\\"`)
	f(`"\ud83d x"`, `"`+"\ufffd"+` x"`)
	f("\"\xff\"", `"`+"\ufffd"+`"`)
	for _, bad := range []string{
		"", "{", "[1,]", "01", "1.", "+1", ".5", "nul", `{"a" 1}`, `{a:1}`, "1 2", "\"\n\"",
		`"\x"`, `"\u12"`, strings.Repeat("[", 20000),
	} {
		f(bad, "undefined")
	}
	members := []string{`"first":true`}
	for i := range 40 {
		members = append(members, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	many := "{" + strings.Join(members, ",") + "}"
	f(many, many)
	v, err := Parse([]byte(many))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := v.(*Object).Get("k31"); !ok || got != json.Number("31") {
		t.Errorf("k31 is %v, %v", got, ok)
	}
}

func TestNumbersReadAsInJavaScript(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		if got := string(FormatNumber(v)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(5, "5")
	f(-0.5, "-0.5")
	tenth := 0.1
	f(tenth+2*tenth, "0.30000000000000004")
	f(1e20, "100000000000000000000")
	f(1e21, "1e+21")
	f(1e-7, "1e-7")
	f(Number("0x10"), "null")
	f(Number(" 12 "), "12")
	f(Number(true), "1")
}

const shop = `{"store":{"book":[{"t":"A","p":8.95,"c":"x"},{"t":"B","p":12},{"t":"C","p":5,"c":"y"}],` +
	`"car":{"p":19}},"k.d":1,"name":"abc"}`

// FuzzJSON: the same texts are JSON as for encoding/json, and mean the same.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		shop, `"\ud83d\ude00\u0000"`, "[1e5,-0.0,null,true]", `{"a":{"a":[]}}`, "[1,]",
		"\"\xff\"",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Parse(b)
		if valid := json.Valid(b); valid != (err == nil) {
			t.Fatalf("%q: valid %v, got %v", b, valid, err)
		}
		if err != nil {
			return
		}
		var want any
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(AppendJSON(nil, v))
		if err != nil {
			t.Fatalf("%q is written as %q", b, AppendJSON(nil, v))
		}
		a, _ := json.Marshal(plain(again))
		w, _ := json.Marshal(want)
		if !bytes.Equal(a, w) {
			t.Errorf("%q: got %s, want %s", b, a, w)
		}
	})
}

// plain turns a script value into what encoding/json makes.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case *Object:
		out := map[string]any{}
		for _, m := range v.Members() {
			out[m.Key] = plain(m.Value)
		}
		return out
	}
	return v
}
