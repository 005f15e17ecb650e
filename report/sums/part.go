package sums

import (
	"maps"
	"slices"

	"edgescope/edge"
	"edgescope/report/distribution"
)

// Part is what was seen of one step or one region.
type Part struct {
	Requests, Failed, Cold int64
	Response               distribution.Histogram // of complete answers
	Cache                  map[string]int64       // by status
}

// CountCache adds n answers of a cache status.
func (p *Part) CountCache(status string, n int64) {
	if p.Cache == nil {
		p.Cache = map[string]int64{}
	}
	p.Cache[status] += n
}

// Add adds a part that came from a report.
func (p *Part) Add(o *edge.RunPart, response distribution.Buckets) {
	p.Requests += o.Requests
	p.Failed += o.Failed
	p.Cold += o.Cold
	p.Response.Add(response)
	for status, n := range o.Cache {
		p.CountCache(status, n)
	}
}

// Parts are the steps or the regions of a run, by name.
type Parts map[string]*Part

// Of finds or makes a part.
func (p Parts) Of(name string) *Part {
	part := p[name]
	if part == nil {
		part = &Part{}
		p[name] = part
	}
	return part
}

// Run is the parts as a run's summary has them, by name.
func (p Parts) Run() []edge.RunPart {
	var list []edge.RunPart
	for _, name := range slices.Sorted(maps.Keys(p)) {
		part := p[name]
		list = append(list, edge.RunPart{
			Name: name, Requests: part.Requests, Failed: part.Failed, Response: quantiles(&part.Response), Cache: part.Cache,
			Cold: part.Cold,
		})
	}
	return list
}

// Buckets is what a file keeps of the response times of the parts.
func (p Parts) Buckets() map[string]distribution.Buckets {
	out := make(map[string]distribution.Buckets, len(p))
	for name, part := range p {
		out[name] = part.Response.Buckets()
	}
	return out
}
