package scenarios

import (
	"maps"
	"strings"

	"edgescope/internal/tree"
	"edgescope/scenarios/answer"
	"edgescope/scenarios/condition"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/request"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/value"
)

// maxRedirects is how many redirects of a request are followed, as got does it for Artillery.
const maxRedirects = 10

// step is a request of a flow while it is read.
type step struct {
	*plan.Request

	sends       *request.Request
	wants       *answer.Wants
	holds       value.Expression // `ifTrue`; nil: always
	probability float64          // in percent, 0..100
}

// request compiles the step {method: {...}}; {method: url} is the same as {method: {url: url}}.
func (c *compiler) request(f tree.Field) plan.Step {
	s := &step{
		Request: &plan.Request{
			Pos: f.Pos, Method: strings.ToUpper(f.Key), Timeout: c.timeout, FollowRedirect: true,
			MaxRedirects: maxRedirects, Gzip: true,
		},
		sends: c.sends.New(f.Key), wants: &answer.Wants{}, probability: 100,
	}
	c.requests = append(c.requests, s.Request)
	n := f.Value
	if _, ok := n.Text(); ok {
		c.sends.Address(s.sends, n)
	} else {
		known := c.requestKeys(s)
		c.Object(n, "request", known)
		if v := n.Get("json"); v != nil && v.IsNull() { // which is JSON, not a missing key
			known["json"](v)
		}
		if (n.Kind == tree.Object || n.IsNull()) && n.Get("url").IsNull() && n.Get("uri").IsNull() {
			c.Fault(f.Pos, "%s needs a url", f.Key)
		}
		c.sends.OneBody(n)
	}
	c.finish(s)
	return s.Request
}

func (c *compiler) requestKeys(s *step) map[string]func(*tree.Node) {
	known := map[string]func(*tree.Node){
		"gzip":           func(v *tree.Node) { s.Gzip = c.Bool(v, "gzip") },
		"followRedirect": func(v *tree.Node) { s.FollowRedirect = c.Bool(v, "followRedirect") },
		"continueOnError": func(v *tree.Node) {
			s.ContinueOnError = c.Bool(v, "continueOnError")
			c.decided[s.Request] = true
		},
		"timeout":       func(v *tree.Node) { s.Timeout = c.aboveZero(v) },
		"probability":   func(v *tree.Node) { s.probability = c.probability(v) },
		"ifTrue":        func(v *tree.Node) { s.holds, s.IfFunction = c.condition(v) },
		"beforeRequest": func(v *tree.Node) { s.BeforeRequest = c.functions(v, "beforeRequest") },
		"afterResponse": func(v *tree.Node) { s.AfterResponse = c.functions(v, "afterResponse") },
	}
	maps.Copy(known, c.sends.Keys(s.sends))
	maps.Copy(known, c.wants.Keys(s.wants))
	return known
}

// finish sets what depends on several keys.
func (c *compiler) finish(s *step) {
	c.wants.Finish(s.wants)
	url := s.sends.URL()
	if strings.HasPrefix(url, "/") && strings.HasPrefix(c.plan.Target, "ws") {
		c.Fault(s.Pos, "the target %s is for WebSockets: give the request a URL that begins with http:// or https://",
			c.plan.Target)
	}
	s.Name = s.sends.Name()
	s.Endpoint = c.plan.EndpointOf(url, s.Name)
	if s.sends.HasQuery() && strings.Contains(url, "?") {
		c.Warn(s.Pos, "qs is merged with the URL's own query; Artillery drops that (D7)")
	}
	s.Expects, s.NeedsBody = s.wants.Kinds(), s.wants.NeedsBody()
	s.Send, s.Capture, s.Forget, s.Judge = s.send, s.wants.Capture, s.wants.Forget, s.wants.Judge
	written(s.Request, s.sends)
}

// written makes r send what is to be sent.
func written(r *plan.Request, sends *request.Request) {
	r.Render, r.Script, r.Sent = sends.Render, sends.Script, sends.Sent
	r.Changed = func(members []value.Member) (*plan.Request, error) {
		other := *r
		changed, err := sends.Changed(members, func(wrong *settings.Reader) map[string]func(*tree.Node) {
			return changeableBy(wrong, &other)
		})
		if err != nil {
			return r, err
		}
		written(&other, changed)
		return &other, nil
	}
}

// changeableBy are what a function may change of how a request is sent, by the names of Artillery and got.
func changeableBy(wrong *settings.Reader, r *plan.Request) map[string]func(*tree.Node) {
	return map[string]func(*tree.Node){
		"timeout": func(n *tree.Node) {
			if r.Timeout = wrong.Duration(n, "timeout"); r.Timeout <= 0 {
				wrong.Fault(n.Pos, "timeout must be above 0, not %s", n.What())
			}
		},
		"followRedirect": func(n *tree.Node) { r.FollowRedirect = wrong.Bool(n, "followRedirect") },
		"maxRedirects":   func(n *tree.Node) { r.MaxRedirects = wrong.Whole(n, "maxRedirects") },
		"gzip":           func(n *tree.Node) { r.Gzip = wrong.Bool(n, "gzip") },
		"decompress":     func(n *tree.Node) { r.Gzip = wrong.Bool(n, "decompress") },
	}
}

// send draws from the user's random stream only for a probability below 100.
func (s *step) send(user *value.Scope) (bool, error) {
	if s.holds != nil {
		holds := s.holds(user)
		if err, failed := holds.(error); failed || !value.Truthy(holds) {
			return false, err
		}
	}
	return s.probability >= 100 || user.Rand().Float64()*100 < s.probability, nil
}

func (c *compiler) probability(n *tree.Node) float64 {
	p := c.Amount(n, "probability")
	if p > 100 {
		c.Fault(n.Pos, "probability is a percentage, 0 to 100, not %s", n.What())
	}
	return p
}

// condition is an expression, or the name of a function of the processor.
func (c *compiler) condition(n *tree.Node) (holds value.Expression, function string) {
	source, ok := c.Text(n, "ifTrue")
	if !ok {
		return nil, ""
	}
	if p := c.plan.Processor; p != nil && p.Has(source) {
		return nil, source
	}
	switch n.Scalar {
	case false, 0.0:
		c.Warn(n.Pos, "ifTrue: %s is never sent; Artillery sends it always, since it is no text (D50)", source)
	}
	e, err := condition.Compile(source)
	if err != nil {
		c.Fault(n.Pos, "ifTrue %q: %s", source, err)
		return nil, ""
	}
	return e, ""
}
