package sums

import (
	"edgescope/edge"
	"edgescope/report/distribution"
)

// Block is a stretch of the run with its distributions: what comparing draws anew and merging adds.
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

// Counts are the response times of a step, or of all for "".
func (b *Block) Counts(step string) distribution.Counts {
	if step == "" {
		return b.Response.Counts
	}
	return b.Steps[step].Counts
}

// SetPoint gives a point the quantiles of what was recorded during it.
func SetPoint(p *edge.RunPoint, response, service *distribution.Histogram) {
	p.P50, p.P95, p.P99 = ms(response.Quantile(0.5)), ms(response.Quantile(0.95)), ms(response.Quantile(0.99))
	p.ServiceP95 = ms(service.Quantile(0.95))
}
