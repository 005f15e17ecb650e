package scenarios

import (
	"encoding/base64"
	"iter"
	"net/url"
	"strings"
	"time"
)

// Send decides by `ifTrue` and `probability` whether the user sends the
// request. It draws from the user's random stream only for a probability below
// 100.
func (r *Request) Send(s *Scope) bool {
	if r.If != nil && !r.If.True(s) {
		return false
	}
	return r.Probability >= 100 || s.rand.Float64()*100 < r.Probability
}

// Render fills m with the request of one user. base is the plan's target, or
// that of the user's region; a URL that begins with "/" is appended to it. The
// error is a [UserError].
func (r *Request) Render(s *Scope, base string, m *Message) error {
	target, err := r.address(s, base, m)
	if err != nil {
		return err
	}
	m.Method, m.URL = r.Method, target
	m.Header, m.Cookies = m.Header[:0], m.Cookies[:0]
	for i := range r.headers {
		if name, text, ok := r.headers[i].render(s); ok {
			m.setHeader(name, text)
		}
	}
	for i := range r.cookies {
		if name, text, ok := r.cookies[i].render(s); ok {
			m.Cookies = append(m.Cookies, Field{name, text})
		}
	}
	if r.auth != nil {
		pair := r.auth.user.Text(s) + ":" + r.auth.pass.Text(s)
		m.setHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	var contentType string
	m.buf, contentType = r.body.append(m.buf[:0], s)
	if m.Body = m.buf; r.body.kind == noBody {
		m.Body = nil
	}
	if contentType != "" && !m.hasHeader("Content-Type") {
		m.Header = append(m.Header, Field{"Content-Type", contentType})
	}
	return nil
}

// setHeader replaces a header of the same name but for case, or appends it:
// the request's own headers come after the defaults.
func (m *Message) setHeader(name, value string) {
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, name) {
			m.Header[i] = Field{name, value}
			return
		}
	}
	m.Header = append(m.Header, Field{name, value})
}

func (m *Message) hasHeader(name string) bool {
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, name) {
			return true
		}
	}
	return false
}

// address renders the URL and merges the query parameters into it. A URL that
// m had before is not checked again.
func (r *Request) address(s *Scope, base string, m *Message) (string, error) {
	u := r.URL.Text(s)
	full := u
	if strings.HasPrefix(u, "/") {
		full = base + u
	}
	if !strings.HasPrefix(full, "http://") && !strings.HasPrefix(full, "https://") {
		return "", UserError("Invalid URL - " + u)
	}
	full = escapeURL(full)
	if full != m.checked {
		if parsed, err := url.Parse(full); err != nil || parsed.Host == "" {
			return "", UserError("Invalid URL - " + u)
		}
		m.checked = full
	}
	if len(r.query) == 0 {
		return full, nil
	}
	return mergeQuery(full, r.query, s), nil
}

// mergeQuery keeps the URL's parameters in place and order; a name in fields
// replaces the same name in place, the rest is appended.
func mergeQuery(full string, fields []fieldTemplate, s *Scope) string {
	full, fragment, hasFragment := strings.Cut(full, "#")
	path, query, _ := strings.Cut(full, "?")
	var pairs []string
	if query != "" {
		pairs = strings.Split(query, "&")
	}
	for i := range fields {
		name, text, ok := fields[i].render(s)
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

// jitter varies a think time: by a share of it, or by a fixed time.
type jitter struct {
	share float64 // 0..1
	fixed time.Duration
}

func (j jitter) spread(pause time.Duration) time.Duration {
	if j.share > 0 {
		return time.Duration(float64(pause) * j.share)
	}
	return j.fixed
}

// Pause returns how long the user thinks: the script's time, varied evenly by
// up to the jitter in both directions, never below 0. The error is a
// [UserError], for a template that renders to no duration.
func (t *Think) Pause(s *Scope) (time.Duration, error) {
	pause := t.fixed
	if t.text != nil {
		text := t.text.Text(s)
		d, err := parseDuration(text)
		if err != nil {
			return 0, UserError("Invalid think time: " + text)
		}
		pause = d
	}
	if spread := t.jitter.spread(pause); spread > 0 {
		pause += time.Duration((s.rand.Float64()*2 - 1) * float64(spread))
	}
	return max(pause, 0), nil
}

// Passes yields the running number of each pass, having set $loopCount and
// $loopElement (or the names that the script chose) for it. After the loop
// these names mean again what they meant before. A count of -1 is endless; a
// count that renders to no number, or an `over` that is no list, is no pass.
func (l *Loop) Passes(s *Scope) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer s.keep(l.value)()
		defer s.keep(l.element)()
		if l.count != nil {
			l.counted(s, yield)
			return
		}
		for i, element := range l.elements(s) {
			vars := s.loopVars()
			vars[l.value], vars[l.element] = jsonInt(i), element
			if !yield(i) {
				return
			}
		}
	}
}

// keep returns a function that gives a variable back its present value.
func (s *Scope) keep(name string) func() {
	vars := s.loopVars()
	old, had := vars[name]
	return func() {
		if had {
			vars[name] = old
		} else {
			delete(vars, name)
		}
	}
}

// counted walks a loop with a count. Its element is the first number all along,
// as Artillery has it.
func (l *Loop) counted(s *Scope, yield func(int) bool) {
	from, to, endless, ok := parseCount(l.count.Text(s))
	if !ok {
		return
	}
	for i := from; endless || i < to; i++ {
		vars := s.loopVars()
		vars[l.value], vars[l.element] = jsonInt(i), jsonInt(from)
		if !yield(i) {
			return
		}
	}
}

func (l *Loop) elements(s *Scope) []any {
	if l.list != nil {
		v, _ := l.list.Value(s)
		list, _ := v.([]any)
		return list
	}
	list := make([]any, len(l.over))
	for i := range l.over {
		list[i], _ = l.over[i].eval(s)
	}
	return list
}
