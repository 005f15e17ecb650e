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
	// Promised is how many objectives the policy has, whatever the filters of the question choose.
	Promised int `json:"promised"`
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

// PathAlerts is the question for alerts.
const PathAlerts = "alerts"

// States of an Alert.
const (
	// AlertPending is that of one whose condition holds, not yet for as long as its rule wants.
	AlertPending = "pending"
	// AlertFiring is that of one that is told.
	AlertFiring = "firing"
	// AlertResolved is that of one that ended.
	AlertResolved = "resolved"
)

// Alerts answers: what is wrong by the rules, who is told of it, and does telling work?
type Alerts struct {
	About
	Choices Choices `json:"choices"`
	// Firing and Pending are those of now, pages first, then the oldest. Past are those that ended in the range, the newest
	// first.
	Firing  []Alert `json:"firing"`
	Pending []Alert `json:"pending"`
	Past    []Alert `json:"past"`
	// Silences are those that hold, will hold, or ended in the last five days.
	Silences  []Silence       `json:"silences"`
	Receivers []AlertReceiver `json:"receivers"`
	// Rules are those that are evaluated, the ones that fail first.
	Rules []AlertRule `json:"rules"`
	// Problem is why the newest policy or the newest rules are not in use, or the state is not on disk; a line for each.
	Problem string `json:"problem,omitempty"`
}

// Alert is one thing that a rule or the collector itself found.
type Alert struct {
	Name     string `json:"name"`
	Severity string `json:"severity,omitempty"`
	State    string `json:"state"`
	// Labels are its identity, Fingerprint that as Alertmanager writes it.
	Labels      map[string]string `json:"labels"`
	Fingerprint string            `json:"fingerprint"`
	Summary     string            `json:"summary,omitempty"`
	Description string            `json:"description,omitempty"`
	// Value is what the rule's expression gave last, absent for what the collector found by itself.
	Value Num `json:"value"`
	// Since is when its condition began to hold, Fired when it began to fire, Resolved when it ended.
	Since    time.Time `json:"since"`
	Fired    time.Time `json:"fired,omitzero"`
	Resolved time.Time `json:"resolved,omitzero"`
	// Muted says why nobody is told of it, empty when somebody is.
	Muted string `json:"muted,omitempty"`
	// Link is the page of the dashboard that shows it, with its filters and its time.
	Link string `json:"link"`
}

// Silence mutes the alerts that all its matchers choose.
type Silence struct {
	ID       string    `json:"id"`
	Matchers []string  `json:"matchers"` // such as service_name="checkout"
	State    string    `json:"state"`    // active, pending or expired
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Author   string    `json:"author"`
	Comment  string    `json:"comment"`
	// Mutes is how many alerts that fire it mutes now.
	Mutes int `json:"mutes"`
}

// AlertReceiver is an address that is told of alerts, and how that goes.
type AlertReceiver struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // alertmanager or webhook
	// Address is scheme and host: what follows may be secret.
	Address string `json:"address"`
	// Waiting is how many alerts, or ends of alerts, it has not been told of yet.
	Waiting int `json:"waiting"`
	// Sent and Failed count requests since the collector started, Dropped alerts that it was never told of.
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`
	Dropped int `json:"dropped"`
	// LastSent is when a request last succeeded, zero when none has since the collector started.
	LastSent time.Time `json:"last_sent,omitzero"`
	// Problem is why the last request failed, empty when it did not; it has been so since Since, and is tried again at Retry.
	Problem string    `json:"problem,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Retry   time.Time `json:"retry,omitzero"`
}

// AlertRule is a rule and how its last evaluation went.
type AlertRule struct {
	Group string `json:"group"`
	Alert string `json:"alert"`
	// Place is the file, line and column where it stands, or what made it.
	Place string `json:"place,omitempty"`
	Expr  string `json:"expr,omitempty"`
	// Every is the time between two evaluations, For how long it waits before it fires, both in seconds.
	Every int64 `json:"every"`
	For   int64 `json:"for,omitempty"`
	// Evaluated is when it was last evaluated, Took how many milliseconds that took, both absent before the first time.
	Evaluated time.Time `json:"evaluated,omitzero"`
	Took      Num       `json:"took"`
	Firing    int       `json:"firing"`
	Pending   int       `json:"pending"`
	// Problem is why it can't be evaluated, empty when it can; it has been so since Since.
	Problem string    `json:"problem,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}
