package scenarios

import (
	"cmp"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// requestDefaults is `http.defaults`, as it goes into each request.
type requestDefaults struct {
	headers []fieldTemplate
	cookies []fieldTemplate
	strict  bool
	jitter  jitter
	timeout time.Duration
}

// ignoredKey reads nothing: the key is legal and has no effect here.
func ignoredKey(*node) {}

func (c *compiler) compile(root *node) {
	c.defaults.strict = true
	c.defaults.timeout = 10 * time.Second
	c.topLevel(root)
	c.startScope(root)
	config := c.resolveConfig(root.get("config"))
	c.config(config)
	c.flows(root)
	c.ensureAll(config)
	c.plan.hash = c.hashOf(root)
}

// topLevel refuses unknown keys: those that begin with x- or _ and those that
// hold an anchor are the author's own.
func (c *compiler) topLevel(root *node) {
	legal := []string{"config", "scenarios", "before", "after"}
	for _, f := range root.fields {
		switch f.key {
		case "config", "scenarios", "before", "after":
			continue
		}
		if !strings.HasPrefix(f.key, "x-") && !strings.HasPrefix(f.key, "_") && !f.anchor {
			c.unknown(f, "the script", legal)
		}
	}
}

// startScope makes the names that templates in config may use.
func (c *compiler) startScope(root *node) {
	base := c.plan.base
	file := c.opts.Files[0]
	base["$scenarioFile"], base["$dirname"] = absolute(file), filepath.Dir(absolute(file))
	if c.opts.TestID != "" {
		base["$testId"] = c.opts.TestID
	}
	if c.opts.Environment != "" {
		base["$environment"] = c.opts.Environment
	}
	if c.cliVariables != nil {
		for _, f := range c.cliVariables.fields {
			base[f.key] = f.value.value()
		}
	}
	c.scope = (&Plan{base: base}).NewScope(c.opts.Seed, -2, nil)
	if t := c.resolve(root.get("config").get("target"), false); t != nil {
		c.plan.Target = strings.TrimSpace(textOf(t.value()))
	}
	base["target"] = c.plan.Target
}

// absolute is best effort: without a working directory the name is as given.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// resolveConfig renders the templates of config once, as Artillery does.
// http.defaults is left for each request; what `ensure` does not know or would
// draw stays as it is, since metric names hold untemplated URLs.
func (c *compiler) resolveConfig(n *node) *node {
	if n == nil || n.kind != objectNode {
		return n
	}
	out := &node{pos: n.pos, kind: objectNode}
	for _, f := range n.fields {
		switch f.key {
		case "environments", "defaults":
		case "ensure", "plugins":
			f.value = c.resolve(f.value, true)
		case "http":
			defaults := f.value.get("defaults")
			f.value = c.resolve(f.value, false)
			if defaults != nil && f.value != nil {
				f.value = f.value.with("defaults", defaults)
			}
		default:
			f.value = c.resolve(f.value, false)
		}
		if f.value != nil {
			out.fields = append(out.fields, f)
		}
	}
	return out
}

// resolve renders all templates in n; nil stands for undefined.
func (c *compiler) resolve(n *node, keepUnknown bool) *node {
	if n == nil {
		return nil
	}
	out := &node{pos: n.pos, kind: n.kind, scalar: n.scalar}
	switch n.kind {
	case listNode:
		for _, item := range n.items {
			if v := c.resolve(item, keepUnknown); v != nil {
				out.items = append(out.items, v)
			}
		}
	case objectNode:
		for _, f := range n.fields {
			if f.value = c.resolve(f.value, keepUnknown); f.value != nil {
				out.fields = append(out.fields, f)
			}
		}
	default:
		if s, ok := n.text(); ok && strings.Contains(s, "{{") {
			return c.resolveText(s, n, keepUnknown)
		}
	}
	return out
}

func (c *compiler) resolveText(s string, n *node, keepUnknown bool) *node {
	t := c.compileText(s, n.pos)
	for _, p := range t.parts {
		if p.expr == nil {
			continue
		}
		if keepUnknown && drawn(p.expr) {
			return n
		}
		if _, ok := p.expr.value(c.scope); ok {
			continue
		}
		if keepUnknown {
			return n
		}
		c.warn(n.pos, "a name in %q is not known when config is read (known are --variables, $env and $environment)", s)
	}
	v, ok := t.Value(c.scope)
	if !ok {
		return nil
	}
	return nodeOf(v, n.pos)
}

func (c *compiler) config(n *node) {
	c.once = true
	defer func() { c.once = false }()
	c.object(n, "config", map[string]func(*node){
		"target":     func(v *node) { c.checkTarget(v, c.plan.Target) },
		"regions":    c.regions,
		"coldStarts": c.coldStarts,
		"phases":     ignoredKey, // below: config.mode applies to all
		"mode":       func(v *node) { c.poisson = c.choice(v, "mode", "uniform", "poisson") == "poisson" },
		"variables":  c.variables,
		"payload":    c.payloads,
		"http":       c.http,
		"tls":        c.tls,
		"timeout": func(v *node) { // old; http.timeout wins
			if n.get("http").get("timeout") == nil {
				c.defaults.timeout = c.timeout(v)
			}
		},
		"defaults":      ignoredKey, // below: http.defaults wins
		"environments":  func(v *node) { c.object(v, "environments", c.anyKey(v)) },
		"plugins":       c.plugins,
		"expect":        c.expectOptions,
		"apdex":         c.apdex,
		"ensure":        ignoredKey, // read when the flows are known
		"engines":       c.engines,
		"processor":     c.processor,
		"statsInterval": func(v *node) { c.warn(v.pos, "statsInterval is ignored: windows are 10 s") },
	})
	c.readDefaults(n)
	c.plan.HTTP.Timeout = c.defaults.timeout
	c.phases(n.get("phases"))
	c.plan.Idle = cmp.Or(c.plan.Idle, c.gap)
	if c.plan.Target == "" && len(c.plan.Regions) > 0 {
		c.plan.Target = c.plan.Regions[0].Target
	}
	if c.plan.Target == "" {
		c.fault(Position{File: c.opts.Files[0]}, "there is no target: set config.target, or give --target")
	}
	c.plan.base["target"] = c.plan.Target
	c.plan.TLS.Insecure = c.plan.TLS.Insecure || c.opts.Insecure
}

// anyKey accepts all keys of an object whose names are free.
func (c *compiler) anyKey(n *node) map[string]func(*node) {
	known := map[string]func(*node){}
	for _, f := range n.fields {
		known[f.key] = ignoredKey
	}
	return known
}

func (c *compiler) checkTarget(n *node, target string) {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		c.fault(n.pos, "target must be an http:// or https:// URL, not %q", target)
	}
}

// timeout is a time above 0.
func (c *compiler) timeout(n *node) time.Duration {
	d := c.duration(n, "timeout")
	if d <= 0 {
		c.fault(n.pos, "timeout must be above 0, not %s", n.what())
	}
	return d
}

func (c *compiler) engines(n *node) {
	for _, f := range n.fields {
		if f.key != "http" {
			c.fault(f.pos, "engine %q is not supported, only http is", f.key)
		}
	}
}

// variables: a list gives each user one of its elements.
func (c *compiler) variables(n *node) {
	if n.kind != objectNode {
		c.fault(n.pos, "variables must be an object, not %s", n.what())
		return
	}
	for _, f := range n.fields {
		v := f.value.value()
		list, isList := v.([]any)
		switch {
		case !isList:
			c.plan.base[f.key] = v
		case len(list) == 0:
			c.fault(f.value.pos, "variable %s is an empty list: each user takes one element (nest it to have a list: [[]])", f.key)
		default:
			delete(c.plan.base, f.key)
			c.plan.lists = append(c.plan.lists, listVariable{f.key, list})
		}
	}
}

func (c *compiler) http(n *node) {
	h := &c.plan.HTTP
	c.object(n, "http", map[string]func(*node){
		"timeout":            func(v *node) { c.defaults.timeout = c.timeout(v) },
		"version":            func(v *node) { h.Version = c.httpVersion(v) },
		"pool":               func(v *node) { h.Pool = c.whole(v, "pool") },
		"maxSockets":         func(v *node) { c.warn(v.pos, "maxSockets is ignored, as in Artillery: use pool") },
		"extendedMetrics":    func(v *node) { h.ExtendedMetrics = c.boolean(v, "extendedMetrics") },
		"defaults":           ignoredKey,
		"distributedTracing": c.tracing,
		"cookieJarOptions": func(v *node) {
			c.object(v, "cookieJarOptions", map[string]func(*node){
				"looseMode":            func(v *node) { h.LooseCookies = c.boolean(v, "looseMode") },
				"rejectPublicSuffixes": ignoredKey,
			})
		},
	})
}

func (c *compiler) tracing(n *node) {
	t := &c.plan.HTTP.Tracing
	if n.kind == scalarNode {
		t.Enabled = c.boolean(n, "distributedTracing")
		t.Sampled = t.Enabled
		return
	}
	t.Enabled, t.Sampled = true, true
	c.object(n, "distributedTracing", map[string]func(*node){
		"enabled":       func(v *node) { t.Enabled = c.boolean(v, "enabled") },
		"sampled":       func(v *node) { t.Sampled = c.boolean(v, "sampled") },
		"traceIdPrefix": func(v *node) { t.TraceIDPrefix = c.tracePrefix(v) },
	})
}

// tracePrefix leaves at least 8 of a trace id's 32 hex digits to chance.
func (c *compiler) tracePrefix(n *node) string {
	s, _ := c.text(n, "traceIdPrefix")
	s = strings.ToLower(s)
	if len(s) > 24 || strings.Trim(s, "0123456789abcdef") != "" {
		c.fault(n.pos, "traceIdPrefix must be at most 24 hex digits, not %s", n.what())
		return ""
	}
	return s
}
