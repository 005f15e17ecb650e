package function

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"edgescope/query/aesql/value"
)

// texts are functions of texts. Lengths and places count code points; a byte that is no UTF-8 counts as one.
var texts = []*Function{
	{Name: "length", Aliases: []string{"lengthUTF8"}, Args: "text or array", Result: "UInt64", Cloudflare: true, least: 1, most: 1, bind: bindLength},
	{Name: "empty", Aliases: []string{"isEmpty"}, Args: "text or array", Result: "UInt8", Cloudflare: true, least: 1, most: 1, bind: bindEmpty(true)},
	{Name: "notEmpty", Args: "text or array", Result: "UInt8", least: 1, most: 1, bind: bindEmpty(false)},
	{Name: "lower", Args: "text", Result: "String", Cloudflare: true, least: 1, most: 1, bind: bindText(lowerASCII)},
	{Name: "upper", Args: "text", Result: "String", Cloudflare: true, least: 1, most: 1, bind: bindText(upperASCII)},
	{Name: "lowerUTF8", Aliases: []string{"toLower"}, Args: "text", Result: "String", Cloudflare: true, least: 1, most: 1, bind: bindText(lowerAll)},
	{Name: "upperUTF8", Aliases: []string{"toUpper"}, Args: "text", Result: "String", Cloudflare: true, least: 1, most: 1, bind: bindText(upperAll)},
	{Name: "startsWith", Args: "text, prefix", Result: "UInt8", Cloudflare: true, least: 2, most: 2, bind: bindTexts(strings.HasPrefix)},
	{Name: "endsWith", Args: "text, suffix", Result: "UInt8", Cloudflare: true, least: 2, most: 2, bind: bindTexts(strings.HasSuffix)},
	{Name: "position", Aliases: []string{"strpos"}, Args: "text, part", Result: "UInt64", Cloudflare: true, least: 2, most: 2, bind: bindPosition},
	{Name: "substring", Aliases: []string{"substr"}, Args: "text, from[, length]", Result: "String", Cloudflare: true, least: 2, most: 3, bind: bindSubstring},
	{Name: "format", Args: "'..{}..', a, b, ...", Result: "String", Cloudflare: true, least: 1, most: -1, bind: bindFormat},
	{Name: "concat", Args: "a, b, ...", Result: "String", least: 1, most: -1, bind: bindConcat},
	{Name: "splitByChar", Args: "separator, text", Result: "Array(String)", least: 2, most: 2, bind: bindSplit},
	{Name: "hex", Args: "x", Result: "String", Cloudflare: true, least: 1, most: 1, bind: bindDigits(4)},
	{Name: "bin", Args: "x", Result: "String", Cloudflare: true, least: 1, most: 1, bind: bindDigits(1)},
}

func bindLength(c call) (Bound, error) {
	t := value.Of(value.UInt64)
	if c.args[0].Type.Kind == value.Array {
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			return value.Uint(uint64(len(args[0].Items()))), nil
		}}, nil
	}
	return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
		return value.Uint(uint64(utf8.RuneCountInString(args[0].Text))), nil
	}}, c.text(0)
}

func bindEmpty(empty bool) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		if c.args[0].Type.Kind != value.Array {
			if err := c.text(0); err != nil {
				return Bound{}, err
			}
		}
		return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
			return value.Bool((args[0].Text == "" && len(args[0].Items()) == 0) == empty), nil
		}}, nil
	}
}

func bindText(op func(string) string) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		return Bound{Type: value.Of(value.String), Eval: func(args []value.Value) (value.Value, error) {
			return value.Text(op(args[0].Text)), nil
		}}, c.text(0)
	}
}

func bindTexts(op func(text, part string) bool) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
			return value.Bool(op(args[0].Text, args[1].Text)), nil
		}}, c.textsFrom(0)
	}
}

func lowerASCII(s string) string { return mapASCII(s, 'A', 'Z') }

func upperASCII(s string) string { return mapASCII(s, 'a', 'z') }

// mapASCII turns the case of letters from first to last, and returns the text itself if it has none.
func mapASCII(s string, first, last byte) string {
	const caseBit = 'a' - 'A'
	for i := range len(s) {
		if s[i] < first || s[i] > last {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			if b[i] >= first && b[i] <= last {
				b[i] ^= caseBit
			}
		}
		return string(b)
	}
	return s
}

// lowerAll is strings.ToLower, but keeps bytes that are no UTF-8.
func lowerAll(s string) string { return mapAll(s, strings.ToLower) }

func upperAll(s string) string { return mapAll(s, strings.ToUpper) }

func mapAll(s string, op func(string) string) string {
	if utf8.ValidString(s) {
		return op(s)
	}
	var b strings.Builder
	for s != "" {
		n := validPrefix(s)
		b.WriteString(op(s[:n]))
		if n < len(s) {
			b.WriteByte(s[n])
			n++
		}
		s = s[n:]
	}
	return b.String()
}

// validPrefix returns how many bytes a text begins with that are UTF-8.
func validPrefix(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return len(s)
}

// bindPosition is where a part first stands in a text, from 1, 0 if nowhere.
func bindPosition(c call) (Bound, error) {
	return Bound{Type: value.Of(value.UInt64), Eval: func(args []value.Value) (value.Value, error) {
		at := strings.Index(args[0].Text, args[1].Text)
		if at < 0 {
			return value.Uint(0), nil
		}
		return value.Uint(uint64(utf8.RuneCountInString(args[0].Text[:at]) + 1)), nil
	}}, c.textsFrom(0)
}

// bindSubstring begins at a place from 1, or from the end if it is negative; a place of 0 is nowhere. A negative length
// leaves out so many at the end (ClickHouse).
func bindSubstring(c call) (Bound, error) {
	if err := c.text(0); err != nil {
		return Bound{}, err
	}
	if err := c.integersFrom(1); err != nil {
		return Bound{}, err
	}
	from := c.whole(1)
	length := func([]value.Value) (int64, bool, error) { return 0, false, nil }
	if len(c.args) == 3 {
		whole := c.whole(2)
		length = func(args []value.Value) (int64, bool, error) {
			n, err := whole(args[2])
			return n, true, err
		}
	}
	return Bound{Type: value.Of(value.String), Eval: func(args []value.Value) (value.Value, error) {
		first, err := from(args[1])
		if err != nil {
			return value.Value{}, err
		}
		n, limited, err := length(args)
		if err != nil {
			return value.Value{}, err
		}
		text := tail(args[0].Text, first)
		switch {
		case !limited:
		case n < 0:
			text = text[:back(text, -n)]
		default:
			text = text[:forward(text, n)]
		}
		return value.Text(text), nil
	}}, nil
}

// tail returns a text from its first-th code point on, or the last -first.
func tail(text string, first int64) string {
	switch {
	case first > 0:
		return text[forward(text, first-1):]
	case first < 0:
		return text[back(text, -first):]
	}
	return ""
}

// forward returns the bytes of the first n code points of a text, or of all.
func forward(text string, n int64) int {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// back returns the bytes of a text without its last n code points.
func back(text string, n int64) int {
	for ; n > 0 && text != ""; n-- {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return len(text)
}

func bindConcat(c call) (Bound, error) {
	types := c.types(0)
	return Bound{Type: value.Of(value.String), Eval: func(args []value.Value) (value.Value, error) {
		var room [128]byte
		b := room[:0]
		for i, v := range args {
			b = types[i].AppendText(b, v)
		}
		return value.Text(string(b)), nil
	}}, nil
}

func bindSplit(c call) (Bound, error) {
	if err := c.textsFrom(0); err != nil {
		return Bound{}, err
	}
	separator, err := c.constText(0)
	if err != nil {
		return Bound{}, err
	}
	if utf8.RuneCountInString(separator) != 1 {
		return Bound{}, c.wrong(0, "a separator of one character is needed")
	}
	return Bound{Type: value.ArrayOf(value.Of(value.String)), Eval: func(args []value.Value) (value.Value, error) {
		parts := strings.Split(args[1].Text, separator)
		items := make([]value.Value, len(parts))
		for i, p := range parts {
			items[i] = value.Text(p)
		}
		return value.List(items), nil
	}}, nil
}

// bindDigits is the digits of a value in base 16 (4 bits each) or 2: of a text byte by byte; of an integer or time from
// its first byte that is not 0; of a float its 8 bytes in memory, the lowest first (ClickHouse).
func bindDigits(each int) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		t := c.args[0].Type
		if t.Kind == value.Array || t.Kind == value.Tuple || t.Kind == value.Interval {
			return Bound{}, c.wrong(0, "a number, text or time is needed")
		}
		return Bound{Type: value.Of(value.String), Eval: func(args []value.Value) (value.Value, error) {
			var room [256]byte
			b := room[:0]
			if t.Kind == value.String {
				for i := range len(args[0].Text) {
					b = appendDigits(b, args[0].Text[i], each)
				}
				return value.Text(string(b)), nil
			}
			return value.Text(string(appendNumber(b, t, args[0].Bits, each))), nil
		}}, nil
	}
}

func appendNumber(b []byte, t value.Type, bits uint64, each int) []byte {
	if t.Floating() {
		for range 8 {
			b = appendDigits(b, byte(bits), each)
			bits >>= 8
		}
		return b
	}
	if t.Integer() {
		bits = low(t, bits)
	}
	for shift := 56; shift >= 0; shift -= 8 {
		if c := byte(bits >> shift); c != 0 || len(b) > 0 || shift == 0 {
			b = appendDigits(b, c, each)
		}
	}
	return b
}

func appendDigits(b []byte, c byte, each int) []byte {
	for shift := 8 - each; shift >= 0; shift -= each {
		b = append(b, "0123456789ABCDEF"[c>>shift&(1<<each-1)])
	}
	return b
}

// bindFormat puts values where a text has {}, or {0}, {1} and so on; {{ and }} are the braces themselves.
func bindFormat(c call) (Bound, error) {
	text, err := c.constText(0)
	if err != nil {
		return Bound{}, err
	}
	pieces, err := splitFormat(text, len(c.args)-1)
	if err != nil {
		return Bound{}, fmt.Errorf("%s: %w", c.name, err)
	}
	types := c.types(0)
	return Bound{Type: value.Of(value.String), Eval: func(args []value.Value) (value.Value, error) {
		var room [128]byte
		b := room[:0]
		for _, p := range pieces {
			b = append(b, p.text...)
			if p.arg > 0 {
				b = types[p.arg].AppendText(b, args[p.arg])
			}
		}
		return value.Text(string(b)), nil
	}}, nil
}

// piece is a text and the argument behind it, 0 for none.
type piece struct {
	text string
	arg  int
}

func splitFormat(text string, args int) ([]piece, error) {
	var pieces []piece
	var b strings.Builder
	next := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c != '{' && c != '}':
			b.WriteByte(c)
		case i+1 < len(text) && text[i+1] == c:
			b.WriteByte(c)
			i++
		default:
			n, index := strings.IndexByte(text[i:], '}'), next
			if c == '}' || n < 0 {
				return nil, fmt.Errorf("a brace at character %d has no partner: write {} for a value, {{ and }} for braces", i+1)
			}
			if n > 1 {
				var err error
				if index, err = strconv.Atoi(text[i+1 : i+n]); err != nil {
					return nil, fmt.Errorf("%s stands where {} or the number of a value is expected", value.Quote(text[i:i+n+1]))
				}
			}
			if next++; index < 0 || index >= args {
				return nil, fmt.Errorf("there is no value %d for %s: it has %d", index, value.Quote(text[i:i+n+1]), args)
			}
			pieces = append(pieces, piece{text: b.String(), arg: index + 1})
			b.Reset()
			i += n
		}
	}
	return append(pieces, piece{text: b.String()}), nil
}
