package app

import (
	"net/netip"
	"strings"

	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/load/network"
)

// networkFlags say how requests get to their targets.
type networkFlags struct {
	protocols                    map[network.Protocol]*bool
	connectTo, resolve           []string
	proxy, unixSocket, localAddr string
	sessions                     string
	linger0                      bool
}

// protocolFlags are the flags that choose a protocol, in the order of the help.
var protocolFlags = []struct {
	name, usage string
	protocol    network.Protocol
}{
	{"http1", "HTTP/1.1, in place of config.http.version", network.HTTP1},
	{"http2", "HTTP/2 over TLS", network.HTTP2},
	{"h2c", "HTTP/2 with prior knowledge, also without TLS", network.H2C},
	{"http3", "HTTP/3 over QUIC", network.HTTP3},
}

func (n *networkFlags) register(f *run.Flags) {
	f.Group("Network")
	n.protocols = map[network.Protocol]*bool{}
	for _, p := range protocolFlags {
		n.protocols[p.protocol] = new(bool)
		f.Bool(n.protocols[p.protocol], p.name, false, p.usage)
	}
	f.Strings(&n.connectTo, "connect-to", "a `route` HOST:PORT:ADDR:PORT: connect elsewhere, to one PoP; several times")
	f.Strings(&n.resolve, "resolve", "an `entry` HOST:PORT:ADDR[,ADDR] in place of DNS; several times")
	f.String(&n.proxy, "proxy", "", "http:// or socks5:// `URL`, in place of HTTP_PROXY and HTTPS_PROXY")
	f.String(&n.unixSocket, "unix-socket", "", "open all connections to this `path`")
	f.String(&n.localAddr, "local-addr", "", "source `addresses`, divided by commas, in turn: each has its own ports")
	f.Bool(&n.linger0, "linger0", false, "close connections with a reset, which frees their ports at once")
	f.String(&n.sessions, "tls-sessions", "", "`whose` TLS sessions a new connection resumes: user (its own), shared "+
		"or none")
}

// network reads the flags.
func (n *networkFlags) network(p run.Process) (network.Options, error) {
	o := network.Options{UnixSocket: n.unixSocket, Reset: n.linger0, Sessions: network.Sessions(n.sessions)}
	for _, flag := range protocolFlags {
		if !*n.protocols[flag.protocol] {
			continue
		}
		if o.Protocol != "" {
			return o, run.Usage("want one of --http1, --http2, --h2c and --http3")
		}
		o.Protocol = flag.protocol
	}
	if err := n.routes(&o); err != nil {
		return o, err
	}
	for addr := range strings.SplitSeq(n.localAddr, ",") {
		if n.localAddr == "" {
			break
		}
		ip, err := netip.ParseAddr(strings.TrimSpace(addr))
		if err != nil {
			return o, run.Usage("--local-addr: %w", err)
		}
		o.LocalAddrs = append(o.LocalAddrs, ip)
	}
	find, err := network.ProxyFrom(n.proxy, p.LookupEnv)
	if err != nil {
		return o, run.Usage("the proxy of --proxy, HTTP_PROXY or HTTPS_PROXY: %w", err)
	}
	o.Proxy = find
	return o, n.contradiction()
}

func (n *networkFlags) routes(o *network.Options) error {
	add := func(flag string, texts []string, parse func(string) (network.Route, error)) error {
		for _, text := range texts {
			r, err := parse(text)
			if err != nil {
				return run.Usage("%s %w", flag, err)
			}
			o.Routes = append(o.Routes, r)
		}
		return nil
	}
	if err := add("--connect-to", n.connectTo, network.ParseConnectTo); err != nil {
		return err
	}
	return add("--resolve", n.resolve, network.ParseResolve)
}

// contradiction refuses two ways at a time.
func (n *networkFlags) contradiction() error {
	for flag, given := range map[string]bool{
		"--unix-socket": n.unixSocket != "",
		"--http3":       *n.protocols[network.HTTP3],
	} {
		if given && n.proxy != "" {
			return run.Usage("%s does not go through --proxy", flag)
		}
	}
	return nil
}

// protocolLine is what the description of a script says of its protocol.
func protocolLine(runner *load.Runner) string {
	if runner.Protocol() == network.HTTP1 {
		return ""
	}
	return " over " + runner.Protocol().Name()
}
