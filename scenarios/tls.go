package scenarios

import (
	"bytes"
	"crypto/tls"
	"strings"
)

// httpVersion takes numbers too: version: 2.
func (c *compiler) httpVersion(n *node) string {
	if n.kind == scalarNode && n.scalar != nil {
		n = &node{pos: n.pos, scalar: textOf(n.value())}
	}
	return c.choice(n, "version", "1.1", "2", "h2c", "3")
}

func (c *compiler) tls(n *node) {
	t := &c.plan.TLS
	c.object(n, "tls", map[string]func(*node){
		"rejectUnauthorized": func(v *node) { t.Insecure = !c.boolean(v, "rejectUnauthorized") },
		"ca":                 func(v *node) { t.CA = c.pem(v, "ca") },
		"cert":               func(v *node) { t.Cert = c.pem(v, "cert") },
		"key":                func(v *node) { t.Key = c.pem(v, "key") },
		"passphrase":         ignoredKey, // below: it belongs to the key
		"servername":         func(v *node) { t.ServerName, _ = c.text(v, "servername") },
		"minVersion":         func(v *node) { t.MinVersion = c.tlsVersion(v, "minVersion") },
		"maxVersion":         func(v *node) { t.MaxVersion = c.tlsVersion(v, "maxVersion") },
		"ecdhCurve":          func(v *node) { t.Curves = c.curves(v) },
		"sessions":           func(v *node) { t.Sessions = c.choice(v, "sessions", "user", "shared", "none") },
		"pfx": func(v *node) {
			c.fault(v.pos, "pfx is not supported: make PEM files of it with openssl pkcs12 -in FILE -nodes, and name them as cert and key")
		},
	})
	if (t.Cert == nil) != (t.Key == nil) {
		c.fault(n.pos, "tls needs both cert and key, or neither")
	}
	if t.MaxVersion != 0 && t.MinVersion > t.MaxVersion {
		c.fault(n.pos, "minVersion is above maxVersion")
	}
	c.unlockKey(n)
}

// unlockKey takes the passphrase off the client's key.
func (c *compiler) unlockKey(n *node) {
	t := &c.plan.TLS
	if len(t.Key) == 0 {
		return
	}
	var passphrase string
	if v := n.get("passphrase"); v != nil {
		passphrase, _ = c.text(v, "passphrase")
	}
	key, err := decryptKey(t.Key, []byte(passphrase))
	if err != nil {
		c.fault(n.get("key").pos, "key: %s", err)
		return
	}
	t.Key = key
}

// tlsVersion reads node's names of versions.
func (c *compiler) tlsVersion(n *node, what string) uint16 {
	switch c.choice(n, what, "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3") {
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
func (c *compiler) curves(n *node) (curves []tls.CurveID) {
	list, _ := c.text(n, "ecdhCurve")
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
			c.fault(n.pos, "ecdhCurve %q is unknown, want X25519, X25519MLKEM768, P-256, P-384 or P-521, divided by colons", name)
		}
	}
	return curves
}

// pem is a PEM text, or the path of a file with one.
func (c *compiler) pem(n *node, what string) []byte {
	s, ok := c.text(n, what)
	if !ok {
		return nil
	}
	const begin = "-----BEGIN "
	if strings.Contains(s, begin) {
		return []byte(s)
	}
	src, err := c.opts.ReadFile(c.path(s))
	if err != nil {
		c.fault(n.pos, "%s %s cannot be read: %s", what, s, cause(err))
		return []byte{}
	}
	if !bytes.Contains(src, []byte(begin)) {
		c.fault(n.pos, "%s %s is no PEM file", what, s)
	}
	return src
}
