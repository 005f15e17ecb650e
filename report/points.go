package report

import (
	"cmp"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/report/sums"
)

// maxPoints is how many points a run's summary may have (edge.Run).
const maxPoints = 600

// pointsPerBlock is how many points make a block, at least; a block is at least minBlock long, so that there are at
// most 120.
const (
	pointsPerBlock = 5
	minBlock       = 5 * time.Second
)

// points are the client's view over time. Only the present point is open; when it ends its quantiles are kept. Several
// points make a block, of which the distributions are kept.
type points struct {
	started           time.Time
	width             time.Duration
	done              []edge.RunPoint
	now               edge.RunPoint
	response, service distribution.Histogram

	perBlock int
	blocks   []sums.Block
	block    openBlock
}

type openBlock struct {
	points                     int
	arrivals, requests, errors int64
	response, service          distribution.Histogram
	steps                      map[string]*distribution.Histogram
	last                       *distribution.Histogram // of the step lastName: most results are of the step before
	lastName                   string
}

func newBlock() openBlock { return openBlock{steps: map[string]*distribution.Histogram{}} }

func (b *openBlock) step(name string) *distribution.Histogram {
	if b.last != nil && b.lastName == name {
		return b.last
	}
	h := b.steps[name]
	if h == nil {
		h = new(distribution.Histogram)
		b.steps[name] = h
	}
	b.last, b.lastName = h, name
	return h
}

// newPoints chooses whole seconds so that the planned run, and half of it again for its tail, fits.
func newPoints(o Options) points {
	planned := o.Schedule.Duration() * 3 / 2
	width := (planned/maxPoints + time.Second).Truncate(time.Second)
	perBlock := max(int((minBlock+width-1)/width), pointsPerBlock)
	return points{started: o.Started, width: width, perBlock: perBlock, block: newBlock()}
}

func (p *points) arrival() { p.now.Arrivals++ }

func (p *points) result(r *load.Result) {
	p.now.Requests++
	if r.Failure != "" || r.Code >= 500 {
		p.now.Errors++
	}
	if r.Failure != "" {
		return
	}
	p.response.Record(r.Response())
	p.service.Record(r.Service())
	p.block.step(r.Attack).Record(r.Response())
}

// advance ends the present point when its time is over; the last possible one stays open for whatever comes.
func (p *points) advance(now time.Time, active int64) {
	for len(p.done) < maxPoints-1 {
		end := time.Duration(len(p.done)+1) * p.width
		if now.Sub(p.started) < end {
			return
		}
		p.end(active)
	}
}

func (p *points) close(active int64) {
	p.end(active)
	if p.block.points > 0 {
		p.endBlock(active)
	}
}

func (p *points) end(active int64) {
	p.done = append(p.done, p.present(active))
	b := &p.block
	b.points++
	b.arrivals += p.now.Arrivals
	b.requests += p.now.Requests
	b.errors += p.now.Errors
	b.response.Merge(&p.response)
	b.service.Merge(&p.service)
	p.now = edge.RunPoint{}
	p.response, p.service = distribution.Histogram{}, distribution.Histogram{}
	if b.points == p.perBlock {
		p.endBlock(active)
	}
}

func (p *points) endBlock(active int64) {
	b := &p.block
	p.blocks = append(p.blocks, sums.Block{
		At:       (time.Duration(len(p.blocks)*p.perBlock) * p.width).Seconds(),
		Width:    (time.Duration(b.points) * p.width).Seconds(),
		Arrivals: b.arrivals, Requests: b.requests, Errors: b.errors, Active: active,
		Response: b.response.Buckets(), Service: b.service.Buckets(), Steps: distribution.AllBuckets(b.steps),
	})
	p.block = newBlock()
}

// present is the open point as it stands.
func (p *points) present(active int64) edge.RunPoint {
	point := p.now
	point.At, point.Width, point.Active = (time.Duration(len(p.done)) * p.width).Seconds(), p.width.Seconds(), active
	sums.SetPoint(&point, &p.response, &p.service)
	return point
}

// errors counts the requests without a complete answer, and answers of 5xx.
func (p *points) errors() int64 {
	n := p.now.Errors
	for i := range p.done {
		n += p.done[i].Errors
	}
	return n
}

// partResult adds a result to its step and its region.
func (s *Summary) partResult(r *load.Result) {
	addToPart(s.steps.Of(r.Attack), r)
	if region := cmp.Or(r.EdgeRegion, r.Region); region != "" {
		addToPart(s.regions.Of(s.regionNames.name(region)), r)
	}
}

func addToPart(p *sums.Part, r *load.Result) {
	p.Requests++
	if r.Failure != "" {
		p.Failed++
		return
	}
	p.Response.Record(r.Response())
	if r.ColdStart != nil && *r.ColdStart {
		p.Cold++
	}
	if r.CacheStatus != "" {
		p.CountCache(r.CacheStatus, 1)
	}
}
