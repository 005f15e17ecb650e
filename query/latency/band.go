package latency

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"edgescope/judge"
	"edgescope/query"
)

// few is below how many requests a mean says little.
const few = 20

// band is requests between two percentiles, or one of a trace.
type band struct {
	name, span string
	requests   []*request // those that means are of
	n          int        // of the whole band
	from, to   float64
	single     bool
}

// cuts are the bands, by percentiles.
var cuts = []struct {
	name     string
	from, to float64
}{{"all", 0, 1}, {"p50-75", .50, .75}, {"p90-99", .90, .99}, {"top 1 %", .99, 1}}

// cut makes bands of requests by a time. The means of a large one are of requests that lie evenly in it.
func cut(requests []request, by func(*request) float64) []band {
	order := make([]*request, len(requests))
	for i := range requests {
		order[i] = &requests[i]
	}
	slices.SortFunc(order, func(x, y *request) int {
		return cmp.Or(cmp.Compare(by(x), by(y)), strings.Compare(x.trace, y.trace), strings.Compare(x.span, y.span))
	})
	bands := make([]band, 0, len(cuts))
	for _, c := range cuts {
		n := float64(len(order))
		of := order[int(math.Floor(c.from*n)):int(math.Floor(c.to*n))]
		if len(of) == 0 {
			continue
		}
		b := band{name: c.name, n: len(of), from: by(of[0]), to: by(of[len(of)-1])}
		for i := range min(len(of), perBand) {
			b.requests = append(b.requests, of[i*len(of)/min(len(of), perBand)])
		}
		bands = append(bands, b)
	}
	return bands
}

// show makes the answer of bands.
func show(out *query.Latency, bands []band) {
	out.Bands = make([]query.Band, 0, len(bands))
	clients, trips := 0, 0
	for i := range bands {
		b := &bands[i]
		times := make([]judge.Times, len(b.requests))
		for j, r := range b.requests {
			times[j] = r.Times
			switch {
			case !math.IsNaN(r.Client):
				clients++
			case !math.IsNaN(r.RTT):
				trips++
			}
		}
		out.Bands = append(out.Bands, b.shown(judge.Decompose(times)))
	}
	known := slices.ContainsFunc(out.Bands, func(b query.Band) bool { return b.Parts[0].Mean.OK() })
	switch {
	case !known:
		out.Reason = "the way between client and edge is not measured: run loadgen from there with --otlp"
	case clients >= trips:
		out.Network = "spans"
	default:
		out.Network = "round trip"
	}
}

func (b *band) shown(p judge.Parts) query.Band {
	out := query.Band{
		Name: b.name, SpanID: b.span, From: query.Num(b.from), To: query.Num(b.to), N: query.Num(len(b.requests)),
		Few: len(b.requests) < few && !b.single, Total: query.Num(p.Total), AddsUp: p.AddsUp,
	}
	if b.single {
		out.From, out.To = out.Total, out.Total
	}
	means := [...]float64{p.Network, p.Init, p.Origin, p.CPU, p.Wait}
	for i, name := range [...]string{
		query.PartNetwork, query.PartInit, query.PartOrigin, query.PartCPU, query.PartWait,
	} {
		out.Parts = append(out.Parts, query.TimePart{
			Name: name, Mean: query.Num(means[i]), Unknown: query.Num(p.Unknown[i]),
		})
	}
	return out
}
