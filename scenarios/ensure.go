package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"edgescope/scenarios/condition"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/tree"
	"edgescope/scenarios/value"
)

// ensureAll reads config.ensure and plugins.ensure, unless the environment turns them off.
func (c *compiler) ensureAll(config *tree.Node) {
	if v, set := c.opts.Env("ARTILLERY_DISABLE_ENSURE"); set && v != "" {
		c.Warn(tree.Position{}, "ARTILLERY_DISABLE_ENSURE is set: no threshold is checked")
		c.allow(config.Get("ensure").Get("allow"))
		c.allow(config.Get("plugins").Get("ensure").Get("allow"))
		return
	}
	c.ensure(config.Get("ensure"))
	c.ensure(config.Get("plugins").Get("ensure"))
}

// legacyChecks are the keys of `ensure` that stand for themselves.
var legacyChecks = []string{"min", "max", "median", "p50", "p75", "p90", "p95", "p99", "p999", "mean"}

func (c *compiler) ensure(n *tree.Node) {
	if n.IsNull() {
		return
	}
	known := map[string]func(*tree.Node){
		"thresholds":   c.thresholds,
		"conditions":   c.conditions,
		"maxErrorRate": c.maxErrorRate,
		"allow":        c.allow,
	}
	for _, key := range legacyChecks {
		known[key] = func(v *tree.Node) { c.threshold(v, key, "http.response_time."+key) }
	}
	c.Object(n, "ensure", known)
}

// allow reads `ensure.allow`, ours: one way in which a run may show nothing, or a list of them.
func (c *compiler) allow(n *tree.Node) {
	items := []*tree.Node{n}
	switch {
	case n.IsNull():
		return
	case n.Kind == tree.List:
		items = n.Items
	}
	for _, item := range items {
		word := c.Choice(item, "allow", plan.Hollows()...)
		c.plan.Allow = append(c.plan.Allow, word)
	}
}

func (c *compiler) thresholds(n *tree.Node) {
	for _, item := range c.List(n, "thresholds") {
		if item.Kind != tree.Object {
			c.Fault(item.Pos, "a threshold is an object, metric: maximum, not %s", item.What())
			continue
		}
		for _, f := range item.Fields {
			c.threshold(f.Value, f.Key, f.Key)
		}
	}
}

func (c *compiler) threshold(v *tree.Node, printed, metric string) {
	if limit, ok := c.Number(v, "the threshold of "+printed); ok {
		c.check(v, below(printed, metric, limit))
	}
}

func (c *compiler) maxErrorRate(v *tree.Node) {
	if limit, ok := c.Number(v, plan.MaxErrorRate); ok {
		c.check(v, below(plan.MaxErrorRate, plan.MaxErrorRate, limit))
	}
}

func below(printed, metric string, limit float64) plan.CheckSource {
	return plan.CheckSource{Text: fmt.Sprintf("%s < %s", printed, value.FormatNumber(limit)), Metric: metric, Max: limit}
}

// check compiles a check that stands at n.
func (c *compiler) check(n *tree.Node, source plan.CheckSource) {
	check, err := condition.Check(source)
	if err != nil {
		c.Fault(n.Pos, "condition %q: %s", source.Text, err)
		return
	}
	check.Pos = n.Pos
	c.plan.Checks = append(c.plan.Checks, check)
}

func (c *compiler) conditions(n *tree.Node) {
	for _, item := range c.List(n, "conditions") {
		var source plan.CheckSource
		var text *tree.Node
		c.Object(item, "condition", map[string]func(*tree.Node){
			"expression": func(v *tree.Node) { text = v },
			"strict":     func(v *tree.Node) { source.Optional = !c.Bool(v, "strict") },
		})
		if text == nil {
			c.Fault(item.Pos, "a condition needs an expression")
			continue
		}
		var ok bool
		if source.Text, ok = c.Text(text, "an expression"); ok {
			source.Known = c.spelledOut(source.Text)
			c.check(text, source)
		}
	}
}

// spelledOut are those of the names of the coming report that occur in a condition and hold characters which an
// expression would read otherwise, longest first.
func (c *compiler) spelledOut(text string) []string {
	return slices.DeleteFunc(c.reportNames(), func(name string) bool { return !strings.Contains(text, name) })
}

// reportNames are names of the coming report, longest first.
func (c *compiler) reportNames() []string {
	known := []string{"errors." + string(plan.ErrCapture), "plugins.metrics-by-endpoint"}
	add := func(names ...string) { known = append(known, names...) }
	for _, f := range c.plan.Flows {
		add("vusers.created_by_name." + f.Name)
	}
	path := cmp.Or(c.plan.Endpoints.Namespace, "plugins.metrics-by-endpoint") + "."
	for _, r := range c.requests {
		for _, label := range []string{r.Endpoint, r.Name} {
			if label != "" {
				add(path+label, path+"response_time."+label, path+"server-timing."+label)
				add("edgescope.cache.hit_ratio."+label, "edgescope.cache-by-endpoint."+label)
			}
		}
		for _, kind := range r.Expects {
			add("plugins.expect.ok."+kind, "plugins.expect.failed."+kind)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(known)
}
