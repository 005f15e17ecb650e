package scenarios

import (
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// expectation is one compiled check of an answer.
type expectation struct {
	kind      string // counter suffix; templates in it are rendered
	kindOf    *Template
	readsBody bool
	check     func(s *Scope, r *Response) verdict
}

type verdict struct {
	ok        bool
	want, got string
}

// Judge appends the outcome of each expectation to dst. Call it after
// [Request.Capture], whatever that returned: expectations see the captured
// variables, and are judged also when a capture failed.
func (r *Request) Judge(dst []Outcome, s *Scope, res *Response) []Outcome {
	dst = slices.Grow(dst, len(r.expect))
	for i := range r.expect {
		e := &r.expect[i]
		v := e.check(s, res)
		kind := e.kind
		if e.kindOf != nil {
			kind = e.kindOf.Text(s)
		}
		dst = append(dst, Outcome{OK: v.ok, Type: kind, Want: v.want, Got: v.got})
	}
	return dst
}

// texts renders a value as the list of texts that it holds.
func texts(t *valueTemplate, s *Scope) []string {
	v, ok := t.eval(s)
	if !ok {
		return []string{"undefined"}
	}
	list, isList := v.([]any)
	if !isList {
		return []string{textOf(v)}
	}
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = textOf(e)
	}
	return out
}

func expectStatus(want valueTemplate, negate bool) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		codes := texts(&want, s)
		in := slices.ContainsFunc(codes, func(c string) bool { return textNumber(c) == float64(r.Status) })
		text := strings.Join(codes, ", ")
		if negate {
			text = "not " + text
		}
		return verdict{in != negate, text, strconv.Itoa(r.Status)}
	}
}

// jsonTypes are the media types that `contentType: json` accepts.
var jsonTypes = []string{"application/json", "application/problem+json", "application/ld+json"}

func expectContentType(want *Template) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		w := want.Text(s)
		got, _ := r.header("Content-Type")
		if w != "json" {
			return verdict{strings.EqualFold(w, got), w, got}
		}
		media, _, err := mime.ParseMediaType(got)
		_, isJSON := r.JSON()
		if err == nil && slices.Contains(jsonTypes, media) && !isJSON {
			got += ", but the body is no JSON"
		}
		return verdict{err == nil && slices.Contains(jsonTypes, media) && isJSON, w, got}
	}
}

// expectProperty fails either way on a body that is no object.
func expectProperty(path *Template, present bool) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		want := path.Text(s)
		v, ok := r.JSON()
		if !ok || !isCompound(v) {
			return verdict{false, want, "the body is no JSON object"}
		}
		p, err := parseVarPath(want)
		if err != nil {
			return verdict{false, want, "the expected path is not well-formed"}
		}
		_, has := inside(v, append([]string{p.name}, p.rest...))
		if !has {
			_, has = inside(v, []string{want}) // a key with dots in it
		}
		got := "no such property"
		if has {
			got = "the property is there"
		}
		return verdict{has == present, want, got}
	}
}

func expectEquals(list valueTemplate) func(*Scope, *Response) verdict {
	return func(s *Scope, _ *Response) verdict {
		all := texts(&list, s)
		equal := !slices.ContainsFunc(all, func(t string) bool { return t != all[0] })
		return verdict{equal, "all values equal", strings.Join(all, ", ")}
	}
}

func expectHeader(name *Template) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		want := name.Text(s)
		_, ok := r.header(want)
		got := "no such header"
		if ok {
			got = want
		}
		return verdict{ok, want, got}
	}
}

func expectHeaderEquals(name *Template, value valueTemplate) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		want := strings.Join(texts(&value, s), ", ")
		got, ok := r.header(name.Text(s))
		if !ok {
			got = "no such header"
		}
		return verdict{ok && got == want, want, got}
	}
}

func expectRegexp(pattern *Template, fixed *regexp.Regexp) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		re := fixed
		if re == nil {
			var err error
			if re, err = regexp.Compile(pattern.Text(s)); err != nil {
				return verdict{false, pattern.Text(s), err.Error()}
			}
		}
		return verdict{re.Match(r.Body), re.String(), excerpt(r.Body)}
	}
}

// excerpt is the beginning of a body, for a message.
func excerpt(body []byte) string {
	const most = 120
	if len(body) <= most {
		return string(body)
	}
	return string([]rune(string(body[:most]))) + "..."
}

// expectJMES wants a JMESPath expression to give what JavaScript takes for true.
func expectJMES(text *Template, fixed jmes) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		want := text.Text(s)
		v, ok := r.JSON()
		if !ok {
			return verdict{false, want, "the body is no JSON"}
		}
		e, err := fixed, error(nil)
		if e == nil {
			e, err = compileJMES(want)
		}
		var got any
		if err == nil {
			got, err = e(v)
		}
		if err != nil {
			return verdict{false, want, err.Error()}
		}
		return verdict{truthy(operandOf(got, true)), want, excerpt(appendJSON(nil, got))}
	}
}

// expectCacheStatus compares what any cache header of any platform says, in
// canonical words; "none" is that no header says anything.
func expectCacheStatus(want valueTemplate) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		words := texts(&want, s)
		got := r.CacheStatus
		if got == "" {
			got = "none"
		}
		return verdict{slices.Contains(words, got), strings.Join(words, " or "), got}
	}
}

// cdnHeaders are all that cdnHit looks at; x-cache-status is not among them.
var cdnHeaders = []string{"cf-cache-status", "x-cache", "x-vercel-cache"}

func expectCDNHit(want valueTemplate) func(*Scope, *Response) verdict {
	return func(s *Scope, r *Response) verdict {
		wanted := strings.Join(texts(&want, s), "") == "true"
		prefixes := []string{"miss"}
		if wanted {
			prefixes = []string{"hit", "stale"}
		}
		ok, got := false, "no cache header ("+strings.Join(cdnHeaders, ", ")+")"
		for _, name := range cdnHeaders {
			if v, has := r.header(name); has {
				got = name + ": " + v
				ok = slices.ContainsFunc(prefixes, func(p string) bool {
					return strings.HasPrefix(strings.ToLower(v), p)
				})
				break
			}
		}
		return verdict{ok, "a cache " + strings.Join(prefixes, " or "), got}
	}
}
