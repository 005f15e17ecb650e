// Package encode says how a value of a script is sent, by where it stands: in a text, a query, a form, a header, a
// cookie, a body, a part of a multipart form. There is one function for each place. All of them follow what Node and
// the libraries do that Artillery 2.0.34 sends with: querystring, URLSearchParams, http, got, form-data.
//
// A value is one of those of package value, or [value.Undefined]. Numbers keep the spelling that they have.
package encode

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"edgescope/scenarios/value"
)

// Errors of values that cannot be sent, by Node's and got's names.
const (
	errChar    = value.UserError("ERR_INVALID_CHAR")
	errToken   = value.UserError("ERR_INVALID_HTTP_TOKEN")
	errRequest = value.UserError("ERR_GOT_REQUEST_ERROR")
)

// Text is JavaScript's String(v): the elements of a list with commas between them, of which null and undefined are
// empty, a buffer as UTF-8, any other object as "[object Object]".
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return string(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			switch e.(type) {
			case nil, value.Undefined:
			default:
				parts[i] = Text(e)
			}
		}
		return strings.Join(parts, ",")
	case *value.Object:
		return "[object Object]"
	}
	return value.Text(v)
}

// AppendQuery appends a parameter of `qs` as Node's querystring has it: a list is one pair for each element and, when
// it is empty, none; null, undefined and objects are empty.
func AppendQuery(dst []byte, name string, v any) []byte {
	list, ok := v.([]any)
	if !ok {
		return appendPair(dst, name, primitive(v))
	}
	for _, e := range list {
		dst = appendPair(dst, name, primitive(e))
	}
	return dst
}

// primitive is the text of what is no object.
func primitive(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool, json.Number:
		return value.Text(v)
	}
	return ""
}

// AppendForm appends a field of `form` as URLSearchParams has it: one pair, whatever the value is.
func AppendForm(dst []byte, name string, v any) []byte { return appendPair(dst, name, Text(v)) }

func appendPair(dst []byte, name, text string) []byte {
	if len(dst) > 0 {
		dst = append(dst, '&')
	}
	return appendEscaped(append(appendEscaped(dst, name), '='), text)
}

// appendEscaped encodes by application/x-www-form-urlencoded (URL Standard, section 5.2).
func appendEscaped(dst []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	if !utf8.ValidString(text) {
		text = value.Bytes(text).Text()
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '*', c == '-', c == '.', c == '_':
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// Header returns the lines of a header of this value: a list has one for each element. There is none, and a default
// header is not sent, for undefined, an empty list and null, which got refuses.
func Header(v any) []string {
	switch v := v.(type) {
	case nil, value.Undefined:
		return nil
	case []any:
		lines := make([]string, len(v))
		for i, e := range v {
			lines[i] = Text(e)
		}
		return lines
	}
	return []string{Text(v)}
}

// Line is the text of a header as it goes over the wire, each character being one byte (RFC 9110, section 5.5). The
// error is Node's for a text with other characters, or with control characters but tabs.
func Line(text string) (string, error) {
	plain := true
	for i := range len(text) {
		c := text[i]
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", errChar
		}
		plain = plain && c < utf8.RuneSelf
	}
	if plain {
		return text, nil
	}
	line := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xff {
			return "", errChar
		}
		line = append(line, byte(r))
	}
	return string(line), nil
}

// Name tells whether a header can have this name: it must be a token (RFC 9110, section 5.6.2). The error is Node's.
func Name(name string) error {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return errToken
		}
	}
	if name == "" {
		return errToken
	}
	return nil
}

// Credential is a user or a password: none for null and undefined.
func Credential(v any) string {
	switch v.(type) {
	case nil, value.Undefined:
		return ""
	}
	return Text(v)
}

// AppendBody appends what `body` sends: a text, the bytes of a buffer, a number or a boolean as text. ok is false for
// undefined, null and an empty text, which are no body. Lists and other objects are an error, as they are for got: they
// are meant for `json`.
func AppendBody(dst []byte, v any) (body []byte, ok bool, err error) {
	switch v := v.(type) {
	case nil, value.Undefined:
		return dst, false, nil
	case value.Bytes:
		dst = append(dst, v...)
		return dst, len(v) > 0, nil
	case []any, *value.Object:
		return dst, false, errRequest
	}
	text := Text(v)
	return append(dst, text...), text != "", nil
}
