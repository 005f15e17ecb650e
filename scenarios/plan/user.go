package plan

import (
	"edgescope/scenarios/value"
)

// List is a variable given as a list: each user has one element.
type List struct {
	Name   string
	Values []any
}

// Payload is a file whose rows users take: the columns become variables.
type Payload struct {
	Columns  []string
	Rows     [][]any
	Sequence bool // users take row after row; else each draws one
	Whole    bool // nobody takes a row: all of them are one variable
}

// NewScope starts the user with the given index. All that is random about the user follows from seed and user, whatever
// else runs. Variables that the before flow captured are passed as its scope, or nil; before and after flows themselves
// take user -1.
func (p *Plan) NewScope(seed uint64, user int, before *value.Scope) *value.Scope {
	s := value.NewScope(p.Shared, seed, user)
	for _, pl := range p.Payloads {
		pl.assign(s, user)
	}
	for _, l := range p.Lists {
		s.Define(l.Name, l.Values[s.Rand().IntN(len(l.Values))])
	}
	if r := p.Region(user); r != nil {
		s.Define("target", r.Base)
	}
	if before != nil {
		s.Inherit(before, "target")
	}
	return s
}

// assign gives a user its row. The row of a sequence follows from the user's index, so that it does not matter in which
// order users start.
func (p *Payload) assign(s *value.Scope, user int) {
	if p.Whole || len(p.Rows) == 0 {
		return
	}
	row := p.Rows[0]
	switch {
	case !p.Sequence:
		row = p.Rows[s.Rand().IntN(len(p.Rows))]
	case user > 0:
		row = p.Rows[user%len(p.Rows)]
	}
	for i, name := range p.Columns {
		if i < len(row) && !s.Shares(name) {
			s.Define(name, row[i])
		}
	}
}

// PickFlow draws the user's scenario, by weight, from the user's random stream.
func (p *Plan) PickFlow(s *value.Scope) *Flow {
	total := 0.0
	for i := range p.Flows {
		total += p.Flows[i].Weight
	}
	at := s.Rand().Float64() * total
	last := 0
	for i := range p.Flows {
		if w := p.Flows[i].Weight; w > 0 {
			if last = i; at < w {
				break
			}
			at -= w
		}
	}
	return &p.Flows[last]
}

// SetRegions makes users go to regions.
func (p *Plan) SetRegions(regions []Region) { p.Regions, p.rounds = regions, roundRobin(regions) }

// Region is where the user with the given index goes: the regions take turns, by weight. It is nil if the script has no
// regions, or for user -1.
func (p *Plan) Region(user int) *Region {
	if len(p.rounds) == 0 || user < 0 {
		return nil
	}
	return &p.Regions[p.rounds[user%len(p.rounds)]]
}

// roundRobin spreads the regions evenly by weight over one cycle: the one that is furthest behind its share is next.
func roundRobin(regions []Region) []int {
	total := 0
	for _, r := range regions {
		total += r.Weight
	}
	credit := make([]int, len(regions))
	cycle := make([]int, 0, total)
	for range total {
		best := 0
		for i, r := range regions {
			credit[i] += r.Weight
			if credit[i] > credit[best] {
				best = i
			}
		}
		credit[best] -= total
		cycle = append(cycle, best)
	}
	return cycle
}
