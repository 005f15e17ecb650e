package value

import (
	"fmt"
	"maps"
	"math/rand/v2"
)

// Scope is what one user knows: variables, captures, the row of each payload, and a random stream of its own. A value
// is one of nil, bool, json.Number, string, [Bytes], []any and *[Object], and is never changed in place. A Scope
// belongs to one goroutine at a time.
type Scope struct {
	vars   map[string]any // this user's own
	locals map[string]any // of a branch: what its loops count, before vars; else nil
	base   map[string]any // what all users share, read-only
	rand   *rand.Rand
	seed   [2]uint64
	uuid   string
}

// NewScope starts a user who shares variables with others; nobody may change them from now on. All that is random about
// the user follows from seed and user, its index, whatever else runs.
func NewScope(shared map[string]any, seed uint64, user int) *Scope {
	return &Scope{
		vars: make(map[string]any, 8),
		base: shared,
		rand: rand.New(rand.NewPCG(seed, uint64(user))), //nolint:gosec // reproducible on purpose
		seed: [2]uint64{seed, uint64(user)},
	}
}

// Define gives the user a variable of its own; name is a plain name, whatever characters it holds.
func (s *Scope) Define(name string, v any) { s.vars[name] = v }

// Shares tells whether all users share a variable of that name.
func (s *Scope) Shares(name string) bool { _, ok := s.base[name]; return ok }

// Inherit takes over the variables that another user has of its own, all but one.
func (s *Scope) Inherit(from *Scope, but string) {
	for name, v := range from.vars {
		if name != but {
			s.vars[name] = v
		}
	}
}

// Branch is the scope of one step of a parallel block: the same variables, but a random stream and loop counters of its
// own, so that what it draws and counts does not depend on the other branches. Branches take turns: one at a time uses
// any of them or s.
func (s *Scope) Branch() *Scope {
	b := *s
	if b.locals = maps.Clone(s.locals); b.locals == nil {
		b.locals = map[string]any{}
	}
	b.rand = rand.New(rand.NewPCG(s.rand.Uint64(), s.rand.Uint64())) //nolint:gosec // reproducible on purpose
	return &b
}

// counters is where loops count.
func (s *Scope) counters() map[string]any {
	if s.locals != nil {
		return s.locals
	}
	return s.vars
}

// Count sets what a loop counts: a branch has its own.
func (s *Scope) Count(name string, v any) { s.counters()[name] = v }

// Keep returns a function that gives what a loop counts its present value back.
func (s *Scope) Keep(name string) func() {
	vars := s.counters()
	old, had := vars[name]
	return func() {
		if had {
			vars[name] = old
		} else {
			delete(vars, name)
		}
	}
}

// Rand is the user's random stream.
func (s *Scope) Rand() *rand.Rand { return s.rand }

// UUID is the user's {{ $uuid }}: version 4, the same in every request of the user. It has a stream of its own, so that
// its first use shifts nothing.
func (s *Scope) UUID() string {
	if s.uuid == "" {
		s.uuid = NewUUID(rand.New(rand.NewPCG(s.seed[0]^0x9e3779b97f4a7c15, s.seed[1])))
	}
	return s.uuid
}

// Get returns the value at a path such as "user.id" or "list[0].x".
func (s *Scope) Get(path string) (any, bool) {
	p, err := ParsePath(path)
	if err != nil {
		return nil, false
	}
	return s.Lookup(&p)
}

// Store stores a value at a path; objects on the way are made as needed.
func (s *Scope) Store(p *Path, v any) {
	name, rest := s.split(p)
	if len(rest) > 0 {
		old, _ := s.variable(name)
		v = place(old, rest, v)
	}
	if _, local := s.locals[name]; local {
		s.locals[name] = v
		return
	}
	s.vars[name] = v
}

// split is the variable of a path and the keys in it. A variable that is named like the whole path comes first.
func (s *Scope) split(p *Path) (name string, rest []string) {
	if len(p.keys) > 1 || p.keys[0] != p.source {
		if _, ok := s.variable(p.source); ok {
			return p.source, nil
		}
	}
	return p.keys[0], p.keys[1:]
}

func (s *Scope) variable(name string) (any, bool) {
	if v, ok := s.locals[name]; ok {
		return v, true
	}
	if v, ok := s.vars[name]; ok {
		if _, dropped := v.(Undefined); dropped {
			return nil, false
		}
		return v, true
	}
	v, ok := s.base[name]
	return v, ok
}

// Lookup returns the value at a compiled path.
func (s *Scope) Lookup(p *Path) (any, bool) {
	name, rest := s.split(p)
	v, ok := s.variable(name)
	if ok && len(rest) > 0 {
		v, ok = Inside(v, rest)
	}
	if !ok && p.steps != nil {
		return s.indexed(p)
	}
	return v, ok
}

// indexed follows a path whose brackets hold names of variables.
func (s *Scope) indexed(p *Path) (any, bool) {
	v, ok := s.variable(p.keys[0])
	for _, step := range p.steps[1:] {
		if !ok {
			break
		}
		key := step.key
		if step.variable != nil {
			if _, literal := member(v, key); !literal {
				key = Text(Operand(s.Lookup(step.variable)))
			}
		}
		v, ok = member(v, key)
	}
	return v, ok
}

// Name makes a scope the [Env] of conditions.
func (s *Scope) Name(name string) any {
	return Operand(s.Get(name))
}

// Drop makes a variable undefined, whatever it was before.
func (s *Scope) Drop(p *Path) {
	name, rest := s.split(p)
	if len(rest) == 0 {
		delete(s.vars, name)
		if _, shared := s.base[name]; !shared {
			return
		}
		s.vars[name] = Undefined{}
		return
	}
	if v, ok := s.variable(name); ok {
		s.vars[name] = without(v, rest)
	}
}

// UserError ends a user; its text is the name that the report counts under `errors.`, for example "Invalid URL - after"
// or "Failed capture or match".
type UserError string

// Error implements error.
func (e UserError) Error() string { return string(e) }

// NewUUID makes a version 4 UUID (RFC 9562, section 5.4) from a random stream.
func NewUUID(r *rand.Rand) string {
	hi, lo := r.Uint64(), r.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xffff, lo>>48, lo&0xffffffffffff)
}
