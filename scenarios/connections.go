package scenarios

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"edgescope/internal/tree"
	"edgescope/scenarios/address"
	"edgescope/scenarios/pemkey"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// shownTarget is a target as reports name it: what it means, without user and password.
func (c *compiler) shownTarget(n *tree.Node, target string) string {
	const end = "/x" // what follows is appended as it is
	a, err := address.Parse(target + end)
	if errors.Is(err, address.ErrScheme) {
		a, err = address.Socket(target + end)
	}
	if _, bare := address.Parse(target); err != nil || errors.Is(bare, address.ErrInvalid) {
		c.Fault(n.Pos, "target must be an http:// or https:// URL (ws:// or wss:// for WebSockets), not %q", target)
	}
	return strings.TrimSuffix(a.URL, end)
}

// aboveZero is a timeout.
func (c *compiler) aboveZero(n *tree.Node) time.Duration {
	before := len(c.Problems)
	d := c.Duration(n, "timeout")
	if d <= 0 && len(c.Problems) == before {
		c.Fault(n.Pos, "timeout must be above 0, not %s", n.What())
	}
	return d
}

func (c *compiler) http(n *tree.Node) {
	h := &c.plan.HTTP
	c.Object(n, "http", map[string]func(*tree.Node){
		"timeout":            func(v *tree.Node) { c.timeout = c.aboveZero(v) },
		"version":            func(v *tree.Node) { h.Version = c.httpVersion(v) },
		"pool":               func(v *tree.Node) { h.Pool = c.Whole(v, "pool") },
		"maxSockets":         func(v *tree.Node) { c.Warn(v.Pos, "maxSockets is ignored, as in Artillery: use pool") },
		"credentials":        func(v *tree.Node) { h.Credentials = c.headerNames(v) },
		"extendedMetrics":    func(v *tree.Node) { h.ExtendedMetrics = c.Bool(v, "extendedMetrics") },
		"defaults":           settings.Ignored,
		"distributedTracing": c.tracing,
		"cookieJarOptions":   c.cookieOptions,
	})
}

func (c *compiler) cookieOptions(n *tree.Node) {
	o := &c.plan.HTTP.Cookies
	c.Object(n, "cookieJarOptions", map[string]func(*tree.Node){
		"looseMode":            func(v *tree.Node) { o.Loose = c.Bool(v, "looseMode") },
		"rejectPublicSuffixes": func(v *tree.Node) { o.PublicSuffixes = !c.Bool(v, "rejectPublicSuffixes") },
		"prefixSecurity": func(v *tree.Node) {
			o.Prefixes = c.Choice(v, "prefixSecurity", "silent", "strict", "unsafe-disabled")
		},
		"allowSpecialUseDomain": settings.Ignored, // always: cookies of x.test and localhost are what tests need
	})
}

// headerNames are the headers that config.http.credentials marks: one name, or a list.
func (c *compiler) headerNames(n *tree.Node) []string {
	list := []*tree.Node{n}
	if n.Kind == tree.List {
		list = n.Items
	}
	var names []string
	for _, item := range list {
		name, ok := c.Text(item, "credentials")
		if ok && !httpguts.ValidHeaderFieldName(name) {
			c.Fault(item.Pos, "credentials are names of headers, such as x-api-key, not %s", item.What())
		}
		names = append(names, http.CanonicalHeaderKey(name))
	}
	return names
}

func (c *compiler) tracing(n *tree.Node) {
	t := &c.plan.HTTP.Tracing
	if n.Kind == tree.Scalar {
		t.Enabled = c.Bool(n, "distributedTracing")
		t.Sampled = t.Enabled
		return
	}
	t.Enabled, t.Sampled = true, true
	c.Object(n, "distributedTracing", map[string]func(*tree.Node){
		"enabled":       func(v *tree.Node) { t.Enabled = c.Bool(v, "enabled") },
		"sampled":       func(v *tree.Node) { t.Sampled = c.Bool(v, "sampled") },
		"traceIdPrefix": func(v *tree.Node) { t.TraceIDPrefix = c.tracePrefix(v) },
	})
}

// tracePrefix leaves at least 8 of a trace id's 32 hex digits to chance.
func (c *compiler) tracePrefix(n *tree.Node) string {
	s, _ := c.Text(n, "traceIdPrefix")
	s = strings.ToLower(s)
	if len(s) > 24 || strings.Trim(s, "0123456789abcdef") != "" {
		c.Fault(n.Pos, "traceIdPrefix must be at most 24 hex digits, not %s", n.What())
		return ""
	}
	return s
}

// httpVersion takes numbers too: version: 2.
func (c *compiler) httpVersion(n *tree.Node) string {
	if n.Kind == tree.Scalar && n.Scalar != nil {
		n = &tree.Node{Pos: n.Pos, Scalar: value.Text(templates.Of(n))}
	}
	return c.Choice(n, "version", "1.1", "2", "h2c", "3")
}

func (c *compiler) tls(n *tree.Node) {
	t := &c.plan.TLS
	c.Object(n, "tls", map[string]func(*tree.Node){
		"rejectUnauthorized": func(v *tree.Node) { t.Insecure = !c.Bool(v, "rejectUnauthorized") },
		"ca":                 func(v *tree.Node) { t.CA = c.pem(v, "ca") },
		"cert":               func(v *tree.Node) { t.Cert = c.pem(v, "cert") },
		"key":                func(v *tree.Node) { t.Key = c.pem(v, "key") },
		"passphrase":         settings.Ignored, // below: it belongs to the key
		"servername":         func(v *tree.Node) { t.ServerName, _ = c.Text(v, "servername") },
		"minVersion":         func(v *tree.Node) { t.MinVersion = c.tlsVersion(v, "minVersion") },
		"maxVersion":         func(v *tree.Node) { t.MaxVersion = c.tlsVersion(v, "maxVersion") },
		"ecdhCurve":          func(v *tree.Node) { t.Curves = c.curves(v) },
		"sessions":           func(v *tree.Node) { t.Sessions = c.Choice(v, "sessions", "user", "shared", "none") },
		"pfx": func(v *tree.Node) {
			c.Fault(v.Pos, "pfx is not supported: make PEM files of it with openssl pkcs12 -in FILE -nodes, "+
				"and name them as cert and key")
		},
	})
	if (t.Cert == nil) != (t.Key == nil) {
		c.Fault(n.Pos, "tls needs both cert and key, or neither")
	}
	if t.MaxVersion != 0 && t.MinVersion > t.MaxVersion {
		c.Fault(n.Pos, "minVersion is above maxVersion")
	}
	c.unlockKey(n)
}

// unlockKey takes the passphrase off the client's key.
func (c *compiler) unlockKey(n *tree.Node) {
	t := &c.plan.TLS
	if len(t.Key) == 0 {
		return
	}
	var passphrase string
	if v := n.Get("passphrase"); v != nil {
		passphrase, _ = c.Text(v, "passphrase")
	}
	key, err := pemkey.Decrypt(t.Key, []byte(passphrase))
	if err != nil {
		c.Fault(n.Get("key").Pos, "key: %s", err)
		return
	}
	t.Key = key
}

// tlsVersion reads node's names of versions.
func (c *compiler) tlsVersion(n *tree.Node, what string) uint16 {
	switch c.Choice(n, what, "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3") {
	case "TLSv1":
		return tls.VersionTLS10
	case "TLSv1.1":
		return tls.VersionTLS11
	case "TLSv1.2":
		return tls.VersionTLS12
	case "TLSv1.3":
		return tls.VersionTLS13
	default:
		return 0
	}
}

// curves reads node's list of key exchanges: X25519MLKEM768:X25519.
func (c *compiler) curves(n *tree.Node) (curves []tls.CurveID) {
	list, _ := c.Text(n, "ecdhCurve")
	for name := range strings.SplitSeq(list, ":") {
		switch name {
		case "X25519":
			curves = append(curves, tls.X25519)
		case "X25519MLKEM768":
			curves = append(curves, tls.X25519MLKEM768)
		case "P-256", "prime256v1":
			curves = append(curves, tls.CurveP256)
		case "P-384", "secp384r1":
			curves = append(curves, tls.CurveP384)
		case "P-521", "secp521r1":
			curves = append(curves, tls.CurveP521)
		default:
			c.Fault(n.Pos, "ecdhCurve %q is unknown, want X25519, X25519MLKEM768, P-256, P-384 or P-521, divided by colons",
				name)
		}
	}
	return curves
}

// pem is a PEM text, or the path of a file with one.
func (c *compiler) pem(n *tree.Node, what string) []byte {
	s, ok := c.Text(n, what)
	if !ok {
		return nil
	}
	const begin = "-----BEGIN "
	if strings.Contains(s, begin) {
		return []byte(s)
	}
	src, err := c.opts.ReadFile(c.named.OfConfig(s))
	if err != nil {
		c.Fault(n.Pos, "%s %s cannot be read: %s", what, s, cause(err))
		return []byte{}
	}
	if !bytes.Contains(src, []byte(begin)) {
		c.Fault(n.Pos, "%s %s is no PEM file", what, s)
	}
	return src
}

func (c *compiler) regions(n *tree.Node) {
	var regions []plan.Region
	for _, f := range c.regionFields(n) {
		r := plan.Region{Name: f.Key, Weight: 1}
		if f.Value.Kind == tree.Object {
			c.Object(f.Value, "region", map[string]func(*tree.Node){
				"name":   func(v *tree.Node) { r.Name, _ = c.Text(v, "name") },
				"target": func(v *tree.Node) { r.Base, _ = c.Text(v, "target"); r.Target = c.shownTarget(v, r.Base) },
				"weight": func(v *tree.Node) { r.Weight = c.regionWeight(v) },
			})
		} else {
			r.Base, _ = c.Text(f.Value, "a region's target")
			r.Target = c.shownTarget(f.Value, r.Base)
		}
		if r.Name == "" || r.Base == "" {
			c.Fault(f.Value.Pos, "a region needs a name and a target")
		}
		regions = append(regions, r)
	}
	c.plan.SetRegions(regions)
}

// regionFields makes one form of both: {FRA: url} and [{name: FRA, target: url}].
func (c *compiler) regionFields(n *tree.Node) []tree.Field {
	if n.Kind == tree.Object {
		return n.Fields
	}
	var fields []tree.Field
	for _, item := range c.List(n, "regions") {
		if item.Kind == tree.Object && item.Get("target") == nil {
			fields = append(fields, item.Fields...)
		} else {
			fields = append(fields, tree.Field{Pos: item.Pos, Value: item})
		}
	}
	return fields
}

func (c *compiler) regionWeight(n *tree.Node) int {
	w := c.Whole(n, "weight")
	if w < 1 || w > 1000 {
		c.Fault(n.Pos, "the weight of a region must be 1 to 1000, not %s", n.What())
		return 1
	}
	return w
}
