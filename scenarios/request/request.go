// Package request is an HTTP request of a script: read, rendered for a user, and changed by functions of the processor.
package request

import (
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"edgescope/internal/near"
	"edgescope/internal/tree"
	"edgescope/scenarios/address"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
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
	// File reads a file that a setting names, when the script is read; what is wrong with it is told. Open reads one when
	// a user needs it.
	File func(n *tree.Node, what string)
	Open encode.Open
	// Headers and Cookies are those that every request has.
	Headers, Cookies []templates.Field
}

// New is a request that sends nothing but the defaults; [Reader.Keys] fill it. method is one of [Methods].
func (r *Reader) New(method string) *Request {
	return &Request{
		method: strings.ToUpper(method), url: templates.Literal(""),
		headers: r.Headers, cookies: r.Cookies, constants: r.Templates.Constants, body: body{open: r.Open},
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
		"body":     func(v *tree.Node) { req.body.text = r.text(v); req.body.atLeast(textBody) },
		"form":     func(v *tree.Node) { req.body.form = r.Templates.Fields(v, "form"); req.body.atLeast(formBody) },
		"formData": func(v *tree.Node) { req.body.parts = r.parts(v); req.body.atLeast(multipartBody) },
		"qs":       func(v *tree.Node) { req.query = r.Templates.Fields(v, "qs") },
		// Artillery's way to have a content-length, which is always sent here.
		"setContentLengthHeader": settings.Ignored,
		"headers": func(v *tree.Node) {
			req.headers = append(slices.Clip(req.headers), r.HeaderFields(v)...)
		},
		"cookie": func(v *tree.Node) {
			req.cookies = append(slices.Clip(req.cookies), r.Templates.Fields(v, "cookie")...)
		},
		"auth": func(v *tree.Node) { req.auth = r.auth(v) },
	}
}

// HeaderFields reads headers. A name that cannot be sent is told, unless only a user knows it.
func (r *Reader) HeaderFields(n *tree.Node) []templates.Field {
	fields := r.Templates.Fields(n, "headers")
	for i := range fields {
		if name, static := fields[i].Name.Static(); static && !httpguts.ValidHeaderFieldName(name) {
			r.Settings.Fault(n.Fields[i].Pos, "a header's name is letters, digits and hyphens, not %q", name)
		}
	}
	return fields
}

// OneBody tells what a request gives beside its body that is a body too. Artillery sends json and not body, and fails
// all users of other pairs.
func (r *Reader) OneBody(n *tree.Node) {
	first := ""
	for _, kind := range []string{"json", "body", "form", "formData"} {
		v := n.Get(kind)
		switch {
		case v == nil || v.IsNull() && kind != "json":
		case first == "":
			first = kind
		case kind == "body":
			r.Settings.Warn(v.Pos, "body is ignored: the request has json")
		default:
			r.Settings.Fault(v.Pos, "a request has one body: %s stands beside %s", kind, first)
		}
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
	if n.Kind != tree.Scalar { // which is told
		return
	}
	if _, static := req.url.Static(); static && strings.HasPrefix(strings.ToLower(u), "http") {
		if _, err := address.Parse(u); err != nil {
			r.Settings.Fault(n.Pos, "%q is no http:// or https:// URL (%s)", u, err)
		}
		return
	}
	if strings.HasPrefix(u, "/") || strings.HasPrefix(u, "{{") || len(u) > 4 && strings.EqualFold(u[:4], "http") {
		return
	}
	hint := ""
	if u != "" && !strings.Contains(u, "://") {
		hint = near.Meant("/" + u)
	}
	r.Settings.Fault(n.Pos, "url %q must begin with /, http://, https:// or {{%s", u, hint)
}

// text reads `body`. What got would refuse of each user is refused now.
func (r *Reader) text(n *tree.Node) *templates.Value {
	if n.Kind != tree.Scalar {
		r.Settings.Fault(n.Pos, "body must be text, not %s: write json for JSON, or form", n.What())
	}
	text := r.Templates.Value(n)
	return &text
}

func (r *Reader) auth(n *tree.Node) *auth {
	a := &auth{}
	user := func(v *tree.Node) { a.user = r.Templates.Value(v) }
	pass := func(v *tree.Node) { a.pass = r.Templates.Value(v) }
	user(&tree.Node{Scalar: ""})
	pass(&tree.Node{Scalar: ""})
	r.Settings.Object(n, "auth", map[string]func(*tree.Node){
		"user": user, "username": user, "pass": pass, "password": pass,
	})
	return a
}

// parts compiles formData. A part is a value, a list of parts, or an object that says what it is.
func (r *Reader) parts(n *tree.Node) []templates.Field {
	if n.Kind != tree.Object {
		r.Settings.Fault(n.Pos, "formData must be an object, not %s", n.What())
		return nil
	}
	for _, f := range n.Fields {
		r.checkPart(f.Value)
	}
	return r.Templates.Fields(n, "formData")
}

func (r *Reader) line(n *tree.Node, what string) {
	if text, _ := r.Settings.Text(n, what); strings.ContainsAny(text, "\r\n") {
		r.Settings.Fault(n.Pos, "%s must be one line", what)
	}
}

// checkPart tells what is wrong with a part, and reads its file unless only a user knows which it is.
func (r *Reader) checkPart(n *tree.Node) {
	for _, item := range n.Items {
		r.checkPart(item)
	}
	if n.Kind != tree.Object {
		return
	}
	r.Settings.Object(n, "formData", map[string]func(*tree.Node){
		"value":       settings.Ignored,
		"contentType": func(v *tree.Node) { r.line(v, "contentType") },
		"fileName":    func(v *tree.Node) { r.Settings.Text(v, "fileName") },
		"filename":    func(v *tree.Node) { r.Settings.Text(v, "filename") },
		"fromFile": func(v *tree.Node) {
			if name, ok := r.Settings.Text(v, "fromFile"); ok && !strings.Contains(name, "{{") {
				r.File(v, "fromFile")
			}
		},
	})
	if n.Get("value") == nil && n.Get("fromFile").IsNull() {
		r.Settings.Fault(n.Pos, "a part of formData needs value or fromFile")
	}
}
