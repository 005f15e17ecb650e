package request

import (
	"encoding/base64"
	"net/url"
	"strings"

	"edgescope/scenarios/plan"
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
	m.Header, m.Cookies = m.Header[:0], m.Cookies[:0]
	for i := range r.headers {
		if name, text, ok := r.headers[i].Render(s); ok {
			setHeader(m, name, text)
		}
	}
	for i := range r.cookies {
		if name, text, ok := r.cookies[i].Render(s); ok {
			m.Cookies = append(m.Cookies, plan.Field{Name: name, Value: text})
		}
	}
	if r.auth != nil {
		pair := r.auth.user.Text(s) + ":" + r.auth.pass.Text(s)
		setHeader(m, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	var contentType string
	m.Memory, contentType = r.body.append(m.Memory[:0], s)
	if m.Body = m.Memory; r.body.kind == noBody {
		m.Body = nil
	}
	if contentType != "" && !hasHeader(m, "Content-Type") {
		m.Header = append(m.Header, plan.Field{Name: "Content-Type", Value: contentType})
	}
	return nil
}

// setHeader replaces a header of the same name but for case, or appends it: the request's own headers come after the
// defaults.
func setHeader(m *plan.Message, name, value string) {
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, name) {
			m.Header[i] = plan.Field{Name: name, Value: value}
			return
		}
	}
	m.Header = append(m.Header, plan.Field{Name: name, Value: value})
}

func hasHeader(m *plan.Message, name string) bool {
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, name) {
			return true
		}
	}
	return false
}

// address renders the URL and merges the query parameters into it. A URL that m had before is not checked again.
func (r *Request) address(s *value.Scope, base string, m *plan.Message) (string, error) {
	u := r.url.Text(s)
	full := u
	if strings.HasPrefix(u, "/") {
		full = base + u
	}
	if !strings.HasPrefix(full, "http://") && !strings.HasPrefix(full, "https://") {
		return "", value.UserError("Invalid URL - " + u)
	}
	full = escapeURL(full)
	if full != m.Address {
		if parsed, err := url.Parse(full); err != nil || parsed.Host == "" {
			return "", value.UserError("Invalid URL - " + u)
		}
		m.Address = full
	}
	if len(r.query) == 0 {
		return full, nil
	}
	return mergeQuery(full, r.query, s), nil
}

// mergeQuery keeps the URL's parameters in place and order; a name in fields replaces the same name in place, the rest
// is appended.
func mergeQuery(full string, fields []templates.Field, s *value.Scope) string {
	full, fragment, hasFragment := strings.Cut(full, "#")
	path, query, _ := strings.Cut(full, "?")
	var pairs []string
	if query != "" {
		pairs = strings.Split(query, "&")
	}
	for i := range fields {
		name, text, ok := fields[i].Render(s)
		if !ok {
			continue
		}
		pairs = setPair(pairs, name, url.QueryEscape(name)+"="+url.QueryEscape(text))
	}
	if len(pairs) > 0 {
		path += "?" + strings.Join(pairs, "&")
	}
	if hasFragment {
		path += "#" + fragment
	}
	return path
}

// setPair puts pair in the place of the first of that name and drops others.
func setPair(pairs []string, name, pair string) []string {
	out := pairs[:0:0]
	placed := false
	for _, p := range pairs {
		key, _, _ := strings.Cut(p, "=")
		if k, err := url.QueryUnescape(key); err != nil || k != name {
			out = append(out, p)
		} else if !placed {
			out, placed = append(out, pair), true
		}
	}
	if !placed {
		out = append(out, pair)
	}
	return out
}
