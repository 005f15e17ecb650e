package scenarios

import (
	"slices"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
)

// phases compiles `config.phases`; without any, or with --solo, there is one arrival.
func (c *compiler) phases(n *tree.Node) {
	if c.opts.Solo || n.IsNull() {
		c.plan.Phases = []plan.Phase{{Name: "solo", Kind: plan.PhaseCount, Duration: time.Second, Count: 1}}
		return
	}
	for i, item := range c.List(n, "phases") {
		c.plan.Phases = append(c.plan.Phases, c.phase(item, i))
	}
	if len(c.plan.Phases) == 0 {
		c.Fault(n.Pos, "phases is an empty list")
	}
}

func (c *compiler) phase(n *tree.Node, index int) plan.Phase {
	p := plan.Phase{Index: index, Poisson: c.poisson}
	before := len(c.Problems)
	c.Object(n, "phase", map[string]func(*tree.Node){
		"name":         func(v *tree.Node) { p.Name, _ = c.Text(v, "name") },
		"duration":     func(v *tree.Node) { p.Duration = c.Duration(v, "duration") },
		"arrivalRate":  func(v *tree.Node) { p.Rate = c.Amount(v, "arrivalRate") },
		"rampTo":       func(v *tree.Node) { p.RampTo = c.Amount(v, "rampTo") },
		"arrivalCount": func(v *tree.Node) { p.Count = c.Whole(v, "arrivalCount") },
		"maxVusers":    func(v *tree.Node) { p.MaxVusers = c.Whole(v, "maxVusers") },
		"mode":         func(v *tree.Node) { p.Poisson = c.Choice(v, "mode", "uniform", "poisson") == "poisson" },
		"pause":        func(v *tree.Node) { p.Duration = c.Duration(v, "pause") },
		"mean":         func(v *tree.Node) { p.Rate = c.Amount(v, "mean") },
		"amplitude":    func(v *tree.Node) { p.Amplitude = c.Amount(v, "amplitude") },
		"period":       func(v *tree.Node) { p.Period = c.Duration(v, "period") },
		"visits":       func(v *tree.Node) { p.Count = c.Whole(v, "visits") },
		"idle":         func(v *tree.Node) { p.Duration = c.Duration(v, "idle") },
	})
	has := func(key string) bool { return !n.Get(key).IsNull() }
	switch {
	case n.Kind != tree.Object:
	case has("visits"), has("idle"):
		c.visits(n, &p)
	case has("mean"), has("amplitude"), has("period"):
		if len(c.Problems) == before {
			c.sine(n, &p)
		}
	default:
		c.arrivals(n, &p)
	}
	return p
}

// arrivals tells from the keys of a phase which of Artillery's kinds it is.
func (c *compiler) arrivals(n *tree.Node, p *plan.Phase) {
	has := func(key string) bool { return !n.Get(key).IsNull() }
	switch {
	case has("pause"):
		p.Kind = plan.PhasePause
	case has("arrivalCount"):
		p.Kind = plan.PhaseCount
	case has("rampTo"):
		p.Kind = plan.PhaseRamp
	case has("arrivalRate"):
		if p.Rate == 0 {
			p.Kind = plan.PhasePause
		}
	default:
		c.Fault(n.Pos, "a phase needs arrivalRate, rampTo, arrivalCount or pause")
		return
	}
	if !has("pause") && !has("duration") {
		c.Fault(n.Pos, "a phase needs a duration")
	}
	c.checkPhase(n, *p)
}

// sine checks a phase that goes up and down, ours, for which vegeta has a pacer.
func (c *compiler) sine(n *tree.Node, p *plan.Phase) {
	p.Kind, p.Poisson = plan.PhaseSine, false
	for _, f := range n.Fields {
		if !slices.Contains([]string{"name", "duration", "mean", "amplitude", "period", "maxVusers"}, f.Key) {
			c.Fault(f.Pos, "a phase with mean, amplitude and period has no %s", f.Key)
		}
	}
	at := map[string]tree.Position{}
	for _, key := range []string{"duration", "mean", "amplitude", "period"} {
		v := n.Get(key)
		if v.IsNull() {
			c.Fault(n.Pos, "mean, amplitude and period belong together, as in "+
				"{duration: 600, mean: 50, amplitude: 30, period: 60}: %s is missing", key)
			return
		}
		at[key] = v.Pos
	}
	switch {
	case p.Rate <= 0:
		c.Fault(at["mean"], "mean must be above 0")
	case p.Amplitude >= p.Rate:
		c.Fault(at["amplitude"], "amplitude must be less than mean, so that arrivals never stop")
	case p.Period <= 0:
		c.Fault(at["period"], "period must be above 0")
	}
	c.checkPhase(n, *p)
}

// Limits of a phase: beyond them a schedule could not be counted exactly.
const (
	maxRate  = 1e6
	maxPhase = 366 * 24 * time.Hour
)

func (c *compiler) checkPhase(n *tree.Node, p plan.Phase) {
	if max(p.Rate+p.Amplitude, p.RampTo) > maxRate {
		c.Fault(n.Pos, "a phase has at most %d arrivals per second", int(maxRate))
	}
	if p.Duration > maxPhase {
		c.Fault(n.Pos, "a phase lasts at most 366 days")
	}
	winner := "arrivalCount"
	if !n.Get("pause").IsNull() {
		winner = "pause"
	}
	if n.Get(winner).IsNull() {
		return
	}
	for _, f := range n.Fields {
		if f.Key != winner && slices.Contains([]string{"arrivalRate", "rampTo", "arrivalCount"}, f.Key) {
			c.Warn(f.Pos, "%s is ignored: the phase has %s", f.Key, winner)
		}
	}
}

// coldStarts reads `config.coldStarts`, ours: which requests are first hits.
func (c *compiler) coldStarts(n *tree.Node) {
	c.Object(n, "coldStarts", map[string]func(*tree.Node){
		"idle": func(v *tree.Node) { c.plan.Idle = c.idle(v) },
	})
	if n.Kind == tree.Object && n.Get("idle").IsNull() {
		c.Fault(n.Pos, "coldStarts needs idle, the time without an answer after which a request is a first hit")
	}
}

func (c *compiler) idle(n *tree.Node) time.Duration {
	d := c.Duration(n, "idle")
	if d <= 0 {
		c.Fault(n.Pos, "idle must be above 0, not %s", n.What())
	}
	return d
}

// visits makes a phase of single users that come one by one with a gap before each, {visits: 10, idle: 60}. Unless
// coldStarts says otherwise, a request is a first hit when half of the shortest gap has passed without an answer: what
// a visit itself takes must not hide it.
func (c *compiler) visits(n *tree.Node, p *plan.Phase) {
	p.Kind = plan.PhaseCount
	if n.Get("visits").IsNull() || n.Get("idle").IsNull() {
		c.Fault(n.Pos, "visits and idle belong together, as in {visits: 10, idle: 60}")
		return
	}
	for _, f := range n.Fields {
		if !slices.Contains([]string{"name", "visits", "idle"}, f.Key) {
			c.Fault(f.Pos, "a phase of visits has no %s", f.Key)
		}
	}
	gap := c.idle(n.Get("idle"))
	p.Duration = time.Duration(p.Count) * gap
	if p.Count < 1 || p.Duration/time.Duration(p.Count) != gap || p.Duration > maxPhase {
		c.Fault(n.Pos, "visits must be 1 or more, and a phase lasts at most 366 days")
		return
	}
	p.Poisson = false
	if half := gap / 2; c.gap == 0 || half < c.gap {
		c.gap = half
	}
}
