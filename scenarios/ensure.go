package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Check is one threshold or condition of `ensure`, judged when the run has
// ended. Metrics are named as in the JSON report: counters and rates by name,
// "<summary>.p95" and the like.
type Check struct {
	Pos    Position
	Text   string  // as printed: "http.response_time.p99 < 5000", "maxErrorRate < 0"
	Strict bool    // false: printed, but does not decide
	Metric string  // the metric of a threshold; "" for other conditions
	Max    float64 // the threshold: the metric must be below it
	Source CheckSource

	names []string
	expr  expression
}

// Names returns the metrics that the check reads. The caller must not change
// the list.
func (c *Check) Names() []string { return c.names }

// Pass judges the check. A name that lookup does not know fails it.
func (c *Check) Pass(lookup func(name string) (float64, bool)) bool {
	m := metrics{lookup: lookup}
	ok := truthy(c.expr(&m))
	return ok && !m.missing
}

type metrics struct {
	lookup  func(string) (float64, bool)
	missing bool
}

func (m *metrics) name(name string) any {
	v, ok := m.lookup(name)
	if !ok {
		m.missing = true
		return undefined{}
	}
	return v
}

// legacyChecks are the keys of `ensure` that stand for themselves.
var legacyChecks = []string{"min", "max", "median", "p50", "p75", "p90", "p95", "p99", "p999", "mean"}

func (c *compiler) ensure(n *node) {
	if n.isNull() {
		return
	}
	known := map[string]func(*node){
		"thresholds":   c.thresholds,
		"conditions":   c.conditions,
		"maxErrorRate": c.maxErrorRate,
	}
	for _, key := range legacyChecks {
		known[key] = func(v *node) { c.threshold(v, key, "http.response_time."+key) }
	}
	c.object(n, "ensure", known)
}

func (c *compiler) thresholds(n *node) {
	for _, item := range c.list(n, "thresholds") {
		if item.kind != objectNode {
			c.fault(item.pos, "a threshold is an object, metric: maximum, not %s", item.what())
			continue
		}
		for _, f := range item.fields {
			c.threshold(f.value, f.key, f.key)
		}
	}
}

func (c *compiler) threshold(v *node, printed, metric string) {
	if limit, ok := c.number(v, "the threshold of "+printed); ok {
		c.check(v, CheckSource{Text: fmt.Sprintf("%s < %s", printed, formatNumber(limit)), Metric: metric, Max: limit})
	}
}

func (c *compiler) maxErrorRate(v *node) {
	if limit, ok := c.number(v, maxErrorRate); ok {
		c.check(v, CheckSource{Text: fmt.Sprintf("%s < %s", maxErrorRate, formatNumber(limit)), Metric: maxErrorRate, Max: limit})
	}
}

// check compiles a check that stands at n.
func (c *compiler) check(n *node, source CheckSource) {
	check, err := source.Compile()
	if err != nil {
		c.fault(n.pos, "condition %q: %s", source.Text, err)
		return
	}
	check.Pos = n.pos
	c.plan.Checks = append(c.plan.Checks, check)
}

func (c *compiler) conditions(n *node) {
	for _, item := range c.list(n, "conditions") {
		var source CheckSource
		var text *node
		c.object(item, "condition", map[string]func(*node){
			"expression": func(v *node) { text = v },
			"strict":     func(v *node) { source.Optional = !c.boolean(v, "strict") },
		})
		if text == nil {
			c.fault(item.pos, "a condition needs an expression")
			continue
		}
		var ok bool
		if source.Text, ok = c.text(text, "an expression"); ok {
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
	known := []string{"errors." + string(ErrCapture), "plugins.metrics-by-endpoint"}
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
		for _, e := range r.expect {
			add("plugins.expect.ok."+e.kind, "plugins.expect.failed."+e.kind)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(known)
}
