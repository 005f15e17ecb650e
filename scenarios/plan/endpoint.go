package plan

import (
	"net/url"
	"strings"
)

// EndpointOf is the label of a URL in the endpoint metrics: its path (and query, with KeepQuery) and the request's name
// in parentheses, "/status/7 (poll)". In front stands the path of the target for a URL that begins with "/", and the host
// if it is not the target's, as in Artillery.
func (p *Plan) EndpointOf(u, name string) string {
	if strings.HasPrefix(u, "/") {
		u = p.Target + u
	}
	host, path := splitURL(u)
	label := foreignHost(host, p.Target) + path
	if fragment := outside(label, "#"); fragment >= 0 {
		label = label[:fragment]
	}
	query := ""
	if at := outside(label, "?"); at >= 0 {
		label, query = label[:at], label[at:]
	}
	label = strings.ReplaceAll(label, `\`, "/")
	if p.Endpoints.KeepQuery {
		label += query
	}
	if plain, err := url.PathUnescape(label); err == nil {
		label = plain
	}
	if name != "" {
		label += " (" + name + ")"
	}
	return label
}

// splitURL cuts an absolute URL in front of its path. Any other has no host.
func splitURL(u string) (host, path string) {
	for _, scheme := range []string{"http://", "https://", "ws://", "wss://"} {
		rest, ok := strings.CutPrefix(u, scheme)
		if !ok {
			continue
		}
		for _, end := range "/?#" {
			if i := outside(rest, string(end)); i >= 0 {
				return rest[:i], slashed(rest[i:])
			}
		}
		return rest, "/"
	}
	return "", u
}

func slashed(path string) string {
	if strings.HasPrefix(path, "/") {
		return path
	}
	return "/" + path
}

// foreignHost is what of a host the target does not have: its name, its port.
func foreignHost(host, target string) string {
	if host == "" {
		return ""
	}
	host = host[strings.LastIndexByte(host, '@')+1:] // without user and password, whatever they hold
	theirs, err := url.Parse("//" + host)
	ours, targetErr := url.Parse(target)
	if err != nil || targetErr != nil {
		return host
	}
	label := ""
	if theirs.Hostname() != ours.Hostname() {
		label = theirs.Hostname()
	}
	if port := theirs.Port(); port != "" && port != ours.Port() {
		label += ":" + port
	}
	return label
}

// outside is the place of the first of some characters outside of a template, -1 if there is none.
func outside(u, chars string) int {
	depth := 0
	for i := range len(u) {
		switch {
		case u[i] == '{':
			depth++
		case u[i] == '}':
			depth--
		case depth <= 0 && strings.IndexByte(chars, u[i]) >= 0:
			return i
		}
	}
	return -1
}
