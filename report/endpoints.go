package report

import (
	"cmp"
	"strings"

	"edgescope/load"
	"edgescope/report/sums"
)

// endpointOf is the endpoint that a result belongs to, "" for none: as the script spells it or, where the script asks
// for it (groupDynamicURLs: false), by the URL that was sent.
func (s *Summary) endpointOf(r *load.Result) string {
	if r.Endpoint == "" || !s.options.Plan.Endpoints.Apart {
		return r.Endpoint
	}
	return s.endpoints.name(s.options.Plan.EndpointOf(r.URL, r.Name))
}

// endpointNames are the names of one endpoint's metrics.
type endpointNames struct{ responseTime, serverTiming, codes, errors, cache string }

// endpoint counts under metrics-by-endpoint: the last hop only, and nothing when Artillery's plugin has nothing.
func (s *Summary) endpoint(w *window, g *group, r *load.Result, key *groupKey) {
	o := &s.options.Plan.Endpoints
	if !r.Final || key.endpoint == "" || r.Cut || o.IgnoreUnnamed && r.Name == "" {
		return
	}
	names := s.endpointNames(key)
	if r.Answered() {
		if r.Kind != load.KindMessage {
			g.count(s.names.code(names.codes, r.Code))
		}
		g.record(w, names.responseTime, waited)
		if r.HasServerTotal {
			g.record(w, names.serverTiming, serverTotal)
		}
		if r.CacheStatus != "" {
			g.count(s.names.of(names.cache, r.CacheStatus))
		}
	}
	if key.failure != "" {
		g.count(names.errors + key.failure)
	}
}

func (s *Summary) endpointNames(key *groupKey) *endpointNames {
	label := key.endpoint
	if s.options.Plan.Endpoints.UseOnlyRequestNames && key.name != "" {
		label = key.name
	}
	namespace := s.endpointNamespace()
	if key.kind != load.KindRequest {
		namespace = sums.SocketByEndpoint
	}
	names := s.labels[[2]string{namespace, label}]
	if names == nil {
		names = &endpointNames{
			responseTime: namespace + ".response_time." + label,
			serverTiming: namespace + ".server-timing." + label,
			codes:        namespace + "." + label + ".codes.",
			errors:       namespace + "." + label + ".errors.",
			cache:        sums.CacheByEndpoint + label + ".",
		}
		s.labels[[2]string{namespace, label}] = names
	}
	return names
}

func (s *Summary) endpointNamespace() string {
	return cmp.Or(s.options.Plan.Endpoints.Namespace, "plugins.metrics-by-endpoint")
}

// OfEndpoint tells whether a metric is about one endpoint: there may be too many of them to print.
func (s *Summary) OfEndpoint(name string) bool {
	return strings.HasPrefix(name, s.endpointNamespace()+".") || strings.HasPrefix(name, sums.CacheByEndpoint) ||
		strings.HasPrefix(name, sums.SocketByEndpoint+".")
}
