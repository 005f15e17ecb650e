package values

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unsafe"

	"edgescope/internal/jsonwire"
)

// These are the rules by which JSON's scalars become what a field wants. OpenTelemetry JS writes NaN as
// {"doubleValue":null}, 1e300 and 2^63 as {"intValue":1e+300}: one such value must not cost a batch.

// IntOf returns the integer that a number or a string spells; a number with a fraction or outside of int64 is a double.
func IntOf(t jsonwire.Token, text string) Value {
	if t != jsonwire.Number && t != jsonwire.String || !jsonwire.IsNumber(text) {
		return Value{}
	}
	if n, ok := ParseInteger(text); ok {
		return Value{Kind: Int, Num: uint64(n)} // the bits of an int64
	}
	return parseDouble(text)
}

// DoubleOf returns the double that a number or a string spells, also NaN, Infinity and -Infinity.
func DoubleOf(t jsonwire.Token, text string) Value {
	switch {
	case t != jsonwire.Number && t != jsonwire.String:
		return Value{}
	case text == "NaN":
		return doubleNum(math.NaN())
	case text == "Infinity":
		return doubleNum(math.Inf(1))
	case text == "-Infinity":
		return doubleNum(math.Inf(-1))
	case !jsonwire.IsNumber(text):
		return Value{}
	}
	return parseDouble(text)
}

func parseDouble(text string) Value {
	f, _ := strconv.ParseFloat(text, 64) // a number too large for a double is an infinity, which is what we want
	return doubleNum(f)
}

// BoolOf returns the bool that true, "true", 1 and the like spell.
func BoolOf(t jsonwire.Token, text string) Value {
	switch {
	case t == jsonwire.None || t == jsonwire.Null:
	case text == "true" || text == "1":
		return Value{Kind: Bool, Num: 1}
	case text == "false" || text == "0":
		return Value{Kind: Bool, Num: 0}
	}
	return Value{}
}

// StringOf returns a string, or a number or bool as it is spelt.
func StringOf(t jsonwire.Token, text string) Value {
	if t == jsonwire.String || t == jsonwire.Number || t == jsonwire.Bool {
		return Value{Kind: String, Str: text}
	}
	return Value{}
}

// bytesValue reads what a string holds in base64, of either alphabet, padded or not.
func bytesValue(a *jsonwire.Arena, r *jsonwire.Reader) Value {
	t, text := r.Scalar()
	if t != jsonwire.String {
		return Value{}
	}
	from := len(a.Buf)
	buf, err := base64Of(text).AppendDecode(a.Buf, unsafe.Slice(unsafe.StringData(text), len(text)))
	if err != nil {
		return Value{}
	}
	a.Buf = buf
	return Value{Kind: Bytes, Str: a.Since(from)}
}

func base64Of(text string) *base64.Encoding {
	url, padded := strings.ContainsAny(text, "-_"), strings.HasSuffix(text, "=")
	switch {
	case url && padded:
		return base64.URLEncoding
	case url:
		return base64.RawURLEncoding
	case padded:
		return base64.StdEncoding
	default:
		return base64.RawStdEncoding
	}
}

// ID reads an id into dst, as decodeID does.
func ID(r *jsonwire.Reader, dst []byte) {
	t, text := r.Scalar()
	decodeID(dst, t, text)
}

// decodeID reads an id in hex of any case, or in base64 of exactly its length, into dst. It leaves zeros where there is
// none.
func decodeID(dst []byte, t jsonwire.Token, text string) {
	if t != jsonwire.String {
		return
	}
	var buf [24]byte // base64 of 16 bytes
	src := unsafe.Slice(unsafe.StringData(text), len(text))
	if len(src) == hex.EncodedLen(len(dst)) {
		if _, err := hex.Decode(buf[:], src); err == nil {
			copy(dst, buf[:])
		}
		return
	}
	if enc := base64Of(text); enc.DecodedLen(len(src)) <= len(buf) {
		if n, err := enc.Decode(buf[:], src); err == nil && n == len(dst) {
			copy(dst, buf[:])
		}
	}
}

// unsigned returns a number that can't be negative, such as a time or a count; 0 where there is none.
func unsigned(t jsonwire.Token, text string) uint64 {
	if t != jsonwire.Number && t != jsonwire.String || !jsonwire.IsNumber(text) {
		return 0
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	if n, ok := ParseInteger(text); ok {
		return uint64(max(n, 0)) // not negative
	}
	f, _ := strconv.ParseFloat(text, 64) // beyond the range it is an infinity
	switch {
	case f <= 0:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	}
	return uint64(f)
}

// Unsigned32 returns a number of 32 bits that can't be negative; the greatest for what is beyond.
func Unsigned32(t jsonwire.Token, text string) uint32 {
	return uint32(min(unsigned(t, text), math.MaxUint32)) // bounded
}

// ParseInteger returns the integer that a JSON number spells, exactly: "1.795215405005e18" goes through no float. It is
// not ok when the number has a fraction or is outside of int64.
func ParseInteger(s string) (n int64, ok bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, true
	}
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > 400 || e < -400 { // no double is that large
			return 0, false
		}
		mantissa, exp = s[:i], e
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	all := whole + fraction
	exp -= len(fraction)
	for ; exp < 0 && len(all) > 1 && all[len(all)-1] == '0'; exp++ {
		all = all[:len(all)-1]
	}
	switch {
	case strings.Trim(all, "-0") == "":
		return 0, true
	case exp < 0 || exp > 18:
		return 0, false
	}
	n, err := strconv.ParseInt(all+strings.Repeat("0", exp), 10, 64)
	return n, err == nil
}

// Number returns the number that a value holds, NaN when it holds none.
func Number(v Value) float64 {
	switch v.Kind {
	case Int:
		return float64(int64(v.Num)) // the bits of an int64
	case Double:
		return math.Float64frombits(v.Num)
	default:
		return math.NaN()
	}
}

// Signed32 returns a number of 32 bits with a sign, bounded to what they hold; 0 where there is none.
func Signed32(t jsonwire.Token, text string) int32 {
	f := Number(DoubleOf(t, text))
	if math.IsNaN(f) {
		return 0
	}
	return int32(min(max(f, math.MinInt32), math.MaxInt32)) // bounded
}
