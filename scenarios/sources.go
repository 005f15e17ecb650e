package scenarios

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/andybalholm/cascadia"
)

func (c *compiler) captures(r *Request, n *node) {
	for _, item := range c.list(n, "capture") {
		if cp, ok := c.capture(item); ok {
			r.captures = append(r.captures, cp)
		}
	}
}

// sourceKeys are the keys of captures and matches that say where to look.
type sourceKeys struct {
	json, header, regexp, selector *node
	xpath, group, flags, attr      *node
	pick                           picking
}

func (c *compiler) sourceKeys(k *sourceKeys) map[string]func(*node) {
	to := func(p **node) func(*node) { return func(v *node) { *p = v } }
	return map[string]func(*node){
		"json": to(&k.json), "header": to(&k.header), "regexp": to(&k.regexp), "selector": to(&k.selector),
		"group": to(&k.group), "flags": to(&k.flags), "attr": to(&k.attr),
		"xpath":     to(&k.xpath),
		"index":     func(v *node) { k.pick = c.picking(v) },
		"random":    func(v *node) { k.pick = pickIf(c.boolean(v, "random"), pickRandom, k.pick) },
		"multiple":  func(v *node) { k.pick = pickIf(!c.boolean(v, "multiple"), pickAll, k.pick) },
		"transform": func(v *node) { c.fault(v.pos, "transform is not supported: it runs JavaScript on the value") },
	}
}

func pickIf(yes bool, how pickHow, old picking) picking {
	if yes {
		return picking{how: how}
	}
	return old
}

func (c *compiler) picking(n *node) picking {
	switch s, _ := n.text(); s {
	case "first":
		return picking{}
	case "last":
		return picking{how: pickLast}
	case "random":
		return picking{how: pickRandom}
	case "all":
		return picking{how: pickAll}
	}
	i, err := strconv.Atoi(textOf(n.value()))
	if n.kind != scalarNode || err != nil {
		c.fault(n.pos, "index must be a whole number, first, last, random or all, not %s", n.what())
	}
	return picking{index: i}
}

func (c *compiler) capture(n *node) (capture, bool) {
	cp := capture{strict: c.defaults.strict}
	var k sourceKeys
	known := c.sourceKeys(&k)
	known["strict"] = func(v *node) { cp.strict = c.boolean(v, "strict") }
	known["as"] = func(v *node) {
		name, _ := c.text(v, "as")
		var err error
		if cp.as, err = parseVarPath(name); err != nil {
			c.fault(v.pos, "as must be a variable (name, name.key), not %s", v.what())
		}
	}
	c.object(n, "capture", known)
	if n.kind != objectNode {
		return cp, false
	}
	if n.get("as").isNull() {
		c.fault(n.pos, `a capture needs "as", the variable to store the value in`)
	}
	cp.from = c.source(n, &k)
	return cp, cp.from != nil
}

func (c *compiler) source(n *node, k *sourceKeys) source {
	given := 0
	for _, s := range []*node{k.json, k.header, k.regexp, k.selector, k.xpath} {
		if s != nil {
			given++
		}
	}
	switch {
	case given > 1:
		c.fault(n.pos, "json, header, regexp, selector and xpath exclude each other")
	case k.json != nil:
		return c.jsonSource(k)
	case k.header != nil:
		return &headerSource{c.template(k.header, "header")}
	case k.regexp != nil:
		return c.regexpSource(k)
	case k.selector != nil:
		return c.selectorSource(k)
	case k.xpath != nil:
		return c.xpathSource(k)
	default:
		c.fault(n.pos, "one of json, header, regexp, selector and xpath must say where the value is")
	}
	return nil
}

func (c *compiler) jsonSource(k *sourceKeys) source {
	t := c.template(k.json, "json")
	text, static := t.Static()
	if !static {
		return &jsonSource{template: t, pick: k.pick}
	}
	path, err := compilePath(text)
	if err != nil {
		c.fault(k.json.pos, "%s", err)
		return nil
	}
	return &jsonSource{path: path, pick: k.pick}
}

func (c *compiler) regexpSource(k *sourceKeys) source {
	text, _ := c.text(k.regexp, "regexp")
	flags := ""
	if k.flags != nil {
		flags, _ = c.text(k.flags, "flags")
	}
	re, err := compileRegexp(text, flags)
	if err != nil {
		c.fault(k.regexp.pos, "regexp: %s", err)
		return nil
	}
	x := &regexpSource{re: re, pick: k.pick}
	if k.group == nil {
		return x
	}
	if name, ok := k.group.text(); ok && re.SubexpIndex(name) >= 0 {
		x.name = name
		return x
	}
	if x.group = c.whole(k.group, "group"); x.group > re.NumSubexp() {
		c.fault(k.group.pos, "regexp %s has %d groups, there is no group %d", text, re.NumSubexp(), x.group)
	}
	return x
}

func (c *compiler) xpathSource(k *sourceKeys) source {
	text, _ := c.text(k.xpath, "xpath")
	path, err := compileXPath(text)
	if err != nil {
		c.fault(k.xpath.pos, "%s", err)
		return nil
	}
	return &xpathSource{path, k.pick}
}

func (c *compiler) selectorSource(k *sourceKeys) source {
	text, _ := c.text(k.selector, "selector")
	m, err := cascadia.Compile(text)
	if err != nil {
		c.fault(k.selector.pos, "selector %q is no CSS selector: %s", text, err)
		return nil
	}
	s := &selectorSource{matcher: m, pick: k.pick}
	if k.attr != nil {
		s.attr, _ = c.text(k.attr, "attr")
	}
	return s
}

// compileRegexp reads JavaScript's flags; g, u and y change nothing here.
func compileRegexp(pattern, flags string) (*regexp.Regexp, error) {
	prefix := ""
	for _, f := range flags {
		switch f {
		case 'i', 'm', 's':
			prefix += string(f)
		case 'g', 'u', 'y':
		default:
			return nil, fmt.Errorf("unknown flag %q, legal are i, m, s, g, u and y", f)
		}
	}
	if prefix != "" {
		pattern = "(?" + prefix + ")" + pattern
	}
	return regexp.Compile(pattern)
}

// matches compiles the old `match`: one JSON value must be equal.
func (c *compiler) matches(r *Request, n *node) {
	for _, item := range c.list(n, "match") {
		m := match{strict: c.defaults.strict}
		var k sourceKeys
		known := c.sourceKeys(&k)
		known["value"] = func(v *node) { m.value = c.valueOf(v) }
		known["strict"] = func(v *node) { m.strict = c.boolean(v, "strict") }
		c.object(item, "match", known)
		if item.kind != objectNode {
			continue
		}
		if item.get("value") == nil {
			c.fault(item.pos, "a match needs a value")
			continue
		}
		if m.from = c.source(item, &k); m.from != nil {
			r.matches = append(r.matches, m)
		}
	}
}
