package query

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"edgescope/edge"
)

// Num is a number that may be absent: NaN, null in JSON. Lengths of time are milliseconds, ratios are 0..1.
type Num float64

// None is the absent number.
func None() Num { return Num(math.NaN()) }

// OK tells whether the number is there.
func (n Num) OK() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// MarshalJSON writes null for an absent number.
func (n Num) MarshalJSON() ([]byte, error) {
	if !n.OK() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

// UnmarshalJSON reads null as an absent number.
func (n *Num) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = None()
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// About is what every answer says of itself.
type About struct {
	// From and To are the range that the numbers cover: From <= time < To. Of a range with fixed ends they are aligned
	// outwards to Step; where every row has a line of its own, Step is longer than on other pages, and totals and rows
	// then cover less than the first and the last bucket. A range that ends now begins with a cell of those longer
	// steps (5 minutes for an hour), up to a thirtieth earlier than was asked, on every page.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Step is the length of one bucket of the answer's lines, in seconds.
	Step int64 `json:"step"`
	// Source says what was asked: "rollups" or "events".
	Source string `json:"source"`
	// Estimated is true when numbers stand for more occurrences than were received: they are estimates from Samples
	// events.
	Estimated bool `json:"estimated,omitempty"`
	// Overflow is the number of invocations that were counted without their own series, because a cap was reached.
	Overflow Num `json:"overflow"`
	// Partial says which part of the store did not answer; empty when all did.
	Partial string `json:"partial,omitempty"`
	// Notes are sentences for the reader, such as a filter that this answer could not apply.
	Notes []string `json:"notes,omitempty"`
	// Deploys are the versions first seen in the range, oldest first.
	Deploys []Deploy `json:"deploys,omitempty"`
	// Empty is true when the store has never received an invocation: the page shows how to send one.
	Empty bool `json:"empty,omitempty"`
	// LastEvent is the time of the newest invocation within the last 24 h, zero when there was none.
	LastEvent time.Time `json:"last_event,omitzero"`
}

// Note adds a sentence for the reader.
func (a *About) Note(text string) { a.Notes = append(a.Notes, text) }

// Deploy marks the first sight of a version.
type Deploy struct {
	Service string    `json:"service"`
	Version string    `json:"version"`
	At      time.Time `json:"at"`
}

// Stats are the figures of a set of invocations.
type Stats struct {
	Requests Num `json:"requests"` // weighted number
	Samples  Num `json:"samples"`  // events behind it: n
	Rate     Num `json:"rate"`     // requests per second

	Errors     Num `json:"errors"`
	ErrorRatio Num `json:"error_ratio"`

	P50 Num `json:"p50"`
	P95 Num `json:"p95"`
	P99 Num `json:"p99"`

	// Cold and Warm count the invocations that are known to be so; Known is their share of all, ColdRatio cold of
	// known.
	Cold      Num `json:"cold"`
	Warm      Num `json:"warm"`
	Known     Num `json:"known"`
	ColdRatio Num `json:"cold_ratio"`
	// ColdP95 and WarmP95 are durations of cold and of warm invocations; ColdAdds is P95 - WarmP95: what users feel.
	ColdP95  Num `json:"cold_p95"`
	WarmP95  Num `json:"warm_p95"`
	ColdAdds Num `json:"cold_adds"`
	InitP50  Num `json:"init_p50"`
	InitP95  Num `json:"init_p95"`
	InitP99  Num `json:"init_p99"`
	// InitTotal is the sum of the init durations: the extra wait caused.
	InitTotal Num `json:"init_total"`

	CPUP99 Num `json:"cpu_p99"`

	Cache Cache `json:"cache"`
}

// Cache counts invocations by cache status.
type Cache struct {
	Hit         Num `json:"hit"`
	Stale       Num `json:"stale"`
	Revalidated Num `json:"revalidated"`
	Miss        Num `json:"miss"`
	Expired     Num `json:"expired"`
	Bypass      Num `json:"bypass"`
	Dynamic     Num `json:"dynamic"`
	// HitRatio is (hit + stale + revalidated) / (those + miss + expired), absent without any of them.
	HitRatio Num `json:"hit_ratio"`
}

// Line is one line over time: Values[i] belongs to About.From + i*About.Step. Absent values are gaps, never zeros.
type Line struct {
	Name   string `json:"name"`
	Values []Num  `json:"values"`
	// Latest is the newest present value.
	Latest Num `json:"latest"`
}

// Row is the figures of one region, route, version or service.
type Row struct {
	// Name is the code of a region, the template of a route, the text of a version. Empty means unknown.
	Name string `json:"name"`
	// City, Country, Lat and Lon come from the table of points of presence and are absent for codes that are not in it.
	City    string `json:"city,omitempty"`
	Country string `json:"country,omitempty"`
	Lat     Num    `json:"lat"`
	Lon     Num    `json:"lon"`
	Stats
	// Before are the figures of the period compared with, nil without one. Its percentiles are there for the first 12
	// rows and for those that slowed down most.
	Before *Stats `json:"before,omitempty"`
	// Norm is the P95 of the 7 days before the range, Ratio is P95 / Norm: figures, no verdict.
	Norm  Num `json:"norm"`
	Ratio Num `json:"ratio"`
	// Standing is how a region stands against its own norm at the end of the range, of several services the worst; nil
	// of other rows, while norms are being learned, and when the question filters by what norms do not know.
	Standing *Standing `json:"standing,omitempty"`
	// Silent is for how many seconds nothing has come from the region, when ten invocations should have and other
	// regions still send; absent otherwise, and in ranges that do not end now. 1800 means at least that.
	Silent Num `json:"silent"`
	// Trend is the P95 over time.
	Trend []Num `json:"trend,omitempty"`
	// OriginExtra is requests x (hit ratio before - now), when that is positive: what the origin got to do on top.
	OriginExtra Num `json:"origin_extra"`
}

// Kind is what kind of judgement a Finding is.
type Kind string

// The kinds of findings.
const (
	KindSLO        Kind = "slo"        // a promise to users does not hold
	KindRegression Kind = "regression" // a version is worse than the one before
	KindNorm       Kind = "norm"       // a region or service is out of its own norm
	KindSilence    Kind = "silence"    // a region does not send any more
	KindLimit      Kind = "limit"      // a platform's limit is near
	KindCost       Kind = "cost"       // the month will cost more than its budget
)

// Finding is something to look at, in words and numbers.
type Finding struct {
	Kind     Kind   `json:"kind"`
	Severity string `json:"severity"` // bad or warn
	Subject  string `json:"subject"`  // "GRU p95 +64 %"
	Text     string `json:"text"`
	// Service, Version, Region and Route are what it is about, each where it is about one: the filters of its links.
	Service string `json:"service,omitempty"`
	Version string `json:"version,omitempty"`
	Region  string `json:"region,omitempty"`
	Route   string `json:"route,omitempty"`
	// Name is the promise, limit or budget of which it tells.
	Name string `json:"name,omitempty"`
	// Since is when it began, zero when that is not known.
	Since time.Time `json:"since,omitzero"`
	// Shares says what the bad requests share, empty when nothing stands out or was looked for.
	Shares string `json:"shares,omitempty"`
	// Provisional is true while late events may still change it.
	Provisional bool `json:"provisional,omitempty"`
}

// FindingsOf returns what is to be looked at of a tenant in a question's range, worst first.
type FindingsOf func(ctx context.Context, tenant edge.Tenant, q Question) ([]Finding, error)

// Histogram is a distribution over logarithmic buckets, in milliseconds.
type Histogram struct {
	Buckets []Bucket `json:"buckets"`
}

// Bucket is one bucket of a Histogram: Low <= value < High.
type Bucket struct {
	Low   Num `json:"low"`
	High  Num `json:"high"`
	Count Num `json:"count"`
}

// Heatmap has a cell for each row and step; absent cells are gaps.
type Heatmap struct {
	Rows  []string `json:"rows"`
	Cells [][]Num  `json:"cells"`
}

// Choices are the values that the filters of a page offer, most used first.
type Choices struct {
	Services []string `json:"services"`
	Versions []string `json:"versions"`
	Regions  []string `json:"regions"`
	Routes   []string `json:"routes"`
}
