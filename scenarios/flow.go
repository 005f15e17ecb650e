package scenarios

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// methods are the request steps.
var methods = []string{"get", "post", "put", "patch", "delete", "head", "options"}

// stepNames are all steps that a flow may have.
var stepNames = append(slices.Clone(methods), "think", "loop", "log", "parallel", "function")

func (c *compiler) flows(root *node) {
	scenarios := root.get("scenarios")
	for i, item := range c.list(scenarios, "scenarios") {
		c.plan.Flows = append(c.plan.Flows, c.flow(item, i))
	}
	if len(c.plan.Flows) == 0 {
		pos := Position{File: c.opts.Files[0]}
		if scenarios != nil {
			pos = scenarios.pos
		}
		c.fault(pos, "there are no scenarios")
		return
	}
	c.plan.Before = c.onceFlow(root.get("before"), "before")
	c.plan.After = c.onceFlow(root.get("after"), "after")
	c.choose()
	for _, f := range c.plan.Flows {
		c.plan.weight += f.Weight
	}
	if !(c.plan.weight > 0) && len(c.problems) == 0 {
		c.fault(scenarios.pos, "all scenarios have weight 0")
	}
}

// choose leaves weight only to the scenarios that --scenario-name names.
func (c *compiler) choose() {
	want := c.opts.ScenarioName
	if want == "" {
		return
	}
	is := func(f Flow) bool { return f.Name == want }
	if !slices.ContainsFunc(c.plan.Flows, is) {
		re, err := regexp.Compile(want)
		if err != nil {
			c.fault(Position{File: "--scenario-name"}, "%q is neither the name of a scenario nor a regular expression: %s", want, err)
			return
		}
		is = func(f Flow) bool { return re.MatchString(f.Name) }
	}
	var names []string
	found := false
	for i, f := range c.plan.Flows {
		names = append(names, f.Name)
		if !is(f) {
			c.plan.Flows[i].Weight = 0
			continue
		}
		found = true
		if f.Weight == 0 {
			c.plan.Flows[i].Weight = 1
		}
	}
	if !found {
		c.fault(Position{File: "--scenario-name"}, "no scenario is named %q%s", want, c.known(want, names))
	}
}

// PickFlow draws the user's scenario, by weight, from the user's random stream.
func (p *Plan) PickFlow(s *Scope) *Flow {
	at := s.rand.Float64() * p.weight
	last := 0
	for i := range p.Flows {
		if w := p.Flows[i].Weight; w > 0 {
			if last = i; at < w {
				break
			}
			at -= w
		}
	}
	return &p.Flows[last]
}

func (c *compiler) flow(n *node, index int) Flow {
	f := Flow{Name: strconv.Itoa(index), Weight: 1}
	known := c.flowKeys(&f)
	known["weight"] = func(v *node) { f.Weight = c.amount(v, "weight") }
	c.flowObject(n, "scenario", known)
	if n.kind == objectNode && n.get("flow").isNull() {
		c.fault(n.pos, "scenario %s has no flow", f.Name)
	}
	return f
}

// onceFlow is the before or after flow: nothing in it is expected.
func (c *compiler) onceFlow(n *node, what string) *Flow {
	if n.isNull() {
		return nil
	}
	f := Flow{Name: what}
	c.unjudged = true
	defer func() { c.unjudged = false }()
	c.flowObject(n, what, c.flowKeys(&f))
	if n.kind == objectNode && n.get("flow").isNull() {
		c.fault(n.pos, "%s has no flow", what)
	}
	return &f
}

// flowObject reads a scenario. Its hooks of requests are known only when all of
// it has been read.
func (c *compiler) flowObject(n *node, what string, known map[string]func(*node)) {
	var before, after []string
	known["beforeRequest"] = func(v *node) { before = c.functions(v, "beforeRequest") }
	known["afterResponse"] = func(v *node) { after = c.functions(v, "afterResponse") }
	first := len(c.requests)
	c.object(n, what, known)
	c.hookAll(c.requests[first:], before, after)
}

func (c *compiler) flowKeys(f *Flow) map[string]func(*node) {
	known := map[string]func(*node){
		"name": func(v *node) { f.Name, _ = c.text(v, "name") },
		"flow": func(v *node) { f.Steps = c.steps(v) },

		"beforeScenario": func(v *node) { f.BeforeScenario = c.functions(v, "beforeScenario") },
		"afterScenario":  func(v *node) { f.AfterScenario = c.functions(v, "afterScenario") },
		"onError":        func(v *node) { f.OnError = c.functions(v, "onError") },
		"engine": func(v *node) {
			if s, _ := c.text(v, "engine"); s != "http" {
				c.fault(v.pos, "engine %q is not supported, only http is", s)
			}
		},
	}
	return known
}

// steps compiles a list of steps; a list inside it (an anchor) is flattened.
func (c *compiler) steps(n *node) []Step {
	var steps []Step
	if n.kind == objectNode {
		c.fault(n.pos, "a flow must be a list of steps, not an object")
		return nil
	}
	for _, item := range c.list(n, "a flow") {
		inner := []*node{item}
		if item.kind == listNode {
			inner = item.items
		}
		for _, s := range inner {
			if step := c.step(s); step != nil {
				steps = append(steps, step)
			}
		}
	}
	return steps
}

// companions are the keys that may stand beside a step's own.
var companions = map[string][]string{
	"loop":     {"count", "over", "whileTrue", "loopValue", "loopElement"},
	"parallel": {"limit"},
	"think":    {"jitter"},
}

func (c *compiler) step(n *node) Step {
	if n.kind != objectNode || len(n.fields) == 0 {
		c.fault(n.pos, "a step is an object such as {get: {url: /}}, not %s", n.what())
		return nil
	}
	main := slices.IndexFunc(n.fields, func(f field) bool { return slices.Contains(stepNames, f.key) })
	if main < 0 {
		f := n.fields[0]
		c.fault(f.pos, "unknown step %q%s", f.key, c.known(f.key, stepNames))
		return nil
	}
	f := n.fields[main]
	for i, other := range n.fields {
		if i != main && !slices.Contains(companions[f.key], other.key) {
			c.fault(other.pos, "a step has one key: %q stands beside %q%s", other.key, f.key, suggest(other.key, companions[f.key]))
			return nil
		}
	}
	switch f.key {
	case "think":
		return c.think(f.value, n.get("jitter"))
	case "log":
		return &Log{f.pos, c.template(f.value, "log")}
	case "loop":
		return c.loop(n, f)
	case "function":
		return &Function{f.pos, c.function(f.value, "function")}
	case "parallel":
		return c.parallel(n, f)
	}
	return c.request(f)
}

func (c *compiler) think(n, own *node) Step {
	t := &Think{Pos: n.pos, jitter: c.defaults.jitter}
	if own != nil {
		t.jitter = c.jitter(own)
	}
	text := c.template(n, "think")
	source, static := text.Static()
	if !static {
		t.text = text
		return t
	}
	d, err := parseDuration(source)
	if err != nil {
		c.fault(n.pos, "think: %s", err)
	} else if f := textNumber(source); f != math.Floor(f) { // false for NaN
		if !math.IsNaN(f) {
			c.warn(n.pos, "think: %s means %s; Artillery 2.0.34 waits about 1 ms (D1)", source, d)
		}
	}
	t.fixed = d
	return t
}

func (c *compiler) jitter(n *node) jitter {
	s, _ := c.text(n, "jitter")
	if share, ok := strings.CutSuffix(strings.TrimSpace(s), "%"); ok {
		f := textNumber(share)
		if !(f >= 0 && f <= 100) {
			c.fault(n.pos, "jitter must be 0%% to 100%% or a duration, not %s", n.what())
			return jitter{}
		}
		return jitter{share: f / 100}
	}
	return jitter{fixed: c.duration(n, "jitter")}
}

// parallelLimit is Artillery's default for `limit`.
const parallelLimit = 100

func (c *compiler) parallel(n *node, f field) Step {
	p := &Parallel{Pos: f.pos, Steps: c.steps(f.value), Limit: parallelLimit}
	if limit := n.get("limit"); !limit.isNull() {
		if p.Limit = c.whole(limit, "limit"); p.Limit < 1 {
			c.fault(limit.pos, "limit must be 1 or more, not %s", limit.what())
		}
	}
	return p
}

func (c *compiler) loop(n *node, f field) Step {
	l := &Loop{Pos: f.pos, value: "$loopCount", element: "$loopElement"}
	c.object(n, "loop", map[string]func(*node){
		"loop":        func(v *node) { l.Steps = c.steps(v) },
		"count":       func(v *node) { l.count = c.count(v) },
		"over":        func(v *node) { c.over(l, v) },
		"whileTrue":   func(v *node) { l.While = c.function(v, "whileTrue") },
		"loopValue":   func(v *node) { l.value, _ = c.text(v, "loopValue") },
		"loopElement": func(v *node) { l.element, _ = c.text(v, "loopElement") },
	})
	switch {
	case n.get("count").isNull() && n.get("over").isNull() && n.get("whileTrue").isNull():
		c.fault(f.pos, "a loop needs count, over or whileTrue (count: -1 is endless)")
	case l.count != nil && !n.get("over").isNull():
		c.fault(f.pos, "a loop has count or over, not both")
	case l.count == nil && n.get("over").isNull(): // whileTrue alone decides
		l.count = literalTemplate("-1")
	}
	return l
}

func (c *compiler) count(n *node) *Template {
	t := c.template(n, "count")
	source, static := t.Static()
	if !static {
		return t
	}
	if _, _, _, ok := parseCount(source); !ok {
		c.fault(n.pos, `count must be a number, a range such as "2-4", or -1 for endless, not %s`, n.what())
	}
	if source == "0" {
		c.warn(n.pos, "count: 0 is no pass; in Artillery it loops for ever (D6)")
	}
	return t
}

func (c *compiler) over(l *Loop, n *node) {
	if n.kind == listNode {
		l.over = make([]valueTemplate, len(n.items))
		for i, item := range n.items {
			l.over[i] = c.valueOf(item)
		}
		return
	}
	name, ok := c.text(n, "over")
	if !ok {
		return
	}
	if !strings.Contains(name, "{{") {
		name = fmt.Sprintf("{{ %s }}", name)
	}
	l.list = c.compileText(name, n.pos)
}
