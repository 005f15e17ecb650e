package answer

import (
	"mime"
	"slices"
	"strconv"
	"strings"

	"edgescope/scenarios/jmespath"
	"edgescope/scenarios/jsonpath"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/regex"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// expectation is one compiled check of an answer.
type expectation struct {
	kind      string // counter suffix; templates in it are rendered
	kindOf    *templates.Template
	readsBody bool
	check     func(s *value.Scope, r *plan.Response) verdict
}

type verdict struct {
	ok        bool
	want, got string
}

// Judge appends the outcome of each expectation to dst. Call it after [Wants.Capture], whatever that returned:
// expectations see the captured variables, and are judged also when a capture failed.
func (w *Wants) Judge(dst []plan.Outcome, s *value.Scope, res *plan.Response) []plan.Outcome {
	dst = slices.Grow(dst, len(w.expect))
	for i := range w.expect {
		e := &w.expect[i]
		v := e.check(s, res)
		kind := e.kind
		if e.kindOf != nil {
			kind = e.kindOf.Text(s)
		}
		dst = append(dst, plan.Outcome{OK: v.ok, Type: kind, Want: v.want, Got: v.got})
	}
	return dst
}

// texts renders a value as the list of texts that it holds.
func texts(t *templates.Value, s *value.Scope) []string {
	v, ok := t.Eval(s)
	if !ok {
		return []string{"undefined"}
	}
	list, isList := v.([]any)
	if !isList {
		return []string{value.Text(v)}
	}
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = value.Text(e)
	}
	return out
}

func expectStatus(want templates.Value, negate bool) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		codes := texts(&want, s)
		in := slices.ContainsFunc(codes, func(c string) bool { return value.TextNumber(c) == float64(r.Status) })
		text := strings.Join(codes, ", ")
		if negate {
			text = "not " + text
		}
		return verdict{in != negate, text, strconv.Itoa(r.Status)}
	}
}

// jsonTypes are the media types that `contentType: json` accepts.
var jsonTypes = []string{"application/json", "application/problem+json", "application/ld+json"}

func expectContentType(want *templates.Template) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		w := want.Text(s)
		got, _ := r.Head("Content-Type")
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
func expectProperty(path *templates.Template, present bool) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		want := path.Text(s)
		v, ok := r.JSON()
		if !ok || !value.IsCompound(v) {
			return verdict{false, want, "the body is no JSON object"}
		}
		p := value.PathTo(want)
		_, has := p.In(v)
		got := "no such property"
		if has {
			got = "the property is there"
		}
		return verdict{has == present, want, got}
	}
}

// property is a value that is wanted at a path of the body: of lodash, or one of JSONPath, which begins with $.
type property struct {
	path  *templates.Template
	fixed *jsonpath.Path // of a JSONPath without templates
	want  templates.Value
}

// in finds what stands at the path; of several matches of a JSONPath the first.
func (p *property) in(body any, path string) (any, bool) {
	if !strings.HasPrefix(path, "$") {
		to := value.PathTo(path)
		return to.In(body)
	}
	compiled := p.fixed
	if compiled == nil {
		var err error
		if compiled, err = jsonpath.Compile(path); err != nil {
			return nil, false
		}
	}
	matches, err := compiled.All(body)
	if err != nil || len(matches) == 0 {
		return nil, false
	}
	return matches[0], true
}

// expectProperties wants all properties to have their values, compared as texts like those of equals.
func expectProperties(all []property) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		body, isJSON := r.JSON()
		var want, got []string
		ok := isJSON
		for i := range all {
			p := &all[i]
			path := p.path.Text(s)
			wanted := value.Text(value.Operand(p.want.Eval(s)))
			found := "no such property"
			if v, has := p.in(body, path); isJSON && has {
				found = value.Text(value.Operand(v, true))
			}
			ok = ok && found == wanted
			want, got = append(want, path+": "+wanted), append(got, path+": "+found)
		}
		if !isJSON {
			got = []string{"the body is no JSON"}
		}
		return verdict{ok, strings.Join(want, ", "), excerpt([]byte(strings.Join(got, ", ")))}
	}
}

func expectEquals(list templates.Value) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, _ *plan.Response) verdict {
		all := texts(&list, s)
		equal := !slices.ContainsFunc(all, func(t string) bool { return t != all[0] })
		return verdict{equal, "all values equal", strings.Join(all, ", ")}
	}
}

func expectHeader(name *templates.Template) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		want := name.Text(s)
		_, ok := r.Head(want)
		got := "no such header"
		if ok {
			got = want
		}
		return verdict{ok, want, got}
	}
}

func expectHeaderEquals(name *templates.Template, wanted templates.Value) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		want := strings.Join(texts(&wanted, s), ", ")
		got, ok := r.Head(name.Text(s))
		if !ok {
			got = "no such header"
		}
		return verdict{ok && got == want, want, got}
	}
}

func expectRegexp(pattern *templates.Template, fixed *regex.Regexp) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		re := fixed
		if re == nil {
			var err error
			if re, err = regex.Compile(pattern.Text(s), ""); err != nil {
				return verdict{false, pattern.Text(s), err.Error()}
			}
		}
		ok, err := re.Matches(string(r.Body))
		if err != nil {
			return verdict{false, re.String(), err.Error()}
		}
		return verdict{ok, re.String(), excerpt(r.Body)}
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
func expectJMES(text *templates.Template, fixed *jmespath.Expression) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		want := text.Text(s)
		v, ok := r.JSON()
		if !ok {
			return verdict{false, want, "the body is no JSON"}
		}
		e, err := fixed, error(nil)
		if e == nil {
			e, err = jmespath.Compile(want)
		}
		var got any
		if err == nil {
			got, err = e.Search(v)
		}
		if err != nil {
			return verdict{false, want, err.Error()}
		}
		return verdict{value.Truthy(value.Operand(got, true)), want, excerpt(value.AppendJSON(nil, got))}
	}
}

// expectCacheStatus compares what any cache header of any platform says, in canonical words; "none" is that no header
// says anything.
func expectCacheStatus(want templates.Value) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
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

func expectCDNHit(want templates.Value) func(*value.Scope, *plan.Response) verdict {
	return func(s *value.Scope, r *plan.Response) verdict {
		wanted := strings.Join(texts(&want, s), "") == "true"
		prefixes := []string{"miss"}
		if wanted {
			prefixes = []string{"hit", "stale"}
		}
		ok, got := false, "no cache header ("+strings.Join(cdnHeaders, ", ")+")"
		for _, name := range cdnHeaders {
			if v, has := r.Head(name); has {
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
