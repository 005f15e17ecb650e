package cost

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"edgescope/store"
)

// maxExpanded bounds a MetricsQL text after its templates have been put in, in bytes; maxMetricsQL and
// maxMetricsQLTokens bound it before. The parser needs the square of some texts' length.
const (
	maxExpanded        = 128 << 10
	maxMetricsQL       = 16 << 10
	maxMetricsQLTokens = 5000
)

// defaults are the templates that MetricsQL knows without WITH (metricsql, getDefaultWithArgExprs), as far as their
// sizes go.
const defaults = `ru(freev, maxv) = clamp_min(maxv - clamp_min(freev, 0), 0) / clamp_min(maxv, 0) * 100,
ttf(freev) = smooth_exponential(clamp_max(clamp_max(-freev, 0) / clamp_max(deriv_fast(freev), 0), 365*24*3600), clamp_max(step()/300, 1)),
range_median(q) = range_quantile(0.5, q), alias(q, name) = label_set(q, "__name__", name))`

// known returns the default templates, and the names of their parameters.
var known = sync.OnceValues(func() (map[string]template, map[string]bool) {
	x := &expansion{rest: defaults, params: map[string]bool{}}
	x.next()
	return x.definitions(map[string]template{}), x.params
})

// template is a name that stands for a text: its size, in which the parameters are parts.
type template struct {
	params []string
	size   form
}

// expansion finds how long a MetricsQL text gets when its templates are put in, without putting them in: WITH (a = b +
// b, c = a + a, ...) doubles with each name, and so does ru(1, ru(1, ...)). metricsql.Parse looks at no deadline.
type expansion struct {
	rest string
	// token is the next one, "" at the end; gap tells that a space stood before.
	token string
	// params are the names of all parameters so far. defined tells that the text defines templates of its own.
	params  map[string]bool
	defined bool
	tokens  int
	repeats int
	err     error
}

// Expanded returns the bound of a MetricsQL text's size in bytes after its templates have been put in. It fails with
// store.ErrTooMuch and store.ErrBadQuery, also for texts for which no bound is known.
func Expanded(text string) (int64, error) {
	if len(text) > maxMetricsQL {
		return 0, fmt.Errorf("%w: the text has %d bytes: at most %d are taken", store.ErrTooMuch, len(text),
			maxMetricsQL)
	}
	env, params := known()
	x := &expansion{rest: text, params: maps.Clone(params)}
	x.next()
	var size form
	for x.err == nil && x.token != "" {
		size = size.plus(x.expr(env, -1)).plus(form{bytes: 1})
		x.next() // what ends nothing
	}
	n := size.bytes + size.most()
	if x.err == nil && n > maxExpanded {
		return 0, fmt.Errorf("%w: with its templates put in, the text has more than %d bytes", store.ErrTooMuch,
			maxExpanded)
	}
	return int64(min(n, maxExpanded)), x.err
}

// next reads the next token: a word, a quoted text or one character. White space and comments stand between.
func (x *expansion) next() {
	if x.tokens++; x.tokens > maxMetricsQLTokens && x.err == nil {
		x.err = fmt.Errorf("%w: the text has more than %d words and signs", store.ErrTooMuch, maxMetricsQLTokens)
	}
	s := strings.TrimLeft(x.rest, " \t\n\v\f\r")
	for strings.HasPrefix(s, "#") {
		_, s, _ = strings.Cut(s, "\n")
		s = strings.TrimLeft(s, " \t\n\v\f\r")
	}
	n := min(1, len(s))
	switch {
	case s == "":
	case s[0] == '"' || s[0] == '\'' || s[0] == '`':
		n = quoted(s)
		if x.repeats += repeated(s[:n]); x.repeats > maxRepeated && x.err == nil {
			x.err = errRepeated
		}
	default:
		n = max(n, name(s))
	}
	x.token, x.rest = s[:n], s[n:]
}

// quoted returns the length of the quoted text that is at the beginning, 1 when it does not end.
func quoted(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		}
	}
	return 1
}

// name returns the length of the name or number that is at the beginning.
func name(s string) int {
	n := 0
	for n < len(s) && (isWord(s[n]) || s[n] == ':' || s[n] == '.' || s[n] == '\\') {
		if s[n] == '\\' {
			n++
		}
		n++
	}
	return min(n, len(s))
}

// expr returns the size of what comes up to a comma or bracket that ends it. It is the argument of a template with that
// index, -1 when it is none.
func (x *expansion) expr(env map[string]template, arg int) form {
	var size form
	for x.err == nil {
		switch token := x.token; token {
		case "", ",", ")", "]", "}":
			return size
		case "(", "[", "{":
			size = size.plus(x.list(env, arg))
		default:
			x.next()
			size = size.plus(x.word(env, arg, token))
		}
	}
	return size
}

// list returns the size of a list in brackets.
func (x *expansion) list(env map[string]template, arg int) form {
	size := form{bytes: 2}
	for x.next(); x.err == nil && x.token != ""; x.next() {
		size = size.plus(x.expr(env, arg)).plus(form{bytes: 1})
		if x.token != "," {
			x.next()
			break
		}
	}
	return size
}

// word returns the size of a token and of what belongs to it; the token after it has been read.
func (x *expansion) word(env map[string]template, arg int, token string) form {
	call := x.token == "("
	if strings.Contains(token, `\`) && name(token) == len(token) && (call || x.defined) {
		x.err = fmt.Errorf("%w: %q: names of functions and names beside WITH are written without \\", store.ErrBadQuery,
			token)
		return form{}
	}
	if call && strings.EqualFold(token, "with") {
		x.defined = true
		x.next()
		return x.expr(x.definitions(env), arg)
	}
	t, known := env[token]
	switch {
	case known && call && len(t.params) > 0:
		return x.call(env, t)
	case known:
		return t.size
	case x.params[token] && (arg > 0 || arg == 0 && x.defined):
		// The engine puts arguments in by name: a metric of that name would be taken for the parameter.
		x.err = fmt.Errorf("%w: %q is the name of a parameter, and stands in an argument: rename the parameter",
			store.ErrBadQuery, token)
	}
	return form{bytes: float64(len(token)) + 1}
}

// call returns the size of a template with its arguments put in.
func (x *expansion) call(env map[string]template, t template) form {
	args := map[string]form{}
	var sum form
	i := 0
	for x.next(); x.err == nil && x.token != "" && x.token != ")"; i++ {
		size := x.expr(env, i)
		sum = sum.plus(size)
		if i < len(t.params) {
			args[t.params[i]] = size
		}
		if x.token == "," {
			x.next()
		} else if x.token != ")" {
			break
		}
	}
	x.next()
	// Arguments are also expanded by themselves, whether they are put in or not.
	return t.size.with(args).plus(sum)
}

// definitions reads what stands in the brackets of WITH, up to the bracket behind, and returns what is known then. A
// definition knows those before it.
func (x *expansion) definitions(env map[string]template) map[string]template {
	env = maps.Clone(env)
	for x.err == nil && x.token != "" && x.token != ")" {
		defined := x.token
		t := template{}
		inner := env
		if x.next(); x.token == "(" {
			inner = maps.Clone(env)
			t.params = x.parameters(inner)
		}
		if x.token != "=" {
			x.err = fmt.Errorf("%w: WITH: %q must be followed by =", store.ErrBadQuery, defined)
			return env
		}
		x.next()
		t.size = x.expr(inner, -1).plus(form{bytes: 2})
		env[defined] = t
		if x.token == "," {
			x.next()
		}
	}
	x.next()
	return env
}

// parameters reads the parameters of a template, and makes them known. Parts are named by template and position:
// parameters of templates within each other may have one name.
func (x *expansion) parameters(env map[string]template) []string {
	var params []string
	for x.next(); x.token != "" && x.token != ")"; {
		if x.token != "," {
			id := fmt.Sprintf("%s/%d/%d", x.token, len(x.rest), len(params))
			params = append(params, id)
			env[x.token] = template{size: part(id)}
			x.params[x.token] = true
		}
		x.next()
	}
	x.next()
	return params
}
