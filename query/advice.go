package query

import "time"

// States of a ColdModel.
const (
	// ColdLearned is one whose lifetimes were learnt from gaps.
	ColdLearned = "learned"
	// ColdPrior has too few gaps, and in place of its own lifetimes what was published of its platform.
	ColdPrior = "prior"
	// ColdFew has too few gaps, and nothing is published.
	ColdFew = "few"
	// ColdUntold has no invocation that tells whether it was a cold start.
	ColdUntold = "untold"
	// ColdSampled has events that stand for more than themselves: between two of them others were served, so that gaps
	// are longer than they were.
	ColdSampled = "sampled"
	// ColdAlways starts every request anew: the runtime keeps nothing warm.
	ColdAlways = "always"
)

// ColdModels answer: how often do functions start cold, why, and what would help?
type ColdModels struct {
	About
	// Read says from what the models are made: it is longer than the range where that is short.
	Read ColdRead `json:"read"`
	// Services are those with most cold starts, at most 12.
	Services []ColdModel `json:"services"`
	Choices  Choices     `json:"choices"`
}

// ColdRead is what models of cold starts were made from: From <= time < To.
type ColdRead struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Windows is how many windows of ten seconds with invocations were read, of how many points of presence.
	Windows int `json:"windows"`
	Places  int `json:"places"`
	// Busy is how many points of presence are counted without reading their windows: in no hour of theirs were there few
	// enough invocations for a gap. LeftOut are those that no figure has, because their windows are too many to read.
	Busy    int `json:"busy"`
	LeftOut int `json:"left_out"`
}

// ColdModel is how instances of a service live, why its cold starts happen, and what would change them. Shares are of
// invocations that tell how they started; lengths of time in seconds are named so.
type ColdModel struct {
	Service  string `json:"service"`
	Platform string `json:"platform,omitempty"`
	// State is learned, prior, few, untold, sampled or always; Reason says why in a sentence, if not learned.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	// Requests is the weighted number of invocations, Share the cold starts of those that are known, Known how many of all
	// these are.
	Requests Num    `json:"requests"`
	Share    Figure `json:"share"`
	Known    Num    `json:"known"`
	// Gaps is the number of times without requests, Certain how many of them ended with one request alone that tells how it
	// started, away from new versions: Cold and Warm ones of these.
	Gaps    int `json:"gaps"`
	Certain int `json:"certain"`
	Cold    int `json:"cold_gaps"`
	Warm    int `json:"warm_gaps"`
	// Tau10, Tau50 and Tau90 are after how many seconds without a request a tenth, half and nine tenths of instances are
	// gone. Where no gap was so long they have a lower bound alone: the longest gap.
	Tau10 Figure `json:"tau10"`
	Tau50 Figure `json:"tau50"`
	Tau90 Figure `json:"tau90"`
	// Curve is the share of instances that are gone after so many seconds.
	Curve []ColdPoint `json:"curve,omitempty"`
	// Prior is what was published of the platform, where that stands in place of lifetimes.
	Prior    *Published `json:"published,omitempty"`
	Causes   ColdCauses `json:"causes"`
	WhatIf   []ColdIf   `json:"what_if,omitempty"`
	KeepWarm *KeepWarm  `json:"keep_warm,omitempty"`
	// Reserved is what instances that are kept warm would change, nil where the platform offers none.
	Reserved *Reserved `json:"reserved,omitempty"`
	// Regions are those of several with enough gaps for lifetimes of their own, at most 12.
	Regions []ColdRegion `json:"regions,omitempty"`
}

// ColdPoint is a point of the curve of lifetimes.
type ColdPoint struct {
	Seconds Num `json:"seconds"`
	// Gone is the share of instances that are gone after so long without a request, Low and High its 95 % interval.
	Gone Num `json:"gone"`
	Low  Num `json:"low"`
	High Num `json:"high"`
}

// Published is what was published of how long a platform keeps instances.
type Published struct {
	// Low and High are seconds.
	Low  Num    `json:"low"`
	High Num    `json:"high"`
	Text string `json:"text"`
}

// ColdCauses are why cold starts happened, as shares of the invocations that tell how they started; they add up to the
// model's Share. Deploy is what was measured in the first ten minutes of versions, Idle what gaps explain, and Burst the
// rest: requests that came beside others. Without lifetimes Idle has no value, with published ones an interval, and Burst
// has none.
type ColdCauses struct {
	Deploy Figure `json:"deploy"`
	Idle   Figure `json:"idle"`
	Burst  Figure `json:"burst"`
}

// ColdIf is what the gaps would have been under another load: they are replayed.
type ColdIf struct {
	// Faster is how many times as many requests come; 1 where Places is another.
	Faster float64 `json:"faster"`
	// Places is in how many points of presence they come together; 0: as they did.
	Places int `json:"places,omitempty"`
	// Idle is the share of cold starts after idleness.
	Idle Figure `json:"idle"`
	// Beyond tells that gaps would be longer than any from which lifetimes were learnt: Idle is a lower bound.
	Beyond bool `json:"beyond,omitempty"`
}

// KeepWarm is a request to every point of presence each time a tenth of instances would be gone. It avoids cold starts
// after idleness only. Figures are of 30 days at the rate of what was read.
type KeepWarm struct {
	// Every is in seconds, Places how many points of presence there are, Extra the requests that it takes.
	Every  Num `json:"every"`
	Places int `json:"places"`
	Extra  Num `json:"extra"`
	// Avoided are cold starts, Saved the milliseconds that users would not wait.
	Avoided Figure `json:"avoided"`
	Saved   Figure `json:"saved"`
	// Cost is in US dollars; Reason says why it is absent.
	Cost   Figure `json:"cost"`
	Reason string `json:"reason,omitempty"`
}

// Reserved is what instances cost that are kept warm (provisioned concurrency), and what they avoid, in 30 days at the
// rate of what was read. Costs are US dollars.
type Reserved struct {
	// Plan is the price list, Page where it was read and AsOf when; Old tells that this is more than a year ago.
	Plan string `json:"plan,omitempty"`
	Page string `json:"page,omitempty"`
	AsOf string `json:"as_of,omitempty"`
	Old  bool   `json:"old,omitempty"`
	// Memory is GB of an instance, absent when it is not known: then nothing has a price.
	Memory Num `json:"memory"`
	// Load is how many instances work at a time on average, Peak in the busiest hour; all regions together.
	Load Num `json:"load"`
	Peak Num `json:"peak"`
	// Worth is what an avoided cold start is worth by the policy: each that is left is counted in costs with it.
	Worth Num `json:"worth"`
	// Now is what the service costs as it is.
	Now Figure `json:"now"`
	// Pays is the share of time that an instance must work to cost less than one on demand.
	Pays    Num       `json:"pays"`
	Options []Reserve `json:"options"`
	// Reason says what is missing.
	Reason string `json:"reason,omitempty"`
}

// Reserve is so many instances kept warm.
type Reserve struct {
	// Residual is the share of cold starts that was aimed at, absent of the number that costs least.
	Residual Num `json:"residual"`
	// Instances are those of all regions together.
	Instances int `json:"instances"`
	// Cold is the share of cold starts that is left. Requests that come in bursts find more instances busy: it is a lower
	// bound.
	Cold Figure `json:"cold"`
	Cost Figure `json:"cost"`
	// Change is the cost above the one of now, Avoided how many cold starts there are less, Each what one of them costs.
	Change  Num `json:"change"`
	Avoided Num `json:"avoided"`
	Each    Num `json:"each"`
}

// ColdRegion is a region with enough gaps for lifetimes of its own.
type ColdRegion struct {
	Region  string `json:"region"`
	Share   Figure `json:"share"`
	Certain int    `json:"certain"`
	Tau10   Figure `json:"tau10"`
	Tau50   Figure `json:"tau50"`
	Tau90   Figure `json:"tau90"`
	Idle    Figure `json:"idle"`
}

// The parts of a request's time, in the order in which a Band has them.
const (
	// PartNetwork is what the client waited beside the edge: the way there and back, and connecting.
	PartNetwork = "network"
	// PartInit is the start of the instance, PartOrigin waiting for others, PartCPU computing, and PartWait what of the
	// edge's time is none of these.
	PartInit   = "init"
	PartOrigin = "origin"
	PartCPU    = "cpu"
	PartWait   = "wait"
)

// By what the bands of a Latency are cut.
const (
	// ByEdge is the time at the edge, ByClient the one that the client saw.
	ByEdge   = "edge"
	ByClient = "client"
)

// Latency answers: where do slow requests spend their time? Percentiles do not add up, so it has means of the requests
// between two of them, whose parts do.
type Latency struct {
	About
	// By is the time by which requests are slow or fast: edge or client.
	By string `json:"by"`
	// Found is how many invocations there are, Looked how many were looked at: all, or those that ended in parts of the
	// range that lie evenly in it.
	Found  Num `json:"found"`
	Looked Num `json:"looked"`
	// Network says whence the network's time is known: "spans" of clients, "round trip" that the edge was told, or "" for
	// nowhere; Reason then says what would tell.
	Network string `json:"network"`
	Reason  string `json:"reason,omitempty"`
	// Unseen are requests of a load test of which no invocation was received.
	Unseen Num `json:"unseen"`
	// Bands are all requests, p50-75, p90-99 and top 1 %; of a trace its invocations.
	Bands []Band `json:"bands"`
}

// Band is the requests between two percentiles.
type Band struct {
	Name string `json:"name"`
	// SpanID is that of an invocation of a trace.
	SpanID string `json:"span_id,omitempty"`
	// From and To bound the time by which bands are cut, in milliseconds.
	From Num `json:"from"`
	To   Num `json:"to"`
	// N is how many requests the means are of; Few tells that they are fewer than 20.
	N   Num  `json:"n"`
	Few bool `json:"few,omitempty"`
	// Total is the mean time, in milliseconds: the sum of the parts that are known.
	Total Num `json:"total"`
	// Parts are network, init, origin, cpu and wait. When AddsUp is false they overlap by more than a twentieth of the
	// total, and say nothing.
	Parts  []TimePart `json:"parts"`
	AddsUp bool       `json:"adds_up"`
}

// TimePart is a part of the time of requests.
type TimePart struct {
	Name string `json:"name"`
	// Mean is in milliseconds, absent when it is known of less than 80 % of the requests; Unknown is the share of which it
	// is not.
	Mean    Num `json:"mean"`
	Unknown Num `json:"unknown"`
}

// CacheAdvice answers: what to cache for how long, what to fetch before it expires, what to fetch once? It is about
// invocations of the method GET that answered 200 and that a cache was asked for.
type CacheAdvice struct {
	About
	// Target is the share of hits that is aimed at.
	Target Num `json:"target"`
	// Advice is by region and route, those first whose misses let users wait longest; Left is how many more there are
	// with misses.
	Advice []CacheKeyAdvice `json:"advice"`
	Left   int              `json:"left,omitempty"`
	// Replayed is the piece of the range of which each request of the first ones was read; nil without any.
	Replayed *Stretch `json:"replayed,omitempty"`
	Choices  Choices  `json:"choices"`
}

// CacheKeyAdvice is what would change the misses of a route in a region. Lengths of time are milliseconds, those of keeping are
// seconds and named so.
type CacheKeyAdvice struct {
	Service string `json:"service"`
	Region  string `json:"region,omitempty"`
	Route   string `json:"route,omitempty"`
	// Requests is how many invocations a cache was asked for in the range, Misses how many of them it did not have: raw
	// numbers. Hits is the share of the others.
	Requests Num    `json:"requests"`
	Misses   Num    `json:"misses"`
	Hits     Figure `json:"hits"`
	// MissTime and HitTime are mean durations; Lost is what misses took longer, all together.
	MissTime Num `json:"miss_ms"`
	HitTime  Num `json:"hit_ms"`
	Lost     Num `json:"lost_ms"`
	// Bytes is the mean size of an answer, absent when it is not sent.
	Bytes Num `json:"bytes"`
	// Keys is how many paths were asked for in what was replayed; what follows is absent of routes that were not
	// replayed, or had too few requests there. A path that looks like a secret counts as its route.
	Keys Num `json:"keys"`
	// Kept is for how many seconds an answer stays in the cache, as its hits tell; Configured is what answers say
	// (max-age), absent when it is not sent. Well below what is configured means: evicted, purged, or split by Vary.
	Kept       Figure `json:"kept_seconds"`
	Configured Num    `json:"configured_seconds"`
	// ForTarget is for how many seconds an answer would have to be kept to reach the target, Doubled the share of hits when
	// it is kept twice as long.
	ForTarget Figure `json:"for_target_seconds"`
	Doubled   Figure `json:"hits_if_doubled"`
	// Prefetch is what fetching before expiry would change, nil where it is not worth it.
	Prefetch *CachePrefetch `json:"prefetch,omitempty"`
	// Together is the share of misses that came while the same path was being fetched; Held is it if an answer is also
	// given to those who ask within 100 ms after.
	Together Figure `json:"together"`
	Held     Figure `json:"together_held"`
	// Text is the advice in sentences, empty when there is none.
	Text []string `json:"text,omitempty"`
}

// CachePrefetch is what fetching the paths again before they expire would change in the range.
type CachePrefetch struct {
	// Keys is how many paths are asked for often enough, Misses how many misses that saves, Saved how much waiting in
	// milliseconds, Fetches how many fetches it takes.
	Keys    Num    `json:"keys"`
	Misses  Figure `json:"misses"`
	Saved   Num    `json:"saved_ms"`
	Fetches Num    `json:"fetches"`
	// Waste is how many needless fetches there are for each miss that is saved, PerByte how many milliseconds each byte
	// that is fetched saves, absent without sizes.
	Waste   Num `json:"waste"`
	PerByte Num `json:"ms_per_byte"`
}

// WASMAdvice answers: what would it save to do work in WebAssembly that JavaScript does now? It is a model of three
// measured things, by Amdahl's law: the CPU time of invocations, how many times as fast the engines of the newest comparison
// are, and how many invocations there are.
type WASMAdvice struct {
	About
	// Movable is the share of CPU time that is taken to be movable, above 0 up to 1: the question's, or 0.8.
	Movable Num `json:"movable"`
	// Bench is the comparison from which ratios come, without its results; nil where none was received.
	Bench *WASMBench `json:"bench,omitempty"`
	// Services are those that compute most first; Left is how many more there are.
	Services []WASMService `json:"services"`
	Left     int           `json:"left,omitempty"`
	Choices  Choices       `json:"choices"`
}

// WASMBench is the comparison of engines from which an advice comes.
type WASMBench struct {
	ID      string    `json:"id,omitempty"`
	Name    string    `json:"name,omitempty"`
	Started time.Time `json:"started"`
	// By is what the ratios compare: cpu, or wall where CPU time could not be measured.
	By string `json:"by"`
	// Valid tells that JavaScript did not differ from itself in that measure.
	Valid  bool        `json:"valid"`
	Ratios []WASMRatio `json:"ratios"`
}

// WASMRatio is how many times as fast as JavaScript an engine is at a size; N counts rounds.
type WASMRatio struct {
	Size   string `json:"size"`
	Engine string `json:"engine"`
	Ratio  Figure `json:"ratio"`
}

// WASMService is what moving work of a service on a platform would save.
type WASMService struct {
	Service  string `json:"service"`
	Platform string `json:"platform,omitempty"`
	// Requests is how many invocations there are in the range, a weighted number; PerMonth how many are in 30 days at that
	// rate.
	Requests Num `json:"requests"`
	PerMonth Num `json:"per_month"`
	// CPU is the mean CPU time of those that say theirs, in milliseconds, N how many these are. Its interval is not
	// known.
	CPU Figure `json:"cpu_ms"`
	// Plan is the plan of the policy's account, or the first of the platform where Assumed. AsOf is the date of its price
	// list and Source where it was read; Old tells that it is older than a year.
	Plan    string `json:"plan,omitempty"`
	Assumed bool   `json:"assumed,omitempty"`
	AsOf    string `json:"as_of,omitempty"`
	Source  string `json:"source,omitempty"`
	Old     bool   `json:"old,omitempty"`
	// Ports are the engines at each size; none where CPU time is not known or there is no comparison.
	Ports []WASMPort `json:"ports,omitempty"`
	// Missing says what figures are not there, and why.
	Missing []string `json:"missing,omitempty"`
}

// WASMPort is what an engine would save, if the movable work is as much faster with it as that of the comparison at that
// size. Intervals are those of the ratio.
type WASMPort struct {
	Size   string `json:"size"`
	Engine string `json:"engine"`
	// CPU is the CPU time of an invocation then, Saved by how much that is less than now, in milliseconds: below 0 it is
	// more.
	CPU   Figure `json:"cpu_ms"`
	Saved Figure `json:"saved_ms"`
	// PerMillion is what a million invocations save and Month what 30 days do, in US dollars beyond what is included in the
	// plan; absent where nothing has a price.
	PerMillion Figure `json:"per_million"`
	Month      Figure `json:"month"`
}
