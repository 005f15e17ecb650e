package scenarios

import (
	"path/filepath"
	"strings"
)

func (c *compiler) readDefaults(config *node) {
	for _, n := range []*node{config.get("defaults"), config.get("http").get("defaults")} {
		c.object(n, "defaults", map[string]func(*node){
			"headers":       func(v *node) { c.defaults.headers = c.fieldsOf(v, "headers") },
			"cookie":        func(v *node) { c.defaults.cookies = c.fieldsOf(v, "cookie") },
			"strictCapture": func(v *node) { c.defaults.strict = c.boolean(v, "strictCapture") },
			"think": func(v *node) {
				c.object(v, "think", map[string]func(*node){
					"jitter": func(j *node) { c.defaults.jitter = c.jitter(j) },
				})
			},
		})
	}
}

// request compiles the step {method: {...}}; {method: url} is the same as
// {method: {url: url}}.
func (c *compiler) request(f field) Step {
	r := &Request{
		Pos: f.pos, Method: strings.ToUpper(f.key), Probability: 100, Timeout: c.defaults.timeout,
		FollowRedirect: true, Gzip: true, headers: c.defaults.headers, cookies: c.defaults.cookies,
	}
	c.requests = append(c.requests, r)
	n := f.value
	if _, ok := n.text(); ok {
		c.address(r, n)
		c.finish(r)
		return r
	}
	c.object(n, "request", c.requestKeys(r))
	if n.kind == objectNode && r.URL == nil {
		c.fault(f.pos, "%s needs a url", f.key)
	}
	if r.URL == nil {
		r.URL = literalTemplate("")
	}
	c.finish(r)
	return r
}

func (c *compiler) requestKeys(r *Request) map[string]func(*node) {
	known := map[string]func(*node){
		"url":      func(v *node) { c.address(r, v) },
		"uri":      func(v *node) { c.address(r, v) },
		"name":     func(v *node) { r.Name, _ = c.text(v, "name") },
		"json":     func(v *node) { j := c.valueOf(v); r.body.json, r.body.kind = &j, jsonBody },
		"body":     func(v *node) { r.body.text = c.template(v, "body"); r.body.atLeast(textBody) },
		"form":     func(v *node) { r.body.form = c.fieldsOf(v, "form"); r.body.atLeast(formBody) },
		"formData": func(v *node) { r.body.parts = c.parts(v); r.body.atLeast(multipartBody) },
		"qs":       func(v *node) { r.query = c.fieldsOf(v, "qs") },
		"headers": func(v *node) {
			r.headers = append(r.headers[:len(r.headers):len(r.headers)], c.fieldsOf(v, "headers")...)
		},
		"cookie": func(v *node) {
			r.cookies = append(r.cookies[:len(r.cookies):len(r.cookies)], c.fieldsOf(v, "cookie")...)
		},
		"auth":           func(v *node) { r.auth = c.auth(v) },
		"gzip":           func(v *node) { r.Gzip = c.boolean(v, "gzip") },
		"followRedirect": func(v *node) { r.FollowRedirect = c.boolean(v, "followRedirect") },
		"timeout":        func(v *node) { r.Timeout = c.timeout(v) },
		"probability":    func(v *node) { r.Probability = c.probability(v) },
		"ifTrue":         func(v *node) { r.If, r.IfFunction = c.condition(v) },
		"beforeRequest":  func(v *node) { r.BeforeRequest = c.functions(v, "beforeRequest") },
		"afterResponse":  func(v *node) { r.AfterResponse = c.functions(v, "afterResponse") },
		"capture":        func(v *node) { c.captures(r, v) },
		"match":          func(v *node) { c.matches(r, v) },
		"expect":         func(v *node) { c.expectations(r, v) },
	}
	return known
}

// atLeast sets the kind of a body unless json is given, which wins.
func (b *bodyTemplate) atLeast(kind bodyKind) {
	if b.kind != jsonBody {
		b.kind = kind
	}
}

// finish sets what depends on several keys.
func (c *compiler) finish(r *Request) {
	r.Endpoint = c.plan.EndpointOf(r.URL.String(), r.Name)
	if len(r.query) > 0 && strings.Contains(r.URL.String(), "?") {
		c.warn(r.Pos, "qs is merged with the URL's own query; Artillery drops that (D7)")
	}
	status := false
	for _, e := range r.expect {
		status = status || e.kind == "statusCode"
	}
	if c.default200 && !status && !c.unjudged {
		want := valueTemplate{static: []byte("200"), value: jsonInt(200)}
		r.expect = append(r.expect, expectation{kind: "statusCode", check: expectStatus(want, false)})
	}
}

func (c *compiler) address(r *Request, n *node) {
	r.URL = c.template(n, "url")
	u := r.URL.String()
	for _, begin := range []string{"/", "http://", "https://", "{{"} {
		if strings.HasPrefix(u, begin) {
			return
		}
	}
	hint := ""
	if u != "" && !strings.Contains(u, "://") {
		hint = didYouMean("/" + u)
	}
	c.fault(n.pos, "url %q must begin with /, http://, https:// or {{%s", u, hint)
}

func (c *compiler) auth(n *node) *authTemplate {
	a := &authTemplate{literalTemplate(""), literalTemplate("")}
	user := func(v *node) { a.user = c.template(v, "user") }
	pass := func(v *node) { a.pass = c.template(v, "pass") }
	c.object(n, "auth", map[string]func(*node){"user": user, "username": user, "pass": pass, "password": pass})
	return a
}

func (c *compiler) probability(n *node) float64 {
	p := c.amount(n, "probability")
	if p > 100 {
		c.fault(n.pos, "probability is a percentage, 0 to 100, not %s", n.what())
	}
	return p
}

// condition is an expression, or the name of a function of the processor.
func (c *compiler) condition(n *node) (expr *Condition, function string) {
	source, ok := c.text(n, "ifTrue")
	if !ok {
		return nil, ""
	}
	if p := c.plan.Processor; p != nil && p.Has(source) {
		return nil, source
	}
	e, err := compileExpression(filtrex, source, nil)
	if err != nil {
		c.fault(n.pos, "ifTrue %q: %s", source, err)
		return nil, ""
	}
	return &Condition{source, e}, ""
}

// parts compiles formData: texts, or {fromFile, contentType, value}.
func (c *compiler) parts(n *node) []partTemplate {
	if n.kind != objectNode {
		c.fault(n.pos, "formData must be an object, not %s", n.what())
		return nil
	}
	parts := make([]partTemplate, len(n.fields))
	for i, f := range n.fields {
		parts[i] = c.part(f)
	}
	return parts
}

func (c *compiler) part(f field) partTemplate {
	p := partTemplate{fieldTemplate: fieldTemplate{name: c.compileText(f.key, f.pos)}}
	if f.value.kind != objectNode {
		p.value = c.valueOf(f.value)
		return p
	}
	c.object(f.value, "formData", map[string]func(*node){
		"value":       func(v *node) { p.value = c.valueOf(v) },
		"contentType": func(v *node) { p.contentType, _ = c.text(v, "contentType") },
		"fileName":    func(v *node) { p.fileName, _ = c.text(v, "fileName") },
		"fromFile":    func(v *node) { c.partFile(&p, v) },
	})
	if strings.ContainsAny(p.contentType, "\r\n") {
		c.fault(f.value.pos, "contentType must be one line")
	}
	if p.file == nil && f.value.get("value") == nil && f.value.get("fromFile") == nil {
		c.fault(f.value.pos, "a part of formData needs value or fromFile")
	}
	return p
}

func (c *compiler) partFile(p *partTemplate, n *node) {
	name, ok := c.text(n, "fromFile")
	if !ok {
		return
	}
	src, err := c.opts.ReadFile(c.path(name))
	if err != nil {
		c.fault(n.pos, "fromFile %s cannot be read: %s", name, cause(err))
		return
	}
	if p.file = src; src == nil {
		p.file = []byte{}
	}
	if p.fileName == "" {
		p.fileName = filepath.Base(name)
	}
	c.files.Write(src)
}
