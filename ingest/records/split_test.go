package records_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"edgescope/ingest/records"
)

// split returns the records of a body in one text: those that are broken by their error.
func split(body string) string {
	var all []string
	err := records.Split([]byte(body), func(i int, record json.RawMessage, err error) bool {
		switch {
		case i != len(all):
			all = append(all, fmt.Sprintf("position %d", i))
		case err != nil:
			all = append(all, err.Error())
		default:
			all = append(all, string(record))
		}
		return true
	})
	if err != nil {
		return err.Error()
	}
	return strings.Join(all, " | ")
}

func TestBodiesAreSplitIntoRecords(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		if got := split(body); got != want {
			t.Errorf("%q:\n got %s\nwant %s", body, got, want)
		}
	}
	f(``, ``)
	f("\ufeff \r\n\x1e", ``)
	f(`[]`, ``)
	f(`{}`, `{}`)
	f("\ufeff"+`{"a":1}`, `{"a":1}`)
	f(`[{"a":"]"},7, "x" ,[1,[2]],null]`, `{"a":"]"} | 7 | "x" | [1,[2]] | null`)
	f("{\"a\":\"\\\"}\"}\n{\"b\":{}}\r\n\r\n{}", `{"a":"\"}"} | {"b":{}} | {}`)
	f(`{}{}[{},{}]`, `{} | {} | {} | {}`)
	f("{\n \"a\": {\n  \"b\": 1\n }\n}\n{\n}\n", "{\n \"a\": {\n  \"b\": 1\n }\n} | {\n}")
	f("\x1e{}\n\x1e{}\n", `{} | {}`) // RFC 7464
	f("{},\n{},\n", `{} | {}`)
	f("[\n{},\n{}\n]\n", `{} | {}`)
	f("{\n\"a\": [\n{\n\"b\": 1\n}\n]\n}", "{\n\"a\": [\n{\n\"b\": 1\n}\n]\n}") // indented by nothing

	f(`{"a":`, `the body is no JSON at byte 5: unexpected end of JSON input`)
	f(`[{}, {`, `the body is no JSON at byte 6: unexpected end of JSON input`)
	f("one two\nthree", `the body is no JSON at byte 1: invalid character 'o' looking for beginning of value`)
	f("{}\n{\"a\":}\n{}", `{} | line 2 is no JSON at byte 9: invalid character '}' looking for beginning of value | {}`)
	f("{\"a\":\"b\n{}\n{\n}", `line 1 is no JSON at byte 8: invalid character '\n' in string literal | {} | {`+"\n}")
	f("{\"a\":{\n{}\n[{},{}]\n{", `line 1 is no JSON at byte 8: invalid character '{' looking for beginning of object `+
		`key string | {} | {} | {} | `+
		`line 4 is no JSON at byte 19: unexpected end of JSON input`)
	f("[\n{\"a\":},\n{}\n]\n", `line 1 is no JSON at byte 8: invalid character '}' looking for beginning of value | `+
		`line 2 is no JSON at byte 8: invalid character '}' looking for beginning of value | {} | line 4 is no JSON at `+
		`byte 14: invalid character ']' looking for beginning of value`)
	f("{}} x y z\n{}", `{} | line 1 is no JSON at byte 3: invalid character '}' looking for beginning of value | {}`)
}

// TestBrokenLinesAreReadOnce: were each read to the end of the body, this would take hours.
func TestBrokenLinesAreReadOnce(t *testing.T) {
	for _, line := range []string{
		"{", "{\"", "{\"\\", "[", "[{\"a", "{\"a\":\"b", "{\"a\":[", "x", "\"", "{\"a\\\\\"",
		"]",
	} {
		body := []byte(strings.Repeat(line+"\n", 1<<20/(len(line)+1)))
		count := 0
		err := records.Split(body, func(_ int, record json.RawMessage, _ error) bool {
			if record != nil {
				t.Errorf("%q is a record", record)
			}
			count++
			return true
		})
		if err == nil && count < 2 {
			t.Errorf("lines of %s: %d records", line, count)
		}
	}
}

// TestASplitEndsWhenItIsToldSo: who has no room for more records has no time for them either.
func TestASplitEndsWhenItIsToldSo(t *testing.T) {
	for _, body := range []string{"[1,2,3]", "{} {} {}", "{}\n{\n{\n{}"} {
		count := 0
		if err := records.Split([]byte(body), func(int, json.RawMessage,
			error,
		) bool {
			count++
			return count < 2
		}); err != nil || count != 2 {
			t.Errorf("%q: %d records, %v, want 2", body, count, err)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"", "[]", "{}\n{}", "{\n \"a\": 1\n}\n{\"b\":}\n[1,2]", "\x1e{\"a\":\"\\\"\"}",
		"[{},", "{\"a\":\"b\n{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		whole, bad := 0, 0
		err := records.Split(body, func(i int, record json.RawMessage, err error) bool {
			if i != whole+bad {
				t.Errorf("position %d after %d records", i, whole+bad)
			}
			if err != nil {
				bad++
				if err.Error() == "" {
					t.Error("nothing is said of a broken record")
				}
				return true
			}
			whole++
			if !json.Valid(record) {
				t.Errorf("%q is no JSON", record)
			}
			return true
		})
		if err != nil && whole+bad != 0 {
			t.Errorf("%d records and %d bad ones were taken, then %v", whole, bad, err)
		}
		if !bytes.Equal(before, body) {
			t.Error("the body was changed")
		}
		var one any
		if json.Unmarshal(body, &one) == nil {
			if bad > 0 || err != nil {
				t.Errorf("%q is JSON: %d bad records, %v", body, bad, err)
			}
			if list, ok := one.([]any); ok && len(list) != whole || !ok && whole != 1 {
				t.Errorf("%q: %d records", body, whole)
			}
		}
		if object, inArray := records.First(body); inArray && bytes.HasPrefix(object, []byte{'\n'}) {
			t.Errorf("%q begins with white space", object)
		}
	})
}
