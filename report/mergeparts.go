package report

import (
	"time"

	"edgescope/edge"
	"edgescope/report/distribution"
	"edgescope/report/text"
	"edgescope/scenarios"
)

// blocks adds the blocks of all segments by their place in the run: one plan makes blocks of one width.
func (m *merger) blocks() []Block {
	var out []Block
	for i := 0; ; i++ {
		var sum openBlock
		sum.steps = map[string]*distribution.Histogram{}
		b := Block{}
		for _, s := range m.segments {
			if i >= len(s.Edgescope.Blocks) {
				continue
			}
			one := &s.Edgescope.Blocks[i]
			b.At, b.Width = one.At, max(b.Width, one.Width)
			b.Arrivals += one.Arrivals
			b.Requests += one.Requests
			b.Errors += one.Errors
			b.Active += one.Active
			sum.response.Add(one.Response)
			sum.service.Add(one.Service)
			addAll(sum.steps, one.Steps)
		}
		if b.Width == 0 {
			return out
		}
		b.Response, b.Service, b.Steps = sum.response.Buckets(), sum.service.Buckets(), distribution.AllBuckets(sum.steps)
		out = append(out, b)
	}
}

func addAll(to map[string]*distribution.Histogram, from map[string]distribution.Buckets) {
	for name, b := range from {
		if to[name] == nil {
			to[name] = new(distribution.Histogram)
		}
		to[name].Add(b)
	}
}

// pointsOf makes a point of each block.
func pointsOf(blocks []Block) []edge.RunPoint {
	ms := func(d time.Duration) float64 { return text.Round(float64(d)/1e6, 3) }
	var points []edge.RunPoint
	for i := range blocks {
		b := &blocks[i]
		var response, service distribution.Histogram
		response.Add(b.Response)
		service.Add(b.Service)
		points = append(points, edge.RunPoint{
			At: b.At, Width: b.Width, Arrivals: b.Arrivals, Requests: b.Requests, Errors: b.Errors, Active: b.Active,
			P50: ms(response.Quantile(0.5)), P95: ms(response.Quantile(0.95)), P99: ms(response.Quantile(0.99)),
			ServiceP95: ms(service.Quantile(0.95)),
		})
	}
	return points
}

// parts adds the steps or the regions of all segments.
func (m *merger) parts(of func(*Edgescope) ([]edge.RunPart, map[string]distribution.Buckets)) ([]edge.RunPart, map[string]distribution.Buckets) {
	sums := map[string]*part{}
	for _, s := range m.segments {
		list, buckets := of(&s.Edgescope)
		for i := range list {
			one := &list[i]
			sum := partOf(sums, one.Name)
			sum.requests += one.Requests
			sum.failed += one.Failed
			sum.cold += one.Cold
			sum.response.Add(buckets[one.Name])
			for status, n := range one.Cache {
				if sum.cache == nil {
					sum.cache = map[string]int64{}
				}
				sum.cache[status] += n
			}
		}
	}
	return runParts(sums), partBuckets(sums)
}

// misses adds those of all segments; the first one of the first segment is shown.
func (m *merger) misses() []Miss {
	sums := misses{}
	for _, s := range m.segments {
		for _, one := range s.Edgescope.Misses {
			key := [2]string{one.Step, one.Kind}
			if sums[key] == nil {
				sums.add(one.Step, &scenarios.Outcome{Type: one.Kind, Want: one.Want, Got: one.Got})
				sums[key].Times = 0
			}
			sums[key].Times += one.Times
		}
	}
	return sums.list()
}
