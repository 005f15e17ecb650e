package scenarios

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/engine"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

func (c *compiler) compile(root *tree.Node) {
	c.topLevel(root)
	c.startScope(root)
	config := c.resolveConfig(root.Get("config"))
	c.config(config)
	c.flows(root)
	c.ensure(config)
	c.plan.Hash = c.hashOf(root)
	if len(c.Problems) == 0 {
		c.usage(root)
	}
}

// topLevel refuses unknown keys: those that begin with x- or _ and those that hold an anchor are the author's own.
func (c *compiler) topLevel(root *tree.Node) {
	legal := []string{"config", "scenarios", "before", "after", "version"}
	for _, f := range root.Fields {
		switch f.Key {
		case "config", "scenarios", "before", "after", "version": // version is an old number of the format
			continue
		}
		if !strings.HasPrefix(f.Key, "x-") && !strings.HasPrefix(f.Key, "_") && !f.Anchor {
			c.Unknown(f, "the script", legal)
		}
	}
}

// startScope makes the names that templates in config may use.
func (c *compiler) startScope(root *tree.Node) {
	base := c.plan.Shared
	file := c.opts.Files[0]
	base["$scenarioFile"], base["$dirname"] = absolute(file), filepath.Dir(absolute(file))
	if c.opts.TestID != "" {
		base["$testId"] = c.opts.TestID
	}
	if c.opts.Environment != "" {
		base["$environment"] = c.opts.Environment
	}
	if c.cliVariables != nil {
		for _, f := range c.cliVariables.Fields {
			base[f.Key] = templates.Of(f.Value)
		}
	}
	c.scope = value.NewScope(base, c.opts.Seed, -2)
	if t := c.resolve(root.Get("config").Get("target"), false); t != nil {
		c.plan.Base = strings.TrimSpace(value.Text(templates.Of(t)))
	}
	base["target"] = c.plan.Base
}

// absolute is best effort: without a working directory the name is as given.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// resolveConfig renders the templates of config once, as Artillery does. http.defaults is left for each request; what
// `ensure` does not know or would draw stays as it is, since metric names hold untemplated URLs.
func (c *compiler) resolveConfig(n *tree.Node) *tree.Node {
	if n == nil || n.Kind != tree.Object {
		return n
	}
	out := &tree.Node{Pos: n.Pos, Kind: tree.Object}
	for _, f := range n.Fields {
		switch f.Key {
		case "environments", "defaults":
		case "ensure", "plugins":
			f.Value = c.resolve(f.Value, true)
		case "http":
			defaults := f.Value.Get("defaults")
			f.Value = c.resolve(f.Value.Without("defaults"), false)
			if defaults != nil && f.Value != nil {
				f.Value = f.Value.With("defaults", defaults)
			}
		default:
			f.Value = c.resolve(f.Value, false)
		}
		if f.Value != nil {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// resolve renders all templates in n; nil stands for undefined.
func (c *compiler) resolve(n *tree.Node, keepUnknown bool) *tree.Node {
	if n == nil {
		return nil
	}
	out := &tree.Node{Pos: n.Pos, Kind: n.Kind, Scalar: n.Scalar}
	switch n.Kind {
	case tree.List:
		for _, item := range n.Items {
			if v := c.resolve(item, keepUnknown); v != nil {
				out.Items = append(out.Items, v)
			}
		}
	case tree.Object:
		for _, f := range n.Fields {
			if f.Value = c.resolve(f.Value, keepUnknown); f.Value != nil {
				out.Fields = append(out.Fields, f)
			}
		}
	default:
		if s, ok := n.Text(); ok && strings.Contains(s, "{{") {
			return c.resolveText(s, n, keepUnknown)
		}
	}
	return out
}

func (c *compiler) resolveText(s string, n *tree.Node, keepUnknown bool) *tree.Node {
	t := c.templates.Compile(s, n.Pos)
	if keepUnknown && t.Draws() {
		return n
	}
	unknown := t.Unknown(c.scope)
	if keepUnknown && unknown > 0 {
		return n
	}
	if unknown > 0 {
		c.unknown(s, n)
	}
	v, ok := t.Value(c.scope)
	if !ok {
		return nil
	}
	return templates.Rendered(v, n)
}

// unknown tells of the names in a template of config that stand for nothing: the setting is left out, or holds
// "undefined".
func (c *compiler) unknown(s string, n *tree.Node) {
	for _, name := range templates.Names(s) {
		key, isEnv := envName(name.Text)
		switch one, err := templates.Compile("{{ "+name.Text+" }}", c.opts.constant); {
		case err != nil || one.Unknown(c.scope) == 0:
		case isEnv:
			c.Warn(n.Pos, "{{ %s }}: the environment has no variable %s", name.Text, key)
		default:
			c.Warn(n.Pos, "a name in %q is not known when config is read (known are --variables, $env and $environment): %s%s",
				s, name.Text, settings.Suggest(name.Text, slices.Sorted(maps.Keys(c.plan.Shared))))
		}
	}
}

func (c *compiler) config(n *tree.Node) {
	c.templates.Once = c.scope
	defer func() { c.templates.Once = nil }()
	c.Object(n, "config", map[string]func(*tree.Node){
		"target":     func(v *tree.Node) { c.plan.Target = c.shownTarget(v, c.plan.Base) },
		"regions":    c.regions,
		"coldStarts": c.coldStarts,
		"bundling":   settings.Ignored, // of processors: what it makes external is bundled
		"phases":     settings.Ignored, // below: config.mode applies to all
		"mode":       func(v *tree.Node) { c.poisson = c.Choice(v, "mode", "uniform", "poisson") == "poisson" },
		"variables":  c.variables,
		"payload":    c.payloads,
		"http":       c.http,
		"tls":        c.tls,
		"timeout": func(v *tree.Node) { // old; http.timeout wins
			d := c.aboveZero(v)
			c.sockets.Timeout = d
			if n.Get("http").Get("timeout") == nil {
				c.timeout = d
			}
		},
		"defaults":      settings.Ignored, // below: http.defaults wins
		"environments":  func(v *tree.Node) { c.Object(v, "environments", c.anyKey(v)) },
		"plugins":       c.plugins,
		"expect":        c.expectOptions,
		"apdex":         c.apdex,
		"ensure":        settings.Ignored, // read when the flows are known
		"engines":       func(v *tree.Node) { engine.All(c.Reader, v) },
		"engine":        func(v *tree.Node) { c.engine = engine.Name(c.Reader, v) },
		"ws":            settings.Ignored, // below: config.timeout wins
		"processor":     c.processor,
		"statsInterval": func(v *tree.Node) { c.Warn(v.Pos, "statsInterval is ignored: windows are 10 s") },
	})
	c.readDefaults(n)
	c.plan.HTTP.Timeout = c.timeout
	c.plan.WebSockets = c.sockets.Config(n.Get("ws"))
	c.phases(n.Get("phases"))
	c.plan.Idle = cmp.Or(c.plan.Idle, c.gap)
	if c.plan.Target == "" && len(c.plan.Regions) > 0 {
		c.plan.Target, c.plan.Base = c.plan.Regions[0].Target, c.plan.Regions[0].Base
	}
	if c.plan.Target == "" && c.plan.Base == "" {
		c.noTarget(n.Get("environments"))
	}
	c.plan.Shared["target"] = c.plan.Base
	c.plan.TLS.Insecure = c.plan.TLS.Insecure || c.opts.Insecure
}

// noTarget lists the environments that have a target.
func (c *compiler) noTarget(environments *tree.Node) {
	var names []string
	for _, name := range fieldNames(environments) {
		if environments.Get(name).Get("target") != nil {
			names = append(names, name)
		}
	}
	choice := ""
	if len(names) > 0 {
		choice = ", or choose an environment with -e: " + strings.Join(names, ", ")
	}
	c.Fault(tree.Position{File: c.opts.Files[0]}, "there is no target: set config.target, or give --target (-t)%s", choice)
}

// anyKey accepts all keys of an object whose names are free.
func (c *compiler) anyKey(n *tree.Node) map[string]func(*tree.Node) {
	known := map[string]func(*tree.Node){}
	for _, f := range n.Fields {
		known[f.Key] = settings.Ignored
	}
	return known
}

// variables: a list gives each user one of its elements.
func (c *compiler) variables(n *tree.Node) {
	if n.Kind != tree.Object {
		c.Fault(n.Pos, "variables must be an object, not %s", n.What())
		return
	}
	for _, f := range n.Fields {
		v := templates.Of(f.Value)
		list, isList := v.([]any)
		switch {
		case !isList:
			c.plan.Shared[f.Key] = v
		case len(list) == 0:
			c.Fault(f.Value.Pos, "variable %s is an empty list: each user takes one element (nest it to have a list: [[]])",
				f.Key)
		default:
			delete(c.plan.Shared, f.Key)
			c.plan.Lists = append(c.plan.Lists, plan.List{Name: f.Key, Values: list})
		}
	}
}

// ownVariables are those of a scenario: each user has them from its start, in place of those of config of the same name,
// but not of --variables. A list gives it one of its elements. Templates in them are rendered for each user.
func (c *compiler) ownVariables(n *tree.Node) func(*value.Scope) {
	if n.Kind != tree.Object {
		c.Fault(n.Pos, "variables must be an object, not %s", n.What())
		return nil
	}
	type variable struct {
		name   string
		values []templates.Value
		draw   bool
	}
	var all []variable
	for _, f := range n.Fields {
		v := variable{name: f.Key, draw: f.Value.Kind == tree.List}
		items := []*tree.Node{f.Value}
		if v.draw {
			items = f.Value.Items
		}
		for _, item := range items {
			v.values = append(v.values, c.templates.Value(item))
		}
		if len(items) == 0 {
			c.Fault(f.Value.Pos, "variable %s is an empty list: each user takes one element (nest it to have a list: [[]])",
				f.Key)
		} else if c.cliVariables.Get(f.Key) == nil {
			all = append(all, v)
		}
	}
	return func(s *value.Scope) {
		for _, v := range all {
			i := 0
			if v.draw {
				i = s.Rand().IntN(len(v.values))
			}
			if x, ok := v.values[i].Eval(s); ok {
				s.Define(v.name, x)
			}
		}
	}
}

// once reads what is rendered when config is read, as all of config but the headers and cookies of requests is.
func (c *compiler) once(read func(*tree.Node)) func(*tree.Node) {
	return func(n *tree.Node) {
		if v := c.resolve(n, false); v != nil {
			read(v)
		}
	}
}

func (c *compiler) readDefaults(config *tree.Node) {
	for _, n := range []*tree.Node{config.Get("defaults"), config.Get("http").Get("defaults")} {
		c.Object(n, "defaults", map[string]func(*tree.Node){
			"headers":       func(v *tree.Node) { c.sends.Headers = c.sends.HeaderFields(v) },
			"cookie":        func(v *tree.Node) { c.sends.Cookies = c.templates.Fields(v, "cookie") },
			"strictCapture": c.once(func(v *tree.Node) { c.wants.Lax = !c.Bool(v, "strictCapture") }),
			"think": c.once(func(v *tree.Node) {
				c.Object(v, "think", map[string]func(*tree.Node){
					"jitter": func(j *tree.Node) { c.jitter = c.readJitter(j) },
				})
			}),
		})
	}
}
