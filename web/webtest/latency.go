package webtest

import "edgescope/query"

// latency is where the requests of the made collector spend their time: of a load test, of its trace, or of a range.
func (c *Collector) latency(id string) any {
	a := &query.Latency{
		About: c.about(), By: query.ByEdge, Found: 48_211, Looked: 12_053, Unseen: query.None(), Bands: []query.Band{},
		Reason: "the way between client and edge is not measured: run loadgen from there with --otlp",
	}
	a.Source = "events"
	if c.Bare {
		return a
	}
	none := query.None()
	switch id {
	case RunID:
		a.By, a.Network, a.Reason, a.Unseen = query.ByClient, "spans", "", 3
		a.Found, a.Looked = 600, 600
		a.Bands = []query.Band{
			band("all", 12, 1960, 597, 31, 4, 22, 6, 3), band("p50-75", 48, 71, 150, 33, 0, 17, 5, 3),
			band("p90-99", 140, 620, 54, 38, 52, 96, 9, 6), band("top 1 %", 620, 1960, 6, 41, 380, 410, 12, 9),
		}
	case TraceID:
		a.Network, a.Reason, a.Found, a.Looked = "spans", "", 1, 1
		a.Bands = []query.Band{band("image-resize /img/:id", 0, 0, 1, 110, 120, 140, 25, 25)}
		a.Bands[0].SpanID, a.Bands[0].From, a.Bands[0].To, a.Bands[0].Few = "00f067aa0ba902b7", 420, 420, false
	default:
		a.Notes = []string{"of 48211 requests 12053 were looked at: those that ended in the first 1/4 of each of 16 equal " +
			"parts of the range"}
		a.Bands = []query.Band{
			band("all", 2, 1810, 1000, none, 3, none, 6, 31), band("p50-75", 24, 41, 1000, none, 0, none, 5, 27),
			band("p90-99", 120, 440, 1000, none, 48, none, 9, 126), band("top 1 %", 440, 1810, 121, none, 310, none, 12, 402),
		}
		a.Bands[3].AddsUp = false
	}
	return a
}

// band is requests with the means of their parts; an absent one is unknown of most.
func band(name string, from, to, n query.Num, means ...query.Num) query.Band {
	b := query.Band{Name: name, From: from, To: to, N: n, Few: n < 20, AddsUp: true}
	for i, part := range []string{
		query.PartNetwork, query.PartInit, query.PartOrigin, query.PartCPU, query.PartWait,
	} {
		p := query.TimePart{Name: part, Mean: means[i]}
		if p.Mean.OK() {
			b.Total += p.Mean
		} else {
			p.Unknown = .62
		}
		b.Parts = append(b.Parts, p)
	}
	return b
}
