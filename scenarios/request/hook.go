package request

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// Script is the request as a function sees it before it is rendered, as JSON: its templates are text, its URL is
// absolute.
func (r *Request) Script(base string) []byte {
	address := r.url.String()
	if strings.HasPrefix(address, "/") {
		address = base + address
	}
	o := &value.Object{}
	o.Put("url", address)
	o.Put("method", r.method)
	if r.name != "" {
		o.Put("name", r.name)
	}
	var headers []value.Member
	for i := range r.headers {
		headers = withHeader(headers, r.headers[i].Name.String(), r.headers[i].Value.Source())
	}
	o.Put("headers", value.NewObject(headers))
	putFields(o, "qs", r.query)
	putFields(o, "cookie", r.cookies)
	if r.auth != nil {
		o.Put("auth", value.NewObject([]value.Member{
			{Key: "user", Value: r.auth.user.Source()}, {Key: "pass", Value: r.auth.pass.Source()},
		}))
	}
	switch r.body.kind {
	case jsonBody:
		o.Put("json", r.body.json.Source())
	case textBody:
		o.Put("body", r.body.text.Source())
	case formBody:
		putFields(o, "form", r.body.form)
	case multipartBody:
		putFields(o, "formData", r.body.parts)
	case noBody:
	}
	return value.AppendJSON(nil, o)
}

// withHeader replaces a header of the same name but for case, or appends it.
func withHeader(headers []value.Member, name string, v any) []value.Member {
	for i := range headers {
		if strings.EqualFold(headers[i].Key, name) {
			headers[i] = value.Member{Key: name, Value: v}
			return headers
		}
	}
	return append(headers, value.Member{Key: name, Value: v})
}

func putFields(o *value.Object, key string, fields []templates.Field) {
	if len(fields) == 0 {
		return
	}
	inner := &value.Object{}
	for i := range fields {
		inner.Put(fields[i].Name.String(), fields[i].Value.Source())
	}
	o.Put(key, inner)
}

// changeable are what a function may change about what a request sends; "uri" goes before "url".
var changeable = []string{
	"url", "uri", "method", "name", "headers", "qs", "searchParams", "cookie", "auth", "username", "password", "json", "body",
	"form", "formData",
}

// unchangeable are what a function may change in Artillery, and would have no effect here.
var unchangeable = []string{"agent", "cookieJar", "http2", "https", "proxy", "responseType", "encoding", "allowGetBody"}

// Changed is the request with what functions left of its Script, member by member. Templates are rendered like those of
// the script, bytes are sent as they are. more has what else may change. The error is a [value.UserError]: for a value
// that cannot be sent, and for a change that would have no effect. All other members of req are the function's own.
func (r *Request) Changed(members []value.Member, more func(*settings.Reader) map[string]func(*tree.Node)) (*Request, error) {
	changed := &Request{method: r.method, url: r.url, constants: r.constants, body: body{open: r.body.open}}
	wrong := &settings.Reader{}
	keys := r.changes(wrong, changed)
	maps.Copy(keys, more(wrong))
	for _, m := range members {
		n := templates.Node(buffers(m.Value), tree.Position{})
		read := keys[m.Key]
		switch {
		case slices.Contains(unchangeable, m.Key):
			wrong.Fault(n.Pos, "%s cannot be changed", m.Key)
		case read != nil && (!n.IsNull() || m.Key == "json"):
			read(n)
		}
	}
	if len(wrong.Problems) > 0 {
		return nil, value.UserError("beforeRequest: " + wrong.Problems[0].Msg)
	}
	return changed, nil
}

// buffers is a value in which what JSON.stringify makes of a Buffer is bytes again.
func buffers(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = buffers(v[i])
		}
		return list
	case *value.Object:
		if b, ok := bufferOf(v); ok {
			return b
		}
		o := &value.Object{}
		for _, m := range v.Members() {
			o.Put(m.Key, buffers(m.Value))
		}
		return o
	}
	return v
}

// bufferOf reads {"type": "Buffer", "data": [...]}.
func bufferOf(o *value.Object) (value.Bytes, bool) {
	kind, _ := o.Get("type")
	data, _ := o.Get("data")
	list, ok := data.([]any)
	if kind != "Buffer" || !ok || len(o.Members()) != 2 {
		return "", false
	}
	b := make([]byte, len(list))
	for i, v := range list {
		n, err := strconv.ParseUint(value.Text(v), 10, 8)
		if err != nil {
			return "", false
		}
		b[i] = byte(n)
	}
	return value.Bytes(b), true
}

// changes read what a function may change.
func (r *Request) changes(wrong *settings.Reader, changed *Request) map[string]func(*tree.Node) {
	read := Reader{
		Settings: wrong, Templates: &templates.Compiler{Reader: wrong, Constants: r.constants},
		File: func(*tree.Node, string) {}, Open: r.body.open, // a file is read when it is sent
	}
	known := read.Keys(changed)
	login := func() *auth {
		if changed.auth == nil {
			changed.auth = read.auth(&tree.Node{Kind: tree.Object})
		}
		return changed.auth
	}
	keys := map[string]func(*tree.Node){
		"method":       func(n *tree.Node) { changed.method = strings.ToUpper(method(wrong, n)) },
		"searchParams": known["qs"],
		"username":     func(n *tree.Node) { login().user = read.Templates.Value(n) },
		"password":     func(n *tree.Node) { login().pass = read.Templates.Value(n) },
		"uri":          known["url"],
		"url": func(n *tree.Node) {
			if changed.url == r.url { // no uri was there before
				known["url"](n)
			}
		},
	}
	for _, name := range changeable {
		if keys[name] == nil {
			keys[name] = known[name]
		}
	}
	return keys
}

func method(wrong *settings.Reader, n *tree.Node) string {
	m, _ := wrong.Text(n, "method")
	if !slices.Contains(Methods(), strings.ToLower(m)) {
		wrong.Fault(n.Pos, "method %q is not known", m)
	}
	return m
}

// Sent is the request as it went out, for functions that run after it, as JSON: method, url, headers, body, json.
func (r *Request) Sent(m *plan.Message) []byte {
	o := &value.Object{}
	o.Put("url", m.URL)
	o.Put("method", m.Method)
	if r.name != "" {
		o.Put("name", r.name)
	}
	headers := &value.Object{}
	for _, f := range m.Header {
		if old, ok := headers.Get(f.Name); ok {
			headers.Put(f.Name, lines(old, f.Value))
		} else {
			headers.Put(f.Name, f.Value)
		}
	}
	o.Put("headers", headers)
	if m.Body != nil {
		o.Put("body", string(m.Body))
		if v, err := value.Parse(m.Body); err == nil && r.body.kind == jsonBody {
			o.Put("json", v)
		}
	}
	return value.AppendJSON(nil, o)
}

// lines are those of a header with one more.
func lines(v any, more string) []any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	return append(slices.Clip(list), more)
}
