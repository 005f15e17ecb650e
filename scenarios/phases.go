package scenarios

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// phases compiles `config.phases`; without any, or with --solo, there is one
// arrival.
func (c *compiler) phases(n *node) {
	if c.opts.Solo || n.isNull() {
		c.plan.Phases = []Phase{{Name: "solo", Kind: PhaseCount, Duration: time.Second, Count: 1}}
		return
	}
	for i, item := range c.list(n, "phases") {
		c.plan.Phases = append(c.plan.Phases, c.phase(item, i))
	}
	if len(c.plan.Phases) == 0 {
		c.fault(n.pos, "phases is an empty list")
	}
}

func (c *compiler) phase(n *node, index int) Phase {
	p := Phase{Index: index, Poisson: c.poisson}
	c.object(n, "phase", map[string]func(*node){
		"name":         func(v *node) { p.Name, _ = c.text(v, "name") },
		"duration":     func(v *node) { p.Duration = c.duration(v, "duration") },
		"arrivalRate":  func(v *node) { p.Rate = c.amount(v, "arrivalRate") },
		"rampTo":       func(v *node) { p.RampTo = c.amount(v, "rampTo") },
		"arrivalCount": func(v *node) { p.Count = c.whole(v, "arrivalCount") },
		"maxVusers":    func(v *node) { p.MaxVusers = c.whole(v, "maxVusers") },
		"mode":         func(v *node) { p.Poisson = c.choice(v, "mode", "uniform", "poisson") == "poisson" },
		"pause":        func(v *node) { p.Duration = c.duration(v, "pause") },
		"visits":       func(v *node) { p.Count = c.whole(v, "visits") },
		"idle":         func(v *node) { p.Duration = c.duration(v, "idle") },
	})
	if n.kind != objectNode {
		return p
	}
	has := func(key string) bool { return !n.get(key).isNull() }
	if has("visits") || has("idle") {
		c.visits(n, &p)
		return p
	}
	switch {
	case has("pause"):
		p.Kind = PhasePause
	case has("arrivalCount"):
		p.Kind = PhaseCount
	case has("rampTo"):
		p.Kind = PhaseRamp
	case has("arrivalRate"):
		if p.Rate == 0 {
			p.Kind = PhasePause
		}
	default:
		c.fault(n.pos, "a phase needs arrivalRate, rampTo, arrivalCount or pause")
		return p
	}
	if !has("pause") && !has("duration") {
		c.fault(n.pos, "a phase needs a duration")
	}
	c.checkPhase(n, p)
	return p
}

// Limits of a phase: beyond them a schedule could not be counted exactly.
const (
	maxRate  = 1e6
	maxPhase = 366 * 24 * time.Hour
)

func (c *compiler) checkPhase(n *node, p Phase) {
	if math.Max(p.Rate, p.RampTo) > maxRate {
		c.fault(n.pos, "a phase has at most %d arrivals per second", int(maxRate))
	}
	if p.Duration > maxPhase {
		c.fault(n.pos, "a phase lasts at most 366 days")
	}
	winner := "arrivalCount"
	if !n.get("pause").isNull() {
		winner = "pause"
	}
	if n.get(winner).isNull() {
		return
	}
	for _, f := range n.fields {
		if f.key != winner && slices.Contains([]string{"arrivalRate", "rampTo", "arrivalCount"}, f.key) {
			c.warn(f.pos, "%s is ignored: the phase has %s", f.key, winner)
		}
	}
}

// plugins reads options; expect and ensure work whether they are listed or not.
func (c *compiler) plugins(n *node) {
	if n.kind != objectNode {
		c.fault(n.pos, "plugins must be an object, not %s", n.what())
		return
	}
	known := []string{"expect", "ensure", "metrics-by-endpoint", "apdex", "publish-metrics", "fake-data", "slack", "memory-inspector"}
	for _, f := range n.fields {
		switch f.key {
		case "expect":
			c.expectOptions(f.value)
		case "ensure": // read when the flows are known
		case "metrics-by-endpoint":
			c.endpoints(f.value)
		case "apdex":
			c.plan.Apdex = cmp.Or(c.plan.Apdex, 500*time.Millisecond)
			c.apdex(f.value)
		case "publish-metrics":
			c.publish(f)
		case "fake-data", "slack", "memory-inspector":
			c.warn(f.pos, "plugin %s is ignored", f.key)
		default:
			c.fault(f.pos, "plugin %s is not available%s", f.key, suggest(f.key, known))
		}
	}
}

func (c *compiler) expectOptions(n *node) {
	o := &c.plan.Expect
	format := func(v *node) {
		o.Format = c.choice(v, "formatter", "pretty", "json", "prettyError", "silent")
	}
	c.object(n, "the options of expect", map[string]func(*node){
		"formatter":              format,
		"outputFormat":           format,
		"reportFailuresAsErrors": func(v *node) { o.FailuresAsErrors = c.boolean(v, "reportFailuresAsErrors") },
		"useOnlyRequestNames":    func(v *node) { o.UseOnlyRequestNames = c.boolean(v, "useOnlyRequestNames") },
		"expectDefault200":       func(v *node) { c.default200 = c.boolean(v, "expectDefault200") },
	})
}

func (c *compiler) apdex(n *node) {
	c.object(n, "apdex", map[string]func(*node){
		"threshold": func(v *node) {
			ms := c.amount(v, "threshold")
			c.plan.Apdex = time.Duration(ms * float64(time.Millisecond))
		},
	})
}

// ensureAll reads config.ensure and plugins.ensure, unless the environment
// turns them off.
func (c *compiler) ensureAll(config *node) {
	if v, set := c.opts.Env("ARTILLERY_DISABLE_ENSURE"); set && v != "" {
		c.warn(Position{}, "ARTILLERY_DISABLE_ENSURE is set: no threshold is checked")
		return
	}
	c.ensure(config.get("ensure"))
	c.ensure(config.get("plugins").get("ensure"))
}

// hashOf covers what a baseline must have in common with a run: the merged
// script as it was written and the rows of its payloads, in any order of keys
// and however it is formatted.
func (c *compiler) hashOf(root *node) string {
	var parts []string
	for _, key := range []string{"before", "scenarios", "after"} {
		parts = append(parts, key, canonical(root.get(key), nil))
	}
	skip := []string{"target", "regions", "environments", "ensure", "plugins", "processor", "statsInterval"}
	parts = append(parts, "config", canonical(root.get("config"), skip),
		"solo", strconv.FormatBool(c.opts.Solo), "only", c.opts.ScenarioName, "files", string(c.files.Sum(nil)))
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:16])
}

// canonical writes a node with sorted keys, leaving out some of the first level.
func canonical(n *node, skip []string) string {
	if n == nil {
		return ""
	}
	switch n.kind {
	case objectNode:
		var parts []string
		for _, f := range n.fields {
			if !slices.Contains(skip, f.key) {
				parts = append(parts, string(appendQuoted(nil, f.key))+":"+canonical(f.value, nil))
			}
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case listNode:
		parts := make([]string, len(n.items))
		for i, item := range n.items {
			parts[i] = canonical(item, nil)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return string(appendJSON(nil, n.scalar))
}
