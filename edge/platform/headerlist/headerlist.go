// Package headerlist reads lists as HTTP headers hold them: members, parameters and quoted texts (RFC 9110 section
// 5.6), also where an SDK has recorded a header as a JSON array.
package headerlist

import (
	"encoding/json"
	"iter"
	"strings"
)

// AfterName returns the parameters of a list member, whose name is a token or a quoted text.
func AfterName(member string) string {
	_, params, _ := Cut(member, ';')
	return params
}

// Parameter returns the value of a parameter in "a=1; b; c=text", unquoted; one without a value is "" and found.
func Parameter(params, name string) (value string, found bool) {
	for p := range Members(params, ';') {
		key, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return Unquote(strings.TrimSpace(value)), true
		}
	}
	return "", false
}

// Unquote returns what a quoted text says, and any other as it is.
func Unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Members yields the parts of s between separators that stand outside quoted text.
func Members(s string, separator byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for more := true; more; {
			var part string
			part, s, more = Cut(s, separator)
			if !yield(part) {
				return
			}
		}
	}
}

// Cut cuts s at the first separator outside quoted text, in which a backslash escapes the next byte (RFC 9110 section
// 5.6.4).
func Cut(s string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// Last returns the last member of a list.
func Last(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

// Elements returns the first element of a JSON array, or all of them joined by commas; anything else as it is.
func Elements(value string, all bool) string {
	if plain, ok := onlyPlainString(value); ok {
		return plain
	}
	texts, ok := arrayElements(value)
	switch {
	case !ok:
		return value
	case len(texts) == 0:
		return ""
	case all:
		return strings.Join(texts, ", ")
	default:
		return texts[0]
	}
}

// onlyPlainString returns the text of an array of one string without escapes, the shape in which SDKs record a header:
// it needs no memory.
func onlyPlainString(value string) (string, bool) {
	if len(value) < 4 || value[1] != '"' || value[len(value)-2] != '"' || value[len(value)-1] != ']' {
		return "", false
	}
	inner := value[2 : len(value)-2]
	return inner, !strings.ContainsAny(inner, `"\`)
}

func arrayElements(value string) ([]string, bool) {
	var raw []json.RawMessage
	if json.Unmarshal([]byte(value), &raw) != nil {
		return nil, false
	}
	elements := make([]string, 0, len(raw))
	for _, r := range raw {
		var text string
		if r[0] != '"' || json.Unmarshal(r, &text) != nil {
			text = string(r)
		}
		if text != "" && text != "null" {
			elements = append(elements, text)
		}
	}
	return elements, true
}
