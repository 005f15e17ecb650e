package scenarios

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"edgescope/scenarios/processor"
)

// processor reads config.processor: the JavaScript whose functions the script names.
func (c *compiler) processor(n *node) {
	name, ok := c.text(n, "processor")
	if !ok {
		return
	}
	program, problems := processor.Load(c.path(name), processor.Options{
		Env: c.opts.variable,
		ReadFile: func(path string) ([]byte, error) {
			src, err := c.opts.ReadFile(path)
			c.files.Write(src)
			return src, err
		},
	})
	for _, p := range problems {
		pos := Position{p.File, p.Line, p.Col}
		if p.Line == 0 {
			pos = n.pos
			p.Msg = p.File + ": " + p.Msg
		}
		c.fault(pos, "%s", p.Msg)
	}
	c.plan.Processor, c.brokenProcessor = program, program == nil
}

// variable is a variable of the environment, or of the --dotenv file.
func (o *Options) variable(name string) (string, bool) {
	if v, ok := o.Env(name); ok {
		return v, true
	}
	v, ok := o.Dotenv[name]
	return v, ok
}

// function checks that the processor exports a function.
func (c *compiler) function(n *node, where string) string {
	name, ok := c.text(n, where)
	switch {
	case !ok || c.brokenProcessor: // told already
	case c.plan.Processor == nil:
		c.fault(n.pos, "%s: function %q cannot be called: the script has no config.processor", where, name)
	case !c.plan.Processor.Has(name):
		c.fault(n.pos, "%s: the processor exports no function %q%s", where, name, c.known(name, c.plan.Processor.Names()))
	}
	return name
}

// functions are one name or a list of them.
func (c *compiler) functions(n *node, where string) []string {
	items := []*node{n}
	if n.kind == listNode {
		items = n.items
	}
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = c.function(item, where)
	}
	return names
}

// hookAll puts the scenario's own hooks before those of its requests, as Artillery does.
func (c *compiler) hookAll(requests []*Request, before, after []string) {
	for _, r := range requests {
		r.BeforeRequest = slices.Concat(before, r.BeforeRequest)
		r.AfterResponse = slices.Concat(after, r.AfterResponse)
	}
}

// scopeVars shows a scope to a function.
type scopeVars struct{ s *Scope }

// Vars are the variables of the user as a function of the processor sees them. They are used like the scope itself: by one
// goroutine at a time.
func (s *Scope) Vars() processor.Vars { return scopeVars{s} }

// Names implements processor.Vars.
func (v scopeVars) Names() []string {
	all := map[string]bool{}
	for _, vars := range []map[string]any{v.s.base, v.s.vars, v.s.locals} {
		for name := range vars {
			if _, ok := v.s.variable(name); ok {
				all[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Get implements processor.Vars.
func (v scopeVars) Get(name string) ([]byte, bool) {
	value, ok := v.s.variable(name)
	if !ok && name == "$uuid" {
		value, ok = v.s.UUID(), true
	}
	if !ok {
		return nil, false
	}
	return appendJSON(nil, value), true
}

// Set implements processor.Vars.
func (v scopeVars) Set(name string, text []byte) {
	if value, err := parseJSON(text); err == nil {
		v.s.store(&varPath{source: name, name: name}, value)
	}
}

// Delete implements processor.Vars.
func (v scopeVars) Delete(name string) { v.s.drop(&varPath{source: name, name: name}) }

// Hooked tells whether functions run before or after the request.
func (r *Request) Hooked() bool { return len(r.BeforeRequest)+len(r.AfterResponse) > 0 }

// Script is the request as a function sees it before it is rendered, as JSON: its templates are text, its URL is absolute.
func (r *Request) Script(base string) []byte {
	address := r.URL.String()
	if strings.HasPrefix(address, "/") {
		address = base + address
	}
	o := &Object{}
	o.put("url", address)
	o.put("method", r.Method)
	if r.Name != "" {
		o.put("name", r.Name)
	}
	headers := &Object{}
	for i := range r.headers {
		headers.putHeader(r.headers[i].name.source, r.headers[i].value.source())
	}
	o.put("headers", headers)
	putFields(o, "qs", r.query)
	putFields(o, "cookie", r.cookies)
	if r.auth != nil {
		o.put("auth", newObject([]member{{"user", r.auth.user.source}, {"pass", r.auth.pass.source}}))
	}
	switch r.body.kind {
	case jsonBody:
		o.put("json", r.body.json.source())
	case textBody:
		o.put("body", r.body.text.source)
	case formBody:
		putFields(o, "form", r.body.form)
	case noBody, multipartBody:
	}
	return appendJSON(nil, o)
}

// putHeader replaces a header of the same name but for case.
func (o *Object) putHeader(name string, value any) {
	for i := range o.members {
		if strings.EqualFold(o.members[i].key, name) {
			o.members[i] = member{name, value}
			return
		}
	}
	o.put(name, value)
}

func putFields(o *Object, key string, fields []fieldTemplate) {
	if len(fields) == 0 {
		return
	}
	inner := &Object{}
	for i := range fields {
		inner.put(fields[i].name.source, fields[i].value.source())
	}
	o.put(key, inner)
}

// source is the value as it stands in the script, with its templates as text.
func (t *valueTemplate) source() any {
	switch {
	case t.static != nil:
		return t.value
	case t.text != nil:
		return t.text.source
	case t.object:
		o := &Object{}
		for i := range t.fields {
			o.put(t.fields[i].key.source, t.fields[i].value.source())
		}
		return o
	}
	list := make([]any, len(t.items))
	for i := range t.items {
		list[i] = t.items[i].source()
	}
	return list
}

// Rewritten is the request with what a function left of its Script: url, method, headers, qs, cookie, auth, json, body and
// form, in which templates are rendered like those of the script. Other members are the function's own. It is r itself when
// nothing has changed; the error is a [UserError].
func (p *Plan) Rewritten(r *Request, before, after []byte) (*Request, error) {
	if bytes.Equal(before, after) {
		return r, nil
	}
	v, err := parseJSON(after)
	o, ok := v.(*Object)
	if err != nil || !ok {
		return nil, UserError("beforeRequest left no request")
	}
	c := &compiler{opts: p.environment, plan: &Plan{}}
	changed := *r
	changed.headers, changed.query, changed.cookies, changed.auth = nil, nil, nil, nil
	if changed.body.kind != multipartBody {
		changed.body = bodyTemplate{}
	}
	keys := c.requestKeys(&changed)
	keys["method"] = func(n *node) {
		method, _ := c.text(n, "method")
		changed.Method = strings.ToUpper(method)
		if !slices.Contains(methods, strings.ToLower(method)) {
			c.fault(n.pos, "method %q is not known", method)
		}
	}
	for _, m := range o.members {
		switch m.key {
		case "url", "method", "headers", "qs", "cookie", "auth", "json", "body", "form":
			if n := nodeOf(m.value, Position{}); !n.isNull() || m.key == "json" {
				keys[m.key](n)
			}
		}
	}
	if len(c.problems) > 0 {
		return nil, UserError("beforeRequest: " + c.problems[0].Msg)
	}
	return &changed, nil
}

// Sent is the request as it went out, for functions that run after it, as JSON: method, url, headers, body, json.
func (r *Request) Sent(m *Message) []byte {
	o := &Object{}
	o.put("url", m.URL)
	o.put("method", m.Method)
	if r.Name != "" {
		o.put("name", r.Name)
	}
	headers := &Object{}
	for _, f := range m.Header {
		headers.put(f.Name, f.Value)
	}
	o.put("headers", headers)
	if m.Body != nil {
		o.put("body", string(m.Body))
		if v, err := parseJSON(m.Body); err == nil && r.body.kind == jsonBody {
			o.put("json", v)
		}
	}
	return appendJSON(nil, o)
}

// Script is the answer as a function sees it, as JSON: statusCode, headers (lower case) and body (text).
func (r *Response) Script() []byte {
	headers := &Object{}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		values := r.Header[name]
		if strings.EqualFold(name, "Set-Cookie") { // node has a list of these alone
			list := make([]any, len(values))
			for i, v := range values {
				list[i] = v
			}
			headers.put("set-cookie", list)
			continue
		}
		headers.put(strings.ToLower(name), strings.Join(values, ", "))
	}
	return appendJSON(nil, newObject([]member{{"statusCode", jsonInt(r.Status)}, {"headers", headers}, {"body", string(r.Body)}}))
}
