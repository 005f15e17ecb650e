package request

import (
	"net/url"
	"slices"
	"strings"

	"edgescope/scenarios/address"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// Render fills m with the request of one user. base is the plan's target, or that of the user's region; a URL that
// begins with "/" is appended to it. The error is a [value.UserError].
func (r *Request) Render(s *value.Scope, base string, m *plan.Message) error {
	target, err := r.address(s, base, m)
	if err != nil {
		return err
	}
	m.Method, m.URL = r.method, target
	m.Header, m.Cookies, m.Anonymous = m.Header[:0], m.Cookies[:0], false
	r.renderHeaders(s, m)
	for i := range r.cookies {
		c := &r.cookies[i]
		m.Cookies = append(m.Cookies, plan.Field{Name: c.Name.Text(s), Value: encode.Text(c.Value.Any(s))})
	}
	switch {
	case r.auth != nil:
		user, pass := encode.Credential(r.auth.user.Any(s)), encode.Credential(r.auth.pass.Any(s))
		setHeader(m, "Authorization", address.Basic(user, pass))
	case m.Parsed.Authorization != "":
		setHeader(m, "Authorization", m.Parsed.Authorization)
	}
	memory, contentType, ok, err := r.body.append(m.Memory[:0], s)
	if m.Memory, m.Body = memory, nil; err != nil || !ok {
		return err
	}
	m.Body = memory
	if contentType != "" && !hasHeader(m, "Content-Type") {
		m.Header = append(m.Header, plan.Field{Name: "Content-Type", Value: contentType})
	}
	return nil
}

func (r *Request) renderHeaders(s *value.Scope, m *plan.Message) {
	for i := range r.headers {
		h := &r.headers[i]
		name := h.Name.Text(s)
		if text, ok := h.Value.Text(s); ok {
			setHeader(m, name, text)
			continue
		}
		lines := encode.Header(h.Value.Any(s))
		setHeader(m, name, lines...)
		if len(lines) == 0 && strings.EqualFold(name, "User-Agent") {
			m.Anonymous = true
		}
	}
}

// setHeader makes these the lines of a header, in place of those that it had under this name but for case: the
// request's own headers come after the defaults.
func setHeader(m *plan.Message, name string, lines ...string) {
	if hasHeader(m, name) {
		m.Header = slices.DeleteFunc(m.Header, func(f plan.Field) bool { return strings.EqualFold(f.Name, name) })
	}
	for _, line := range lines {
		m.Header = append(m.Header, plan.Field{Name: name, Value: line})
	}
}

func hasHeader(m *plan.Message, name string) bool {
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, name) {
			return true
		}
	}
	return false
}

// address renders the URL and merges the query parameters into it. A URL that m had before is not read again.
func (r *Request) address(s *value.Scope, base string, m *plan.Message) (string, error) {
	u := r.url.Text(s)
	full := u
	if strings.HasPrefix(u, "/") {
		full = base + u
	}
	if full != m.Address {
		if len(full) < 4 || !strings.EqualFold(full[:4], "http") {
			return "", value.UserError("Invalid URL - " + full)
		}
		parsed, err := address.Parse(full)
		if err != nil {
			return "", value.UserError(err.Error())
		}
		m.Address, m.Parsed = full, parsed
	}
	if len(r.query) == 0 {
		return m.Parsed.URL, nil
	}
	return mergeQuery(m.Parsed.URL, r.query, s), nil
}

// mergeQuery keeps the URL's parameters in place and order; a name in fields replaces the same name in place, the rest
// is appended.
func mergeQuery(full string, fields []templates.Field, s *value.Scope) string {
	path, query, _ := strings.Cut(full, "?")
	var pairs []string
	if query != "" {
		pairs = strings.Split(query, "&")
	}
	for i := range fields {
		name := fields[i].Name.Text(s)
		pairs = setPair(pairs, name, string(encode.AppendQuery(nil, name, fields[i].Value.Any(s))))
	}
	if len(pairs) > 0 {
		path += "?" + strings.Join(pairs, "&")
	}
	return path
}

// setPair puts a parameter in the place of the first of that name and drops others. The text is its encoded form: several
// pairs for a list, "" for an empty one.
func setPair(pairs []string, name, text string) []string {
	out := pairs[:0:0]
	placed := text == ""
	for _, old := range pairs {
		key, _, _ := strings.Cut(old, "=")
		if k, err := url.QueryUnescape(key); err != nil || k != name {
			out = append(out, old)
		} else if !placed {
			out, placed = append(out, text), true
		}
	}
	if !placed {
		out = append(out, text)
	}
	return out
}
