// Package limit says what the plans of platforms allow a function, and where that was read. Limits change: each plan
// carries the date and the page of its figures, and a page that shows a figure shows those beside it.
package limit

import (
	"slices"
	"strings"
)

// Plan is what a plan of a platform allows a function. A 0 was not looked up or does not apply.
type Plan struct {
	// Platform is a value of cloud.platform. Name is that of the plan's price list, perhaps with a word more where one
	// plan has limits of several kinds; "" holds for all plans of the platform.
	Platform, Name string
	// CPUMS is the CPU time of one invocation in milliseconds: what it has by default, and at most where that can be
	// configured. CPUMean tells that it bounds the mean of invocations, not each.
	CPUMS, MaxCPUMS float64
	CPUMean         bool
	// WallMS is the time from start to end of one invocation in milliseconds, FirstByteMS that to the first byte,
	// StartupMS that of a cold start.
	WallMS, FirstByteMS, StartupMS float64
	// MemoryMB is the memory of an instance and BodyMB a body of a request or an answer, in MB of 1,048,576 bytes.
	MemoryMB, BodyMB float64
	// Subrequests are the requests that one invocation may make.
	Subrequests float64
	// RequestsPerDay are those of an account together, from midnight UTC on.
	RequestsPerDay float64
	Source         Source
}

// Source says where figures were read.
type Source struct {
	// Page is where, "" where only others told it.
	Page string
	// AsOf is the date of the page that was read: "2026", "2026-03".
	AsOf string
	// Note says what else to know, such as that a figure is second hand, or limits that nothing is measured against.
	Note string
}

// String names the plan.
func (p *Plan) String() string { return strings.TrimSpace(p.Platform + " " + p.Name) }

// Is tells whether the plan is the one of a name, or one kind of it, or holds for all plans.
func (p *Plan) Is(name string) bool {
	return p.Name == "" || p.Name == name || strings.HasPrefix(p.Name, name+" ")
}

// PlansOf returns the plans of a platform, none where limits were not looked up.
func PlansOf(platform string) []*Plan {
	var of []*Plan
	for _, p := range Lists {
		if p.Platform == platform {
			of = append(of, p)
		}
	}
	return of
}

// Platforms returns the platforms whose limits were looked up, in the order of Lists.
func Platforms() []string {
	var all []string
	for _, p := range Lists {
		all = append(all, p.Platform)
	}
	return slices.Compact(all)
}
