package scenarios

import (
	"slices"
	"strconv"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/engine"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/regex"
	"edgescope/scenarios/request"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/websocket"
)

// commonSteps are the steps of all scenarios.
var commonSteps = []string{"think", "loop", "log", "function"}

// stepsOf are all steps that the scenarios of an engine may have.
func stepsOf(name string) []string {
	if name == engine.WS {
		return append(websocket.StepNames(), commonSteps...)
	}
	return append(append(request.Methods(), "parallel"), commonSteps...)
}

func (c *compiler) flows(root *tree.Node) {
	scenarios := root.Get("scenarios")
	for i, item := range c.List(scenarios, "scenarios") {
		c.plan.Flows = append(c.plan.Flows, c.flow(item, i))
	}
	if len(c.plan.Flows) == 0 {
		pos := tree.Position{File: c.opts.Files[0]}
		if scenarios != nil {
			pos = scenarios.Pos
		}
		c.Fault(pos, "there are no scenarios")
		return
	}
	if c.plan.Silent() {
		c.plan.Allow = append(c.plan.Allow, plan.NothingSent)
	}
	c.plan.Before = c.onceFlow(root.Get("before"), "before")
	c.plan.After = c.onceFlow(root.Get("after"), "after")
	c.choose()
	weight := 0.0
	for _, f := range c.plan.Flows {
		weight += f.Weight
	}
	if !(weight > 0) && len(c.Problems) == 0 {
		c.Fault(scenarios.Pos, "all scenarios have weight 0")
	}
}

// choose leaves weight only to the scenarios that --scenario-name names.
func (c *compiler) choose() {
	want := c.opts.ScenarioName
	if want == "" {
		return
	}
	is := func(f plan.Flow) bool { return f.Name == want }
	if !slices.ContainsFunc(c.plan.Flows, is) {
		re, err := regex.Compile(want, "")
		if err != nil {
			c.Fault(tree.Position{File: "--scenario-name"}, "%q is neither the name of a scenario nor a regular expression: %s",
				want, err)
			return
		}
		is = func(f plan.Flow) bool {
			found, err := re.Matches(f.Name)
			if err != nil {
				c.Fault(tree.Position{File: "--scenario-name"}, "%q: %s", want, err)
			}
			return found
		}
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
		c.Fault(tree.Position{File: "--scenario-name"}, "no scenario is named %q%s", want, settings.Known(want, names))
	}
}

func (c *compiler) flow(n *tree.Node, index int) plan.Flow {
	f := plan.Flow{Name: strconv.Itoa(index), Weight: 1}
	known := c.flowKeys(&f)
	known["weight"] = func(v *tree.Node) { f.Weight = c.weight(v) }
	c.flowObject(n, "scenario", known)
	if n.Kind == tree.Object && n.Get("flow").IsNull() {
		c.Fault(n.Pos, "scenario %s has no flow", f.Name)
	}
	return f
}

// weight is a number, or a template that is rendered once, before the run: with the variables and the payload rows that
// a first user would have.
func (c *compiler) weight(n *tree.Node) float64 {
	text, ok := n.Text()
	if !ok || !strings.Contains(text, "{{") {
		return c.Amount(n, "weight")
	}
	t := c.templates.Compile(text, n.Pos)
	v, ok := t.Value(c.plan.NewScope(c.opts.Seed, -1, nil))
	if !ok {
		c.Fault(n.Pos, "weight %q: there is no such variable when scenarios are weighed, before the first user", text)
		return 0
	}
	return c.Amount(templates.Rendered(v, n), "weight")
}

// onceFlow is the before or after flow: nothing in it is expected.
func (c *compiler) onceFlow(n *tree.Node, what string) *plan.Flow {
	if n.IsNull() {
		return nil
	}
	f := plan.Flow{Name: what}
	c.wants.Unjudged = true
	defer func() { c.wants.Unjudged = false }()
	c.flowObject(n, what, c.flowKeys(&f))
	if n.Kind == tree.Object && n.Get("flow").IsNull() {
		c.Fault(n.Pos, "%s has no flow", what)
	}
	return &f
}

// flowObject reads a scenario. Its hooks of requests are known only when all of it has been read.
func (c *compiler) flowObject(n *tree.Node, what string, known map[string]func(*tree.Node)) {
	var before, after []string
	goOn := false
	known["continueOnError"] = func(v *tree.Node) {
		if c.flowEngine == engine.WS {
			c.Fault(v.Pos, "continueOnError is for requests: a user of a scenario with engine: ws ends with its connection")
		}
		goOn = c.Bool(v, "continueOnError")
	}
	known["beforeRequest"] = func(v *tree.Node) { before = c.requestHooks(v, "beforeRequest") }
	known["afterResponse"] = func(v *tree.Node) { after = c.requestHooks(v, "afterResponse") }
	first := len(c.requests)
	c.flowEngine = c.engine
	if v := n.Get("engine"); !v.IsNull() {
		c.flowEngine = engine.Name(c.Reader, v)
	}
	c.Object(n, what, known)
	c.hookAll(c.requests[first:], before, after)
	for _, r := range c.requests[first:] {
		r.ContinueOnError = r.ContinueOnError || goOn && !c.decided[r]
	}
}

func (c *compiler) flowKeys(f *plan.Flow) map[string]func(*tree.Node) {
	known := map[string]func(*tree.Node){
		"name": func(v *tree.Node) { f.Name, _ = c.Text(v, "name") },
		"flow": func(v *tree.Node) { f.Steps = c.flowSteps(v) },

		"beforeScenario": func(v *tree.Node) { f.BeforeScenario = c.functions(v, "beforeScenario") },
		"afterScenario":  func(v *tree.Node) { f.AfterScenario = c.functions(v, "afterScenario") },
		"onError":        func(v *tree.Node) { f.OnError = c.functions(v, "onError") },
		"engine":         settings.Ignored, // read before all else
		"variables":      func(v *tree.Node) { f.Start = c.ownVariables(v) },
	}
	return known
}

// steps compiles a list of steps; a list inside it (an anchor) is flattened.
func (c *compiler) steps(n *tree.Node) []plan.Step {
	var steps []plan.Step
	if n.Kind == tree.Object {
		c.Fault(n.Pos, "a flow must be a list of steps, not an object")
		return nil
	}
	for _, item := range c.List(n, "a flow") {
		inner := []*tree.Node{item}
		if item.Kind == tree.List {
			inner = item.Items
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

func (c *compiler) step(n *tree.Node) plan.Step {
	if n.Kind != tree.Object || len(n.Fields) == 0 {
		c.Fault(n.Pos, "a step is an object such as {get: {url: /}}, not %s", n.What())
		return nil
	}
	names := stepsOf(c.flowEngine)
	main := slices.IndexFunc(n.Fields, func(f tree.Field) bool { return slices.Contains(names, f.Key) })
	if main < 0 {
		engine.UnknownStep(c.Reader, n.Fields[0], c.flowEngine, names, append(stepsOf(engine.HTTP), stepsOf(engine.WS)...))
		return nil
	}
	f := n.Fields[main]
	for i, other := range n.Fields {
		if i != main && !slices.Contains(companions[f.Key], other.Key) {
			c.Fault(other.Pos, "a step has one key: %q stands beside %q%s", other.Key, f.Key,
				settings.Suggest(other.Key, companions[f.Key]))
			return nil
		}
	}
	return c.stepOf(n, f)
}

func (c *compiler) stepOf(n *tree.Node, f tree.Field) plan.Step {
	switch f.Key {
	case "think":
		return c.think(f.Value, n.Get("jitter"))
	case "log":
		return &plan.Log{Pos: f.Pos, Text: c.templates.Template(f.Value, "log").Text}
	case "loop":
		return c.loop(n, f)
	case "function":
		return &plan.Function{Pos: f.Pos, Name: c.function(f.Value, "function")}
	case "parallel":
		return c.parallel(n, f)
	case "connect":
		c.Fault(f.Pos, "connect must be the first step of a scenario: it has one connection, which is open from then on")
		return nil
	case "send":
		return c.sockets.Send(f)
	case "wait":
		return c.sockets.Wait(f)
	}
	return c.request(f)
}
