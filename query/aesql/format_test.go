package aesql

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
)

// written writes one row of one column in a format.
func written(f format, t value.Type, v value.Value) string {
	columns := []plan.Column{{Name: "v", Type: t}}
	return string(f.end(f.row(f.begin(nil, columns), []value.Value{v})))
}

// of returns the type of a kind, and a value.
func TestValuesInEachFormat(t *testing.T) {
	f := func(typ value.Type, v value.Value, inJSON, inTabs string) {
		t.Helper()
		if got, want := written(new(lines), typ, v), `{"v":`+inJSON+"}\n"; got != want {
			t.Errorf("%s in JSONEachRow: got %swant %s", typ, got, want)
		}
		want := `{"meta":[{"name":"v","type":` + strconv.Quote(typ.String()) + `}],"data":[{"v":` + inJSON + `}],"rows":1}`
		if got := written(new(document), typ, v); got != want {
			t.Errorf("%s in JSON: got %s\nwant %s", typ, got, want)
		}
		if got, want := written(new(tabs), typ, v), inTabs+"\n"; got != want {
			t.Errorf("%s in TabSeparated: got %qwant %q", typ, got, want)
		}
	}
	of := value.Of
	f(of(value.UInt8), value.Uint(255), "255", "255")
	f(of(value.UInt32), value.Uint(math.MaxUint32), "4294967295", "4294967295")
	f(of(value.UInt64), value.Uint(math.MaxUint64), `"18446744073709551615"`, "18446744073709551615")
	f(of(value.Int8), value.Int(-5), "-5", "-5")
	f(of(value.Int64), value.Int(math.MinInt64), `"-9223372036854775808"`, "-9223372036854775808")
	f(of(value.Float64), value.Float(0.1), "0.1", "0.1")
	f(of(value.Float64), value.Float(1e300), "1e300", "1e300")
	f(of(value.Float64), value.Float(-3), "-3", "-3")
	f(of(value.Float64), value.Float(math.NaN()), "null", "nan")
	f(of(value.Float64), value.Float(math.Inf(-1)), "null", "-inf")
	f(of(value.Weight), value.Float(10), "10", "10")
	f(of(value.Weight), value.Float(1.5), "1.5", "1.5")
	f(of(value.WeightSum), value.Float(12), `"12"`, "12")
	f(of(value.WeightSum), value.Float(math.Inf(1)), "null", "inf")
	f(of(value.String), value.Text(""), `""`, "")
	f(of(value.String), value.Text("a\tb\nc\\\"'"), `"a\tb\nc\\\"'"`, `a\tb\nc\\"'`)
	f(of(value.String), value.Text("\x00\x01\r\x7f é😀"), "\"\\u0000\\u0001\\r\x7f é😀\"", "\\0\x01\\r\x7f é😀")
	f(of(value.Date), value.Int(20787), `"2026-11-30"`, "2026-11-30")
	f(of(value.DateTime), value.Int(1700000000), `"2023-11-14 22:13:20"`, "2023-11-14 22:13:20")
	f(value.ArrayOf(of(value.String)), value.List([]value.Value{value.Text("a"), value.Text("b\n'")}), `["a","b\n'"]`,
		`['a','b\n\'']`)
	f(value.ArrayOf(of(value.Float64)), value.List(nil), `[]`, `[]`)
	f(value.ArrayOf(of(value.UInt64)), value.List([]value.Value{value.Uint(1)}), `["1"]`, `[1]`)
	pair := value.Type{Kind: value.Tuple, Elems: []value.Type{of(value.String), of(value.UInt8)}}
	f(pair, value.List([]value.Value{value.Text("x"), value.Uint(1)}), `["x",1]`, `('x',1)`)
	f(of(value.Float64).Null(), value.None(), "null", `\N`)
	f(of(value.String).Null(), value.Text("NULL"), `"NULL"`, "NULL")
}

func TestWhatIsNoUTF8IsReplacedInJSON(t *testing.T) {
	got := string(appendString(nil, "a\xffb"))
	if got != `"a\ufffdb"` {
		t.Errorf("got %s", got)
	}
}

func TestAnswersWithoutRows(t *testing.T) {
	f := func(of format, want string) {
		t.Helper()
		got := string(of.end(of.begin(nil, []plan.Column{{Name: `a"b`, Type: value.Of(value.String)}})))
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(new(document), `{"meta":[{"name":"a\"b","type":"String"}],"data":[],"rows":0}`)
	f(new(lines), "")
	f(new(tabs), "")
}

func TestFormatsByName(t *testing.T) {
	f := func(name string, strict bool, want string) {
		t.Helper()
		s, err := grammar.Parse("SELECT 1 FORMAT " + name)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if of, _, err := formatOf(s, strict); err != nil {
			got = err.Error()
		} else {
			got, _, _ = strings.Cut(of.contentType(), ";")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	f("JSON", true, "application/json")
	f("json", false, "application/json")
	f("JSONEachRow", true, "application/x-ndjson")
	f("TabSeparated", true, "text/tab-separated-values")
	f("TSV", false, "text/tab-separated-values")
	const use = " is not supported: use JSON, JSONEachRow or TabSeparated"
	f("TSV", true, "1:17: FORMAT TSV"+use)
	f("CSV", false, `1:17: FORMAT CSV`+use+` (did you mean "TSV"?)`)
	f("JSONEachRows", false, `1:17: FORMAT JSONEachRows`+use+` (did you mean "JSONEachRow"?)`)
}

// FuzzStrings holds that any text comes back from JSON, with what is no UTF-8 replaced.
func FuzzStrings(f *testing.F) {
	for _, text := range []string{"", "a\"\\\n\x00", "\xff\xc3", "é😀\u2028"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := appendString(nil, text)
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%q is %s: %v", text, got, err)
		}
		want := text
		if !utf8.ValidString(text) {
			encoded, _ := json.Marshal(text) //nolint:errchkjson // a text
			if err := json.Unmarshal(encoded, &want); err != nil {
				t.Fatal(err)
			}
		}
		if back != want {
			t.Fatalf("%q is %s, which is %q", text, got, back)
		}
	})
}
