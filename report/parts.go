package report

import (
	"time"

	"edgescope/edge"
	"edgescope/load"
)

// part is what was seen of one step or one region.
type part struct {
	requests, failed, cold int64
	response               Histogram
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
	for _, name := range sortedKeys(m) {
		p := m[name]
		list = append(list, edge.RunPart{
			Name: name, Requests: p.requests, Failed: p.failed, Response: quantiles(&p.response), Cache: p.cache, Cold: p.cold,
		})
	}
	return list
}

func quantiles(h *Histogram) edge.RunQuantiles {
	if h == nil {
		return edge.RunQuantiles{}
	}
	ms := func(d time.Duration) float64 { return round(float64(d)/1e6, 3) }
	return edge.RunQuantiles{
		Count: int64(h.Count()), Min: ms(h.Min()), Mean: ms(h.Mean()), P50: ms(h.Quantile(0.5)), P90: ms(h.Quantile(0.9)),
		P95: ms(h.Quantile(0.95)), P99: ms(h.Quantile(0.99)), Max: ms(h.Max()),
	}
}

// maxPoints is how many points a run's summary may have (edge.Run).
const maxPoints = 600

// points are the client's view over time. Only the present point is open; when it ends its quantiles are kept.
type points struct {
	started           time.Time
	width             time.Duration
	done              []edge.RunPoint
	now               edge.RunPoint
	response, service Histogram
}

// newPoints chooses whole seconds so that the planned run, and half of it again for its tail, fits.
func newPoints(o Options) points {
	planned := o.Schedule.Duration() * 3 / 2
	width := (planned/maxPoints + time.Second).Truncate(time.Second)
	return points{started: o.Started, width: width}
}

func (p *points) arrival() { p.now.Arrivals++ }

func (p *points) result(r *load.Result) {
	p.now.Requests += 1 + int64(r.Retries)
	if r.Failure != "" || r.Code >= 500 {
		p.now.Errors++
	}
	if r.Failure == "" {
		p.response.Record(r.Response())
		p.service.Record(r.Service())
	}
}

// advance ends the present point when its time is over; the last possible one stays open for whatever comes.
func (p *points) advance(now time.Time, active int64) {
	for len(p.done) < maxPoints-1 {
		end := time.Duration(len(p.done)+1) * p.width
		if now.Sub(p.started) < end {
			return
		}
		p.end(p.width, active)
	}
}

func (p *points) close(active int64) {
	p.end(p.width, active)
}

func (p *points) end(width time.Duration, active int64) {
	p.done = append(p.done, p.present(width, active))
	p.now = edge.RunPoint{}
	p.response, p.service = Histogram{}, Histogram{}
}

// present is the open point as it stands.
func (p *points) present(width time.Duration, active int64) edge.RunPoint {
	ms := func(d time.Duration) float64 { return round(float64(d)/1e6, 3) }
	point := p.now
	point.At, point.Width, point.Active = (time.Duration(len(p.done)) * p.width).Seconds(), width.Seconds(), active
	point.P50, point.P95, point.P99 = ms(p.response.Quantile(0.5)), ms(p.response.Quantile(0.95)), ms(p.response.Quantile(0.99))
	point.ServiceP95 = ms(p.service.Quantile(0.95))
	return point
}
