package merge

import (
	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/sums"
)

// blocks adds the blocks of all segments by their place in the run: one plan makes blocks of one width.
func (m *merger) blocks() []sums.Block {
	var out []sums.Block
	for i := 0; ; i++ {
		var response, service distribution.Histogram
		steps := map[string]*distribution.Histogram{}
		b := sums.Block{}
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
			response.Add(one.Response)
			service.Add(one.Service)
			addAll(steps, one.Steps)
		}
		if b.Width == 0 {
			return out
		}
		b.Response, b.Service, b.Steps = response.Buckets(), service.Buckets(), distribution.AllBuckets(steps)
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
func pointsOf(blocks []sums.Block) []edge.RunPoint {
	var points []edge.RunPoint
	for i := range blocks {
		b := &blocks[i]
		var response, service distribution.Histogram
		response.Add(b.Response)
		service.Add(b.Service)
		p := edge.RunPoint{
			At: b.At, Width: b.Width, Arrivals: b.Arrivals, Requests: b.Requests, Errors: b.Errors,
			Active: b.Active,
		}
		sums.SetPoint(&p, &response, &service)
		points = append(points, p)
	}
	return points
}

// parts adds the steps or the regions of all segments.
func (m *merger) parts(of func(*report.Edgescope) ([]edge.RunPart, map[string]distribution.Buckets)) ([]edge.RunPart,
	map[string]distribution.Buckets,
) {
	parts := sums.Parts{}
	for _, s := range m.segments {
		list, buckets := of(&s.Edgescope)
		for i := range list {
			parts.Of(list[i].Name).Add(&list[i], buckets[list[i].Name])
		}
	}
	return parts.Run(), parts.Buckets()
}

// failed adds the failed expectations of all segments; how the first one of the first segment failed is shown.
func (m *merger) failed() []sums.FailedExpectation {
	failed := sums.FailedExpectations{}
	for _, s := range m.segments {
		for _, one := range s.Edgescope.Failed {
			failed.Add(one.Step, one.Kind, one.Times, one.Want, one.Got)
		}
	}
	return failed.List()
}
