package normalize

import (
	"strings"
	"sync"

	"edgescope/edge/route"
)

// maxInferred bounds the length of an inferred route in bytes, maxRouteServices the services whose routes are
// remembered: both keep the memory of a Normalizer bounded whatever is sent. Beyond them a route is route.Any.
const (
	maxInferred      = 256
	maxRouteServices = 10_000
)

// inferredRoutes remembers the inferred routes of each service, so that a service that is scanned for random paths
// can't make more than a bounded number of them.
type inferredRoutes struct {
	max int

	mu       sync.Mutex
	services map[string]map[string]string
}

// route returns the template of a path of that service. The text lives as long as the Normalizer and is shared.
func (r *inferredRoutes) route(service, path string) string {
	var buf [maxInferred]byte
	template := route.Append(buf[:0], path)
	if len(template) > maxInferred {
		return route.Any
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	routes, ok := r.services[service]
	if !ok {
		if len(r.services) >= maxRouteServices {
			return route.Any
		}
		if r.services == nil {
			r.services = make(map[string]map[string]string)
		}
		routes = make(map[string]string)
		r.services[strings.Clone(service)] = routes
	}
	if known, ok := routes[string(template)]; ok {
		return known
	}
	if len(routes) >= r.max {
		return route.Any
	}
	text := string(template)
	routes[text] = text
	return text
}
