// Package ensure reads the checks of a script: what must hold of a run's figures, and which figures there can be.
package ensure

import (
	"fmt"
	"slices"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/value"
)

// Reader reads `ensure` into a plan, whose flows and options have been read.
type Reader struct {
	*settings.Reader

	Plan     *plan.Plan
	Requests []*plan.Request // all of the plan's
	Compile  func(plan.CheckSource) (plan.Check, error)
	// Emits tells whether a function of the processor may emit a metric; nil without a processor.
	Emits func(metric string) bool

	metrics *metrics
}

// Read reads config.ensure and plugins.ensure.
func (c *Reader) Read(config *tree.Node) {
	c.metrics = c.metricsOf()
	c.ensure(config.Get("ensure"))
	c.ensure(config.Get("plugins").Get("ensure"))
}

// Disabled reads them for a run whose thresholds are not checked: only what it may do stays.
func (c *Reader) Disabled(config *tree.Node) {
	c.Warn(tree.Position{}, "ARTILLERY_DISABLE_ENSURE is set: no threshold is checked")
	c.allow(config.Get("ensure").Get("allow"))
	c.allow(config.Get("plugins").Get("ensure").Get("allow"))
}

// legacyChecks are the keys of `ensure` that stand for themselves.
var legacyChecks = []string{"min", "max", "median", "p50", "p75", "p90", "p95", "p99", "p999", "mean"}

func (c *Reader) ensure(n *tree.Node) {
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
func (c *Reader) allow(n *tree.Node) {
	items := []*tree.Node{n}
	switch {
	case n.IsNull():
		return
	case n.Kind == tree.List:
		items = n.Items
	}
	for _, item := range items {
		word := c.Choice(item, "allow", plan.Hollows()...)
		c.Plan.Allow = append(c.Plan.Allow, word)
	}
}

func (c *Reader) thresholds(n *tree.Node) {
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

func (c *Reader) threshold(v *tree.Node, printed, metric string) {
	if limit, ok := c.Number(v, "the threshold of "+printed); ok {
		c.check(v, below(printed, metric, limit))
	}
}

func (c *Reader) maxErrorRate(v *tree.Node) {
	if limit, ok := c.Number(v, plan.MaxErrorRate); ok {
		c.check(v, below(plan.MaxErrorRate, plan.MaxErrorRate, limit))
	}
}

func below(printed, metric string, limit float64) plan.CheckSource {
	return plan.CheckSource{Text: fmt.Sprintf("%s < %s", printed, value.FormatNumber(limit)), Metric: metric, Max: limit}
}

// check compiles a check that stands at n.
func (c *Reader) check(n *tree.Node, source plan.CheckSource) {
	check, err := c.Compile(source)
	if err != nil {
		c.Fault(n.Pos, "condition %q: %s", source.Text, err)
		return
	}
	check.Pos = n.Pos
	c.possible(&check)
	c.Plan.Checks = append(c.Plan.Checks, check)
}

func (c *Reader) conditions(n *tree.Node) {
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
func (c *Reader) spelledOut(text string) []string {
	return slices.DeleteFunc(c.metrics.spelled(), func(name string) bool { return !strings.Contains(text, name) })
}
