package scenarios

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// compiler turns the merged script into a Plan and collects what is wrong.
type compiler struct {
	opts     Options
	dir      string // relative paths count from here
	plan     *Plan
	problems Problems

	cliVariables *node
	scope        *Scope     // of the templates in config
	once         bool       // functions run now: inside config
	requests     []*Request // all of the plan's
	files        hash.Hash  // contents of the payloads
	defaults     requestDefaults
	poisson      bool          // config.mode
	gap          time.Duration // half of the shortest gap of a phase of visits
	default200   bool          // every request expects 200
	unjudged     bool          // in before and after: nothing is expected

	brokenProcessor bool // its problems are told: its functions are not asked for
}

func newCompiler(o Options) *compiler {
	home := o.Files[0]
	if o.ConfigFile != "" {
		home = o.ConfigFile
	}
	return &compiler{
		opts: o, dir: filepath.Dir(home), files: sha256.New(),
		plan: &Plan{
			Script: o.Files[0], Environment: o.Environment, base: map[string]any{},
			environment: Options{Env: o.Env, Dotenv: o.Dotenv},
		},
	}
}

func (c *compiler) fault(pos Position, format string, args ...any) {
	c.problems = append(c.problems, Problem{pos, fmt.Sprintf(format, args...)})
}

func (c *compiler) warn(pos Position, format string, args ...any) {
	c.plan.Warnings = append(c.plan.Warnings, Problem{pos, fmt.Sprintf(format, args...)})
}

// object calls a function for each field of n and refuses unknown keys. what
// names n in messages. A value of null is as if the key were absent.
func (c *compiler) object(n *node, what string, known map[string]func(*node)) {
	if n.isNull() {
		return
	}
	if n.kind != objectNode {
		c.fault(n.pos, "%s must be an object, not %s", what, n.what())
		return
	}
	for _, f := range n.fields {
		read, ok := known[f.key]
		if !ok {
			c.unknown(f, what, slices.Sorted(maps.Keys(known)))
			continue
		}
		if !f.value.isNull() {
			read(f.value)
		}
	}
}

func (c *compiler) unknown(f field, what string, legal []string) {
	c.fault(f.pos, "unknown key %q in %s%s", f.key, what, suggest(f.key, legal))
}

// list returns the items of a list; one value that is no list counts as one.
func (c *compiler) list(n *node, what string) []*node {
	switch {
	case n.isNull():
		return nil
	case n.kind == listNode:
		return n.items
	case n.kind == objectNode && what != "fields":
		return []*node{n}
	}
	c.fault(n.pos, "%s must be a list, not %s", what, n.what())
	return nil
}

// text accepts a text, and a number or bool as its text.
func (c *compiler) text(n *node, what string) (string, bool) {
	if n.kind != scalarNode || n.scalar == nil {
		c.fault(n.pos, "%s must be text, not %s", what, n.what())
		return "", false
	}
	return textOf(n.scalar), true
}

// boolean accepts true and false, and their texts.
func (c *compiler) boolean(n *node, what string) bool {
	switch n.scalar {
	case true, "true":
		return true
	case false, "false":
		return false
	}
	c.fault(n.pos, "%s must be true or false, not %s", what, n.what())
	return false
}

// number accepts a number and a numeric text.
func (c *compiler) number(n *node, what string) (float64, bool) {
	f := math.NaN()
	if _, isBool := n.scalar.(bool); n.kind == scalarNode && n.scalar != nil && !isBool && n.scalar != "" {
		f = number(n.scalar)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		c.fault(n.pos, "%s must be a number, not %s", what, n.what())
		return 0, false
	}
	return f, true
}

// amount accepts a number of 0 or more.
func (c *compiler) amount(n *node, what string) float64 {
	f, ok := c.number(n, what)
	if ok && f < 0 {
		c.fault(n.pos, "%s must be 0 or more, not %s", what, n.what())
	}
	return max(f, 0)
}

// whole accepts a whole number of 0 or more.
func (c *compiler) whole(n *node, what string) int {
	f, ok := c.number(n, what)
	if ok && (f < 0 || f != math.Floor(f) || f > math.MaxInt32) {
		c.fault(n.pos, "%s must be a whole number of 0 or more, not %s", what, n.what())
		return 0
	}
	return int(f)
}

func (c *compiler) duration(n *node, what string) time.Duration {
	if n.kind != scalarNode || n.scalar == nil {
		c.fault(n.pos, "%s must be a duration, not %s", what, n.what())
		return 0
	}
	d, err := parseDuration(textOf(n.scalar))
	if err != nil {
		c.fault(n.pos, "%s: %s", what, err)
	}
	return d
}

// choice accepts one of a few words.
func (c *compiler) choice(n *node, what string, words ...string) string {
	s, ok := n.text()
	if !ok || !slices.Contains(words, s) {
		c.fault(n.pos, "%s must be %s, not %s%s", what, strings.Join(words, " or "), n.what(), suggest(s, words))
	}
	return s
}

// template compiles a text; $env is known now.
func (c *compiler) template(n *node, what string) *Template {
	s, ok := c.text(n, what)
	if !ok {
		return literalTemplate("")
	}
	return c.compileText(s, n.pos)
}

func (c *compiler) compileText(s string, pos Position) *Template {
	t, err := compileTemplate(s, c.environment)
	if err != nil {
		c.fault(pos, "%s", err)
		return literalTemplate(s)
	}
	if c.once {
		for i, p := range t.parts {
			switch p.expr.(type) {
			case *randomNumberExpr, *randomStringExpr:
				v, ok := p.expr.value(c.scope)
				t.parts[i].expr = &constantExpr{v, ok}
			}
		}
	}
	return t
}

// environment answers for $env.X and $processEnvironment.X.
func (c *compiler) environment(name string) (value any, defined, known bool) {
	key, ok := strings.CutPrefix(name, "$env.")
	if !ok {
		if key, ok = strings.CutPrefix(name, "$processEnvironment."); !ok {
			return nil, false, false
		}
	}
	v, set := c.opts.variable(key)
	if !set {
		return nil, false, true
	}
	return v, true, true
}

// valueOf compiles a value with templates in it.
func (c *compiler) valueOf(n *node) valueTemplate {
	var t valueTemplate
	static := true
	switch n.kind {
	case listNode:
		for _, item := range n.items {
			v := c.valueOf(item)
			static = static && v.static != nil
			t.items = append(t.items, v)
		}
	case objectNode:
		t.object = true
		for _, f := range n.fields {
			m := memberTemplate{c.compileText(f.key, f.pos), c.valueOf(f.value)}
			_, plain := m.key.Static()
			static = static && plain && m.value.static != nil
			t.fields = append(t.fields, m)
		}
	default:
		if s, ok := n.text(); ok {
			t.text = c.compileText(s, n.pos)
			_, static = t.text.Static()
		}
	}
	if static {
		v := n.value()
		return valueTemplate{static: appendJSON(nil, v), value: v}
	}
	return t
}

// fieldsOf compiles an object of headers, cookies or parameters.
func (c *compiler) fieldsOf(n *node, what string) []fieldTemplate {
	if n.isNull() {
		return nil
	}
	if n.kind != objectNode {
		c.fault(n.pos, "%s must be an object, not %s", what, n.what())
		return nil
	}
	fields := make([]fieldTemplate, len(n.fields))
	for i, f := range n.fields {
		fields[i] = fieldTemplate{c.compileText(f.key, f.pos), c.valueOf(f.value)}
	}
	return fields
}
