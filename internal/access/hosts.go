package access

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

// Hosts are the names under which a port may be asked. A web page can have the browser ask a name of its own that leads
// to this machine (DNS rebinding): the browser takes the answer for the page's, but the name that it asked is in the
// request. A nil *Hosts allows every name. It is read-only.
type Hosts struct {
	any      bool
	names    map[string]bool
	suffixes []string // with their dots: .example.com
	// private: names that nobody can register count too; programs: if no web page says them.
	private, programs bool
}

// HostOptions say what a port is called.
type HostOptions struct {
	// Addr is the address that is listened on.
	Addr string
	// Allowed are further names: a name, *.example.com for all below one, or * for any. An entry may hold several with
	// commas.
	Allowed []string
	// Ingest tells that the port takes telemetry and answers no questions.
	Ingest bool
	// SignIn tells that whoever asks needs a token: no page has one by its name alone, so without Allowed every name is
	// good.
	SignIn bool
	// Local tells that the port can be reached from this machine only.
	Local bool
}

// NewHosts makes the names of a port: addresses (they can't be rebound), localhost, the name in Addr, and Allowed.
// Beyond this machine also its own name and those of private networks, which no page can have; on an ingest port the
// latter if it is no page that asks, as containers and workers do.
func NewHosts(o HostOptions) (*Hosts, error) {
	if o.SignIn && len(o.Allowed) == 0 {
		return &Hosts{any: true}, nil
	}
	h := &Hosts{
		names: map[string]bool{"localhost": true}, suffixes: []string{".localhost"}, private: !o.Local,
		programs: o.Ingest,
	}
	if name, _, err := net.SplitHostPort(o.Addr); err == nil {
		h.names[plainHost(name)] = true
	}
	if own, err := os.Hostname(); err == nil && !o.Local {
		h.names[plainHost(own)] = true
	}
	for _, entry := range o.Allowed {
		for name := range strings.SplitSeq(entry, ",") {
			if err := h.allow(strings.TrimSpace(name)); err != nil {
				return nil, err
			}
		}
	}
	delete(h.names, "")
	return h, nil
}

func (h *Hosts) allow(name string) error {
	below, wild := strings.CutPrefix(name, "*.")
	switch {
	case name == "*":
		h.any = true
	case strings.ContainsAny(below, "*:/ ") || below == "":
		return fmt.Errorf("%q: want a name without port such as collector.example.com, *.example.com, or * for any",
			name)
	case wild:
		h.suffixes = append(h.suffixes, "."+plainHost(below))
	default:
		h.names[plainHost(name)] = true
	}
	return nil
}

// Allows tells whether a port may be asked under the name in a Host header or an :authority; page tells that a web page
// asks. A request without a name is none of a browser.
func (h *Hosts) Allows(host string, page bool) bool {
	if h == nil || h.any || host == "" {
		return true
	}
	name := plainHost(host)
	if _, err := netip.ParseAddr(name); err == nil || h.names[name] {
		return true
	}
	for _, suffix := range h.suffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return (h.private || h.programs && !page) && private(name)
}

// plainHost takes port, brackets, zone and the dot at the end off a host, in lower case.
func plainHost(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, _, zoned := strings.Cut(host, "%"); zoned {
		host = addr
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// privateSuffixes end names that public DNS never has (RFC 6762, RFC 8375, ICANN's resolution 2024.07.29.06), and those
// of Kubernetes.
var privateSuffixes = []string{".local", ".internal", ".home.arpa", ".svc"}

// private tells whether only a private network can have the name: one without a dot, or below a reserved one.
func private(name string) bool {
	if !strings.Contains(name, ".") {
		return true
	}
	for _, suffix := range privateSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
