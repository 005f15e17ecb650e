package templates

import (
	"edgescope/scenarios/value"
)

// Value is a JSON value with templates in its texts and keys.
type Value struct {
	static []byte // the whole value as compact JSON, if nothing in it is looked up
	fixed  any    // the value that static is the text of
	text   *Template
	items  []Value
	fields []member // set, perhaps empty, for an object
	object bool
}

type member struct {
	key   *Template
	value Value
}

// AppendJSON renders the value; it is false, and dst unchanged, if the value is a variable that is not defined.
func (t *Value) AppendJSON(dst []byte, s *value.Scope) ([]byte, bool) {
	switch {
	case t.static != nil:
		return append(dst, t.static...), true
	case t.text != nil:
		v, ok := t.text.Value(s)
		if !ok {
			return dst, false
		}
		return value.AppendJSON(dst, v), true
	case t.object:
		return t.appendObject(dst, s), true
	}
	dst = append(dst, '[')
	for i := range t.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = t.items[i].AppendJSON(dst, s); !ok {
			dst = append(dst, "null"...) // as JSON.stringify([undefined])
		}
	}
	return append(dst, ']'), true
}

func (t *Value) appendObject(dst []byte, s *value.Scope) []byte {
	dst = append(dst, '{')
	first := true
	for i := range t.fields {
		f := &t.fields[i]
		before := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		if key, ok := f.key.Static(); ok {
			dst = value.AppendQuoted(dst, key)
		} else {
			dst = value.AppendQuoted(dst, f.key.Text(s))
		}
		var ok bool
		if dst, ok = f.value.AppendJSON(append(dst, ':'), s); !ok {
			dst = dst[:before]
			continue
		}
		first = false
	}
	return append(dst, '}')
}

// Eval renders the value as a script value.
func (t *Value) Eval(s *value.Scope) (any, bool) {
	switch {
	case t.static != nil:
		return t.fixed, true
	case t.text != nil:
		return t.text.Value(s)
	case t.object:
		o := &value.Object{}
		for i := range t.fields {
			if v, ok := t.fields[i].value.Eval(s); ok {
				o.Put(t.fields[i].key.Text(s), v)
			}
		}
		return o, true
	}
	list := make([]any, len(t.items))
	for i := range t.items {
		list[i], _ = t.items[i].Eval(s) // undefined is null in a list
	}
	return list, true
}

// Field is a header, cookie, query parameter or form field.
type Field struct {
	Name  *Template
	Value Value
}

// Text renders a value that is text whatever the user knows: literal text, or a template of several parts. It is false
// for any other, which only Eval renders.
func (t *Value) Text(s *value.Scope) (string, bool) {
	if t.text != nil {
		if len(t.text.parts) != 1 || t.text.parts[0].expr == nil {
			return t.text.Text(s), true
		}
	} else if text, ok := t.fixed.(string); ok && t.static != nil {
		return text, true
	}
	return "", false
}

// Any renders the value, [value.Undefined] if it is not defined.
func (t *Value) Any(s *value.Scope) any {
	v, ok := t.Eval(s)
	if !ok {
		return value.Undefined{}
	}
	return v
}

// Source is the value as it stands in the script, with its templates as text.
func (t *Value) Source() any {
	switch {
	case t.static != nil:
		return t.fixed
	case t.text != nil:
		return t.text.source
	case t.object:
		o := &value.Object{}
		for i := range t.fields {
			o.Put(t.fields[i].key.source, t.fields[i].value.Source())
		}
		return o
	}
	list := make([]any, len(t.items))
	for i := range t.items {
		list[i] = t.items[i].Source()
	}
	return list
}
