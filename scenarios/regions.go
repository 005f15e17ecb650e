package scenarios

func (c *compiler) regions(n *node) {
	for _, f := range c.regionFields(n) {
		r := Region{Name: f.key, Weight: 1}
		if f.value.kind == objectNode {
			c.object(f.value, "region", map[string]func(*node){
				"name":   func(v *node) { r.Name, _ = c.text(v, "name") },
				"target": func(v *node) { r.Target, _ = c.text(v, "target"); c.checkTarget(v, r.Target) },
				"weight": func(v *node) { r.Weight = c.regionWeight(v) },
			})
		} else {
			r.Target, _ = c.text(f.value, "a region's target")
			c.checkTarget(f.value, r.Target)
		}
		if r.Name == "" || r.Target == "" {
			c.fault(f.value.pos, "a region needs a name and a target")
		}
		c.plan.Regions = append(c.plan.Regions, r)
	}
	c.plan.rounds = roundRobin(c.plan.Regions)
}

// regionFields makes one form of both: {FRA: url} and [{name: FRA, target: url}].
func (c *compiler) regionFields(n *node) []field {
	if n.kind == objectNode {
		return n.fields
	}
	var fields []field
	for _, item := range c.list(n, "regions") {
		if item.kind == objectNode && item.get("target") == nil {
			fields = append(fields, item.fields...)
		} else {
			fields = append(fields, field{pos: item.pos, value: item})
		}
	}
	return fields
}

func (c *compiler) regionWeight(n *node) int {
	w := c.whole(n, "weight")
	if w < 1 || w > 1000 {
		c.fault(n.pos, "the weight of a region must be 1 to 1000, not %s", n.what())
		return 1
	}
	return w
}

// roundRobin spreads the regions evenly by weight over one cycle: the one that
// is furthest behind its share is next.
func roundRobin(regions []Region) []int {
	total := 0
	for _, r := range regions {
		total += r.Weight
	}
	credit := make([]int, len(regions))
	cycle := make([]int, 0, total)
	for range total {
		best := 0
		for i, r := range regions {
			credit[i] += r.Weight
			if credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
		cycle = append(cycle, best)
	}
	return cycle
}

// Region is where the user with the given index goes: the regions take turns,
// by weight. It is nil if the script has no regions, or for user -1.
func (p *Plan) Region(user int) *Region {
	if len(p.rounds) == 0 || user < 0 {
		return nil
	}
	return &p.Regions[p.rounds[user%len(p.rounds)]]
}
