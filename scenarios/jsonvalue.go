package scenarios

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A value in a script or an answer is one of nil, bool, json.Number (its text
// as written), string, []any and *Object. Values are immutable once made, so
// users share them without locks.

// Object is a JSON object that keeps the order of its keys.
type Object struct {
	members []member
	index   map[string]int // only for objects with many members
}

type member struct {
	key   string
	value any
}

// indexFrom is the size from which a map is faster than looking at each key.
const indexFrom = 16

func newObject(members []member) *Object {
	o := &Object{members: members}
	if len(members) >= indexFrom {
		o.index = make(map[string]int, len(members))
		for i, m := range members {
			o.index[m.key] = i
		}
	}
	return o
}

// Get returns the value of a key, and whether there is one.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].value, true
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
		if o.members[i].key == key {
			return i
		}
	}
	return -1
}

// with returns a copy in which key has the value.
func (o *Object) with(key string, value any) *Object {
	members := append([]member(nil), o.members...)
	if i := o.find(key); i >= 0 {
		members[i].value = value
	} else {
		members = append(members, member{key, value})
	}
	return newObject(members)
}

// appendJSON renders a value as compact JSON.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		return append(dst, v...)
	case string:
		return appendQuoted(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case *Object:
		dst = append(dst, '{')
		for i, m := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, m.key), ':')
			dst = appendJSON(dst, m.value)
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("BUG: a %T is no script value", v))
}

const hexDigits = "0123456789abcdef"

// appendQuoted renders a JSON text as JSON.stringify does: no escaping of <, >
// and &, which encoding/json would do.
func appendQuoted(dst []byte, s string) []byte {
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
