package jsonpath

import (
	"regexp"
	"strings"

	"edgescope/scenarios/value"
)

// spot is a value of a body with where it was found.
type spot struct {
	v      any
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
func (w *walk) below(at spot, v any, name string) spot {
	return spot{v: v, parent: w.keep(at), how: foundByName, name: name}
}

// element is an element that was found by walking a list.
func (w *walk) element(at spot, list []any, i int) spot {
	return spot{v: list[i], parent: w.keep(at), how: foundInList, index: i}
}

func (w *walk) keep(at spot) *spot {
	if !w.parents {
		return nil
	}
	return &at
}

// holder is what a spot was found in, null for the body.
func (at spot) holder() any {
	if at.parent == nil {
		return nil
	}
	return at.parent.v
}

// key is the name or index under which a spot was found, null for the body.
func (at spot) key() any {
	switch at.how {
	case foundByName:
		return at.name
	case foundInList:
		return float64(at.index)
	}
	return nil
}

// path is where a spot stands, as jsonpath-plus writes it.
func (at spot) path() string {
	if at.parent == nil {
		return "$"
	}
	return at.parent.path() + bracketed(value.ToString(at.key()))
}

func bracketed(key string) string {
	if key != "" && strings.Trim(key, "0123456789*") == "" {
		return "[" + key + "]"
	}
	return "['" + key + "']"
}

func everyChild(w *walk, at spot, found func(spot)) {
	switch v := at.v.(type) {
	case []any:
		for i := range v {
			found(w.element(at, v, i))
		}
	case *value.Object:
		for _, m := range v.Members() {
			found(w.below(at, m.Value, m.Key))
		}
	}
}

// parent selects what a value was found in, once for each value: two elements have the same list as parent twice, as in
// jsonpath-plus.
func parent(_ *walk, at spot, found func(spot)) {
	if at.parent != nil {
		found(*at.parent)
	}
}

// nameOf selects the name of a member, or the index of an element: a number if the list was walked, the text of the
// path if the path names it.
func nameOf(_ *walk, at spot, found func(spot)) {
	switch at.how {
	case foundInList:
		found(spot{v: value.Int(at.index)})
	case foundByName:
		found(spot{v: at.name})
	}
}

// ofType is the type selector of jsonpath-plus that begins s, "@number()".
var ofType = regexp.MustCompile(`^@(null|boolean|number|string|integer|scalar|array|object|` +
	`undefined|nonFinite|function|other)\(\)`)

// typed selects a value if it is of a type. No JSON value is undefined, not finite, a function or other.
func typed(kind string) selector {
	return func(_ *walk, at spot, found func(spot)) {
		if isOfType(at.v, kind) {
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
	case *value.Object:
		return kind == "object"
	default:
		f := value.Number(v)
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

// nameEnd is where a plain name ends: at a dot, a bracket, ^, ~ or a type. "@type" is a name.
func nameEnd(s string) int {
	for i := range len(s) {
		if strings.IndexByte(".[^~", s[i]) >= 0 || s[i] == '@' && ofType.MatchString(s[i:]) {
			return i
		}
	}
	return len(s)
}
