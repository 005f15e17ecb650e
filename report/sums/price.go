package sums

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"edgescope/report/text"
)

// Price is what the requests of a run cost their target on a plan: by the first price of each meter, with nothing
// included.
type Price struct {
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	Requests int64  `json:"requests"`
	// Low and High bound it, in US dollars. They are equal where all is known of a request; High is absent where nothing
	// bounds it.
	Low  float64  `json:"low"`
	High *float64 `json:"high,omitempty"`
	// Unknown says what is not known of a request, "" where nothing is missing.
	Unknown string `json:"unknown,omitempty"`
	// AsOf is the date of the prices and Source where they were read. Old tells that they are older than a year, or
	// undated.
	AsOf   string `json:"as_of"`
	Source string `json:"source"`
	Old    bool   `json:"old,omitempty"`
}

// On names the plan.
func (p *Price) On() string { return strings.TrimSpace(p.Platform + " " + p.Plan) }

// Amount is the price as people read it: "0.67 USD", "0.46 to 3.12 USD" or "at least 0.46 USD".
func (p *Price) Amount() string {
	switch {
	case p.High == nil:
		return "at least " + dollars(p.Low) + " USD"
	case dollars(*p.High) == dollars(p.Low):
		return dollars(p.Low) + " USD"
	default:
		return dollars(p.Low) + " to " + dollars(*p.High) + " USD"
	}
}

// Sentence is the amount with what it is of, what is not known, and how old the prices are.
func (p *Price) Sentence() string {
	out := fmt.Sprintf("%s for %s on %s", p.Amount(), text.Plural(p.Requests, "request"), p.On())
	if p.Unknown != "" {
		out += ", " + p.Unknown
	}
	out += " (prices of " + p.AsOf
	if p.Old {
		out += ", which is long ago"
	}
	return out + ")"
}

// dollars writes cents, or two digits of what is less than one.
func dollars(v float64) string {
	decimals := 2
	if v > 0 && v < .01 {
		decimals = min(12, int(math.Ceil(-math.Log10(v)))+1)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// plus adds the price of another part of the same run.
func (p Price) plus(o Price) Price {
	p.Requests, p.Low, p.Old = p.Requests+o.Requests, p.Low+o.Low, p.Old || o.Old
	if p.High != nil && o.High != nil {
		high := *p.High + *o.High
		p.High = &high
	} else {
		p.High = nil
	}
	return p
}

// AddPrices adds up the prices of the parts of a run. There are none where the parts were not priced alike.
func AddPrices(parts ...[]Price) []Price {
	var sum []Price
	for i, prices := range parts {
		if i == 0 {
			sum = append(sum, prices...)
			continue
		}
		if len(prices) != len(sum) {
			return nil
		}
		for j := range prices {
			if prices[j].On() != sum[j].On() || prices[j].AsOf != sum[j].AsOf {
				return nil
			}
			sum[j] = sum[j].plus(prices[j])
		}
	}
	return sum
}
