package report

import (
	"edgescope/load"
	"edgescope/scenarios"
)

// maxEndpoints bounds the endpoints of a run whose every URL is one of its own, so that ids in URLs do not fill our memory.
const maxEndpoints = 1000

// Endpoints labels results by the URLs that were sent, where a script asks for it (groupDynamicURLs: false). It is for one
// goroutine; a nil one labels nothing.
type Endpoints struct {
	plan *scenarios.Plan
	seen map[string]bool
}

// NewEndpoints is nil for a plan whose endpoints are the URLs as the script spells them.
func NewEndpoints(plan *scenarios.Plan) *Endpoints {
	if !plan.Endpoints.Apart {
		return nil
	}
	return &Endpoints{plan: plan, seen: map[string]bool{}}
}

// Label sets the endpoint of a request that has one. Behind the first 1,000 endpoints all further ones are "other".
func (s *Endpoints) Label(e load.Event) {
	r, ok := e.(*load.Result)
	if !ok || s == nil || r.Endpoint == "" {
		return
	}
	label := s.plan.EndpointOf(r.URL, r.Name)
	switch {
	case s.seen[label]:
	case len(s.seen) >= maxEndpoints:
		label = "other"
	default:
		s.seen[label] = true
	}
	r.Endpoint = label
}
