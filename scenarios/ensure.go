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
	limit, ok := c.number(v, "the threshold of "+printed)
	if !ok {
		return
	}
	c.plan.Checks = append(c.plan.Checks, Check{
		Pos: v.pos, Text: fmt.Sprintf("%s < %s", printed, formatNumber(limit)), Strict: true,
		Metric: metric, Max: limit, names: []string{metric},
		expr: func(e env) any { return compare("<", e.name(metric), limit) },
	})
}

func (c *compiler) maxErrorRate(v *node) {
	limit, ok := c.number(v, "maxErrorRate")
	if !ok {
		return
	}
	const created, completed = "vusers.created", "vusers.completed"
	c.plan.Checks = append(c.plan.Checks, Check{
		Pos: v.pos, Text: fmt.Sprintf("maxErrorRate < %s", formatNumber(limit)), Strict: true,
		names: []string{created, completed},
		expr: func(e env) any {
			all, done := number(e.name(created)), number(e.name(completed))
			return all == 0 || (all-done)/all*100 <= limit
		},
	})
}

func (c *compiler) conditions(n *node) {
	for _, item := range c.list(n, "conditions") {
		check := Check{Pos: item.pos, Strict: true}
		var text *node
		c.object(item, "condition", map[string]func(*node){
			"expression": func(v *node) { text = v },
			"strict":     func(v *node) { check.Strict = c.boolean(v, "strict") },
		})
		if text == nil {
			c.fault(item.pos, "a condition needs an expression")
			continue
		}
		source, ok := c.text(text, "an expression")
		if !ok {
			continue
		}
		check.Text = source
		seen := func(name string) {
			if !slices.Contains(check.names, name) {
				check.names = append(check.names, name)
			}
		}
		var err error
		if check.expr, err = compileExpression(c.metricDialect(), source, seen); err != nil {
			c.fault(text.pos, "condition %q: %s", source, err)
			continue
		}
		c.plan.Checks = append(c.plan.Checks, check)
	}
}

// metricDialect knows those names of the coming report that hold characters
// which an expression would read otherwise, longest first.
func (c *compiler) metricDialect() dialect {
	d := filtrex
	d.spaced = true
	known := []string{"errors." + string(ErrCapture), "plugins.metrics-by-endpoint"}
	add := func(names ...string) { known = append(known, names...) }
	for _, f := range c.plan.Flows {
		add("vusers.created_by_name." + f.Name)
	}
	for _, r := range c.requests {
		path := "plugins.metrics-by-endpoint."
		add(path+r.Endpoint, path+"response_time."+r.Endpoint, path+"server-timing."+r.Endpoint)
		if r.Name != "" {
			add(path+r.Name, path+"response_time."+r.Name, path+"server-timing."+r.Name)
		}
		for _, e := range r.expect {
			add("plugins.expect.ok."+e.kind, "plugins.expect.failed."+e.kind)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	d.known = slices.Compact(known)
	return d
}
