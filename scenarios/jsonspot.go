package scenarios

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// spot is a value of a body with where it was found.
type spot struct {
	value  any
	parent *spot // nil for the body itself, and when no segment asks for parents
	how    finding
	name   string // if foundByName: of the member, or the index that the path spells
	index  int    // if foundInList
}

// finding is how a value was found in its parent.
type finding uint8

const (
	notFound finding = iota // it is the body, or a name
	foundByName
	foundInList
)

// below is what a spot holds under a name.
func (w *walk) below(at spot, value any, name string) spot {
	return spot{value: value, parent: w.keep(at), how: foundByName, name: name}
}

// element is an element that was found by walking a list.
func (w *walk) element(at spot, list []any, i int) spot {
	return spot{value: list[i], parent: w.keep(at), how: foundInList, index: i}
}

func (w *walk) keep(at spot) *spot {
	if !w.parents {
		return nil
	}
	return &at
}

func everyChild(w *walk, at spot, found func(spot)) {
	switch v := at.value.(type) {
	case []any:
		for i := range v {
			found(w.element(at, v, i))
		}
	case *Object:
		for _, m := range v.members {
			found(w.below(at, m.value, m.key))
		}
	}
}

// parent selects what a value was found in, once for each value: two elements
// have the same list as parent twice, as in jsonpath-plus.
func parent(_ *walk, at spot, found func(spot)) {
	if at.parent != nil {
		found(*at.parent)
	}
}

// nameOf selects the name of a member, or the index of an element: a number if
// the list was walked, the text of the path if the path names it.
func nameOf(_ *walk, at spot, found func(spot)) {
	switch at.how {
	case foundInList:
		found(spot{value: json.Number(strconv.Itoa(at.index))})
	case foundByName:
		found(spot{value: at.name})
	}
}

// ofType is the type selector of jsonpath-plus that begins s, "@number()".
var ofType = regexp.MustCompile(`^@(null|boolean|number|string|integer|scalar|array|object|undefined|nonFinite|function|other)\(\)`)

// typed selects a value if it is of a type. No JSON value is undefined, not
// finite, a function or other.
func typed(kind string) selector {
	return func(_ *walk, at spot, found func(spot)) {
		if isOfType(at.value, kind) {
			found(at)
		}
	}
}

func isOfType(v any, kind string) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null" || kind == "scalar"
	case bool:
		return kind == "boolean" || kind == "scalar"
	case string:
		return kind == "string" || kind == "scalar"
	case []any:
		return kind == "array"
	case *Object:
		return kind == "object"
	default:
		f := number(v)
		return kind == "number" || kind == "scalar" || kind == "integer" && f == float64(int64(f))
	}
}

// suffix reads ^, ~ or a type, which stand behind a segment without a dot.
func (p *pathParser) suffix() bool {
	switch {
	case p.eat("^"):
		p.path.parents = true
		p.add(false, parent)
		return true
	case p.eat("~"):
		p.add(false, nameOf)
		return true
	}
	m := ofType.FindStringSubmatch(p.text[p.i:])
	if m == nil {
		return false
	}
	p.i += len(m[0])
	p.add(false, typed(m[1]))
	return true
}

// nameEnd is where a plain name ends: at a dot, a bracket, ^, ~ or a type.
// "@type" is a name.
func nameEnd(s string) int {
	for i := range len(s) {
		if strings.IndexByte(".[^~", s[i]) >= 0 || s[i] == '@' && ofType.MatchString(s[i:]) {
			return i
		}
	}
	return len(s)
}
