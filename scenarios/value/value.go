// Package value holds what scripts compute with: JSON values that keep the order of their keys and the spelling of
// their numbers, with JavaScript's conversions and operators, expressions of them, and the variables of a user.
//
// A value is one of nil, bool, json.Number (its text as written), string, [Bytes], []any and *[Object]. Values are
// immutable once made, so users share them without locks.
package value

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Object is a JSON object that keeps the order of its keys.
type Object struct {
	members []Member
	index   map[string]int // only for objects with many members
}

// Member is a key of an object with its value.
type Member struct {
	Key   string
	Value any
}

// indexFrom is the size from which a map is faster than looking at each key.
const indexFrom = 16

// NewObject makes an object of members with different keys, which belong to it from now on.
func NewObject(members []Member) *Object {
	o := &Object{members: members}
	if len(members) >= indexFrom {
		o.index = make(map[string]int, len(members))
		for i, m := range members {
			o.index[m.Key] = i
		}
	}
	return o
}

// Members returns the members in order. The caller must not change them.
func (o *Object) Members() []Member { return o.members }

// Get returns the value of a key, and whether there is one.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].Value, true
	}
	return nil, false
}

func (o *Object) find(key string) int {
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].Key == key {
			return i
		}
	}
	return -1
}

// With returns a copy in which key has the value.
func (o *Object) With(key string, value any) *Object {
	members := append([]Member(nil), o.members...)
	if i := o.find(key); i >= 0 {
		members[i].Value = value
	} else {
		members = append(members, Member{key, value})
	}
	return NewObject(members)
}

// AppendJSON renders a value as compact JSON.
func AppendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		return append(dst, v...)
	case string:
		return AppendQuoted(dst, v)
	case Bytes:
		return v.appendJSON(dst)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, e)
		}
		return append(dst, ']')
	case *Object:
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendQuoted(dst, m.Key), ':')
			dst = AppendJSON(dst, m.Value)
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("BUG: a %T is no script value", v))
}

const hexDigits = "0123456789abcdef"

// AppendQuoted renders a JSON text as JSON.stringify does: no escaping of <, > and &, which encoding/json would do.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = appendEscape(append(dst, s[from:i]...), c)
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
