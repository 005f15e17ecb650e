package workers

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The types of this file read values leniently: what has another type than it should is converted, or absent. They never
// fail, so that one odd value costs itself and not its record.

// text is a value as text: strings as they are, numbers and booleans as spelt, lists and objects as compact JSON, null as "".
type text string

// UnmarshalJSON reads any value.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = text(textOf(b))
	return nil
}

func textOf(b []byte) string {
	switch {
	case len(b) == 0 || b[0] == 'n':
		return ""
	case b[0] == '"':
		if plain := b[1 : len(b)-1]; bytes.IndexByte(plain, '\\') < 0 && utf8.Valid(plain) {
			return string(plain)
		}
		var s string
		_ = json.Unmarshal(b, &s) // it is a string: the decoder has found its end
		return s
	case b[0] == '{' || b[0] == '[':
		return compact(b)
	default:
		return string(b)
	}
}

func compact(b []byte) string {
	var to bytes.Buffer
	if err := json.Compact(&to, b); err != nil {
		return string(b)
	}
	return to.String()
}

// number is a number, or digits in a string: JavaScript's BigInt has no other way into JSON. Infinite ones are absent.
type number struct {
	value float64
	ok    bool
}

// UnmarshalJSON reads any value.
func (n *number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(strings.TrimSpace(textOf(b)), 64)
	*n = number{f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)}
	return nil
}

// milliseconds answers a length of time in nanoseconds. Zero is absent: local workerd measures neither CPU nor wall time.
// So is what no invocation takes.
func (n number) milliseconds() (nanos int64, ok bool) {
	if !n.ok || n.value <= 0 || n.value > maxLength {
		return 0, false
	}
	return nanoseconds(n.value), true
}

const (
	// maxLength is 30 days in milliseconds, longer than any invocation.
	maxLength = 30 * 24 * 3600 * 1000
	// maxMoment is the year 2200 in Unix milliseconds: such a time and such a length together fit into int64 nanoseconds.
	maxMoment = 7_258_118_400_000
)

// nanoseconds keeps whole milliseconds exact: the product of floats would not.
func nanoseconds(ms float64) int64 {
	whole, fraction := math.Modf(ms)
	return int64(whole)*1e6 + int64(math.Round(fraction*1e6))
}

// moment is a time in Unix nanoseconds, 0 if absent: milliseconds as a number or digits, or RFC 3339, as JSON has a Date.
type moment int64

// UnmarshalJSON reads any value.
func (m *moment) UnmarshalJSON(b []byte) error {
	*m = parseMoment(strings.TrimSpace(textOf(b)))
	return nil
}

func parseMoment(s string) moment {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		if ms := t.UnixMilli(); ms > 0 && ms < maxMoment {
			return moment(t.UnixNano())
		}
		return 0
	}
	if ms, err := strconv.ParseFloat(s, 64); err == nil && ms > 0 && ms < maxMoment {
		return moment(nanoseconds(ms))
	}
	return 0
}

// or answers the time, or another one in its absence.
func (m moment) or(other int64) int64 {
	if m == 0 {
		return other
	}
	return int64(m)
}

// words is the message of a log line: its parts joined by one space, or a single value.
type words string

// UnmarshalJSON reads any value.
func (w *words) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '[' {
		*w = words(textOf(b))
		return nil
	}
	var parts []text
	_ = json.Unmarshal(b, &parts) // its entries take any type
	var all strings.Builder
	for i, part := range parts {
		if i > 0 {
			all.WriteByte(' ')
		}
		all.WriteString(string(part))
	}
	*w = words(all.String())
	return nil
}

// pairs are names with values, in the order sent: a list of {name, value}, or an object.
type pairs []pair

type pair struct{ Name, Value text }

// UnmarshalJSON reads any value; what is neither list nor object has no pairs.
func (p *pairs) UnmarshalJSON(b []byte) error {
	*p = nil
	switch {
	case len(b) > 0 && b[0] == '[':
		var list []pair
		_ = json.Unmarshal(b, &list) // an entry of another type stays empty
		*p = list
	case len(b) > 0 && b[0] == '{':
		var object map[string]text
		_ = json.Unmarshal(b, &object) // its values take any type
		for _, name := range slices.Sorted(maps.Keys(object)) {
			*p = append(*p, pair{text(name), object[name]})
		}
	}
	return nil
}

// get answers the value of a name in any case, "" if there is none.
func (p pairs) get(name string) string {
	for i := range p {
		if strings.EqualFold(string(p[i].Name), name) {
			return string(p[i].Value)
		}
	}
	return ""
}

// located is the object cf of a request, or its JSON in a string, as a streaming tail has it.
type located struct{ Colo, Country, City, ASN, HTTPProtocol text }

// UnmarshalJSON reads any value; what is no object tells no place.
func (l *located) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		b = []byte(textOf(b))
	}
	type plain located
	var p plain
	if len(b) > 0 && b[0] == '{' {
		_ = json.Unmarshal(b, &p) // its values take any type
	}
	*l = located(p)
	return nil
}
