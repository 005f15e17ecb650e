package scenarios

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/answer"
	"edgescope/scenarios/engine"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
	"edgescope/scenarios/websocket"
)

// think is how long a user thinks.
type think struct {
	fixed  time.Duration
	text   *templates.Template // set when the pause is known only at run time
	jitter jitter
}

// loop is what a loop goes over.
type loop struct {
	count   *templates.Template // beside a list: which of its elements; nil for all of them
	over    []templates.Value
	list    *templates.Template // variable whose value is the list
	number  string              // name of the running number
	element string              // name of the element
}

func (c *compiler) think(n, own *tree.Node) plan.Step {
	t := &think{jitter: c.jitter}
	step := &plan.Think{Pos: n.Pos, Pause: t.pause}
	if own != nil {
		t.jitter = c.readJitter(own)
	}
	text := c.templates.Template(n, "think")
	source, static := text.Static()
	if !static {
		t.text = text
		return step
	}
	d, err := settings.ParseDuration(source)
	if err != nil {
		c.Fault(n.Pos, "think: %s", err)
	} else if f := value.TextNumber(source); f != math.Floor(f) { // false for NaN
		if !math.IsNaN(f) {
			c.Warn(n.Pos, "think: %s means %s; Artillery 2.0.34 waits about 1 ms (D1)", source, d)
		}
	}
	t.fixed = d
	return step
}

func (c *compiler) readJitter(n *tree.Node) jitter {
	s, _ := c.Text(n, "jitter")
	if share, ok := strings.CutSuffix(strings.TrimSpace(s), "%"); ok {
		f := value.TextNumber(share)
		if !(f >= 0 && f <= 100) {
			c.Fault(n.Pos, "jitter must be 0%% to 100%% or a duration, not %s", n.What())
			return jitter{}
		}
		return jitter{share: f / 100}
	}
	return jitter{fixed: c.Duration(n, "jitter")}
}

// parallelLimit is Artillery's default for `limit`.
const parallelLimit = 100

func (c *compiler) parallel(n *tree.Node, f tree.Field) plan.Step {
	p := &plan.Parallel{Pos: f.Pos, Steps: c.steps(f.Value), Limit: parallelLimit}
	if limit := n.Get("limit"); !limit.IsNull() {
		before := len(c.Problems)
		if p.Limit = c.Whole(limit, "limit"); p.Limit < 1 && len(c.Problems) == before {
			c.Fault(limit.Pos, "limit must be 1 or more, not %s", limit.What())
		}
	}
	return p
}

func (c *compiler) loop(n *tree.Node, f tree.Field) plan.Step {
	l := &loop{number: "$loopCount", element: "$loopElement"}
	step := &plan.Loop{Pos: f.Pos, Passes: l.passes}
	c.Object(n, "loop", map[string]func(*tree.Node){
		"loop":        func(v *tree.Node) { step.Steps = c.steps(v) },
		"count":       func(v *tree.Node) { l.count = c.count(v) },
		"over":        func(v *tree.Node) { c.over(l, v) },
		"whileTrue":   func(v *tree.Node) { step.While = c.function(v, "whileTrue") },
		"loopValue":   func(v *tree.Node) { l.number, _ = c.Text(v, "loopValue") },
		"loopElement": func(v *tree.Node) { l.element, _ = c.Text(v, "loopElement") },
	})
	switch {
	case n.Get("count").IsNull() && n.Get("over").IsNull() && n.Get("whileTrue").IsNull():
		c.Fault(f.Pos, "a loop needs count, over or whileTrue (count: -1 is endless)")
	case l.count == nil && n.Get("over").IsNull(): // whileTrue alone decides
		l.count = templates.Literal("-1")
	}
	return step
}

func (c *compiler) count(n *tree.Node) *templates.Template {
	t := c.templates.Template(n, "count")
	source, static := t.Static()
	if !static {
		return t
	}
	if _, _, _, ok := parseCount(source); !ok {
		c.Fault(n.Pos, `count must be a number, a range such as "2-4", or -1 for endless, not %s`, n.What())
	}
	if source == "0" {
		c.Warn(n.Pos, "count: 0 is no pass; in Artillery it loops for ever (D6)")
	}
	return t
}

func (c *compiler) over(l *loop, n *tree.Node) {
	if n.Kind == tree.List {
		l.over = make([]templates.Value, len(n.Items))
		for i, item := range n.Items {
			l.over[i] = c.templates.Value(item)
		}
		return
	}
	name, ok := n.Scalar.(string)
	if !ok {
		c.Fault(n.Pos, "over must be a list or the name of a variable that holds one, not %s", n.What())
		return
	}
	if !strings.Contains(name, "{{") {
		name = fmt.Sprintf("{{ %s }}", name)
	}
	l.list = c.templates.Compile(name, n.Pos)
}

// parseCount reads a loop's count: "3" is 0 up to 3, "2-4" is 2 and 3, "-1" is endless.
func parseCount(text string) (from, to int, endless, ok bool) {
	text = strings.TrimSpace(text)
	if text == "-1" {
		return 0, 0, true, true
	}
	if a, b, isRange := strings.Cut(text, "-"); isRange {
		from, err1 := strconv.Atoi(strings.TrimSpace(a))
		to, err2 := strconv.Atoi(strings.TrimSpace(b))
		return from, to, false, err1 == nil && err2 == nil
	}
	n, err := strconv.ParseFloat(text, 64)
	return 0, int(min(n, math.MaxInt32)), false, err == nil && n >= 0
}

// jitter varies a think time: by a share of it, or by a fixed time.
type jitter struct {
	share float64 // 0..1
	fixed time.Duration
}

func (j jitter) spread(pause time.Duration) time.Duration {
	if j.share > 0 {
		return time.Duration(float64(pause) * j.share)
	}
	return j.fixed
}

// pause returns how long the user thinks: the script's time, varied evenly by up to the jitter in both directions,
// never below 0. The error is a [value.UserError], for a template that renders to no duration.
func (t *think) pause(s *value.Scope) (time.Duration, error) {
	pause := t.fixed
	if t.text != nil {
		text := t.text.Text(s)
		d, err := settings.ParseDuration(text)
		if err != nil {
			return 0, value.UserError("Invalid think time: " + text)
		}
		pause = d
	}
	if spread := t.jitter.spread(pause); spread > 0 {
		pause += time.Duration((s.Rand().Float64()*2 - 1) * float64(spread))
	}
	return max(pause, 0), nil
}

// passes yields the running number of each pass, having set $loopCount and $loopElement (or the names that the script
// chose) for it. After the loop these names mean again what they meant before. A count of -1 is endless; a count that
// renders to no number, or an `over` that is no list, is no pass.
func (l *loop) passes(s *value.Scope) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer s.Keep(l.number)()
		defer s.Keep(l.element)()
		from, to, endless := l.bounds(s)
		elements := l.elements(s)
		if l.isOver() {
			to, endless = min(to, len(elements)), false
		}
		for i := from; endless || i < to; i++ {
			s.Count(l.number, value.Int(i))
			if l.isOver() {
				s.Count(l.element, elements[i])
			} else {
				s.Count(l.element, value.Int(from)) // the first number all along, as Artillery has it
			}
			if !yield(i) {
				return
			}
		}
	}
}

// isOver tells whether the loop goes over a list.
func (l *loop) isOver() bool { return l.list != nil || l.over != nil }

// bounds are the first running number and the one behind the last. A count that is none is no pass.
func (l *loop) bounds(s *value.Scope) (from, to int, endless bool) {
	if l.count == nil {
		return 0, math.MaxInt, true
	}
	from, to, endless, ok := parseCount(l.count.Text(s))
	switch {
	case !ok:
		return 0, 0, false
	case endless:
		return from, math.MaxInt, true
	}
	return from, to, false
}

func (l *loop) elements(s *value.Scope) []any {
	if l.list != nil {
		v, _ := l.list.Value(s)
		list, _ := v.([]any)
		return list
	}
	list := make([]any, len(l.over))
	for i := range l.over {
		list[i], _ = l.over[i].Eval(s)
	}
	return list
}

// flowSteps compiles the flow of a scenario. With engine: ws its users connect first, whether it says so or not.
func (c *compiler) flowSteps(n *tree.Node) []plan.Step {
	if c.flowEngine != engine.WS {
		return c.steps(n)
	}
	target, rest := websocket.First(n)
	connect := c.sockets.Connect(n.Pos, target)
	connect.Endpoint = c.plan.EndpointOf(cmp.Or(connect.Endpoint, c.plan.Target), "")
	steps := c.steps(rest)
	connect.Keep = websocket.WaitsAlone(steps)
	return append([]plan.Step{connect}, steps...)
}

// requestHooks are the functions that are called around requests, which a scenario with engine: ws does not send.
func (c *compiler) requestHooks(n *tree.Node, where string) []string {
	if c.flowEngine == engine.WS {
		c.Fault(n.Pos, "%s is never called in a scenario with engine: ws: a step {function: ...} is, and connect has a "+
			"function of its own", where)
		return nil
	}
	return c.functions(n, where)
}

// messageKeys are the keys of what is wanted of a message.
func (c *compiler) messageKeys(e *plan.Exchange) map[string]func(*tree.Node) {
	wants := &answer.Wants{}
	e.Capture = wants.Capture
	known := c.wants.Keys(wants)
	maps.DeleteFunc(known, func(key string, _ func(*tree.Node)) bool { return key != "capture" && key != "match" })
	return known
}
