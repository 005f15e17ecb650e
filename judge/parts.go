package judge

import "math"

// Parts are where the time of requests goes, in milliseconds each on average. NaN is not known.
type Parts struct {
	// Network is the client's time that the edge did not take; Init starting an instance; Origin waiting for others;
	// CPU computing; Wait what of the edge's time is none of these.
	Network, Init, Origin, CPU, Wait float64
	// Total is the sum of the parts that are known.
	Total float64
	// Unknown is the weighted share of requests of which a part is not known, in the order of the fields.
	Unknown [5]float64
	// AddsUp is false when the parts overlap by more than a twentieth of the total: then they say nothing.
	AddsUp bool
}

// Times are those of one request, in milliseconds; NaN is not known.
type Times struct {
	// Client is the service time that the client saw, or NaN and RTT its round trip.
	Client, RTT float64
	// Edge is the duration of the invocation, Init that of its cold start, 0 of a warm one. Apart tells that the edge's
	// duration does not hold the start.
	Edge, Init, Origin, CPU float64
	Apart                   bool
	// Weight is how many requests it stands for.
	Weight float64
}

const (
	// overlap is which part of the total the parts may be more than the whole.
	overlap = 0.05
	// leastKnown is the share of requests of which a part must be known to be shown.
	leastKnown = 0.8
)

// Decompose returns where the time of a band of requests goes. Parts are lengths of time of one request, so the clocks
// of client and edge do not matter; means of parts add up, which percentiles do not, so a band is the requests between
// two percentiles.
//
// A part is the mean of where it is known. CPU time may overlap waiting for an origin: a rest below nothing counts as
// nothing and the others are scaled to the whole.
func Decompose(band []Times) Parts {
	var sums, known [5]float64
	all, edge, edgeKnown := 0.0, 0.0, 0.0
	for i := range band {
		t := &band[i]
		all += t.Weight
		for part, v := range t.parts() {
			if !math.IsNaN(v) {
				sums[part], known[part] = sums[part]+v*t.Weight, known[part]+t.Weight
			}
		}
		if v := t.whole(); !math.IsNaN(v) {
			edge, edgeKnown = edge+v*t.Weight, edgeKnown+t.Weight
		}
	}
	var means [5]float64
	p := Parts{AddsUp: true}
	for part := range means {
		p.Unknown[part] = 1 - known[part]/all
		if means[part] = math.NaN(); known[part] >= leastKnown*all && all > 0 {
			means[part] = sums[part] / known[part]
		}
	}
	p.Network, p.Init, p.Origin, p.CPU = means[0], means[1], means[2], means[3]
	p.rest(edge / edgeKnown)
	return p
}

// whole is the time at the edge, with the start.
func (t *Times) whole() float64 {
	if t.Apart {
		return t.Edge + t.Init
	}
	return t.Edge
}

func (t *Times) parts() [5]float64 {
	network := t.Client - t.whole()
	if math.IsNaN(network) {
		network = t.RTT
	}
	return [5]float64{math.Max(0, network), t.Init, t.Origin, t.CPU, t.whole()}
}

// rest sets what of the edge's time is left, and the total.
func (p *Parts) rest(edge float64) {
	known := 0.0
	for _, part := range [3]*float64{&p.Init, &p.Origin, &p.CPU} {
		if !math.IsNaN(*part) {
			known += *part
		}
	}
	switch p.Wait = edge - known; {
	case p.Wait < -overlap*edge:
		p.AddsUp = false
	case p.Wait < 0:
		for _, part := range [3]*float64{&p.Init, &p.Origin, &p.CPU} {
			*part *= edge / known
		}
		p.Wait = 0
	}
	p.Total = edge
	if !math.IsNaN(p.Network) {
		p.Total += p.Network
	}
}
