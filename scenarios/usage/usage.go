// Package usage finds the variables that a script reads and nobody sets, and the variables of the environment that are
// not there: both are sent as the text "undefined", and a run would not say so.
package usage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"edgescope/internal/near"
	"edgescope/internal/tree"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// Script is a script with what is known of it beside its tree.
type Script struct {
	Root    *tree.Node // all files, environments and overrides merged; templates as they are written
	Globals []string   // the variables that every user has from the beginning
	Code    *Code      // the processor; nil without one
	// Env tells whether a variable of the environment is there.
	Env func(name string) bool
	// Function tells whether a name is a function of the processor, which an ifTrue may be.
	Function func(name string) bool
	// Reads are the variables that a condition reads.
	Reads func(condition string) []string
	// Source is the text of a file of the script, nil for what is none (a flag).
	Source func(file string) []byte
}

// Check lists what is read and never set, in the order of the tree; a place that several flows share may be told more
// than once. Whatever may be set is taken as set: a function of the processor sets every variable that its code names.
func Check(s Script) tree.Problems {
	c := &checker{Script: s, flows: map[*tree.Node]set{}, lines: map[string][]int{}, globals: set{}}
	for _, name := range s.Globals {
		c.globals[name] = true
	}
	scenarios := listOf(s.Root.Get("scenarios"))
	for _, flow := range append(scenarios, s.Root.Get("before"), s.Root.Get("after")) {
		c.flows[flow] = setIn(flow)
	}
	c.begin(s.Root.Get("before"))
	c.globals.add(c.flows[s.Root.Get("before")])
	for _, flow := range scenarios {
		c.begin(flow)
	}
	c.begin(s.Root.Get("after"))
	c.defaults()
	if more := c.told - maxTold; more > 0 {
		c.problems = append(c.problems, tree.Problem{
			Pos: tree.Position{File: s.Root.Pos.File}, Msg: fmt.Sprintf("%d more places read what nobody sets", more),
		})
	}
	return c.problems
}

// set is a set of names.
type set map[string]bool

func (s set) add(other set) {
	for name := range other {
		s[name] = true
	}
}

func (s set) with(other set) set {
	both := set{}
	both.add(s)
	both.add(other)
	return both
}

func listOf(n *tree.Node) []*tree.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == tree.List:
		return slices.Clone(n.Items)
	}
	return []*tree.Node{n}
}

type checker struct {
	Script

	globals  set // that every user has
	flows    map[*tree.Node]set
	lines    map[string][]int // where the lines of a file begin, for place
	ever     set              // that the present flow sets at some time
	names    []string         // those of ever, and of the code, sorted; nil until they are needed
	compared int
	told     int
	problems tree.Problems
}

// maxTold is how many places are listed; how many more there are is said.
const maxTold = 100

func (c *checker) warn(r reading, why string) {
	if c.told++; c.told > maxTold {
		return
	}
	msg := fmt.Sprintf("%s: %s, %s", r.by, why, r.becomes)
	c.problems = append(c.problems, tree.Problem{Pos: c.place(&r), Msg: msg})
}

// begin walks a flow from its beginning.
func (c *checker) begin(flow *tree.Node) {
	if flow.IsNull() || flow.Kind != tree.Object {
		return
	}
	c.ever, c.names = c.globals.with(c.flows[flow]), nil
	now := c.globals.with(keysOf(flow.Get("variables")))
	for _, f := range flow.Fields {
		if f.Key != "flow" {
			c.reads(f.Value, c.ever)
		}
	}
	c.steps(flow.Get("flow"), now)
}

// steps walks steps in their order; now holds what is set when they begin, and grows.
func (c *checker) steps(n *tree.Node, now set) {
	for _, step := range listOf(n) {
		switch {
		case step.Kind == tree.List: // an anchor
			c.steps(step, now)
		case step.Get("loop") != nil:
			collect(step, now) // a later pass knows what an earlier one has set
			c.loop(step, now)
		case step.Get("parallel") != nil:
			collect(step, now)
			c.steps(step.Get("parallel"), now)
		default:
			c.step(step, now)
		}
	}
}

func (c *checker) loop(step *tree.Node, now set) {
	for _, f := range step.Fields {
		switch f.Key {
		case "loop":
			c.steps(f.Value, now)
		case "over":
			if name, ok := f.Value.Text(); ok && !strings.Contains(name, "{{") {
				c.variable(reading{pos: f.Value.Pos, path: name, by: "over", becomes: "the loop has no pass"}, now)
				continue
			}
			c.reads(f.Value, now)
		default:
			c.reads(f.Value, now)
		}
	}
}

// step walks one that has none inside. Captures and what is expected come after what the step itself captures.
func (c *checker) step(step *tree.Node, now set) {
	var later []*tree.Node
	for _, f := range step.Fields {
		if f.Value.Kind != tree.Object {
			c.reads(f.Value, now)
			continue
		}
		for _, inner := range f.Value.Fields {
			switch inner.Key {
			case "capture", "match", "expect":
				later = append(later, inner.Value)
			case "ifTrue":
				c.condition(inner.Value)
			default:
				c.readsField(inner, now)
			}
		}
	}
	collect(step, now)
	for _, n := range later {
		c.reads(n, now)
	}
}

// condition may ask for what is set later, or perhaps: but somebody must set it.
func (c *checker) condition(n *tree.Node) {
	text, ok := n.Text()
	if !ok || c.Function(text) {
		return
	}
	if strings.Contains(text, "{{") {
		c.reads(n, c.ever)
		return
	}
	for _, name := range c.Reads(text) {
		becomes := "it is undefined"
		if strings.Contains(text, "'"+name+"'") {
			becomes += fmt.Sprintf(` ('%s' is a variable's name, "%s" is text)`, name, name)
		}
		c.variable(reading{pos: n.Pos, path: name, by: "ifTrue", becomes: becomes}, c.ever)
	}
}

// reads looks at all templates in a value.
func (c *checker) reads(n *tree.Node, now set) {
	if n == nil {
		return
	}
	for _, item := range n.Items {
		c.reads(item, now)
	}
	for _, f := range n.Fields {
		c.readsField(f, now)
	}
	if text, ok := n.Text(); ok {
		c.text(text, n.Pos, now)
	}
}

func (c *checker) readsField(f tree.Field, now set) {
	c.text(f.Key, f.Pos, now)
	c.reads(f.Value, now)
}

func (c *checker) text(text string, pos tree.Position, now set) {
	for _, name := range templates.Names(text) {
		r := reading{pos, name.Text, name.Braces, "{{ " + name.Text + " }}", `"undefined" is sent`}
		key, isEnv := strings.CutPrefix(name.Text, "$env.")
		if !isEnv {
			key, isEnv = strings.CutPrefix(name.Text, "$processEnvironment.")
		}
		switch {
		case !isEnv:
			c.variable(r, now)
		case !c.Env(key):
			c.warn(r, "the environment has no variable "+key)
		}
	}
}

// reading is a place at which a variable is read.
type reading struct {
	pos     tree.Position
	path    string
	braces  int    // how many {{ stand before it
	by      string // what reads it
	becomes string // what comes of one that is not set
}

// variable makes sure that what is read is set by somebody, and early enough.
func (c *checker) variable(r reading, now set) {
	name := root(r.path)
	known := func(s set) bool { return s[name] || s[r.path] }
	if name == "$uuid" || known(now) || c.Code.Mentions(name) {
		return
	}
	why := c.why(name, known)
	if why == "" {
		hint := c.hint(name)
		if hint == "" && c.Code.setsAny() {
			return
		}
		why = "nobody sets " + name + hint
	}
	c.warn(r, why)
}

// maxCompared bounds how many names are compared with those that nobody sets: a large script has thousands of both.
const maxCompared = 200_000

// hint is the variable that was meant, if one is near.
func (c *checker) hint(name string) string {
	if c.names == nil {
		c.names = slices.Concat(slices.Sorted(maps.Keys(c.ever)), c.Code.names())
	}
	if c.compared += len(c.names); c.compared > maxCompared {
		return ""
	}
	most, meant := min(max(len(name)/3, 1), len(name)-1), ""
	for _, known := range c.names { // whatever their case
		if d := near.Distance(strings.ToLower(name), strings.ToLower(known)); d <= most {
			most, meant = d-1, known
		}
	}
	if meant == "" {
		return ""
	}
	return near.Meant(meant)
}

// why tells of a variable that is set, but not here and now, and of those that are loadgen's own; "" for any other.
func (c *checker) why(name string, known func(set) bool) string {
	switch {
	case known(c.ever):
		return name + " is set only later in this flow"
	case name == "$environment":
		return "no environment is chosen (-e)"
	case name == "$loopCount" || name == "$loopElement":
		return name + " is set in loops only"
	}
	for _, flow := range listOf(c.Root.Get("scenarios")) {
		if known(c.flows[flow]) {
			return "nobody sets " + name + " here (what another scenario sets is for its own users)"
		}
	}
	return ""
}

// root is the variable of a path such as "user.id" or "list[0].x".
func root(path string) string {
	if end := strings.IndexAny(path, ".["); end > 0 {
		return path[:end]
	}
	return path
}

// defaults are part of each request, at any time and of any user.
func (c *checker) defaults() {
	c.ever, c.names = c.globals.with(nil), nil
	for _, flow := range c.flows {
		c.ever.add(flow)
	}
	config := c.Root.Get("config")
	c.reads(config.Get("defaults"), c.ever)
	c.reads(config.Get("http").Get("defaults"), c.ever)
}

func keysOf(n *tree.Node) set {
	keys := set{}
	if n != nil {
		for _, f := range n.Fields {
			keys[f.Key] = true
		}
	}
	return keys
}

// setIn are the variables that a part of a script sets: captures, what loops count, a scenario's own variables.
func setIn(n *tree.Node) set {
	found := set{}
	collect(n, found)
	return found
}

func collect(n *tree.Node, found set) {
	if n == nil {
		return
	}
	for _, item := range n.Items {
		collect(item, found)
	}
	if n.Get("flow") != nil {
		found.add(keysOf(n.Get("variables")))
	}
	if n.Get("loop") != nil {
		for key, usual := range map[string]string{"loopValue": "$loopCount", "loopElement": "$loopElement"} {
			found[usual] = true
			if v := n.Get(key); v != nil {
				found[text(v)] = true
			}
		}
	}
	for _, f := range n.Fields {
		if f.Key == "capture" || f.Key == "match" {
			for _, one := range listOf(f.Value) {
				if as := text(one.Get("as")); as != "" {
					found[as], found[root(as)] = true, true
				}
			}
		}
		collect(f.Value, found)
	}
}

func text(n *tree.Node) string {
	if n.IsNull() || n.Kind != tree.Scalar {
		return ""
	}
	return value.Text(n.Scalar)
}
