package query

import "time"

// PathSLO is the question for promises.
const PathSLO = "slo"

// States of a Promise.
const (
	// PromiseNoData is that of a promise that no rule can judge: nothing came in the newest six hours. That a service is
	// silent is told apart.
	PromiseNoData = "no data"
	// PromiseFew is that of one with fewer than 100 events in its period: too few for a verdict.
	PromiseFew = "few"
	// PromiseOK is that of one that holds.
	PromiseOK = "ok"
	// PromiseOverspent is that of one whose budget is gone: too many were bad within the period.
	PromiseOverspent = "overspent"
	// PromiseTicket is that of one whose budget burns so fast that it is work for the next day.
	PromiseTicket = "ticket"
	// PromisePage is that of one whose budget burns so fast that somebody is woken.
	PromisePage = "page"
)

// SLO answers: do we keep our promises, and how fast do their budgets go?
type SLO struct {
	About   About   `json:"about"`
	Choices Choices `json:"choices"`
	// JudgedTo is the time up to which events are judged: 90 s ago, because later ones are still to come.
	JudgedTo   time.Time   `json:"judged_to"`
	Objectives []Objective `json:"objectives"`
}

// Objective is what the policy file promises, and how it is kept.
type Objective struct {
	Name string `json:"name"`
	// Service is the one that it is of, empty for every service.
	Service string `json:"service,omitempty"`
	// SLI is what is promised: availability, latency, warm or hit.
	SLI string `json:"sli"`
	// Target is the share of good events, 0..1, in Period, which is in seconds.
	Target Num   `json:"target"`
	Period int64 `json:"period"`
	// Threshold is above how many milliseconds an event is slow, as it was written; JudgedAt is the nearest edge of a
	// bucket, where counting is exact. Both are absent but for latency.
	Threshold Num `json:"threshold"`
	JudgedAt  Num `json:"judged_at"`
	// By is what it holds for one by one, beside the service: route, region or version.
	By []string `json:"by,omitempty"`
	// From and Step, in seconds, are of the courses of the promises: 1 + Period/Step values, each at the start of a
	// step and the last at the end.
	From time.Time `json:"from"`
	Step int64     `json:"step"`
	// Promises are those of the services, routes, regions or versions, the worst first; More is how many others there
	// are, all of them no worse.
	Promises []Promise `json:"promises"`
	More     int       `json:"more,omitempty"`
}

// Promise is an objective of one service, route, region or version.
type Promise struct {
	Service string `json:"service"`
	Route   string `json:"route,omitempty"`
	Region  string `json:"region,omitempty"`
	Version string `json:"version,omitempty"`
	// Source is where the numbers of the service come from: span, tail, log or datapoint.
	Source string `json:"source,omitempty"`
	State  string `json:"state"`
	// Good is the share of good events in the period, with its 95 % interval.
	Good Figure `json:"good"`
	// Remaining is which part of the budget is left, 0..1, negative when it is overspent.
	Remaining Figure `json:"remaining"`
	// Bad and Total are weighted numbers of the period; Estimated is true when they stand for more events than were
	// received.
	Bad       Num  `json:"bad"`
	Total     Num  `json:"total"`
	Estimated bool `json:"estimated,omitempty"`
	// Burn is how many times as fast as promised the budget goes now, over the last BurnOver seconds: the shortest of
	// the long windows with 100 events. Absent where none has as many.
	Burn     Num   `json:"burn"`
	BurnOver int64 `json:"burn_over,omitempty"`
	// Exhausted is when the budget is gone at that burn; zero when it is gone already, or lasts longer than its period.
	Exhausted time.Time `json:"exhausted,omitzero"`
	// Burns are the rules by which somebody is told.
	Burns []Burn `json:"burns"`
	// Since is when the burn began that somebody is told of, zero without one or when it began before the long window.
	Since time.Time `json:"since,omitzero"`
	// Course is which part of the period's budget was left at the start of each step, and at the end: its last value is
	// that of Remaining. Empty without events.
	Course []Num `json:"course,omitempty"`
}

// Burn is how a promise stands with one rule: somebody is told when the budget burns faster than At in both windows, and
// at least five bad events were received in the long one.
type Burn struct {
	Severity string `json:"severity"` // page or ticket
	// Part is the part of the period's budget that goes within Long at the burn At.
	Part Num `json:"part"`
	At   Num `json:"at"`
	// Long and Short are the windows in seconds, InLong and InShort the burns in them, absent without events.
	Long    int64 `json:"long"`
	Short   int64 `json:"short"`
	InLong  Num   `json:"in_long"`
	InShort Num   `json:"in_short"`
	// N and Bad are how many events were received in the long window, and how many of them were bad: of weighted events
	// the bad ones are their share.
	N     Num  `json:"n"`
	Bad   Num  `json:"bad"`
	Tells bool `json:"tells,omitempty"`
}
