package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Route sends connections elsewhere than their URL says: to one PoP of a network that answers under one name
// everywhere.
type Route struct {
	// Host and Port are those of the URL; "" matches all. Host is lower case and without brackets.
	Host, Port string
	// To are the hosts or addresses to connect to, tried in order; "" is the URL's own.
	To []string
	// ToPort is the port to connect to; "" is the URL's own.
	ToPort string
}

// ParseConnectTo reads curl's --connect-to: HOST1:PORT1:HOST2:PORT2. An empty HOST1 or PORT1 matches all, an empty
// HOST2 or PORT2 leaves what the URL has. IPv6 addresses stand in brackets.
func ParseConnectTo(text string) (Route, error) {
	fields, err := splitAddress(text, 4)
	if err == nil {
		err = validPorts(fields[1], fields[3])
	}
	if err != nil {
		return Route{}, fmt.Errorf("%q: %w, want HOST:PORT:ADDR:PORT", text, err)
	}
	return Route{Host: strings.ToLower(fields[0]), Port: fields[1], To: []string{fields[2]}, ToPort: fields[3]}, nil
}

// ParseResolve reads curl's --resolve: HOST:PORT:ADDR, with several addresses divided by commas, which are tried in
// order. HOST may be * for all. IPv6 addresses may stand in brackets.
func ParseResolve(text string) (Route, error) {
	fail := func(err error) (Route, error) {
		return Route{}, fmt.Errorf("%q: %w, want HOST:PORT:ADDR[,ADDR]", text, err)
	}
	fields, err := splitAddress(text, 3)
	if err != nil {
		return fail(err)
	}
	if err := validPorts(fields[1]); err != nil || fields[1] == "" || fields[0] == "" {
		return fail(errors.New("the host or port is missing or wrong"))
	}
	r := Route{Host: strings.ToLower(fields[0]), Port: fields[1]}
	if r.Host == "*" {
		r.Host = ""
	}
	for addr := range strings.SplitSeq(fields[2], ",") {
		ip, err := netip.ParseAddr(strings.Trim(addr, "[]"))
		if err != nil {
			return fail(err)
		}
		r.To = append(r.To, ip.String())
	}
	return r, nil
}

// splitAddress splits at the first n-1 colons that are outside of brackets; brackets around a whole field go.
func splitAddress(text string, n int) ([]string, error) {
	var fields []string
	for len(fields) < n-1 {
		end := strings.IndexByte(text, ':')
		if strings.HasPrefix(text, "[") {
			end = strings.IndexByte(text, ']') + 1
		}
		if end < 1 && !strings.HasPrefix(text, ":") || end >= len(text) || text[end] != ':' {
			return nil, fmt.Errorf("it has fewer than %d parts", n)
		}
		fields, text = append(fields, unbracket(text[:end])), text[end+1:]
	}
	return append(fields, unbracket(text)), nil
}

func unbracket(s string) string {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && !strings.Contains(s, ",") {
		return s[1 : len(s)-1]
	}
	return s
}

func validPorts(ports ...string) error {
	for _, port := range ports {
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			return fmt.Errorf("%q is no port", port)
		}
	}
	return nil
}

// route returns the addresses to try for addr, which is host:port.
func route(routes []Route, addr string) []string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return []string{addr}
	}
	for i := range routes {
		if r := &routes[i]; (r.Host == "" || strings.EqualFold(r.Host, host)) && (r.Port == "" || r.Port == port) {
			return r.apply(host, port)
		}
	}
	return []string{addr}
}

func (r *Route) apply(host, port string) []string {
	if r.ToPort != "" {
		port = r.ToPort
	}
	addrs := make([]string, len(r.To))
	for i, to := range r.To {
		if to == "" {
			to = host
		}
		addrs[i] = net.JoinHostPort(to, port)
	}
	return addrs
}

// routed tells whether a route takes addr elsewhere.
func routed(routes []Route, addr string) bool {
	to := route(routes, addr)
	return len(to) != 1 || to[0] != addr
}
