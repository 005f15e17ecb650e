package encode_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/value"
)

// The values of the table, under the names of its lines.
var values = map[string]any{
	"text": "a b&c=d+é~!'()*", "no text": "", "number": json.Number("1.50"),
	"great number": json.Number("12345678901234567890"),
	"true":         true, "false": false, "null": nil, "undefined": value.Undefined{},
	"list":         []any{json.Number("1"), "b c", nil, true},
	"list of list": []any{[]any{json.Number("1"), json.Number("2")}, []any{json.Number("3")}},
	"empty list":   []any{},
	"object":       value.NewObject([]value.Member{{Key: "a", Value: json.Number("1")}}),
	"buffer":       value.Bytes("A\xffB"),
}

// TestWhereAValueStands is what Artillery 2.0.34 was seen to send for `v` in each place; numbers keep their spelling.
// "-" is that nothing is sent.
func TestWhereAValueStands(t *testing.T) {
	f := func(name, qs, form, header, cookie string) {
		t.Helper()
		v, ok := values[name]
		if !ok {
			t.Fatalf("no value %q", name)
		}
		lines := "-"
		if h := encode.Header(v); len(h) > 0 {
			lines = strings.Join(h, "|")
		}
		query := "-"
		if q := encode.AppendQuery(nil, "v", v); len(q) > 0 {
			query = string(q)
		}
		for _, c := range []struct{ place, got, want string }{
			{"qs", query, qs},
			{"form", string(encode.AppendForm(nil, "v", v)), form},
			{"header", lines, header},
			{"cookie", encode.Text(v), cookie},
		} {
			if c.got != c.want {
				t.Errorf("%s in %s: got %q, want %q", name, c.place, c.got, c.want)
			}
		}
	}
	const text = "a b&c=d+é~!'()*"
	const encoded = "v=a+b%26c%3Dd%2B%C3%A9%7E%21%27%28%29*"
	f("text", encoded, encoded, text, text)
	f("no text", "v=", "v=", "", "")
	f("number", "v=1.50", "v=1.50", "1.50", "1.50")
	f("great number", "v=12345678901234567890", "v=12345678901234567890", "12345678901234567890", "12345678901234567890")
	f("true", "v=true", "v=true", "true", "true")
	f("false", "v=false", "v=false", "false", "false")
	f("null", "v=", "v=null", "-", "null")
	f("undefined", "v=", "v=undefined", "-", "undefined")
	f("list", "v=1&v=b+c&v=&v=true", "v=1%2Cb+c%2C%2Ctrue", "1|b c|null|true", "1,b c,,true")
	f("list of list", "v=&v=", "v=1%2C2%2C3", "1,2|3", "1,2,3")
	f("empty list", "-", "v=", "-", "")
	f("object", "v=", "v=%5Bobject+Object%5D", "[object Object]", "[object Object]")
	f("buffer", "v=", "v=A%EF%BF%BDB", "A\ufffdB", "A\ufffdB")
}

func TestBodies(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		body, ok, err := encode.AppendBody(nil, values[name])
		got := string(body)
		switch {
		case err != nil:
			got = err.Error()
		case !ok:
			got = "-"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	f("text", "a b&c=d+é~!'()*")
	f("no text", "-")
	f("number", "1.50")
	f("true", "true")
	f("null", "-")
	f("undefined", "-")
	f("buffer", "A\xffB")
	f("list", "ERR_GOT_REQUEST_ERROR")
	f("object", "ERR_GOT_REQUEST_ERROR")
}

func TestHeaderLines(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := encode.Line(text)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	f("plain, text", "plain, text")
	f(" a\tb ", " a\tb ")
	f("grün", "gr\xfcn")
	f("a€", "ERR_INVALID_CHAR")
	f("a\nb", "ERR_INVALID_CHAR")
	f("a\x00", "ERR_INVALID_CHAR")
	f("a\x7f", "ERR_INVALID_CHAR")
	for name, good := range map[string]bool{
		"X-A_b.c!": true, "": false, "x y": false, "x:": false, "ä": false, "x\n": false,
	} {
		if err := encode.Name(name); (err == nil) != good {
			t.Errorf("%q as a name: %v", name, err)
		}
	}
}

// parts writes one field.
func parts(v any) string {
	p := encode.Parts{Boundary: "B", Open: func(name string) (*encode.File, error) {
		if name == "gone" {
			return nil, value.UserError("ENOENT")
		}
		return encode.NewFile("/dir/"+name, []byte("<"+name+">")), nil
	}}
	if err := p.Append("v", v); err != nil {
		return err.Error()
	}
	p.End()
	text := strings.TrimSuffix(string(p.Memory), "--B--\r\n")
	text = strings.ReplaceAll(text, "--B\r\nContent-Disposition: form-data; name=\"v\"", "")
	return strings.ReplaceAll(strings.ReplaceAll(text, "Content-Type: ", ""), "\r\n", "|")
}

func TestPartsOfForms(t *testing.T) {
	f := func(v any, want string) {
		t.Helper()
		if got := parts(v); got != want {
			t.Errorf("%s: got %q, want %q", value.Text(v), got, want)
		}
	}
	object := func(text string) any {
		v, err := value.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	f("a\r\nb", "||a|b|")
	f(json.Number("1.50"), "||1.50|")
	f(true, "||true|")
	f(nil, "||null|")
	f(value.Undefined{}, "||undefined|")
	f(value.Bytes("A\xffB"), "|application/octet-stream||A\xffB|")
	f([]any{"a", json.Number("2")}, "||a|||2|")
	f(object(`{"k":[1,"x"]}`), `|application/json||{"k":[1,"x"]}|`)

	f(object(`{"value":"x"}`), "||x|")
	f(object(`{"value":0}`), "||0|")
	f(object(`{"value":""}`), "|||")
	f(object(`{"value":{"a":1},"contentType":"application/ld+json"}`), `|application/ld+json||{"a":1}|`)
	f(object(`{"value":"x","contentType":"text/x\r\nevil: 1"}`), "|text/xevil: 1||x|")
	f(object(`{"value":"x","fileName":"dir/a.CSV"}`), `; filename="a.CSV"|text/csv||x|`)
	f(object(`{"value":"x","filename":"noext"}`), `; filename="noext"||x|`)

	f(object(`{"fromFile":"./a.csv"}`), `; filename="a.csv"|text/csv||<./a.csv>|`)
	f(object(`{"fromFile":"noext"}`), `; filename="noext"|application/octet-stream||<noext>|`)
	f(object(`{"fromFile":"x.txt","contentType":"text/x","fileName":"y \"1\".png"}`),
		`; filename="y %221%22.png"|text/x||<x.txt>|`)
	f(object(`{"fromFile":"noext","fileName":"y.png"}`), `; filename="y.png"|image/png||<noext>|`)
	f(object(`{"fromFile":"grün.png"}`), `; filename="grün.png"|image/png||<grün.png>|`)
	f([]any{object(`{"fromFile":"a.json"}`), object(`{"fromFile":"b.pdf"}`)},
		`; filename="a.json"|application/json||<a.json>|; filename="b.pdf"|application/pdf||<b.pdf>|`)
	f(object(`{"fromFile":"gone"}`), "ENOENT")

	p := encode.Parts{Boundary: "B"}
	if err := p.Append("a\"\r\nb", "x"); err != nil || !strings.Contains(string(p.Memory), `name="a%22%0D%0Ab"`) {
		t.Errorf("name: %v, %q", err, p.Memory)
	}
}

func TestTypesOfFiles(t *testing.T) {
	for name, want := range map[string]string{
		"a.csv": "text/csv", "A.PNG": "image/png", "x.tar.gz": "application/gzip", "d.csv/x": "", "noext": "", "": "",
		"x.":   "",
		".csv": "text/csv", "a.js": "application/javascript", "a.ts": "video/mp2t", "a.ico": "image/vnd.microsoft.icon",
		`d\a.html`: "text/html", "a.xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"a.mp4": "video/mp4", "a.svg": "image/svg+xml", "a.unknown": "", "a.wasm": "application/wasm",
	} {
		if got := encode.TypeOf(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// FuzzPairs: a query is read as what was put in.
func FuzzPairs(f *testing.F) {
	f.Add("name", "a b&c=d", "\xff+%")
	f.Fuzz(func(t *testing.T, name, a, b string) {
		got, err := url.ParseQuery(string(encode.AppendQuery(nil, name, []any{a, b})))
		name, a, b = value.Bytes(name).Text(), value.Bytes(a).Text(), value.Bytes(b).Text()
		if err != nil || len(got[name]) != 2 || got[name][0] != a || got[name][1] != b {
			t.Errorf("%q %q %q becomes %q, %v", name, a, b, got, err)
		}
	})
}

// FuzzLine: no text of a header has a second line.
func FuzzLine(f *testing.F) {
	f.Add("x", "a\r\nb: c")
	f.Fuzz(func(t *testing.T, name, text string) {
		line, err := encode.Line(text)
		var user value.UserError
		if err != nil && !errors.As(err, &user) {
			t.Errorf("%q fails with %v", text, err)
		}
		if strings.ContainsAny(line, "\r\n\x00") || encode.Name(name) == nil && strings.ContainsAny(name, "\r\n: ") {
			t.Errorf("%q: %q is sent as %q", name, text, line)
		}
	})
}
