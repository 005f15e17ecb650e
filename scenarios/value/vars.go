package value

import (
	"slices"
)

// Vars are the variables of a user as functions of the processor see them: by plain name, with what was last told of
// them. They are used like the scope itself, by one goroutine at a time.
type Vars struct {
	told    map[string]any
	changed []string
}

// NewVars are the variables of a user of whom nothing was told yet, but what all users share.
func NewVars() *Vars { return &Vars{told: map[string]any{}} }

// Changes calls yield, in the order of their names, for each variable of s that is another than at the last call, or
// than [Vars.Set] made it; [Undefined] is one that is gone. What all users share counts as told. $uuid is told once.
func (v *Vars) Changes(s *Scope, yield func(name string, value any)) {
	v.changed = v.changed[:0]
	if _, ok := v.told[uuidName]; !ok {
		v.changed = append(v.changed, uuidName)
	}
	for _, own := range []map[string]any{s.vars, s.locals} {
		for name, now := range own {
			if _, ok := v.told[name]; !ok && !same(now, s.baseOf(name)) {
				v.changed = append(v.changed, name)
			}
		}
	}
	for name, last := range v.told {
		if !same(s.toldOf(name), last) {
			v.changed = append(v.changed, name)
		}
	}
	slices.Sort(v.changed)
	for _, name := range slices.Compact(v.changed) {
		now := s.toldOf(name)
		v.told[name] = now
		yield(name, now)
	}
}

const uuidName = "$uuid"

// toldOf is the value of a variable as functions have it; Undefined if there is none.
func (s *Scope) toldOf(name string) any {
	if v, ok := s.locals[name]; ok {
		return v
	}
	if v, ok := s.vars[name]; ok {
		return v
	}
	if name == uuidName {
		return s.UUID()
	}
	return s.baseOf(name)
}

// baseOf is what all users share under a name; Undefined if nothing.
func (s *Scope) baseOf(name string) any {
	if value, ok := s.base[name]; ok {
		return value
	}
	return Undefined{}
}

// Set stores what a function made of a variable; [Undefined] makes it undefined.
func (v *Vars) Set(s *Scope, name string, value any) {
	if _, gone := value.(Undefined); gone {
		s.Drop(plainPath(name))
	} else {
		s.Store(plainPath(name), value)
	}
	v.told[name] = value
}

// same tells whether two values are one; lists and objects are compared as memory, not by what they hold.
func same(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
	default:
		if _, list := b.([]any); list {
			return false
		}
		return a == b
	}
}
