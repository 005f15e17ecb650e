package load

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"edgescope/load/network"
	"edgescope/scenarios/plan"
)

// dialerFor makes the connections of a plan, by what the options say and else by what the script says.
func dialerFor(p *plan.Plan, o network.Options) (*network.Dialer, error) {
	o.Protocol = cmp.Or(o.Protocol, network.Protocol(p.HTTP.Version), network.HTTP1)
	o.Sessions = cmp.Or(o.Sessions, network.Sessions(p.TLS.Sessions))
	config, err := clientTLS(&p.TLS)
	if err != nil {
		return nil, err
	}
	d, err := network.New(o, config)
	if err != nil {
		return nil, err
	}
	return d, speaks(p, o.Protocol)
}

// socketDialer makes the connections of a plan's WebSockets, nil if no scenario has one. They begin as HTTP/1.1, whatever
// requests speak.
func socketDialer(p *plan.Plan, o network.Options) (*network.Dialer, error) {
	isSocket := func(f plan.Flow) bool { return f.Connect() != nil }
	if !slices.ContainsFunc(p.Flows, isSocket) && p.Before.Connect() == nil && p.After.Connect() == nil {
		return nil, nil //nolint:nilnil // no dialer is what is asked for
	}
	o.Protocol, o.Sessions = network.HTTP1, cmp.Or(o.Sessions, network.Sessions(p.TLS.Sessions))
	if proxy := p.WebSockets.Proxy; proxy != nil {
		o.Proxy = func(*url.URL) (*url.URL, error) { return proxy, nil }
	}
	config, err := clientTLS(&p.TLS)
	if err != nil {
		return nil, err
	}
	config.InsecureSkipVerify = config.InsecureSkipVerify || p.WebSockets.Insecure
	return network.New(o, config)
}

// speaks refuses targets that the protocol is not for, before anything is sent.
func speaks(p *plan.Plan, protocol network.Protocol) error {
	for _, target := range targetsOf(p) {
		u, err := url.Parse(target)
		if err != nil || u.Scheme != "http" {
			continue
		}
		if err := protocol.ForPlain(); err != nil {
			return fmt.Errorf("target %s: %w", target, err)
		}
	}
	return nil
}

// targetsOf are the base URLs of a script.
func targetsOf(p *plan.Plan) []string {
	targets := []string{p.Target}
	for i := range p.Regions {
		targets = append(targets, p.Regions[i].Target)
	}
	return targets
}

// clientTLS is config.tls.
func clientTLS(o *plan.TLS) (*tls.Config, error) {
	config := &tls.Config{
		InsecureSkipVerify: o.Insecure, ServerName: o.ServerName, MinVersion: o.MinVersion, MaxVersion: o.MaxVersion,
		CurvePreferences: o.Curves,
	}
	if len(o.CA) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("config.tls.ca holds no PEM certificate")
		}
	}
	if len(o.Cert) > 0 || len(o.Key) > 0 {
		pair, err := tls.X509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("config.tls.cert and config.tls.key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
