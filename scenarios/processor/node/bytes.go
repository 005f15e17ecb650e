package node

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/grafana/sobek"
)

func (r *realm) byteNatives() map[string]any {
	return map[string]any{
		"encode": func(text sobek.Value, encoding string) (sobek.ArrayBuffer, error) {
			b, err := encode(text, encoding)
			return r.rt.NewArrayBuffer(b), err
		},
		"decode": func(b []byte, encoding string) (sobek.Value, error) {
			text, err := decode(b, encoding)
			if err != nil {
				return nil, err
			}
			return text, nil
		},
		"isEncoding": func(name string) bool { return encodingOf(name) != "" },
		"whole":      whole,
	}
}

// encodingOf is the one name of an encoding, or "".
func encodingOf(name string) string {
	switch name = strings.ToLower(name); name {
	case "utf8", "utf-8", "":
		return "utf8"
	case "hex", "base64", "base64url", "ascii":
		return name
	case "latin1", "binary":
		return "latin1"
	case "ucs2", "ucs-2", "utf16le", "utf-16le":
		return "utf16le"
	}
	return ""
}

func unknownEncoding(name string) error {
	return &fault{class: "TypeError", code: "ERR_UNKNOWN_ENCODING", message: "Unknown encoding: " + name}
}

// encode makes bytes of a text as Buffer.from does: what is no hex or base64 ends it or is left out.
func encode(v sobek.Value, encoding string) ([]byte, error) {
	text, ok := v.ToString().(sobek.String)
	if !ok {
		return nil, fmt.Errorf("encode a %T: it is no text", v)
	}
	switch encodingOf(encoding) {
	case "utf8":
		return []byte(strings.ToValidUTF8(text.String(), "\uFFFD")), nil
	case "hex":
		s := text.String()
		b := make([]byte, len(s)/2)
		n, _ := hex.Decode(b, []byte(s[:len(s)&^1]))
		return b[:n], nil
	case "base64", "base64url":
		return fromBase64(text.String()), nil
	case "latin1", "ascii":
		b := make([]byte, text.Length())
		for i := range b {
			b[i] = byte(text.CharAt(i))
		}
		return b, nil
	case "utf16le":
		b := make([]byte, 0, 2*text.Length())
		for i := range text.Length() {
			c := text.CharAt(i)
			b = append(b, byte(c), byte(c>>8))
		}
		return b, nil
	}
	return nil, unknownEncoding(encoding)
}

// fromBase64 reads both alphabets, leaves out what is of neither and ends at the padding.
func fromBase64(s string) []byte {
	digits := make([]byte, 0, len(s))
	for _, c := range []byte(s) {
		switch {
		case c == '=':
			s = ""
		case c == '-':
			digits = append(digits, '+')
		case c == '_':
			digits = append(digits, '/')
		case c == '+', c == '/', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
			digits = append(digits, c)
		}
		if s == "" {
			break
		}
	}
	if len(digits)%4 == 1 { // six bits make no byte
		digits = digits[:len(digits)-1]
	}
	b := make([]byte, base64.RawStdEncoding.DecodedLen(len(digits)))
	n, _ := base64.RawStdEncoding.Decode(b, digits) // digits only
	return b[:n]
}

// decode makes text of bytes.
func decode(b []byte, encoding string) (sobek.String, error) {
	switch encodingOf(encoding) {
	case "utf8":
		return textOf(validUTF8(b)), nil
	case "hex":
		return textOf(hex.EncodeToString(b)), nil
	case "base64":
		return textOf(base64.StdEncoding.EncodeToString(b)), nil
	case "base64url":
		return textOf(base64.RawURLEncoding.EncodeToString(b)), nil
	case "latin1", "ascii":
		mask := byte(0xff)
		if encodingOf(encoding) == "ascii" {
			mask = 0x7f
		}
		units := make([]uint16, len(b))
		for i, c := range b {
			units[i] = uint16(c & mask)
		}
		return sobek.StringFromUTF16(units), nil
	case "utf16le":
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return sobek.StringFromUTF16(units), nil
	}
	return nil, unknownEncoding(encoding)
}

func textOf(s string) sobek.String {
	var b sobek.StringBuilder
	b.WriteUTF8String(s)
	return b.String()
}

// validUTF8 puts U+FFFD for each longest part of a character that is not whole, as WHATWG's decoder does.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var text strings.Builder
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n == 1 {
			n = broken(b)
		}
		text.WriteRune(c)
		b = b[n:]
	}
	return text.String()
}

// broken is how many bytes stand for one U+FFFD: a lead and those behind it that could go on.
func broken(b []byte) int {
	need, low, high := 0, byte(0x80), byte(0xbf)
	switch c := b[0]; {
	case 0xc2 <= c && c <= 0xdf:
		need = 1
	case c == 0xe0:
		need, low = 2, 0xa0
	case c == 0xed:
		need, high = 2, 0x9f
	case 0xe1 <= c && c <= 0xef:
		need = 2
	case c == 0xf0:
		need, low = 3, 0x90
	case c == 0xf4:
		need, high = 3, 0x8f
	case 0xf1 <= c && c <= 0xf3:
		need = 3
	}
	n := 1
	for ; n <= need && n < len(b) && low <= b[n] && b[n] <= high; n++ {
		low, high = 0x80, 0xbf
	}
	return n
}

// whole is how many bytes of a text that is still coming are whole characters.
func whole(b []byte, encoding string) (int, error) {
	switch encodingOf(encoding) {
	case "utf8":
		for back := 1; back <= min(3, len(b)); back++ {
			if tail := b[len(b)-back:]; utf8.RuneStart(tail[0]) {
				if !utf8.FullRune(tail) {
					return len(b) - back, nil
				}
				break
			}
		}
		return len(b), nil
	case "utf16le":
		n := len(b) &^ 1
		if n >= 2 && b[n-1]&0xfc == 0xd8 { // the first half of a pair
			n -= 2
		}
		return n, nil
	case "base64", "base64url":
		return len(b) / 3 * 3, nil
	case "":
		return 0, fmt.Errorf("encode: %w", unknownEncoding(encoding))
	}
	return len(b), nil
}
