package answer

import (
	"slices"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/jmespath"
	"edgescope/scenarios/jsonpath"
	"edgescope/scenarios/regex"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// expectationKeys are all names of expectations.
var expectationKeys = []string{
	"statusCode", "notStatusCode", "contentType", "hasProperty", "notHasProperty", "propertyEquals", "equals",
	"hasHeader", "headerEquals", "header", "matchesRegexp", "cdnHit", "cacheStatus", "jmespath", "jpath",
}

// expectations compiles `expect`: one object or a list of them; every key of an object is an expectation.
func (r *Reader) expectations(w *Wants, n *tree.Node) {
	if r.Unjudged {
		r.Settings.Warn(n.Pos, "expect is not judged in before and after, as in Artillery: use capture")
	}
	for _, item := range r.Settings.List(n, "expect") {
		if item.Kind != tree.Object {
			r.Settings.Fault(item.Pos, "an expectation is an object such as {statusCode: 200}, not %s", item.What())
			continue
		}
		for _, f := range item.Fields {
			if e, ok := r.expectation(item, f); ok && !r.Unjudged {
				w.expect = append(w.expect, e)
			}
		}
	}
}

func (r *Reader) expectation(item *tree.Node, f tree.Field) (expectation, bool) {
	e := expectation{kind: f.Key}
	header := item.Get("header")
	switch f.Key {
	case "statusCode", "notStatusCode":
		e.check = expectStatus(r.statusCodes(f.Value), f.Key == "notStatusCode")
	case "contentType":
		e.check, e.readsBody = expectContentType(r.Templates.Template(f.Value, f.Key)), true
	case "hasProperty", "notHasProperty":
		e.check, e.readsBody = expectProperty(r.Templates.Template(f.Value, f.Key), f.Key == "hasProperty"), true
	case "propertyEquals":
		e.check, e.readsBody = expectProperties(r.properties(f.Value)), true
	case "equals":
		if header != nil {
			return e, false // part of the pair header + equals
		}
		e.check = expectEquals(r.comparison(f))
	case "header":
		return r.headerPair(f, item.Get("equals"))
	case "hasHeader":
		e.check = expectHeader(r.Templates.Template(f.Value, f.Key))
	case "headerEquals":
		return r.headerEquals(f)
	case "matchesRegexp":
		t := r.Templates.Template(f.Value, f.Key)
		e.check, e.readsBody = expectRegexp(t, r.staticRegexp(t, f.Value.Pos)), true
	case "cacheStatus":
		e.check = expectCacheStatus(r.cacheStatuses(f.Value))
	case "cdnHit":
		e.check = expectCDNHit(r.Templates.Value(f.Value))
	case "jmespath", "jpath":
		t := r.Templates.Template(f.Value, f.Key)
		e.check, e.readsBody = expectJMES(t, r.staticJMES(t, f.Value.Pos)), true
	default:
		r.Settings.Fault(f.Pos, "unknown expectation %q%s", f.Key, settings.Known(f.Key, expectationKeys))
		return e, false
	}
	return e, true
}

// statusCodes checks the codes that are known now.
func (r *Reader) statusCodes(n *tree.Node) templates.Value {
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	for _, item := range items {
		if s, ok := item.Text(); ok && strings.Contains(s, "{{") {
			continue
		}
		if code := value.Number(templates.Of(item)); !(code >= 100 && code <= 999) {
			r.Settings.Fault(item.Pos, "a status code is a number from 100 to 999, not %s", item.What())
		}
	}
	return r.Templates.Value(n)
}

// cacheStatuses are the words of cacheStatus, which is ours.
var cacheStatuses = []string{"hit", "miss", "stale", "revalidated", "expired", "bypass", "dynamic", "none"}

// cacheStatuses checks the words that are known now.
func (r *Reader) cacheStatuses(n *tree.Node) templates.Value {
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	for _, item := range items {
		if s, _ := item.Text(); !strings.Contains(s, "{{") && !slices.Contains(cacheStatuses, s) {
			r.Settings.Fault(item.Pos, "%s is no cache status%s", item.What(), settings.Known(s, cacheStatuses))
		}
	}
	return r.Templates.Value(n)
}

// properties reads propertyEquals: [path, value], or an object of them.
func (r *Reader) properties(n *tree.Node) []property {
	switch {
	case n.Kind == tree.List && len(n.Items) == 2:
		path, _ := r.Settings.Text(n.Items[0], "the path")
		return []property{r.property(path, n.Items[0].Pos, n.Items[1])}
	case n.Kind == tree.Object && len(n.Fields) > 0:
		all := make([]property, len(n.Fields))
		for i, f := range n.Fields {
			all[i] = r.property(f.Key, f.Pos, f.Value)
		}
		return all
	}
	r.Settings.Fault(n.Pos, "propertyEquals takes a list of two, the path and the value, or an object of them")
	return nil
}

func (r *Reader) property(path string, pos tree.Position, wanted *tree.Node) property {
	p := property{path: r.Templates.Compile(path, pos), want: r.Templates.Value(wanted)}
	if text, static := p.path.Static(); static && strings.HasPrefix(text, "$") {
		var err error
		if p.fixed, err = jsonpath.Compile(text); err != nil {
			r.Settings.Fault(pos, "%s", err)
		}
	}
	return p
}

func (r *Reader) comparison(f tree.Field) templates.Value {
	if f.Value.Kind == tree.List && len(f.Value.Items) == 1 {
		r.Settings.Warn(f.Value.Pos, "equals compares one value with nothing: it always holds")
	} else if f.Value.Kind != tree.List || len(f.Value.Items) == 0 {
		r.Settings.Fault(f.Value.Pos, "equals takes a list of two or more values, or stands beside header")
		return templates.Fixed([]any{""})
	}
	return r.Templates.Value(f.Value)
}

// headerPair is our extension: {header: x, equals: y} in either order.
func (r *Reader) headerPair(f tree.Field, equals *tree.Node) (expectation, bool) {
	if equals.IsNull() {
		r.Settings.Fault(f.Pos, "header needs equals beside it, the wanted value (hasHeader asks only for its presence)")
		return expectation{}, false
	}
	return r.headerExpectation(r.Templates.Template(f.Value, "header"), r.Templates.Value(equals)), true
}

func (r *Reader) headerEquals(f tree.Field) (expectation, bool) {
	if f.Value.Kind != tree.List || len(f.Value.Items) != 2 {
		r.Settings.Fault(f.Value.Pos, "headerEquals takes a list of two, the header's name and value")
		return expectation{}, false
	}
	name := r.Templates.Template(f.Value.Items[0], "the header's name")
	return r.headerExpectation(name, r.Templates.Value(f.Value.Items[1])), true
}

// headerExpectation is counted under a name that says which header.
func (r *Reader) headerExpectation(name *templates.Template, value templates.Value) expectation {
	e := expectation{kind: "header " + name.String() + " values equals", check: expectHeaderEquals(name, value)}
	if _, static := name.Static(); !static {
		e.kindOf = templates.Around("header ", name, " values equals")
	}
	return e
}

// staticRegexp compiles a pattern that holds no variables; else it is nil.
func (r *Reader) staticRegexp(t *templates.Template, pos tree.Position) *regex.Regexp {
	pattern, static := t.Static()
	if !static {
		return nil
	}
	re, err := regex.Compile(pattern, "")
	if err != nil {
		r.Settings.Fault(pos, "matchesRegexp: %s", err)
	}
	return re
}

// staticJMES compiles an expression that holds no variables; else it is nil.
func (r *Reader) staticJMES(t *templates.Template, pos tree.Position) *jmespath.Expression {
	text, static := t.Static()
	if !static {
		return nil
	}
	e, err := jmespath.Compile(text)
	if err != nil {
		r.Settings.Fault(pos, "%s", err)
	}
	return e
}

// Finish sets what depends on several keys. Call it when all of a request has been read.
func (r *Reader) Finish(w *Wants) {
	status := slices.ContainsFunc(w.expect, func(e expectation) bool { return e.kind == "statusCode" })
	if r.Expect200 && !status && !r.Unjudged {
		ok := templates.Fixed(value.Int(200))
		w.expect = append(w.expect, expectation{kind: "statusCode", check: expectStatus(ok, false)})
	}
}

// Kinds are what is expected, as reports count it.
func (w *Wants) Kinds() []string {
	kinds := make([]string, len(w.expect))
	for i := range w.expect {
		kinds[i] = w.expect[i].kind
	}
	return kinds
}
