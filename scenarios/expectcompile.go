package scenarios

import (
	"regexp"
	"slices"
	"strings"
)

// expectationKeys are all names of expectations.
var expectationKeys = []string{
	"statusCode", "notStatusCode", "contentType", "hasProperty", "notHasProperty", "equals",
	"hasHeader", "headerEquals", "header", "matchesRegexp", "cdnHit", "cacheStatus", "jmespath", "jpath",
}

// expectations compiles `expect`: one object or a list of them; every key of
// an object is an expectation.
func (c *compiler) expectations(r *Request, n *node) {
	if c.unjudged {
		c.warn(n.pos, "expect is not judged in before and after, as in Artillery: use capture")
	}
	for _, item := range c.list(n, "expect") {
		if item.kind != objectNode {
			c.fault(item.pos, "an expectation is an object such as {statusCode: 200}, not %s", item.what())
			continue
		}
		for _, f := range item.fields {
			if e, ok := c.expectation(item, f); ok && !c.unjudged {
				r.expect = append(r.expect, e)
			}
		}
	}
}

func (c *compiler) expectation(item *node, f field) (expectation, bool) {
	e := expectation{kind: f.key}
	header := item.get("header")
	switch f.key {
	case "statusCode", "notStatusCode":
		e.check = expectStatus(c.statusCodes(f.value), f.key == "notStatusCode")
	case "contentType":
		e.check, e.readsBody = expectContentType(c.template(f.value, f.key)), true
	case "hasProperty", "notHasProperty":
		e.check, e.readsBody = expectProperty(c.propertyPath(f.value), f.key == "hasProperty"), true
	case "equals":
		if header != nil {
			return e, false // part of the pair header + equals
		}
		e.check = expectEquals(c.comparison(f))
	case "header":
		return c.headerPair(f, item.get("equals"))
	case "hasHeader":
		e.check = expectHeader(c.template(f.value, f.key))
	case "headerEquals":
		return c.headerEquals(f)
	case "matchesRegexp":
		t := c.template(f.value, f.key)
		e.check, e.readsBody = expectRegexp(t, c.staticRegexp(t, f.value.pos)), true
	case "cacheStatus":
		e.check = expectCacheStatus(c.cacheStatuses(f.value))
	case "cdnHit":
		e.check = expectCDNHit(c.valueOf(f.value))
	case "jmespath", "jpath":
		t := c.template(f.value, f.key)
		e.check, e.readsBody = expectJMES(t, c.staticJMES(t, f.value.pos)), true
	default:
		c.fault(f.pos, "unknown expectation %q%s", f.key, c.known(f.key, expectationKeys))
		return e, false
	}
	return e, true
}

// statusCodes checks the codes that are known now.
func (c *compiler) statusCodes(n *node) valueTemplate {
	items := []*node{n}
	if n.kind == listNode {
		items = n.items
	}
	for _, item := range items {
		if s, ok := item.text(); ok && strings.Contains(s, "{{") {
			continue
		}
		if code := number(item.value()); !(code >= 100 && code <= 999) {
			c.fault(item.pos, "a status code is a number from 100 to 999, not %s", item.what())
		}
	}
	return c.valueOf(n)
}

// cacheStatuses are the words of cacheStatus, which is ours.
var cacheStatuses = []string{"hit", "miss", "stale", "revalidated", "expired", "bypass", "dynamic", "none"}

// cacheStatuses checks the words that are known now.
func (c *compiler) cacheStatuses(n *node) valueTemplate {
	items := []*node{n}
	if n.kind == listNode {
		items = n.items
	}
	for _, item := range items {
		if s, _ := item.text(); !strings.Contains(s, "{{") && !slices.Contains(cacheStatuses, s) {
			c.fault(item.pos, "%s is no cache status%s", item.what(), c.known(s, cacheStatuses))
		}
	}
	return c.valueOf(n)
}

func (c *compiler) propertyPath(n *node) *Template {
	t := c.template(n, "hasProperty")
	if path, static := t.Static(); static {
		if _, err := parseVarPath(path); err != nil {
			c.fault(n.pos, "%s is no path of a property, write name, name.key or name[0]", n.what())
		}
	}
	return t
}

func (c *compiler) comparison(f field) valueTemplate {
	if f.value.kind != listNode || len(f.value.items) < 2 {
		c.fault(f.value.pos, "equals takes a list of two or more values, or stands beside header")
		return valueTemplate{static: []byte("[]"), value: []any{""}}
	}
	return c.valueOf(f.value)
}

// headerPair is our extension: {header: x, equals: y} in either order.
func (c *compiler) headerPair(f field, equals *node) (expectation, bool) {
	if equals.isNull() {
		c.fault(f.pos, "header needs equals beside it, the wanted value (hasHeader asks only for its presence)")
		return expectation{}, false
	}
	return c.headerExpectation(c.template(f.value, "header"), c.valueOf(equals)), true
}

func (c *compiler) headerEquals(f field) (expectation, bool) {
	if f.value.kind != listNode || len(f.value.items) != 2 {
		c.fault(f.value.pos, "headerEquals takes a list of two, the header's name and value")
		return expectation{}, false
	}
	return c.headerExpectation(c.template(f.value.items[0], "the header's name"), c.valueOf(f.value.items[1])), true
}

// headerExpectation is counted under a name that says which header.
func (c *compiler) headerExpectation(name *Template, value valueTemplate) expectation {
	e := expectation{kind: "header " + name.String() + " values equals", check: expectHeaderEquals(name, value)}
	if _, static := name.Static(); !static {
		e.kindOf = &Template{source: e.kind, parts: slices.Concat(
			[]templatePart{{literal: "header "}}, name.parts, []templatePart{{literal: " values equals"}})}
	}
	return e
}

// staticRegexp compiles a pattern that holds no variables; else it is nil.
func (c *compiler) staticRegexp(t *Template, pos Position) *regexp.Regexp {
	pattern, static := t.Static()
	if !static {
		return nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		c.fault(pos, "matchesRegexp: %s", err)
	}
	return re
}

// staticJMES compiles an expression that holds no variables; else it is nil.
func (c *compiler) staticJMES(t *Template, pos Position) jmes {
	text, static := t.Static()
	if !static {
		return nil
	}
	e, err := compileJMES(text)
	if err != nil {
		c.fault(pos, "%s", err)
	}
	return e
}
