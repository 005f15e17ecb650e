package app

import (
	"errors"
	"net/http"
	"net/netip"

	"edgescope/internal/access"
	"edgescope/internal/loopback"
	"edgescope/internal/run"
	"edgescope/web"
)

// accessOptions are the flags of who may look at the pages.
type accessOptions struct {
	tokens      bool
	proxyHeader string
	proxies     []string
	networks    []netip.Prefix // what proxies say
	tls         run.TLSOptions
	insecure    bool
	// allowedHosts are further names under which the pages may be asked.
	allowedHosts []string
}

func (o *accessOptions) register(f *run.Flags) {
	f.Group("Access (docs/access.md)")
	f.Bool(&o.tokens, "sign-in", false, "ask every visitor for a token of the collector")
	f.String(&o.proxyHeader, "trusted-proxy-header", "", "the `header` in which a proxy says who asks; the collector "+
		"is told the same")
	f.Strings(&o.proxies, "trusted-proxies", "the proxies are at these addresses, as `CIDR` (repeatable)")
	o.tls.Register(f)
	f.Strings(&o.allowedHosts, "allowed-hosts", "let the pages be asked by this `name`, *.example.com or * "+
		"(repeatable, or with commas)")
	f.Bool(&o.insecure, "insecure", false, "listen beyond this machine although nobody has to sign in")
}

func (o *accessOptions) validate(addr string) error {
	var err error
	if o.networks, err = access.ParseProxies(o.proxies); err != nil {
		return run.Usage("--trusted-proxies %w", err)
	}
	switch {
	case (o.proxyHeader == "") != (len(o.proxies) == 0):
		return run.Usage("--trusted-proxy-header and --trusted-proxies: give both or none")
	case o.proxyHeader != "" && o.tokens:
		return run.Usage("--sign-in and --trusted-proxy-header: give one of them, so that it is clear who signs " +
			"people in")
	case !o.insecure && !o.tokens && o.proxyHeader == "" && !loopback.Addr(addr):
		return run.Usage("--listen-addr %s: others could reach it and nobody has to sign in; give --sign-in, let a "+
			"proxy sign people in "+
			"with --trusted-proxy-header, listen on 127.0.0.1, or give --insecure", addr)
	}
	if _, err := o.front(addr); err != nil {
		return err
	}
	return o.tls.Validate()
}

// front is what requests must pass before anything else.
func (o *accessOptions) front(addr string) (*access.Front, error) {
	hosts, err := access.NewHosts(access.HostOptions{
		Addr: addr, Allowed: o.allowedHosts, SignIn: o.tokens || o.proxyHeader != "", Local: loopback.Addr(addr),
	})
	if err != nil {
		return nil, run.Usage("--allowed-hosts %w", err)
	}
	return &access.Front{Hosts: hosts}, nil
}

// signIn is what the flags mean for the pages.
func (o *accessOptions) signIn() web.SignIn {
	s := web.SignIn{Tokens: o.tokens, Secure: o.tls.Cert != ""}
	if o.proxyHeader != "" {
		s.Proxy, s.ProxyHeader = o.proxyUser, o.proxyHeader
	}
	return s
}

// proxyUser returns who the proxy says a visitor is. Whoever does not come through the proxy can write anything into
// its header.
func (o *accessOptions) proxyUser(r *http.Request) (string, error) {
	if !access.FromProxy(r.RemoteAddr, o.networks) {
		return "", errors.New("this dashboard is for people whom its proxy has signed in: come through the proxy")
	}
	return access.ProxyUser(r.Header, o.proxyHeader)
}
