package request

import (
	"slices"
	"strings"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/tree"
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
	if r.query.whole != nil {
		o.Put("qs", r.query.whole.Source())
	}
	putFields(o, "qs", r.query.fields)
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
	case noBody, multipartBody, rawBody:
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

// changeable are what a function may change about a request; other members of req are its own.
var changeable = []string{"url", "method", "headers", "qs", "cookie", "auth", "json", "body", "form"}

// Changed is the request with what functions left of its Script, member by member: in url, method, headers, qs, cookie,
// auth, json, body and form templates are rendered like those of the script. A body of bytes is sent as it is. The error
// is a [value.UserError].
func (r *Request) Changed(members []value.Member) (*Request, error) {
	changed := &Request{
		name: r.name, method: r.method, url: r.url, constants: r.constants, body: body{open: r.body.open},
	}
	if r.body.kind == multipartBody {
		changed.body = r.body
	}
	wrong := &settings.Reader{}
	read := Reader{Settings: wrong, Templates: &templates.Compiler{Reader: wrong, Constants: r.constants}}
	keys := read.Keys(changed)
	keys["method"] = func(n *tree.Node) { changed.method = strings.ToUpper(method(wrong, n)) }
	for _, m := range members {
		if raw, ok := m.Value.(value.Bytes); ok && m.Key == "body" {
			changed.body.raw = []byte(raw)
			changed.body.atLeast(rawBody)
			continue
		}
		n := templates.Node(m.Value, tree.Position{})
		if slices.Contains(changeable, m.Key) && (!n.IsNull() || m.Key == "json") {
			keys[m.Key](n)
		}
	}
	if len(wrong.Problems) > 0 {
		return nil, value.UserError("beforeRequest: " + wrong.Problems[0].Msg)
	}
	return changed, nil
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
