package app

import (
	"net/netip"
	"strings"

	"edgescope/internal/run"
	"edgescope/load"
)

// networkFlags say how requests get to their targets.
type networkFlags struct {
	protocols                    map[load.Protocol]*bool
	connectTo, resolve           []string
	proxy, unixSocket, localAddr string
	sessions                     string
	linger0                      bool
}

// protocolFlags are the flags that choose a protocol, in the order of the help.
var protocolFlags = []struct {
	name, usage string
	protocol    load.Protocol
}{
	{"http1", "HTTP/1.1, in place of config.http.version", load.HTTP1},
	{"http2", "HTTP/2 over TLS", load.HTTP2},
	{"h2c", "HTTP/2 with prior knowledge, also without TLS", load.H2C},
	{"http3", "HTTP/3 over QUIC", load.HTTP3},
}

func (n *networkFlags) register(f *run.Flags) {
	f.Group("Network")
	n.protocols = map[load.Protocol]*bool{}
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
	f.String(&n.sessions, "tls-sessions", "", "`whose` TLS sessions a new connection resumes: user (its own), shared or none")
}

// network reads the flags.
func (n *networkFlags) network(p run.Process) (load.Network, error) {
	network := load.Network{UnixSocket: n.unixSocket, Reset: n.linger0, Sessions: load.Sessions(n.sessions)}
	for _, flag := range protocolFlags {
		if !*n.protocols[flag.protocol] {
			continue
		}
		if network.Protocol != "" {
			return network, run.Usage("want one of --http1, --http2, --h2c and --http3")
		}
		network.Protocol = flag.protocol
	}
	if err := n.routes(&network); err != nil {
		return network, err
	}
	for addr := range strings.SplitSeq(n.localAddr, ",") {
		if n.localAddr == "" {
			break
		}
		ip, err := netip.ParseAddr(strings.TrimSpace(addr))
		if err != nil {
			return network, run.Usage("--local-addr: %w", err)
		}
		network.LocalAddrs = append(network.LocalAddrs, ip)
	}
	find, err := load.ProxyFrom(n.proxy, p.LookupEnv)
	if err != nil {
		return network, run.Usage("the proxy of --proxy, HTTP_PROXY or HTTPS_PROXY: %w", err)
	}
	network.Proxy = find
	return network, n.contradiction()
}

func (n *networkFlags) routes(network *load.Network) error {
	add := func(flag string, texts []string, parse func(string) (load.Route, error)) error {
		for _, text := range texts {
			r, err := parse(text)
			if err != nil {
				return run.Usage("%s %w", flag, err)
			}
			network.Routes = append(network.Routes, r)
		}
		return nil
	}
	if err := add("--connect-to", n.connectTo, load.ParseConnectTo); err != nil {
		return err
	}
	return add("--resolve", n.resolve, load.ParseResolve)
}

// contradiction refuses two ways at a time.
func (n *networkFlags) contradiction() error {
	for flag, given := range map[string]bool{"--unix-socket": n.unixSocket != "", "--http3": *n.protocols[load.HTTP3]} {
		if given && n.proxy != "" {
			return run.Usage("%s does not go through --proxy", flag)
		}
	}
	return nil
}

// protocolLine is what the description of a script says of its protocol.
func protocolLine(runner *load.Runner) string {
	if runner.Protocol() == load.HTTP1 {
		return ""
	}
	return " over " + runner.Protocol().Name()
}
