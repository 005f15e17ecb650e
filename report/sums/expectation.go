package sums

import (
	"cmp"
	"slices"

	"edgescope/report/text"
)

// FailedExpectation is one kind of expectation that failed at one step: how often, and how it was the first time.
type FailedExpectation struct {
	Step  string `json:"step"`
	Kind  string `json:"kind"`
	Times int64  `json:"times"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// FailedExpectations are those of a run, by step and kind.
type FailedExpectations map[[2]string]*FailedExpectation

// Add adds a kind that failed so many times; what it wanted and got is kept of the first time.
func (f FailedExpectations) Add(step, kind string, times int64, want, got string) {
	key := [2]string{step, kind}
	if f[key] == nil {
		f[key] = &FailedExpectation{Step: step, Kind: kind, Want: text.Shorten(want, 120), Got: text.Shorten(got, 120)}
	}
	f[key].Times += times
}

// List is all of them, the most frequent first.
func (f FailedExpectations) List() []FailedExpectation {
	var list []FailedExpectation
	for _, one := range f {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b FailedExpectation) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Kind, b.Kind))
	})
	return list
}
