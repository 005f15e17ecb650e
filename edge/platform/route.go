package platform

import (
	"strings"
	"sync"
)

const (
	idSegment = ":id"
	anyPath   = "/*"
	// maxSegments is how many segments of a path an inferred route keeps.
	maxSegments = 8
	// maxInferred bounds the length of an inferred route in bytes, maxRouteServices the services whose routes are remembered:
	// both keep the memory of a Normalizer bounded whatever is sent. Beyond them a route is "/*".
	maxInferred      = 256
	maxRouteServices = 10_000
)

// Route answers the template of a path: query, fragment and a slash at the end are cut, and a segment becomes ":id" if it is
// all digits, a UUID, 16 or more hex digits, or at least 20 characters with a letter and a digit. Of more than 8 segments
// the rest is "/*". /users/12/orders/9f86d081884c7d65 becomes /users/:id/orders/:id.
func Route(path string) string {
	return string(appendRoute(nil, path))
}

func appendRoute(to []byte, path string) []byte {
	path = strings.TrimRight(strings.TrimPrefix(withoutQuery(path), "/"), "/")
	if path == "" {
		return append(to, '/')
	}
	for n := 0; ; n++ {
		if n == maxSegments {
			return append(to, anyPath...)
		}
		segment, rest, more := strings.Cut(path, "/")
		to = append(to, '/')
		if isID(segment) {
			segment = idSegment
		}
		to = append(to, segment...)
		if !more {
			return to
		}
		path = rest
	}
}

// isTemplate tells whether a path is its own template.
func isTemplate(path string) bool {
	var buf [maxInferred]byte
	return string(appendRoute(buf[:0], path)) == path
}

func isID(segment string) bool {
	const longHex, longMixed = 16, 20
	digits, hex, letters := 0, 0, 0
	for i := range len(segment) {
		switch c := segment[i]; {
		case isDigit(c):
			digits++
			hex++
		case isLetter(c):
			letters++
			if c|0x20 <= 'f' {
				hex++
			}
		}
	}
	n := len(segment)
	switch {
	case n == 0:
		return false
	case digits == n, hex == n && n >= longHex:
		return true
	default:
		return n >= longMixed && letters > 0 && digits > 0 || isUUID(segment, hex)
	}
}

// isUUID tells whether a segment with so many hex digits has the form of a UUID (RFC 9562 section 4).
func isUUID(s string, hex int) bool {
	return len(s) == 36 && hex == 32 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-'
}

// inferredRoutes remembers the inferred routes of each service, so that a service that is scanned for random paths can't
// make more than a bounded number of them.
type inferredRoutes struct {
	max int

	mu       sync.Mutex
	services map[string]map[string]string
}

// route answers the template of a path of that service. The text lives as long as the Normalizer and is shared.
func (r *inferredRoutes) route(service, path string) string {
	var buf [maxInferred]byte
	template := appendRoute(buf[:0], path)
	if len(template) > maxInferred {
		return anyPath
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	routes, ok := r.services[service]
	if !ok {
		if len(r.services) >= maxRouteServices {
			return anyPath
		}
		if r.services == nil {
			r.services = make(map[string]map[string]string)
		}
		routes = make(map[string]string)
		r.services[strings.Clone(service)] = routes
	}
	if route, ok := routes[string(template)]; ok {
		return route
	}
	if len(routes) >= r.max {
		return anyPath
	}
	route := string(template)
	routes[route] = route
	return route
}
