package records

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

// The types of this file read values leniently: what has another type than it should is converted, or absent. They
// never fail, so that one odd value costs itself and not its record.

// Text is a value as text: strings as they are, numbers and booleans as spelt, lists and objects as compact JSON, null
// as "".
type Text string

// UnmarshalJSON reads any value.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = Text(textOf(b))
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

// Number is a number, or digits in a string: JavaScript's BigInt has no other way into JSON. Infinite ones are absent.
type Number struct {
	Value float64
	OK    bool
}

// UnmarshalJSON reads any value.
func (n *Number) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(strings.TrimSpace(textOf(b)), 64)
	*n = Number{f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)}
	return nil
}

// Milliseconds returns a length of time in nanoseconds. Zero is absent: local workerd measures neither CPU nor wall
// time. So is what no invocation takes.
func (n Number) Milliseconds() (nanos int64, ok bool) {
	if !n.OK || n.Value <= 0 || n.Value > maxLength {
		return 0, false
	}
	return product(n.Value, 1e6), true
}

const (
	// maxLength is 30 days in milliseconds, longer than any invocation.
	maxLength = 30 * 24 * 3600 * 1000
	// maxInstant is the year 2200 in Unix milliseconds: such a time and such a length together fit into int64
	// nanoseconds.
	maxInstant = 7_258_118_400_000
)

// product keeps the whole units exact: the product of floats would not.
func product(n float64, unit int64) int64 {
	whole, fraction := math.Modf(n)
	return int64(whole)*unit + int64(math.Round(fraction*float64(unit)))
}

// Instant is a time in Unix nanoseconds, 0 if absent: RFC 3339, or a number of seconds, milliseconds, microseconds or
// nanoseconds, as a number or digits, whose size tells the unit.
type Instant int64

// UnmarshalJSON reads any value.
func (t *Instant) UnmarshalJSON(b []byte) error {
	s := strings.TrimSpace(textOf(b))
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		*t = instant(s, n)
		return nil
	}
	*t = 0
	if at, err := time.Parse(time.RFC3339, s); err == nil && at.UnixMilli() > 0 && at.UnixMilli() < maxInstant {
		*t = Instant(at.UnixNano())
	}
	return nil
}

// instant reads a number. Each unit has a range of its own: the year 2200 in seconds is a time of 1970 in milliseconds.
func instant(digits string, n float64) Instant {
	if !(n > 0) {
		return 0
	}
	for _, unit := range [...]int64{1e9, 1e6, 1e3, 1} {
		if n*float64(unit) > maxInstant*1e6 {
			continue
		}
		if whole, err := strconv.ParseInt(digits, 10, 64); err == nil { // exact, as no float is
			return Instant(whole * unit)
		}
		return Instant(product(n, unit))
	}
	return 0
}

// Or returns the time, or another one in its absence.
func (t Instant) Or(other int64) int64 {
	if t == 0 {
		return other
	}
	return int64(t)
}

// Words is the message of a log line: its parts joined by one space, or a single value.
type Words string

// UnmarshalJSON reads any value.
func (w *Words) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '[' {
		*w = Words(textOf(b))
		return nil
	}
	var parts []Text
	_ = json.Unmarshal(b, &parts) // its entries take any type
	var all strings.Builder
	for i, part := range parts {
		if i > 0 {
			all.WriteByte(' ')
		}
		all.WriteString(string(part))
	}
	*w = Words(all.String())
	return nil
}

// Pairs are names with values, in the order sent: a list of {name, value}, or an object.
type Pairs []Pair

// Pair is a name with its value.
type Pair struct{ Name, Value Text }

// UnmarshalJSON reads any value; what is neither list nor object has no pairs.
func (p *Pairs) UnmarshalJSON(b []byte) error {
	*p = nil
	switch {
	case len(b) > 0 && b[0] == '[':
		var list []Pair
		_ = json.Unmarshal(b, &list) // an entry of another type stays empty
		*p = list
	case len(b) > 0 && b[0] == '{':
		var object map[string]Text
		_ = json.Unmarshal(b, &object) // its values take any type
		for _, name := range slices.Sorted(maps.Keys(object)) {
			*p = append(*p, Pair{Text(name), object[name]})
		}
	}
	return nil
}

// Get returns the value of a name in any case, "" if there is none.
func (p Pairs) Get(name string) string {
	for i := range p {
		if strings.EqualFold(string(p[i].Name), name) {
			return string(p[i].Value)
		}
	}
	return ""
}
