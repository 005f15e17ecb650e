package value

import (
	"maps"
	"slices"
)

// Vars are the variables of a user as a function of the processor sees them: by plain name, as JSON. They are used like
// the scope itself, by one goroutine at a time.
type Vars struct{ s *Scope }

// Vars are the user's variables for functions of the processor.
func (s *Scope) Vars() Vars { return Vars{s} }

// Names lists all variables, sorted.
func (v Vars) Names() []string {
	all := map[string]bool{}
	for _, vars := range []map[string]any{v.s.base, v.s.vars, v.s.locals} {
		for name := range vars {
			if _, ok := v.s.variable(name); ok {
				all[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Get returns a variable, or the user's $uuid; ok is false for a name that means nothing.
func (v Vars) Get(name string) (json []byte, ok bool) {
	value, ok := v.s.variable(name)
	if !ok && name == "$uuid" {
		value, ok = v.s.UUID(), true
	}
	if !ok {
		return nil, false
	}
	return AppendJSON(nil, value), true
}

// Set stores a variable. What is no JSON is left out.
func (v Vars) Set(name string, json []byte) {
	if value, err := Parse(json); err == nil {
		v.s.Store(plainPath(name), value)
	}
}

// Delete makes a variable undefined.
func (v Vars) Delete(name string) { v.s.Drop(plainPath(name)) }
