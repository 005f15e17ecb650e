package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Scope is what one user knows: variables, captures, the row of each payload,
// and a random stream of its own. A value is one of nil, bool, json.Number,
// string, []any and *[Object], and is never changed in place. A Scope belongs
// to one goroutine at a time.
type Scope struct {
	vars   map[string]any // this user's own
	locals map[string]any // of a branch: what its loops count, before vars; else nil
	base   map[string]any // what all users share, read-only
	rand   *rand.Rand
	seed   [2]uint64
	uuid   string
}

// NewScope starts the user with the given index. All that is random about the
// user follows from seed and user, whatever else runs. Variables that the
// before flow captured are passed as its scope, or nil; before and after flows
// themselves take user -1.
func (p *Plan) NewScope(seed uint64, user int, before *Scope) *Scope {
	s := &Scope{
		vars: make(map[string]any, 8),
		base: p.base,
		rand: rand.New(rand.NewPCG(seed, uint64(user))), //nolint:gosec // reproducible on purpose
		seed: [2]uint64{seed, uint64(user)},
	}
	for _, pl := range p.payloads {
		pl.assign(s, user)
	}
	for _, l := range p.lists {
		s.vars[l.name] = l.values[s.rand.IntN(len(l.values))]
	}
	if r := p.Region(user); r != nil {
		s.vars["target"] = r.Target
	}
	if before != nil {
		for k, v := range before.vars {
			if k != "target" {
				s.vars[k] = v
			}
		}
	}
	return s
}

// Branch is the scope of one step of a [*Parallel]: the same variables, but a
// random stream and loop counters of its own, so that what it draws and counts
// does not depend on the other branches. Branches take turns: one at a time
// uses any of them or s.
func (s *Scope) Branch() *Scope {
	b := *s
	if b.locals = maps.Clone(s.locals); b.locals == nil {
		b.locals = map[string]any{}
	}
	b.rand = rand.New(rand.NewPCG(s.rand.Uint64(), s.rand.Uint64())) //nolint:gosec // reproducible on purpose
	return &b
}

// loopVars is where loops count.
func (s *Scope) loopVars() map[string]any {
	if s.locals != nil {
		return s.locals
	}
	return s.vars
}

// listVariable is a variable given as a list: each user has one element.
type listVariable struct {
	name   string
	values []any
}

// Rand is the user's random stream.
func (s *Scope) Rand() *rand.Rand { return s.rand }

// UUID is the user's {{ $uuid }}: version 4, the same in every request of the
// user. It has a stream of its own, so that its first use shifts nothing.
func (s *Scope) UUID() string {
	if s.uuid == "" {
		s.uuid = newUUID(rand.New(rand.NewPCG(s.seed[0]^0x9e3779b97f4a7c15, s.seed[1])))
	}
	return s.uuid
}

// Get returns the value at a path such as "user.id" or "list[0].x".
func (s *Scope) Get(path string) (any, bool) {
	p, err := parseVarPath(path)
	if err != nil {
		return nil, false
	}
	return s.lookup(&p)
}

// Set stores a value at a path; objects on the way are made as needed. A path
// that is not well-formed is taken as a plain name.
func (s *Scope) Set(path string, v any) {
	p, err := parseVarPath(path)
	if err != nil {
		s.vars[path] = v
		return
	}
	s.store(&p, v)
}

func (s *Scope) store(p *varPath, v any) {
	if len(p.rest) > 0 {
		old, _ := s.variable(p.name)
		v = place(old, p.rest, v)
	}
	if _, local := s.locals[p.name]; local {
		s.locals[p.name] = v
		return
	}
	s.vars[p.name] = v
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
	return o.with(path[0], place(inner, path[1:], v))
}

func (s *Scope) variable(name string) (any, bool) {
	if v, ok := s.locals[name]; ok {
		return v, true
	}
	if v, ok := s.vars[name]; ok {
		if _, dropped := v.(undefined); dropped {
			return nil, false
		}
		return v, true
	}
	v, ok := s.base[name]
	return v, ok
}

func (s *Scope) lookup(p *varPath) (any, bool) {
	v, ok := s.variable(p.name)
	if len(p.rest) == 0 {
		return v, ok
	}
	if !ok { // a name may hold dots, as in the variable "a.b"
		return s.variable(p.source)
	}
	return inside(v, p.rest)
}

// inside follows a path through objects and lists.
func inside(v any, path []string) (any, bool) {
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
		}
		if !ok && key == "length" {
			var n int
			if n, ok = lengthOf(v); ok {
				v = json.Number(strconv.Itoa(n))
			}
		}
		if !ok {
			return nil, false
		}
	}
	return v, true
}

// varPath is a compiled path to a variable: a name, then keys and indexes.
type varPath struct {
	source string
	name   string
	rest   []string
}

// parseVarPath reads "a", "a.b", "a.0.x", "a[1].x" and "a['b c']".
func parseVarPath(s string) (varPath, error) {
	p := varPath{source: s}
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

// name makes a scope the environment of conditions.
func (s *Scope) name(name string) any {
	return operandOf(s.Get(name))
}

// Condition is a compiled `ifTrue`.
type Condition struct {
	source string
	expr   expression
}

// String returns the condition as it stands in the script.
func (c *Condition) String() string { return c.source }

// True evaluates the condition; an unknown variable is false.
func (c *Condition) True(s *Scope) bool { return truthy(c.expr(s)) }
