// Package request is an HTTP request of a script: read, rendered for a user, and changed by functions of the processor.
package request

import (
	"path/filepath"
	"slices"
	"strings"

	"edgescope/internal/near"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/tree"
)

// Request is what a request sends, in templates. It is safe for concurrent use.
type Request struct {
	name      string // "" if the script gives none
	method    string // upper case
	url       *templates.Template
	query     []templates.Field
	headers   []templates.Field
	cookies   []templates.Field
	auth      *auth
	body      body
	constants templates.Constants // for what a function changes
}

// URL is the address as the script spells it.
func (r *Request) URL() string { return r.url.String() }

// HasQuery tells whether the script gives parameters beside the address.
func (r *Request) HasQuery() bool { return len(r.query) > 0 }

// Name is what the script calls the request, "" if it gives no name.
func (r *Request) Name() string { return r.name }

// Methods are those of HTTP that a script may use, in lower case.
func Methods() []string { return []string{"get", "post", "put", "patch", "delete", "head", "options"} }

// Reader reads what requests send.
type Reader struct {
	Settings  *settings.Reader
	Templates *templates.Compiler
	// File returns the content of a file that a setting names. What is wrong has been told when ok is false.
	File func(n *tree.Node, what string) (name string, content []byte, ok bool)
	// Headers and Cookies are those that every request has.
	Headers, Cookies []templates.Field
}

// New is a request that sends nothing but the defaults; [Reader.Keys] fill it. method is one of [Methods].
func (r *Reader) New(method string) *Request {
	return &Request{
		method: strings.ToUpper(method), url: templates.Literal(""),
		headers: r.Headers, cookies: r.Cookies, constants: r.Templates.Constants,
	}
}

// Address reads {method: url}, the short form of {method: {url: url}}.
func (r *Reader) Address(req *Request, n *tree.Node) { r.address(req, n) }

// Keys read the keys of a request that say what it sends.
func (r *Reader) Keys(req *Request) map[string]func(*tree.Node) {
	return map[string]func(*tree.Node){
		"url":      func(v *tree.Node) { r.address(req, v) },
		"uri":      func(v *tree.Node) { r.address(req, v) },
		"name":     func(v *tree.Node) { req.name, _ = r.Settings.Text(v, "name") },
		"json":     func(v *tree.Node) { j := r.Templates.Value(v); req.body.json, req.body.kind = &j, jsonBody },
		"body":     func(v *tree.Node) { req.body.text = r.Templates.Template(v, "body"); req.body.atLeast(textBody) },
		"form":     func(v *tree.Node) { req.body.form = r.Templates.Fields(v, "form"); req.body.atLeast(formBody) },
		"formData": func(v *tree.Node) { req.body.parts = r.parts(v); req.body.atLeast(multipartBody) },
		"qs":       func(v *tree.Node) { req.query = r.Templates.Fields(v, "qs") },
		"headers": func(v *tree.Node) {
			req.headers = append(slices.Clip(req.headers), r.Templates.Fields(v, "headers")...)
		},
		"cookie": func(v *tree.Node) {
			req.cookies = append(slices.Clip(req.cookies), r.Templates.Fields(v, "cookie")...)
		},
		"auth": func(v *tree.Node) { req.auth = r.auth(v) },
	}
}

// atLeast sets the kind of a body unless json is given, which wins.
func (b *body) atLeast(kind bodyKind) {
	if b.kind != jsonBody {
		b.kind = kind
	}
}

func (r *Reader) address(req *Request, n *tree.Node) {
	req.url = r.Templates.Template(n, "url")
	u := req.url.String()
	for _, begin := range []string{"/", "http://", "https://", "{{"} {
		if strings.HasPrefix(u, begin) {
			return
		}
	}
	hint := ""
	if u != "" && !strings.Contains(u, "://") {
		hint = near.Meant("/" + u)
	}
	r.Settings.Fault(n.Pos, "url %q must begin with /, http://, https:// or {{%s", u, hint)
}

func (r *Reader) auth(n *tree.Node) *auth {
	a := &auth{templates.Literal(""), templates.Literal("")}
	user := func(v *tree.Node) { a.user = r.Templates.Template(v, "user") }
	pass := func(v *tree.Node) { a.pass = r.Templates.Template(v, "pass") }
	r.Settings.Object(n, "auth", map[string]func(*tree.Node){
		"user": user, "username": user, "pass": pass, "password": pass,
	})
	return a
}

// parts compiles formData: texts, or {fromFile, contentType, value}.
func (r *Reader) parts(n *tree.Node) []part {
	if n.Kind != tree.Object {
		r.Settings.Fault(n.Pos, "formData must be an object, not %s", n.What())
		return nil
	}
	parts := make([]part, len(n.Fields))
	for i, f := range n.Fields {
		parts[i] = r.part(f)
	}
	return parts
}

func (r *Reader) part(f tree.Field) part {
	p := part{Field: templates.Field{Name: r.Templates.Compile(f.Key, f.Pos)}}
	if f.Value.Kind != tree.Object {
		p.Value = r.Templates.Value(f.Value)
		return p
	}
	r.Settings.Object(f.Value, "formData", map[string]func(*tree.Node){
		"value":       func(v *tree.Node) { p.Value = r.Templates.Value(v) },
		"contentType": func(v *tree.Node) { p.contentType, _ = r.Settings.Text(v, "contentType") },
		"fileName":    func(v *tree.Node) { p.fileName, _ = r.Settings.Text(v, "fileName") },
		"fromFile":    func(v *tree.Node) { r.partFile(&p, v) },
	})
	if strings.ContainsAny(p.contentType, "\r\n") {
		r.Settings.Fault(f.Value.Pos, "contentType must be one line")
	}
	if p.file == nil && f.Value.Get("value") == nil && f.Value.Get("fromFile") == nil {
		r.Settings.Fault(f.Value.Pos, "a part of formData needs value or fromFile")
	}
	return p
}

func (r *Reader) partFile(p *part, n *tree.Node) {
	name, content, ok := r.File(n, "fromFile")
	if !ok {
		return
	}
	if p.file = content; content == nil {
		p.file = []byte{}
	}
	if p.fileName == "" {
		p.fileName = filepath.Base(name)
	}
}
