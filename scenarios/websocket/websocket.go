// Package websocket reads what is peculiar to scenarios with `engine: ws`: how their users connect, and the messages
// that they send and wait for. The meaning is that of Artillery 2's engine ws.
package websocket

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/address"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
)

// The defaults of what a script does not say. Artillery waits for a message as long; ws reads messages of up to 100 MiB,
// which many users together could not hold.
const (
	defaultTimeout = 10 * time.Second
	defaultMessage = 16 << 20
	largestMessage = 1 << 30
)

// StepNames are the steps that only these scenarios have.
func StepNames() []string { return []string{"connect", "send", "wait"} }

// Reader reads the settings and steps of WebSockets.
type Reader struct {
	Settings  *settings.Reader
	Templates *templates.Compiler
	// Wants reads the keys of a step that say what is wanted of a message, and sets Capture.
	Wants func(*plan.Exchange) map[string]func(*tree.Node)
	// Function reads the name of a function of the processor.
	Function func(n *tree.Node, where string) string
	// Timeout is config.timeout, which wins over config.ws.timeout; 0: the script has none.
	Timeout time.Duration

	common connection // config.ws
	all    plan.WebSockets
}

// connection is how a user connects, in templates.
type connection struct {
	target       *templates.Template // nil: the plan's target
	function     string
	headers      []templates.Field
	subprotocols []*templates.Template

	timeout, handshake time.Duration // 0: not said
	message            int64         // likewise
	plain              bool          // no permessage-deflate
}

// Config reads config.ws.
func (r *Reader) Config(n *tree.Node) plan.WebSockets {
	known := r.keys(&r.common)
	known["rejectUnauthorized"] = func(v *tree.Node) { r.all.Insecure = !r.Settings.Bool(v, "rejectUnauthorized") }
	known["proxy"] = r.proxy
	r.Settings.Object(n, "ws", known)
	return r.all
}

// keys are those that config.ws and a step have in common: options of the client ws, as Artillery hands them on.
func (r *Reader) keys(c *connection) map[string]func(*tree.Node) {
	known := map[string]func(*tree.Node){
		"headers": func(v *tree.Node) {
			c.headers = append(slices.Clip(c.headers), r.Templates.Fields(v, "headers")...)
		},
		"subprotocols": func(v *tree.Node) { c.subprotocols = r.subprotocols(v) },
		"origin": func(v *tree.Node) {
			c.headers = append(slices.Clip(c.headers), templates.Field{Name: templates.Literal("Origin"), Value: r.Templates.Value(v)})
		},
		"timeout": func(v *tree.Node) {
			c.timeout = r.aboveZero(v, func() time.Duration { return r.Settings.Duration(v, "timeout") })
		},
		"handshakeTimeout": func(v *tree.Node) {
			c.handshake = r.aboveZero(v, func() time.Duration {
				return time.Duration(r.Settings.Amount(v, "handshakeTimeout") * float64(time.Millisecond))
			})
		},
		"maxPayload":        func(v *tree.Node) { c.message = r.maxPayload(v) },
		"perMessageDeflate": func(v *tree.Node) { c.plain = !r.Settings.Bool(v, "perMessageDeflate") },
		"followRedirects": func(v *tree.Node) {
			if r.Settings.Bool(v, "followRedirects") {
				r.Settings.Fault(v.Pos, "redirects of WebSockets are not followed: connect to where they lead")
			}
		},
		"maxRedirects": func(v *tree.Node) {
			r.Settings.Warn(v.Pos, "maxRedirects is ignored: redirects of WebSockets are not followed, nor are they in "+
				"Artillery without followRedirects")
		},
	}
	for _, name := range []string{"ca", "cert", "key", "passphrase", "pfx", "servername", "minVersion", "maxVersion"} {
		known[name] = func(v *tree.Node) {
			r.Settings.Fault(v.Pos, "%s belongs under config.tls, which is for WebSockets too", name)
		}
	}
	return known
}

// aboveZero reads a timeout.
func (r *Reader) aboveZero(n *tree.Node, read func() time.Duration) time.Duration {
	problems := len(r.Settings.Problems)
	d := read()
	if d <= 0 && len(r.Settings.Problems) == problems {
		r.Settings.Fault(n.Pos, "a timeout must be above 0, not %s", n.What())
	}
	return d
}

func (r *Reader) maxPayload(n *tree.Node) int64 {
	bytes := int64(r.Settings.Whole(n, "maxPayload"))
	if bytes < 1 || bytes > largestMessage {
		r.Settings.Fault(n.Pos, "maxPayload must be 1 to %d bytes, not %s", largestMessage, n.What())
	}
	return bytes
}

// subprotocols are a list, or one alone.
func (r *Reader) subprotocols(n *tree.Node) []*templates.Template {
	items := []*tree.Node{n}
	if n.Kind == tree.List {
		items = n.Items
	}
	names := make([]*templates.Template, len(items))
	for i, item := range items {
		names[i] = r.Templates.Template(item, "a subprotocol")
	}
	return names
}

// proxy reads {url: ...}. What it says of an agent of node has no meaning here.
func (r *Reader) proxy(n *tree.Node) {
	r.Settings.Object(n, "proxy", map[string]func(*tree.Node){
		"url": func(v *tree.Node) {
			text, ok := r.Settings.Text(v, "url")
			u, err := url.Parse(text)
			if ok && (err != nil || u.Hostname() == "" || !slices.Contains([]string{"http", "socks5", "socks5h"}, u.Scheme)) {
				r.Settings.Fault(v.Pos, "a proxy is http://host:port, socks5://host:port or socks5h://host:port")
				return
			}
			r.all.Proxy = u
		},
	})
	if n.Kind == tree.Object && len(n.Fields) == 0 {
		r.Settings.Fault(n.Pos, "proxy needs a url")
	}
}

// First takes the step {connect: ...} off a flow that begins with it. target is nil if it does not.
func First(flow *tree.Node) (target, rest *tree.Node) {
	if flow.Kind != tree.List || len(flow.Items) == 0 {
		return nil, flow
	}
	items := flow.Items
	if items[0].Kind == tree.List { // as of an anchor
		items = slices.Concat(items[0].Items, items[1:])
	}
	if len(items) == 0 || len(items[0].Fields) != 1 {
		return nil, flow
	}
	if target = items[0].Get("connect"); target == nil {
		return nil, flow
	}
	return target, &tree.Node{Pos: flow.Pos, Kind: flow.Kind, Items: items[1:]}
}

// WaitsAlone tells whether one of the steps waits for a message without sending one.
func WaitsAlone(steps []plan.Step) bool {
	return slices.ContainsFunc(steps, func(s plan.Step) bool {
		switch s := s.(type) {
		case *plan.Exchange:
			return s.Render == nil
		case *plan.Loop:
			return WaitsAlone(s.Steps)
		default:
			return false
		}
	})
}

// Connect reads the step {connect: ...}: a URL, or an object. n is nil for a scenario that has none, which connects all
// the same. flow is where the scenario stands.
func (r *Reader) Connect(flow tree.Position, n *tree.Node) *plan.Connect {
	c := r.common
	step := &plan.Connect{Pos: flow}
	if n != nil {
		step.Pos = n.Pos
		r.connect(&c, n)
	}
	step.Function, step.Deflate, step.MaxMessage = c.function, !c.plain, c.message
	if step.MaxMessage == 0 {
		step.MaxMessage = defaultMessage
	}
	if step.Timeout = c.handshake; step.Timeout == 0 {
		step.Timeout = r.timeout()
	}
	step.Render, step.Script, step.Changed = c.render, script, changed
	if c.target != nil {
		step.Endpoint = base.ReplaceAllString(c.target.String(), "")
	}
	return step
}

// base is how scripts spell that a URL begins with the target.
var base = regexp.MustCompile(`^{{\s*target\s*}}`)

func (r *Reader) connect(c *connection, n *tree.Node) {
	if n.Kind != tree.Object {
		c.target = r.target(n)
		return
	}
	known := r.keys(c)
	delete(known, "timeout") // Artillery reads it of config.ws alone
	known["target"] = func(v *tree.Node) { c.target = r.target(v) }
	known["function"] = func(v *tree.Node) { c.function = r.Function(v, "connect.function") }
	for _, name := range []string{"rejectUnauthorized", "proxy"} {
		known[name] = func(v *tree.Node) {
			r.Settings.Fault(v.Pos, "%s belongs under config.ws: it is the same for all connections", name)
		}
	}
	r.Settings.Object(n, "connect", known)
}

func (r *Reader) target(n *tree.Node) *templates.Template {
	if n.Kind != tree.Scalar || n.Scalar == nil {
		r.Settings.Fault(n.Pos, "the target of connect must be a URL, not %s", n.What())
		return templates.Literal("/")
	}
	t := r.Templates.Template(n, "the target of connect")
	text := t.String()
	if _, static := t.Static(); static && strings.Contains(text, "://") {
		if _, err := address.Socket(text); err != nil {
			r.Settings.Fault(n.Pos, "the target of connect is no URL of a WebSocket: %q", text)
			return t
		}
	}
	for _, begin := range []string{"/", "ws://", "wss://", "http://", "https://", "{{"} {
		if strings.HasPrefix(text, begin) {
			return t
		}
	}
	r.Settings.Fault(n.Pos, "the target of connect must begin with /, ws://, wss:// or {{, not %q", text)
	return t
}

// timeout is for how long a message is waited for.
func (r *Reader) timeout() time.Duration {
	switch {
	case r.Timeout > 0:
		return r.Timeout
	case r.common.timeout > 0:
		return r.common.timeout
	default:
		return defaultTimeout
	}
}
