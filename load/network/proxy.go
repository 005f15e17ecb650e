package network

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
	"golang.org/x/net/proxy"

	"edgescope/internal/loopback"
	"edgescope/load/errname"
)

// ProxyFrom tells which proxy a URL is reached through: explicit, for all URLs but those that no_proxy names, or else
// what HTTP_PROXY, HTTPS_PROXY and NO_PROXY say, of which a loopback address needs no proxy. The variables are read
// from lookupEnv, in lower case first. A proxy is http://, socks5:// or socks5h://, with user:password@ if it asks for
// them; host:port alone is http.
func ProxyFrom(explicit string, lookupEnv func(string) (string, bool)) (func(*url.URL) (*url.URL, error), error) {
	env := func(name string) string {
		if value, ok := lookupEnv(strings.ToLower(name)); ok && value != "" {
			return value
		}
		value, _ := lookupEnv(name)
		return value
	}
	config := httpproxy.Config{HTTPProxy: env("HTTP_PROXY"), HTTPSProxy: env("HTTPS_PROXY"), NoProxy: env("NO_PROXY")}
	if explicit != "" {
		config.HTTPProxy, config.HTTPSProxy = explicit, explicit
	}
	if config.HTTPProxy == "" && config.HTTPSProxy == "" {
		return nil, nil
	}
	for _, p := range []string{config.HTTPProxy, config.HTTPSProxy} {
		if err := validProxy(p); err != nil {
			return nil, err
		}
	}
	find := config.ProxyFunc()
	if explicit == "" {
		return find, nil
	}
	excepted := strings.FieldsFunc(config.NoProxy, func(r rune) bool { return r == ',' || r == ' ' })
	return func(u *url.URL) (*url.URL, error) {
		if loopback.Host(u.Hostname()) && !slices.Contains(excepted, u.Hostname()) && !slices.Contains(excepted, "*") {
			return parseProxy(explicit)
		}
		return find(u)
	}, nil
}

func parseProxy(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	return url.Parse(text)
}

func validProxy(text string) error {
	if text == "" {
		return nil
	}
	u, err := parseProxy(text)
	if err != nil {
		return errors.New("the URL of the proxy cannot be read") // it may hold a password
	}
	switch u.Scheme {
	case "http", "socks5", "socks5h":
	default:
		return fmt.Errorf("a proxy of scheme %q is not supported, want http, socks5 or socks5h", u.Scheme)
	}
	if u.Hostname() == "" {
		return errors.New("the URL of the proxy names no host")
	}
	return nil
}

// proxyOf is the proxy for an origin: none for what a route or a unix socket has led elsewhere.
func (d *Dialer) proxyOf(to origin) (*url.URL, error) {
	n := &d.network
	if n.Proxy == nil || n.UnixSocket != "" || routed(n.Routes, to.addr) {
		return nil, nil
	}
	return n.Proxy(&url.URL{Scheme: to.scheme, Host: to.addr})
}

// forwardProxy is the proxy to which net/http sends whole requests: those of http:// URLs. All others get a tunnel.
func (o *opener) forwardProxy(req *http.Request) (*url.URL, error) {
	if req.URL.Scheme != "http" {
		return nil, nil
	}
	p, err := o.proxyOf(originOf(req.URL))
	if err != nil || p == nil || p.Scheme != "http" {
		return nil, err
	}
	addr := proxyAddr(p)
	o.forward.Store(&addr)
	return p, nil
}

// ProxyError tells that a proxy did not open a way to the target.
type ProxyError struct {
	Proxy, Target string // host:port each
	Status        int    // what it answered to CONNECT; 0: nothing
	Refusal       string // what it answered by SOCKS; "": nothing
	Err           error  // why there is no answer
}

func (e *ProxyError) Error() string {
	switch {
	case e.Status != 0:
		return fmt.Sprintf("proxy %s answered CONNECT %s with %d %s", e.Proxy, e.Target, e.Status,
			http.StatusText(e.Status))
	case e.Refusal != "":
		return fmt.Sprintf("proxy %s refused %s: %s", e.Proxy, e.Target, e.Refusal)
	default:
		return fmt.Sprintf("proxy %s: %v", e.Proxy, e.Err)
	}
}

func (e *ProxyError) Unwrap() error { return e.Err }

// forwardedError is that of a request that a proxy was to forward.
type forwardedError struct {
	proxy string // host:port
	error
}

func (e *forwardedError) Unwrap() error { return e.error }

// From says whose fault the error of a request to target is: "the proxy host:port", or scheme://host, behind a proxy if
// one stands between.
func From(err error, target *url.URL) string {
	var proxy *ProxyError
	if errors.As(err, &proxy) {
		return "the proxy " + proxy.Proxy
	}
	from := target.Scheme + "://" + target.Host
	var forwarded *forwardedError
	if errors.As(err, &forwarded) {
		from += " behind the proxy " + forwarded.proxy
	}
	return from
}

// ErrorName is the error's name as a counter has it. A proxy that cannot be reached has the name of what happened.
func (e *ProxyError) ErrorName() string {
	switch {
	case e.Status != 0:
		return fmt.Sprintf("proxy answered CONNECT with %d", e.Status)
	case e.Refusal != "":
		return "proxy refused: " + e.Refusal
	default:
		return errname.Of(e.Err)
	}
}

// connectMethod opens a tunnel with CONNECT (RFC 9110, section 9.3.6).
func (d *Dialer) connectMethod(ctx context.Context, p *url.URL, addr string) (net.Conn, error) {
	conn, err := d.tcpTo(ctx, proxyAddr(p))
	if err != nil {
		return nil, &ProxyError{Proxy: proxyAddr(p), Target: addr, Err: err}
	}
	interrupt := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	tunnel, err := askForTunnel(conn, p, addr)
	if !interrupt() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		var answered *ProxyError
		if !errors.As(err, &answered) {
			err = &ProxyError{Proxy: proxyAddr(p), Target: addr, Err: err}
		}
		return nil, err
	}
	return tunnel, nil
}

func askForTunnel(conn net.Conn, p *url.URL, addr string) (net.Conn, error) {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if p.User != nil {
		password, _ := p.User.Password()
		credentials := base64.StdEncoding.EncodeToString([]byte(p.User.Username() + ":" + password))
		req.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	// A byte at a time would be slow and a large buffer is for one header only: most answers fit into this one.
	ended := &endReader{r: conn}
	r := bufio.NewReaderSize(ended, 512)
	res, err := http.ReadResponse(r, req) //nolint:bodyclose // what follows the header is the tunnel
	switch {
	case err != nil && ended.err != nil: // what was cut off looks malformed
		return nil, ended.err
	case err != nil:
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, &ProxyError{Proxy: proxyAddr(p), Target: addr, Status: res.StatusCode}
	}
	if r.Buffered() == 0 {
		return conn, nil
	}
	return &bufferedConn{Conn: conn, r: r}, nil
}

// endReader remembers what reading has failed with.
type endReader struct {
	r   io.Reader
	err error
}

func (e *endReader) Read(p []byte) (n int, err error) {
	n, err = e.r.Read(p)
	e.err = err
	return n, err
}

// bufferedConn begins with what was read too much: the first words of a server that speaks first.
type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }

func proxyAddr(p *url.URL) string {
	if p.Port() != "" {
		return p.Host
	}
	if p.Scheme == "http" {
		return net.JoinHostPort(p.Hostname(), "80")
	}
	return net.JoinHostPort(p.Hostname(), "1080")
}

// dialFunc makes a function a proxy.ContextDialer.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (f dialFunc) Dial(network, addr string) (net.Conn, error) {
	return f(context.Background(), network, addr)
}

func (f dialFunc) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return f(ctx, network, addr)
}

// socks opens a connection through a SOCKS5 proxy, which resolves the name.
func (d *Dialer) socks(ctx context.Context, p *url.URL, addr string) (net.Conn, error) {
	var auth *proxy.Auth
	if p.User != nil {
		password, _ := p.User.Password()
		auth = &proxy.Auth{User: p.User.Username(), Password: password}
	}
	direct := dialFunc(func(ctx context.Context, _, addr string) (net.Conn, error) { return d.tcpTo(ctx, addr) })
	s, err := proxy.SOCKS5("tcp", proxyAddr(p), auth, direct)
	if err != nil {
		return nil, err
	}
	through, ok := s.(proxy.ContextDialer)
	if !ok {
		return nil, errors.New("BUG: the SOCKS5 dialer takes no context")
	}
	conn, err := through.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, socksError(err, proxyAddr(p), addr)
	}
	return conn, nil
}

// socksError tells what a SOCKS5 proxy has answered (RFC 1928, section 6, and RFC 1929) from why it has not.
func socksError(err error, proxy, target string) *ProxyError {
	e := &ProxyError{Proxy: proxy, Target: target, Err: err}
	text := err.Error()
	for _, said := range []string{
		"general SOCKS server failure", "connection not allowed by ruleset", "network unreachable", "host unreachable",
		"connection refused", "TTL expired", "command not supported", "address type not supported",
	} {
		if strings.HasSuffix(text, "unknown error "+said) {
			e.Refusal = said
		}
	}
	switch {
	case strings.Contains(text, "authentication"), strings.Contains(text, "username/password"):
		e.Refusal = "authentication failed"
	case strings.Contains(text, "unexpected protocol version"), strings.Contains(text, "non-zero reserved field"),
		strings.Contains(text, "unknown address type"):
		e.Refusal = "it does not speak SOCKS5"
	case strings.Contains(text, "unknown error unknown code"):
		e.Refusal = "unknown code"
	}
	return e
}
