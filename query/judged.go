package query

import "time"

// Where a Figure comes from.
const (
	// OriginMeasured is a figure counted from what was received.
	OriginMeasured = "measured"
	// OriginModel is one that a model makes of measured ones: a forecast, a what-if.
	OriginModel = "model"
	// OriginPriceList is one that prices make of measured ones.
	OriginPriceList = "price-list"
)

// Figure is a judged number with how sure it is.
type Figure struct {
	Value Num `json:"value"`
	// Low and High bound it with 95 %, where nothing else is said; absent where no interval is known.
	Low  Num `json:"low"`
	High Num `json:"high"`
	// N is the number of events that it was counted from, never a weighted total.
	N Num `json:"n"`
	// Origin is measured, model or price-list.
	Origin string `json:"origin"`
}

// States of a Standing and of a Signal, from the one that says least.
const (
	// StandingLearning is that of what has no norm yet: its past is being read, or is too short.
	StandingLearning = "learning"
	// StandingFew is that of what has too few events to judge.
	StandingFew = "few"
	// StandingNormal is within the norm.
	StandingNormal = "normal"
	// StandingMarked is out of the norm, not far enough to tell somebody.
	StandingMarked = "marked"
	// StandingAlert is so far out of the norm that somebody is told.
	StandingAlert = "alert"
	// StandingSilent sends nothing any more, while its service does.
	StandingSilent = "silent"
)

// Norms answer: is it unusual here and now? Every region of every service, and each service as a whole, is judged
// against its own past: the same hour of the 14 days before.
type Norms struct {
	About
	// Learning tells that the past is being read: ask again.
	Learning bool `json:"learning,omitempty"`
	// JudgedTo is the end of the newest bucket that is judged, zero while nothing is.
	JudgedTo time.Time `json:"judged_to,omitzero"`
	// Provisional tells that the newest buckets are younger than 15 minutes: late events may still change the verdict.
	Provisional bool `json:"provisional,omitempty"`
	// Services are judged as a whole, Regions one by one; those furthest out of their norm first.
	Services []Standing `json:"services"`
	Regions  []Standing `json:"regions"`
}

// Standing is how a service, or one of its regions, stands against its own norm.
type Standing struct {
	Service string `json:"service"`
	Region  string `json:"region,omitempty"` // empty: the service as a whole
	// State is the worst of its signals.
	State   string   `json:"state"`
	Signals []Signal `json:"signals"`
	// Events is how many came in 5 minutes, on average over the last 20, and Usual how many do at this hour.
	Events Num `json:"events"`
	Usual  Num `json:"usual"`
	// SilentSince is the end of the last 5 minutes with an event, of one that is silent; zero when that is longer ago
	// than a day.
	SilentSince time.Time `json:"silent_since,omitzero"`
}

// What a Signal is the share of.
const (
	// SignalSlow counts invocations that take longer than Over.
	SignalSlow = "slow"
	// SignalErrors counts failed ones, SignalCold cold starts among those that are known, SignalHitLoss misses among
	// those that a cache could have answered.
	SignalErrors  = "errors"
	SignalCold    = "cold"
	SignalHitLoss = "hit-loss"
)

// Signal is a share of invocations against what is usual at this hour.
type Signal struct {
	Name  string `json:"name"` // slow, errors, cold or hit-loss
	State string `json:"state"`
	// Share is that of the four newest buckets together, from 0 to 1.
	Share Figure `json:"share"`
	// Norm is the share that is usual at this hour, absent without a norm.
	Norm Num `json:"norm"`
	// Swing is how far the share swings around its norm anyway, as a part of the norm: 0.15 is 15 % up or down, in two
	// thirds of all buckets, beyond what counting explains.
	Swing Num `json:"swing"`
	// Z is how many standard deviations three of the four newest buckets are above the norm, MarkedFrom and AlertFrom the
	// ones from which they are out of it.
	Z          Num `json:"z"`
	MarkedFrom Num `json:"marked_from"`
	AlertFrom  Num `json:"alert_from"`
	// Over is what makes an invocation slow, in milliseconds: the p95 of the last 14 days; absent of other signals.
	Over Num `json:"over"`
	// Bucket is how long a bucket is, in seconds.
	Bucket int64 `json:"bucket"`
	// Since is the start of the first bucket that is out of the norm, zero when it is not out of it or has been for
	// longer than a day.
	Since time.Time `json:"since,omitzero"`
	// Deploy was first seen within two buckets of Since: it coincides, which does not make it the cause.
	Deploy *Deploy `json:"deploy,omitempty"`
}

// Findings are what is wrong, the worst first; none when nothing is.
type Findings struct {
	About
	Findings []Finding `json:"findings"`
}

// Verdicts on a version, and on a share of its invocations, from the one that weighs most.
const (
	// VerdictWorse and VerdictBetter are sure, and large enough to matter.
	VerdictWorse  = "worse"
	VerdictBetter = "better"
	// VerdictSame is no difference that is both.
	VerdictSame = "same"
	// VerdictFew is too few events to tell.
	VerdictFew = "few"
	// VerdictEarly is that of a version of which the first minutes are not over.
	VerdictEarly = "early"
	// VerdictAlone is that of a version with nothing to compare with: no version and no past before it.
	VerdictAlone = "alone"
)

// How a version was compared.
const (
	// MethodSideBySide compares invocations of both versions in the same minutes, route by route.
	MethodSideBySide = "side-by-side"
	// MethodNorm compares with the same hours of the 14 days before, because nothing served beside the version.
	MethodNorm = "norm"
)

// Deploys answer: did the new version make it worse? They are the versions that took invocations in the range, the
// newest first.
type Deploys struct {
	About
	Deploys []DeployVerdict `json:"deploys"`
	// More is how many older ones are left out; each can be asked for by its version.
	More    int     `json:"more,omitempty"`
	Choices Choices `json:"choices"`
}

// DeployDetail is the same of one version, with all its routes.
type DeployDetail struct {
	About
	Deploy  DeployVerdict `json:"deploy"`
	Choices Choices       `json:"choices"`
}

// DeployVerdict is what a version changed. Deploy.At is its first sight.
type DeployVerdict struct {
	Deploy
	// Began is when it began to serve: to take 1 % of its service's invocations.
	Began time.Time `json:"began"`
	// Against is the version compared with: the one asked for, else the one that served before. Empty without one.
	Against string `json:"against,omitempty"`
	// Verdict is the worst of its signals and routes, Text says it in words.
	Verdict string `json:"verdict"`
	Text    string `json:"text"`
	// Method is side-by-side or norm, empty while there is nothing to compare.
	Method string `json:"method,omitempty"`
	// From and To are the time that was compared, zero without any.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Provisional tells that To is younger than 15 minutes: late events may still change the verdict.
	Provisional bool `json:"provisional,omitempty"`
	// Final tells that no later look will come; else Next is when the verdict may change.
	Final bool      `json:"final"`
	Next  time.Time `json:"next,omitzero"`
	// Part is which part of its service's invocations the version took in that time.
	Part Num `json:"part"`
	// Signals are judged over all routes together, each route against itself.
	Signals []Change `json:"signals"`
	// Routes are those that changed, the most changed first; of one version all that both versions serve. RouteCount is
	// how many those are, and NewRoutes have nothing to be compared with.
	Routes     []RouteChange `json:"routes"`
	RouteCount int           `json:"route_count"`
	NewRoutes  []string      `json:"new_routes,omitempty"`
	// Notes are sentences for the reader.
	Notes []string `json:"notes,omitempty"`
}

// RouteChange is what a version changed on one route.
type RouteChange struct {
	Route   string   `json:"route"`
	Verdict string   `json:"verdict"`
	Signals []Change `json:"signals"`
}

// Change is how a share of invocations differs between two versions, or from the norm.
type Change struct {
	Signal  string `json:"signal"` // slow, errors, cold or hit-loss
	Verdict string `json:"verdict"`
	// Text is the change in words.
	Text string `json:"text"`
	// Share and Before are those of the version and of what it is compared with, both with the same mix of routes.
	Share  Figure `json:"share"`
	Before Figure `json:"before"`
	// Difference is Share - Before.
	Difference Figure `json:"difference"`
	// Score is how many standard errors (side-by-side: t) or standard deviations (norm: z) it is away from none, Sure
	// the score from which it is not by chance.
	Score Num `json:"score"`
	Sure  Num `json:"sure"`
	// Over is what makes an invocation of the route slow, in milliseconds; absent of other signals and of all routes
	// together, where each route has its own.
	Over Num `json:"over"`
	// P95 and P95Before are durations in milliseconds with the same mix of routes, P95Change is P95/P95Before - 1; of the
	// signal slow only.
	P95       *Figure `json:"p95,omitempty"`
	P95Before *Figure `json:"p95_before,omitempty"`
	P95Change *Figure `json:"p95_change,omitempty"`
	// Part is which part of the difference of all routes together comes from this route, absent of all together.
	Part Num `json:"part"`
}

// What makes an invocation bad.
const (
	// BadErrors is an outcome other than ok and canceled.
	BadErrors = "errors"
	// BadSlow is a duration above the p95 that the invocation's own route had in the days before.
	BadSlow = "slow"
	// BadCold is a cold start, among those of which it is known.
	BadCold = "cold"
	// BadMiss is a miss, among those that a cache could have answered.
	BadMiss = "miss"
)

// Bads are the values of Question.Bad.
func Bads() []string { return []string{BadErrors, BadSlow, BadCold, BadMiss} }

// Verdicts of an Explanation.
const (
	// ExplainedCauses says that something stands out.
	ExplainedCauses = "causes"
	// ExplainedNothing says that bad invocations share nothing more than others do.
	ExplainedNothing = "nothing"
	// ExplainedFew says that there are too few to tell.
	ExplainedFew = "few"
)

// Explanation answers: what do the bad invocations share? It ranks the values of attributes, and pairs of them, by how
// many more bad invocations they have than if they were like all others.
type Explanation struct {
	About
	// Bad is what was taken for bad, Why how that was chosen, empty when it was asked for.
	Bad string `json:"bad"`
	Why string `json:"why,omitempty"`
	// Verdict is causes, nothing or few, Text the same as a sentence.
	Verdict string `json:"verdict"`
	Text    string `json:"text"`
	// Causes are what stands out, at most three, the one that explains most first; each is looked for among the
	// invocations that those before it do not cover.
	Causes []Cause `json:"causes"`
	// Looked is how many invocations were looked at, and LookedBad how many of them are bad: raw numbers. Of is how many
	// there are in the range, absent when that is not counted.
	Looked    Num `json:"looked"`
	LookedBad Num `json:"looked_bad"`
	Of        Num `json:"of"`
	// Stretches are the pieces of the range that were looked at, each whole; nil when that is all of it.
	Stretches []Stretch `json:"stretches,omitempty"`
	// Tests is how many values and pairs were tried: a cause has to be the surer the more there are.
	Tests int `json:"tests"`
	// Attributes are what invocations were told apart by, or why not.
	Attributes []Looked `json:"attributes"`
	Choices    Choices  `json:"choices"`
}

// Stretch is a piece of time: From <= time < To.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Looked is an attribute that was looked at.
type Looked struct {
	Key string `json:"key"`
	// Values is how many values it has, absence among them; 0 when they were not all read.
	Values int `json:"values"`
	// Left says why it was left out, empty when it was not.
	Left string `json:"left,omitempty"`
}

// Cause is what bad invocations share.
type Cause struct {
	// Is names the value that they share, two of a pair.
	Is []Shared `json:"is"`
	// Text is the cause as a sentence.
	Text string `json:"text"`
	// N is how many invocations have it, Bad how many of them are bad, Of how many bad ones there are in all.
	N   Num `json:"n"`
	Bad Num `json:"bad"`
	Of  Num `json:"of"`
	// Part is which part of all invocations that is, weighted.
	Part Figure `json:"part"`
	// Risk is how many times as often they are bad as all others, Sure what it is at least when all tests are taken
	// into account.
	Risk Figure `json:"risk"`
	Sure Num    `json:"sure"`
	// Excess is how many bad ones there are beyond what there would be if they were like all others.
	Excess Num `json:"excess"`
	// Query is what to add to the question to get them, as in a URL: region=GRU&route=/api/cart.
	Query string `json:"query"`
}

// Shared is a value of an attribute, empty where it is absent.
type Shared struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}
