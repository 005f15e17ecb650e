package value

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Inside follows a path through objects, lists and texts, by what each has of its own: members, elements, a length.
func Inside(v any, path []string) (any, bool) {
	for _, key := range path {
		inner, ok := member(v, key)
		if !ok {
			return nil, false
		}
		v = inner
	}
	return v, true
}

func member(v any, key string) (any, bool) {
	if o, ok := v.(*Object); ok {
		return o.Get(key)
	}
	if key == "length" {
		n, ok := Length(v)
		return Int(n), ok
	}
	i, ok := listIndex(key)
	if !ok {
		return nil, false
	}
	switch v := v.(type) {
	case []any:
		if i < len(v) {
			return v[i], true
		}
	case Bytes:
		if i < len(v) {
			return Int(int(v[i])), true
		}
	case string:
		if units := utf16.Encode([]rune(v)); i < len(units) {
			return string(utf16.Decode(units[i : i+1])), true
		}
	}
	return nil, false
}

// listIndex reads an index as JavaScript writes it: "0", "17", but not "01" or "-1".
func listIndex(key string) (int, bool) {
	i, err := strconv.Atoi(key)
	return i, err == nil && i >= 0 && strconv.Itoa(i) == key
}

// Path is a compiled path to a variable or into a value, as lodash's get, set and has read it: "a", "a.b", "a[0].x",
// "a[key]", `a["b c"]`.
type Path struct {
	source string
	keys   []string
	// steps are the keys again if a bracket holds a name, a[i]: where there is no member of that name, the variable i says
	// which one is meant. Else nil.
	steps []step
}

type step struct {
	key      string
	variable *Path
}

// plainPath is a path of one name, whatever characters it holds.
func plainPath(name string) *Path { return &Path{source: name, keys: []string{name}} }

// In follows the path into a value. A member that is named like the whole path comes first: "a.b" is `{"a.b": 1}`.
func (p *Path) In(v any) (any, bool) {
	if inner, ok := Inside(v, []string{p.source}); ok {
		return inner, true
	}
	return Inside(v, p.keys)
}

// PathTo is the path into a value that a text means. Every text means one: brackets that never close are part of a key.
func PathTo(s string) Path {
	p := Path{source: s}
	rest := s
	for first := true; rest != "" || first; first = false {
		k := cutKey(rest, first)
		p.keys, rest = append(p.keys, k.text), k.rest
	}
	return p
}

// maxIndex is the greatest index at which a path makes a list longer.
const maxIndex = 10_000

// PathToSet is the path under which a value is stored. The error says what is wrong with it.
func PathToSet(s string) (Path, error) {
	p, err := ParsePath(s)
	if err != nil {
		return p, err
	}
	for i, key := range p.keys {
		if n, ok := listIndex(key); ok && i > 0 && n > maxIndex {
			return p, fmt.Errorf("index %d is too large, at most %d", n, maxIndex)
		}
		if key == "__proto__" || key == "constructor" || key == "prototype" {
			return p, fmt.Errorf("%s cannot be set", key)
		}
	}
	return p, nil
}

// ParsePath reads the path of a variable. Beside what [PathTo] reads, a name in brackets may be that of a variable,
// which holds the index or the key: "items[$loopCount]". The error says why a text cannot be meant as a path.
func ParsePath(s string) (Path, error) {
	p := Path{source: s}
	if strings.TrimSpace(s) == "" {
		return p, errors.New("the name of a variable is missing")
	}
	bad := fmt.Errorf("{{ %s }} is neither a variable (name, name.key, name[0]) nor a call of a function", s)
	names := false
	for rest, first := s, true; rest != ""; first = false {
		k := cutKey(rest, first)
		if k.open || !k.quoted && k.text == "" || !k.bracket && strings.ContainsAny(k.text, "(){}+*/%!<>=&|,;?\"'\r\n]") {
			return p, bad
		}
		next := step{key: k.text}
		if k.bracket && !k.quoted && isName(k.text) {
			inner, err := ParsePath(k.text)
			if err != nil {
				return p, bad
			}
			next.variable, names = &inner, true
		}
		p.keys, p.steps, rest = append(p.keys, k.text), append(p.steps, next), k.rest
	}
	if !names {
		p.steps = nil
	}
	return p, nil
}

// Variables are the names of the variables that the path reads: its own, and those in its brackets.
func (p *Path) Variables() []string {
	names := p.keys[:1:1]
	for _, s := range p.steps {
		if s.variable != nil {
			names = append(names, s.variable.Variables()...)
		}
	}
	return names
}

func isName(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err != nil
}

// cut is a key with what follows it. It is open if its bracket or quote does not close.
type cut struct {
	text, rest            string
	bracket, quoted, open bool
}

// cutKey takes one key off a path; first is whether it is the path's first.
func cutKey(s string, first bool) cut {
	if strings.HasPrefix(s, "[") {
		return cutBracket(s)
	}
	if !first {
		s = strings.TrimPrefix(s, ".")
	}
	end := 0
	for end < len(s) && s[end] != '.' && (s[end] != '[' || bracketEnd(s[end:]) < 0) {
		end++
	}
	return cut{text: s[:end], rest: s[end:], open: strings.Contains(s[:end], "[")}
}

// cutBracket takes a key in brackets, which may stand in quotes; a backslash is for the character behind it.
func cutBracket(s string) cut {
	end := bracketEnd(s)
	if end < 0 {
		return cut{text: s, open: true}
	}
	inside := strings.TrimSpace(s[1:end])
	k := cut{text: inside, rest: s[end+1:], bracket: true}
	if n := len(inside); n >= 2 && (inside[0] == '"' || inside[0] == '\'') && inside[n-1] == inside[0] {
		k.text, k.quoted = unescape(inside[1:n-1]), true
	}
	return k
}

// bracketEnd is the place of the bracket that closes the one at the start of s, -1 if none does. What stands in quotes
// is skipped.
func bracketEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		case '"', '\'':
			if n := quoteEnd(s[i:]); s[i-1] == '[' && n > 0 {
				i += n
			}
		}
	}
	return -1
}

// quoteEnd is the place of the quote that closes the one at the start of s, -1 if none does.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i
		}
	}
	return -1
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// place returns a copy of old in which the value at path is v. What is neither object nor list gives way: to a list
// where an index follows, else to an object. A list has no members that are no indexes.
func place(old any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	key := path[0]
	i, isIndex := listIndex(key)
	switch c := old.(type) {
	case *Object:
		inner, _ := c.Get(key)
		return c.With(key, place(inner, path[1:], v))
	case []any:
		if isIndex && i <= max(maxIndex, len(c)) {
			return placeAt(c, i, path[1:], v)
		}
		return c
	}
	if isIndex && i <= maxIndex {
		return placeAt(nil, i, path[1:], v)
	}
	return NewObject([]Member{{key, place(nil, path[1:], v)}})
}

func placeAt(list []any, i int, path []string, v any) any {
	list = slices.Clone(list)
	for len(list) <= i {
		list = append(list, nil)
	}
	list[i] = place(list[i], path, v)
	return list
}

// without returns a copy of v that lacks what stands at path; in a list, null takes its place.
func without(v any, path []string) any {
	inner, has := member(v, path[0])
	if !has {
		return v
	}
	last := len(path) == 1
	switch c := v.(type) {
	case *Object:
		if !last {
			return c.With(path[0], without(inner, path[1:]))
		}
		return NewObject(slices.DeleteFunc(slices.Clone(c.members), func(m Member) bool { return m.Key == path[0] }))
	case []any:
		if i, ok := listIndex(path[0]); ok && last {
			return placeAt(c, i, nil, nil)
		} else if ok {
			return placeAt(c, i, nil, without(inner, path[1:]))
		}
	}
	return v
}
