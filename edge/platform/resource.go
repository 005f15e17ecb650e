package platform

import "edgescope/edge"

// Resource returns what a resource says of a service and of where it runs: Service, Namespace, Version, Environment,
// Provider, Platform, Region, Colo, FaasName and FaasVersion, by the same rules as Normalize. It is for signals without
// events. The texts point into the memory of attrs.
func Resource(attrs []edge.Attr) (f edge.Facts) {
	v := View{resource: new(resourceView)}
	v.read(&edge.Event{Resource: attrs})
	v.identity(&f)
	v.place(&f)
	return f
}
