package scenarios

import (
	"slices"
	"time"
)

// coldStarts reads `config.coldStarts`, ours: which requests are first hits.
func (c *compiler) coldStarts(n *node) {
	c.object(n, "coldStarts", map[string]func(*node){
		"idle": func(v *node) { c.plan.Idle = c.idle(v) },
	})
	if n.kind == objectNode && n.get("idle").isNull() {
		c.fault(n.pos, "coldStarts needs idle, the time without an answer after which a request is a first hit")
	}
}

func (c *compiler) idle(n *node) time.Duration {
	d := c.duration(n, "idle")
	if d <= 0 {
		c.fault(n.pos, "idle must be above 0, not %s", n.what())
	}
	return d
}

// visits makes a phase of single users that come one by one with a gap before
// each, {visits: 10, idle: 60}. Unless coldStarts says otherwise, a request is a
// first hit when half of the shortest gap has passed without an answer: what a
// visit itself takes must not hide it.
func (c *compiler) visits(n *node, p *Phase) {
	p.Kind = PhaseCount
	if n.get("visits").isNull() || n.get("idle").isNull() {
		c.fault(n.pos, "visits and idle belong together, as in {visits: 10, idle: 60}")
		return
	}
	for _, f := range n.fields {
		if !slices.Contains([]string{"name", "visits", "idle"}, f.key) {
			c.fault(f.pos, "a phase of visits has no %s", f.key)
		}
	}
	gap := c.idle(n.get("idle"))
	p.Duration = time.Duration(p.Count) * gap
	if p.Count < 1 || p.Duration/time.Duration(p.Count) != gap || p.Duration > maxPhase {
		c.fault(n.pos, "visits must be 1 or more, and a phase lasts at most 366 days")
		return
	}
	p.Poisson = false
	if half := gap / 2; c.gap == 0 || half < c.gap {
		c.gap = half
	}
}
