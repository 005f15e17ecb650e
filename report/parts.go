package report

import (
	"maps"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/report/text"
)

// part is what was seen of one step or one region.
type part struct {
	requests, failed, cold int64
	response               distribution.Histogram
	cache                  map[string]int64
}

type parts struct {
	steps, regions map[string]*part
}

// maxRegions bounds the regions that answers may name.
const maxRegions = 500

func newParts() parts {
	return parts{steps: map[string]*part{}, regions: map[string]*part{}}
}

func (p *parts) result(r *load.Result) {
	partOf(p.steps, r.Attack).add(r)
	region := r.EdgeRegion
	if region == "" {
		region = r.Region
	}
	if region == "" {
		return
	}
	if len(p.regions) >= maxRegions && p.regions[region] == nil {
		region = "other"
	}
	partOf(p.regions, region).add(r)
}

func partOf(m map[string]*part, name string) *part {
	p := m[name]
	if p == nil {
		p = &part{}
		m[name] = p
	}
	return p
}

func (p *part) add(r *load.Result) {
	p.requests += 1 + int64(r.Retries)
	if r.Failure != "" {
		p.failed++
		return
	}
	p.response.Record(r.Response())
	if r.ColdStart != nil && *r.ColdStart {
		p.cold++
	}
	if r.CacheStatus != "" {
		if p.cache == nil {
			p.cache = map[string]int64{}
		}
		p.cache[r.CacheStatus]++
	}
}

func runParts(m map[string]*part) []edge.RunPart {
	var list []edge.RunPart
	for _, name := range slices.Sorted(maps.Keys(m)) {
		p := m[name]
		list = append(list, edge.RunPart{
			Name: name, Requests: p.requests, Failed: p.failed, Response: quantiles(&p.response), Cache: p.cache, Cold: p.cold,
		})
	}
	return list
}

func quantiles(h *distribution.Histogram) edge.RunQuantiles {
	if h == nil {
		return edge.RunQuantiles{}
	}
	ms := func(d time.Duration) float64 { return text.Round(float64(d)/1e6, 3) }
	return edge.RunQuantiles{
		Count: int64(h.Count()), Min: ms(h.Min()), Mean: ms(h.Mean()), P50: ms(h.Quantile(0.5)), P90: ms(h.Quantile(0.9)),
		P95: ms(h.Quantile(0.95)), P99: ms(h.Quantile(0.99)), Max: ms(h.Max()),
	}
}
