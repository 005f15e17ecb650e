// Package answer is what a script captures of the answer to a request, and expects of it: read, and applied for a user.
package answer

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"

	"edgescope/internal/tree"
	"edgescope/scenarios/jsonpath"
	"edgescope/scenarios/regex"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
	"edgescope/scenarios/xpath"
)

// Wants is what a request wants of its answer. It is safe for concurrent use.
type Wants struct {
	captures []capture
	matches  []match
	expect   []expectation
}

// Reader reads what requests want of their answers.
type Reader struct {
	Settings  *settings.Reader
	Templates *templates.Compiler
	Lax       bool // captures and matches that do not say whether they are strict are not
	Expect200 bool // the status 200 is expected of every request that expects no other
	Unjudged  bool // nothing is expected: in before and after
}

// Keys read the keys of a request that concern its answer.
func (r *Reader) Keys(w *Wants) map[string]func(*tree.Node) {
	return map[string]func(*tree.Node){
		"capture": func(n *tree.Node) { r.captures(w, n) },
		"match":   func(n *tree.Node) { r.matches(w, n) },
		"expect":  func(n *tree.Node) { r.expectations(w, n) },
	}
}

func (r *Reader) captures(w *Wants, n *tree.Node) {
	for _, item := range r.Settings.List(n, "capture") {
		if cp, ok := r.capture(item); ok {
			w.captures = append(w.captures, cp)
		}
	}
}

// sourceKeys are the keys of captures and matches that say where to look.
type sourceKeys struct {
	json, header, regexp, selector *tree.Node
	xpath, group, flags, attr      *tree.Node
	pick                           picking
}

func (r *Reader) sourceKeys(k *sourceKeys) map[string]func(*tree.Node) {
	to := func(p **tree.Node) func(*tree.Node) { return func(v *tree.Node) { *p = v } }
	return map[string]func(*tree.Node){
		"json": to(&k.json), "header": to(&k.header), "regexp": to(&k.regexp), "selector": to(&k.selector),
		"group": to(&k.group), "flags": to(&k.flags), "attr": to(&k.attr),
		"xpath":    to(&k.xpath),
		"index":    func(v *tree.Node) { k.pick = r.picking(v) },
		"random":   func(v *tree.Node) { k.pick = pickIf(r.Settings.Bool(v, "random"), pickRandom, k.pick) },
		"multiple": func(v *tree.Node) { k.pick = pickIf(!r.Settings.Bool(v, "multiple"), pickAll, k.pick) },
		"transform": func(v *tree.Node) {
			r.Settings.Fault(v.Pos, "transform is not supported: it runs JavaScript on the value")
		},
	}
}

func pickIf(yes bool, how pickHow, old picking) picking {
	if yes {
		return picking{how: how}
	}
	return old
}

func (r *Reader) picking(n *tree.Node) picking {
	switch s, _ := n.Text(); s {
	case "first":
		return picking{}
	case "last":
		return picking{how: pickLast}
	case "random":
		return picking{how: pickRandom}
	case "all":
		return picking{how: pickAll}
	}
	i, err := strconv.Atoi(value.Text(templates.Of(n)))
	if n.Kind != tree.Scalar || err != nil {
		r.Settings.Fault(n.Pos, "index must be a whole number, first, last, random or all, not %s", n.What())
	}
	return picking{index: i}
}

func (r *Reader) capture(n *tree.Node) (capture, bool) {
	cp := capture{strict: !r.Lax}
	var k sourceKeys
	known := r.sourceKeys(&k)
	known["strict"] = func(v *tree.Node) { cp.strict = r.Settings.Bool(v, "strict") }
	known["as"] = func(v *tree.Node) {
		name, _ := r.Settings.Text(v, "as")
		var err error
		if cp.as, err = value.PathToSet(name); err != nil {
			r.Settings.Fault(v.Pos, "as must be a variable (name, name.key, name[key]), not %s: %s", v.What(), err)
		}
	}
	r.Settings.Object(n, "capture", known)
	if n.Kind != tree.Object {
		return cp, false
	}
	if n.Get("as").IsNull() {
		r.Settings.Fault(n.Pos, `a capture needs "as", the variable to store the value in`)
	}
	cp.from = r.source(n, &k)
	return cp, cp.from != nil
}

func (r *Reader) source(n *tree.Node, k *sourceKeys) source {
	given := 0
	for _, s := range []*tree.Node{k.json, k.header, k.regexp, k.selector, k.xpath} {
		if s != nil {
			given++
		}
	}
	switch {
	case given > 1:
		r.Settings.Fault(n.Pos, "json, header, regexp, selector and xpath exclude each other")
	case k.json != nil:
		return r.jsonSource(k)
	case k.header != nil:
		return &headerSource{r.Templates.Template(k.header, "header")}
	case k.regexp != nil:
		return r.regexpSource(k)
	case k.selector != nil:
		return r.selectorSource(k)
	case k.xpath != nil:
		return r.xpathSource(k)
	default:
		r.Settings.Fault(n.Pos, "one of json, header, regexp, selector and xpath must say where the value is")
	}
	return nil
}

func (r *Reader) jsonSource(k *sourceKeys) source {
	t := r.Templates.Template(k.json, "json")
	text, static := t.Static()
	if !static {
		return &jsonSource{template: t, pick: k.pick}
	}
	path, err := jsonpath.Compile(text)
	if err != nil {
		r.Settings.Fault(k.json.Pos, "%s", err)
		return nil
	}
	return &jsonSource{path: path, pick: k.pick}
}

func (r *Reader) regexpSource(k *sourceKeys) source {
	text, _ := r.Settings.Text(k.regexp, "regexp")
	flags := ""
	if k.flags != nil {
		flags, _ = r.Settings.Text(k.flags, "flags")
	}
	re, err := regex.Compile(text, flags)
	if err != nil {
		r.Settings.Fault(k.regexp.Pos, "%s", err)
		return nil
	}
	x := &regexpSource{re: re, pick: k.pick}
	if k.group != nil {
		x.group = r.group(k.group, re)
	}
	return x
}

// group is the number of a group that is given by number or name.
func (r *Reader) group(n *tree.Node, re *regex.Regexp) int {
	name, isText := n.Text()
	number, isNumber := 0, false
	if isText {
		number, isNumber = re.Names()[name]
	}
	if isNumber {
		return number
	}
	if isText && strings.Trim(name, "0123456789") != "" {
		names := slices.Sorted(maps.Keys(re.Names()))
		r.Settings.Fault(n.Pos, "regexp %s has no group %q%s", re, name, settings.Known(name, names))
		return 0
	}
	if number = r.Settings.Whole(n, "group"); number > re.Groups() {
		r.Settings.Fault(n.Pos, "regexp %s has %d groups, there is no group %d", re, re.Groups(), number)
		return 0
	}
	return number
}

func (r *Reader) xpathSource(k *sourceKeys) source {
	text, _ := r.Settings.Text(k.xpath, "xpath")
	path, err := xpath.Compile(text)
	if err != nil {
		r.Settings.Fault(k.xpath.Pos, "%s", err)
		return nil
	}
	return &xpathSource{path, k.pick}
}

func (r *Reader) selectorSource(k *sourceKeys) source {
	text, _ := r.Settings.Text(k.selector, "selector")
	m, err := cascadia.Compile(text)
	if err != nil {
		r.Settings.Fault(k.selector.Pos, "selector %q is no CSS selector: %s", text, err)
		return nil
	}
	s := &selectorSource{matcher: m, pick: k.pick}
	if k.attr != nil {
		s.attr, _ = r.Settings.Text(k.attr, "attr")
	}
	return s
}

// matches compiles the old `match`: one JSON value must be equal.
func (r *Reader) matches(w *Wants, n *tree.Node) {
	for _, item := range r.Settings.List(n, "match") {
		m := match{strict: !r.Lax}
		var k sourceKeys
		known := r.sourceKeys(&k)
		known["value"] = func(v *tree.Node) { m.value = r.Templates.Value(v) }
		known["strict"] = func(v *tree.Node) { m.strict = r.Settings.Bool(v, "strict") }
		r.Settings.Object(item, "match", known)
		if item.Kind != tree.Object {
			continue
		}
		if item.Get("value") == nil {
			r.Settings.Fault(item.Pos, "a match needs a value")
			continue
		}
		if m.from = r.source(item, &k); m.from != nil {
			w.matches = append(w.matches, m)
		}
	}
}
