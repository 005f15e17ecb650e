package report

import (
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/report/text"
)

// maxPoints is how many points a run's summary may have (edge.Run).
const maxPoints = 600

// pointsPerBlock is how many points make a block, at least; a block is at least minBlock long, so that there are at most 120.
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
	blocks   []Block
	block    openBlock
}

// Block is a stretch of the run with its distributions: what compare resamples and merge adds.
type Block struct {
	At       float64 `json:"at"`    // seconds from the start of the run
	Width    float64 `json:"width"` // seconds
	Arrivals int64   `json:"arrivals"`
	Requests int64   `json:"requests"`
	Errors   int64   `json:"errors"` // no answer, or status >= 500
	Active   int64   `json:"active"` // users at the end
	// Response and Service are of complete answers, Steps is Response by step.
	Response distribution.Buckets            `json:"response"`
	Service  distribution.Buckets            `json:"service"`
	Steps    map[string]distribution.Buckets `json:"steps,omitempty"`
}

type openBlock struct {
	points                     int
	arrivals, requests, errors int64
	response, service          distribution.Histogram
	steps                      map[string]*distribution.Histogram
	last                       *distribution.Histogram // of the step lastName: most results are of the step of the one before
	lastName                   string
}

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
	return points{started: o.Started, width: width, perBlock: perBlock, block: openBlock{steps: map[string]*distribution.Histogram{}}}
}

func (p *points) arrival() { p.now.Arrivals++ }

func (p *points) result(r *load.Result) {
	p.now.Requests += 1 + int64(r.Retries)
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
		p.end(p.width, active)
	}
}

func (p *points) close(active int64) {
	p.end(p.width, active)
	if p.block.points > 0 {
		p.endBlock(active)
	}
}

func (p *points) end(width time.Duration, active int64) {
	p.done = append(p.done, p.present(width, active))
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
	p.blocks = append(p.blocks, Block{
		At:       (time.Duration(len(p.blocks)*p.perBlock) * p.width).Seconds(),
		Width:    (time.Duration(b.points) * p.width).Seconds(),
		Arrivals: b.arrivals, Requests: b.requests, Errors: b.errors, Active: active,
		Response: b.response.Buckets(), Service: b.service.Buckets(), Steps: distribution.AllBuckets(b.steps),
	})
	p.block = openBlock{steps: map[string]*distribution.Histogram{}}
}

// present is the open point as it stands.
func (p *points) present(width time.Duration, active int64) edge.RunPoint {
	ms := func(d time.Duration) float64 { return text.Round(float64(d)/1e6, 3) }
	point := p.now
	point.At, point.Width, point.Active = (time.Duration(len(p.done)) * p.width).Seconds(), width.Seconds(), active
	point.P50, point.P95, point.P99 = ms(p.response.Quantile(0.5)), ms(p.response.Quantile(0.95)), ms(p.response.Quantile(0.99))
	point.ServiceP95 = ms(p.service.Quantile(0.95))
	return point
}
