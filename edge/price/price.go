// Package price says what functions cost on the platforms' plans: the published price lists, and the bill of a use by
// them. Prices are in US dollars without tax and age: each plan carries the date and the page of its list, and a page
// that shows a figure shows those beside it.
package price

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// The meters by which plans charge.
const (
	Requests = "requests" // invocations
	CPU      = "cpu_ms"   // milliseconds of CPU time
	GBs      = "gb_s"     // GB of memory times seconds of wall time
	VCPUs    = "vcpu_s"   // CPUs times seconds of wall time
)

// Month is how long a month of a bill is, in hours.
const Month = 720

// Plan is a plan of a platform.
type Plan struct {
	// Platform is a value of cloud.platform.
	Platform, Name string
	// Base is what a month costs whatever is used, of a member or seat where plans count those. Credit is what is free
	// of the use, in dollars.
	Base, Credit float64
	Meters       []Meter
	// Provisioned are the prices of instances that are kept warm; nil where there are none.
	Provisioned *Provisioned
	// CPUs is how many CPUs an instance with a GB of memory is charged for, where CPUs are.
	CPUs float64
	// StepMS is to what milliseconds the time of an invocation is rounded up.
	StepMS float64
	Source Source
}

// Meter is a price for what is used. Of each account Included is free in a month, whatever number of functions share
// it.
type Meter struct {
	Of       string
	Included float64
	// Price is for Per units.
	Per, Price float64
	// Tiers are lower prices for what is used above so much, in rising order.
	Tiers []Tier
}

// Tier is a price, for Per units of the meter, of what is used above so much in a month.
type Tier struct{ Above, Price float64 }

// Provisioned are the prices of a GB and second of an instance that is kept warm, and of its work.
type Provisioned struct{ Reserved, Run float64 }

// Source says where a price list was read.
type Source struct {
	Page string
	// AsOf is the month, or year, in which it was read or which it names: 2026-05, 2026.
	AsOf string
}

// Old tells whether a list is older than a year, or its date cannot be read.
func (s Source) Old(now time.Time) bool {
	for _, layout := range []string{"2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s.AsOf); err == nil {
			if layout == "2006" {
				t = t.AddDate(0, 11, 0)
			}
			return now.After(t.AddDate(1, 1, 0)) // from the end of the month
		}
	}
	return true
}

// Use is what was used of each meter.
type Use map[string]float64

// Add adds another use, as functions of one account do.
func (u Use) Add(other Use) {
	for of, amount := range other {
		u[of] += amount
	}
}

// Work is what a function did.
type Work struct {
	Invocations float64
	// DurationMS, InitMS and CPUMS are sums over the invocations: wall time, what was charged of starting beside it, and
	// CPU time.
	DurationMS, InitMS, CPUMS float64
	// MemoryGB is the memory of an instance, NaN when it is not known.
	MemoryGB float64
}

// UseOf returns what a plan counts of a function's work. It fails when the plan charges for memory that is not known.
func (p *Plan) UseOf(w Work) (Use, error) {
	u := Use{}
	seconds := (w.DurationMS + w.InitMS + w.Invocations*p.StepMS/2) / 1000
	for _, m := range p.Meters {
		switch m.Of {
		case Requests:
			u[m.Of] = w.Invocations
		case CPU:
			u[m.Of] = w.CPUMS
		case VCPUs:
			u[m.Of] = seconds * p.CPUs
		case GBs:
			if seconds == 0 {
				continue
			}
			if !(w.MemoryGB > 0) {
				return nil, fmt.Errorf("%s charges for memory, which is not known: name it in the policy's memory", p)
			}
			u[m.Of] = seconds * w.MemoryGB
		default:
			return nil, fmt.Errorf("%s charges for %s, which is not measured", p, m.Of)
		}
	}
	return u, nil
}

// String names the plan.
func (p *Plan) String() string {
	if p.Name == "" {
		return p.Platform
	}
	return p.Platform + " " + p.Name
}

// Bill returns what a month costs an account with that use in all.
func (p *Plan) Bill(u Use) float64 {
	sum := 0.0
	for i := range p.Meters {
		sum += p.Meters[i].charge(u[p.Meters[i].Of])
	}
	return p.Base + max(0, sum-p.Credit)
}

// Marginal returns what so much more use costs without anything included, at the first price: what a load run costs, or
// one route.
func (p *Plan) Marginal(u Use) float64 {
	sum := 0.0
	for _, m := range p.Meters {
		sum += u[m.Of] / m.Per * m.Price
	}
	return sum
}

// charge is what a meter charges for an amount. The tiers count from the first unit that is charged.
func (m *Meter) charge(amount float64) float64 {
	left := max(0, amount-m.Included)
	sum, from, price := 0.0, 0.0, m.Price
	for _, t := range m.Tiers {
		part := min(left, t.Above) - from
		if part <= 0 {
			break
		}
		sum, from, price = sum+part/m.Per*price, t.Above, t.Price
	}
	return sum + max(0, left-from)/m.Per*price
}

// Validate returns what is wrong with a plan: prices below 0, meters that nobody measures or that are there twice, tiers
// out of order.
func (p *Plan) Validate() error {
	if p.Platform == "" {
		return errors.New("a plan without a platform")
	}
	if !(p.Base >= 0) || math.IsInf(p.Base, 1) {
		return fmt.Errorf("%s: month costs %v: want a price from 0 on", p, p.Base)
	}
	known, seen := []string{Requests, CPU, GBs, VCPUs}, map[string]bool{}
	for _, m := range p.Meters {
		switch {
		case !slices.Contains(known, m.Of):
			return fmt.Errorf("%s: unknown meter %q: want one of %q", p, m.Of, known)
		case seen[m.Of]:
			return fmt.Errorf("%s: meter %s is there twice", p, m.Of)
		case !(m.Price >= 0) || !(m.Per > 0) || !(m.Included >= 0):
			return fmt.Errorf("%s: meter %s: want a price and included from 0 on, and per above 0", p, m.Of)
		case !slices.IsSortedFunc(m.Tiers, func(a, b Tier) int { return int(math.Copysign(1, a.Above-b.Above)) }):
			return fmt.Errorf("%s: meter %s: want tiers in rising order", p, m.Of)
		}
		seen[m.Of] = true
	}
	return nil
}

// PlansOf returns the plans of a platform, none where prices were not looked up.
func PlansOf(platform string) []*Plan {
	var of []*Plan
	for _, p := range Lists {
		if p.Platform == platform {
			of = append(of, p)
		}
	}
	return of
}
