package value

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Inside follows a path through objects and lists.
func Inside(v any, path []string) (any, bool) {
	for _, key := range path {
		var ok bool
		switch c := v.(type) {
		case *Object:
			v, ok = c.Get(key)
		case []any:
			var i int
			var err error
			if i, err = strconv.Atoi(key); err == nil && i >= 0 && i < len(c) {
				v, ok = c[i], true
			}
		case Bytes:
			if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(c) {
				v, ok = Int(int(c[i])), true
			}
		}
		if !ok && key == "length" {
			var n int
			if n, ok = Length(v); ok {
				v = json.Number(strconv.Itoa(n))
			}
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// Path is a compiled path to a variable: a name, then keys and indexes.
type Path struct {
	source string
	name   string
	rest   []string
}

// plainPath is a path of one name, whatever characters it holds.
func plainPath(name string) *Path { return &Path{source: name, name: name} }

// In follows the path through objects and lists, the variable's name being the first key.
func (p *Path) In(v any) (any, bool) {
	v, ok := Inside(v, []string{p.name})
	if !ok {
		return nil, false
	}
	return Inside(v, p.rest)
}

// ParsePath reads "a", "a.b", "a.0.x", "a[1].x" and "a['b c']".
func ParsePath(s string) (Path, error) {
	p := Path{source: s}
	bad := fmt.Errorf("{{ %s }} is neither a variable (name, name.key, name[0]) nor a call of a function", s)
	if strings.TrimSpace(s) == "" {
		return p, bad
	}
	var keys []string
	for rest := s; rest != ""; {
		key, after, ok := cutKey(rest, len(keys) == 0)
		if !ok {
			return p, bad
		}
		keys, rest = append(keys, key), after
	}
	p.name, p.rest = keys[0], keys[1:]
	return p, nil
}

// cutKey takes one key off a path.
func cutKey(s string, first bool) (key, rest string, ok bool) {
	if !first && s[0] == '[' {
		return cutBracket(s)
	}
	if !first {
		if s[0] != '.' {
			return "", "", false
		}
		s = s[1:]
	}
	end := strings.IndexAny(s, ".[")
	if end < 0 {
		end = len(s)
	}
	key = s[:end]
	return key, s[end:], key != "" && !strings.ContainsAny(key, " \t\r\n(){}]+*/%!<>=&|,;?\"'")
}

func cutBracket(s string) (key, rest string, ok bool) {
	if len(s) > 1 && (s[1] == '\'' || s[1] == '"') {
		key, rest, ok = strings.Cut(s[2:], string(s[1])+"]")
		return key, rest, ok
	}
	key, rest, ok = strings.Cut(s[1:], "]")
	key = strings.TrimSpace(key)
	_, err := strconv.Atoi(key)
	return key, rest, ok && err == nil
}

// place returns a copy of old in which the value at path is v.
func place(old any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	if list, ok := old.([]any); ok {
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(list) {
			list = append([]any(nil), list...)
			list[i] = place(list[i], path[1:], v)
			return list
		}
	}
	o, ok := old.(*Object)
	if !ok {
		o = &Object{}
	}
	inner, _ := o.Get(path[0])
	return o.With(path[0], place(inner, path[1:], v))
}

// without returns a copy of v that lacks what stands at path.
func without(v any, path []string) any {
	o, ok := v.(*Object)
	if !ok || o.find(path[0]) < 0 {
		return v
	}
	members := make([]Member, 0, len(o.members))
	for _, m := range o.members {
		if m.Key == path[0] {
			if len(path) == 1 {
				continue
			}
			m.Value = without(m.Value, path[1:])
		}
		members = append(members, m)
	}
	return NewObject(members)
}
