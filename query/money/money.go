// Package money has the answers to questions about what functions cost, which limits are near, and what is to come.
package money

import (
	"time"

	"edgescope/query"
)

// Cost answers: what does it cost, per route and per million, and elsewhere? Bills are those of a month of the calendar
// in UTC, in US dollars without tax; what a plan includes is taken off once for each account.
type Cost struct {
	query.About
	// Month is the first moment of the month, UTC.
	Month time.Time `json:"month"`
	// Total adds up the accounts that have a bill.
	Total Spending `json:"total"`
	// Accounts are those of the policy that are used, and one for each platform that no account names.
	Accounts []AccountCost `json:"accounts"`
	// Routes share the bills of the accounts, the dearest first. RouteCount is how many there are.
	Routes     []RouteCost `json:"routes"`
	RouteCount int         `json:"route_count"`
	// Prices are the lists that the figures come from, those that accounts are on first.
	Prices []PriceList `json:"prices"`
	// Problem is why the policy file was not taken at its last reload, a line for each thing that is wrong.
	Problem string        `json:"problem,omitempty"`
	Choices query.Choices `json:"choices"`
}

// Bill is at a glance what the accounts cost that the policy names: no routes, no range and no other plans.
type Bill struct {
	query.About
	// Month is the first moment of the month, UTC. Accounts is how many the policy names that are used; without one
	// nothing else is there.
	Month    time.Time `json:"month"`
	Accounts int       `json:"accounts"`
	// Today, ToDate, Forecast and PerMillion are as in Spending, of all accounts together that have figures.
	Today      query.Figure `json:"today"`
	ToDate     query.Figure `json:"to_date"`
	Forecast   query.Figure `json:"forecast"`
	PerMillion query.Figure `json:"per_million"`
	// Over names the accounts that will pass their budget, or have; Budget is the sum of all budgets, absent where an
	// account has none.
	Over   []string  `json:"over,omitempty"`
	Budget query.Num `json:"budget"`
}

// Spending is what is spent in several stretches of time.
type Spending struct {
	// Range is what the page's range costs at the first price of each meter, as if nothing were included.
	Range query.Figure `json:"range"`
	// Today is by how much the bill grows since midnight UTC, ToDate the bill of the month so far.
	Today  query.Figure `json:"today"`
	ToDate query.Figure `json:"to_date"`
	// Forecast is the bill of the whole month, with what at least 80 % of forecasts keep within; absent when the past is
	// too short.
	Forecast query.Figure `json:"forecast"`
	// PerMillion is what a million more invocations like those of the month cost, as if nothing were included.
	PerMillion query.Figure `json:"per_million"`
}

// AccountCost is the bill of an account.
type AccountCost struct {
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	// Assumed tells that no policy says which plan it is: it is the first that there is of the platform.
	Assumed  bool     `json:"assumed,omitempty"`
	Services []string `json:"services"`
	Spending
	// Meters are what the plan charges for.
	Meters []MeterUse `json:"meters"`
	// Factor is what bills by the list are multiplied by, 1 unless the policy says otherwise.
	Factor query.Num `json:"factor"`
	// Budget is what a month may cost, absent without one. Passes is when the forecast passes it, zero when it does not.
	Budget query.Num `json:"budget"`
	Passes time.Time `json:"passes,omitzero"`
	// Elsewhere is what the month, as it is forecast, or to date without a forecast, costs on other plans, its own among
	// them, the cheapest first; those that would break a limit come after the others, those without a figure last.
	Elsewhere []Elsewhere `json:"elsewhere"`
	// ElsewhereOf says which month that is: "forecast" or "to date".
	ElsewhereOf string          `json:"elsewhere_of"`
	Invoices    []InvoicedMonth `json:"invoices,omitempty"`
	// Missing says why a figure is not there, and how to get it.
	Missing []string `json:"missing,omitempty"`
}

// MeterUse is what was used of a meter in the month to date.
type MeterUse struct {
	Of string `json:"of"` // requests, cpu_ms, gb_s or vcpu_s
	// Used is a range from nothing to all of the duration where CPU times are not known.
	Used     query.Figure `json:"used"`
	Included query.Num    `json:"included"`
	// Forecast is the use of the whole month.
	Forecast query.Figure `json:"forecast"`
	// Price is that of Per units.
	Price query.Num `json:"price"`
	Per   query.Num `json:"per"`
}

// RouteCost is what a route costs. Other is what belongs to no route of its service by itself.
type RouteCost struct {
	Service  string `json:"service"`
	Route    string `json:"route"`
	Other    bool   `json:"other,omitempty"`
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	// Requests are those of the month to date, Samples the events behind them. CPU and Duration are means of an
	// invocation in milliseconds, CPU absent when no invocation says it.
	Requests query.Num `json:"requests"`
	Samples  query.Num `json:"samples"`
	CPU      query.Num `json:"cpu"`
	Duration query.Num `json:"duration"`
	// Share is its part of the account's bill of the month to date, by what its use costs at the first prices; the shares
	// of an account add up to 1. Bill is that part in dollars.
	Share query.Num    `json:"share"`
	Bill  query.Figure `json:"bill"`
	// Range and PerMillion are as in Spending.
	Range      query.Figure `json:"range"`
	PerMillion query.Figure `json:"per_million"`
}

// Elsewhere is what the same use costs on a plan. It is a model: the use is taken to be the same there.
type Elsewhere struct {
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	// Current marks the plan that the account is on.
	Current bool         `json:"current,omitempty"`
	Bill    query.Figure `json:"bill"`
	// Warnings say which limits of the platform the functions would break. Missing is why there is no figure.
	Warnings []string `json:"warnings,omitempty"`
	Missing  string   `json:"missing,omitempty"`
	AsOf     string   `json:"as_of"`
}

// InvoicedMonth compares an invoice of a past month with the bill by the list.
type InvoicedMonth struct {
	Month   time.Time `json:"month"`
	Invoice query.Num `json:"invoice"`
	// Model is the bill of that month by the list, without a factor. Factor is Invoice / Model: what a policy may say as
	// factor. It is absent when the month is not known from its first day to its last.
	Model   query.Figure `json:"model"`
	Factor  query.Num    `json:"factor"`
	Missing string       `json:"missing,omitempty"`
}

// PriceList says where prices come from.
type PriceList struct {
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	// Month is what a month costs in any case, Credit how much use is free, in dollars.
	Month  query.Num   `json:"month"`
	Credit query.Num   `json:"credit"`
	Meters []ListMeter `json:"meters"`
	// Own tells that it is the policy's, Used that an account is on it.
	Own  bool `json:"own,omitempty"`
	Used bool `json:"used,omitempty"`
	// AsOf is the date of the list, Source where it was read. Old tells that it is older than a year, or undated.
	AsOf   string `json:"as_of"`
	Source string `json:"source"`
	Old    bool   `json:"old,omitempty"`
}

// ListMeter is a price of a list.
type ListMeter struct {
	Of       string     `json:"of"`
	Included query.Num  `json:"included"`
	Per      query.Num  `json:"per"`
	Price    query.Num  `json:"price"`
	Tiers    []ListTier `json:"tiers,omitempty"`
}

// ListTier is the price of what is charged above so much.
type ListTier struct {
	Above query.Num `json:"above"`
	Price query.Num `json:"price"`
}

// States of a budget, from the one that says least. A state is that of the measured part of a limit: below a half, from
// a half, from four fifths, from all of it on.
const (
	// BudgetMissing is that of what nobody sends, or of which nothing is known.
	BudgetMissing = "missing"
	// BudgetFew is too little to judge.
	BudgetFew   = "few"
	BudgetOK    = "ok"
	BudgetWatch = "watch"
	BudgetTight = "tight"
	BudgetOver  = "over"
)

// The budgets.
const (
	BudgetCPU         = "cpu"
	BudgetWall        = "wall"
	BudgetFirstByte   = "first_byte"
	BudgetStartup     = "startup"
	BudgetSubrequests = "subrequests"
	BudgetMemory      = "memory"
	BudgetBody        = "body"
	BudgetRequests    = "requests_per_day"
)

// What of many measured values is held against a limit.
const (
	// MeasureP99 is the value that 99 % keep below, MeasureMax the greatest, where there are too few for it; MeasureMean
	// the mean, of limits that bound that.
	MeasureP99  = "p99"
	MeasureMax  = "max"
	MeasureMean = "mean"
	// MeasureDay is the most that a day has or is expected to have.
	MeasureDay = "day"
)

// Limits answer: which limit is near? They are the limits of every service and platform, those of whom one is nearest
// first.
type Limits struct {
	query.About
	Services []ServiceLimits `json:"services"`
	// Unknown are platforms whose limits nobody looked up.
	Unknown []string `json:"unknown,omitempty"`
	// Problem is why the policy file was not taken at its last reload, a line for each thing that is wrong.
	Problem string        `json:"problem,omitempty"`
	Choices query.Choices `json:"choices"`
}

// ServiceLimits are the limits of a service on a platform.
type ServiceLimits struct {
	// Service is empty for what all services of an account share.
	Service  string `json:"service"`
	Platform string `json:"platform"`
	// Said tells that the policy says which plan it is; else they are all that are known of the platform.
	Said bool `json:"said"`
	// State and Nearest are those of the budget that is used up most, on the plan that allows most.
	State   string       `json:"state"`
	Nearest string       `json:"nearest,omitempty"`
	Plans   []PlanLimits `json:"plans"`
}

// PlanLimits are what a plan allows, and what is used of it.
type PlanLimits struct {
	Plan    string   `json:"plan"`
	Budgets []Budget `json:"budgets"`
	// AsOf is the date of the limits, Source where they were read, Remark what else to know of them.
	AsOf   string `json:"as_of"`
	Source string `json:"source,omitempty"`
	Remark string `json:"remark,omitempty"`
}

// Budget is a limit and what is used of it.
type Budget struct {
	Name  string `json:"name"` // cpu, wall, first_byte, startup, subrequests, memory, body or requests_per_day
	State string `json:"state"`
	// Limit is in Unit: ms, bytes, or a number ("").
	Limit query.Num `json:"limit"`
	Unit  string    `json:"unit,omitempty"`
	// Used is what is held against the limit, and Measure what that is. High is its bound: of a p99 the value that it
	// stays below with 97.5 %, of a day that which 90 % of forecasts keep below.
	Used    query.Figure `json:"used"`
	Measure string       `json:"measure,omitempty"`
	// Part is Used / Limit with its bound.
	Part query.Figure `json:"part"`
	// Over is the share of invocations above the limit, by their distribution.
	Over query.Num `json:"over"`
	// Exceeded is how many invocations ended because they went over it, ExceededRatio that of all.
	Exceeded      query.Num `json:"exceeded"`
	ExceededRatio query.Num `json:"exceeded_ratio"`
	// Trend is how it grows, nil when that is not known.
	Trend *BudgetTrend `json:"trend,omitempty"`
	// Missing says how to send what is not there.
	Missing string `json:"missing,omitempty"`
}

// BudgetTrend is how the p99 of days changes.
type BudgetTrend struct {
	// PerDay is by how much in a day, in the budget's unit, with its 90 % interval; N counts days.
	PerDay query.Figure `json:"per_day"`
	// Reaches is when it reaches the limit at that pace, Earliest and Latest by the ends of the interval; zero when the
	// growth is not sure or that is more than a year ahead.
	Reaches  time.Time `json:"reaches,omitzero"`
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
}

// Forecast answers: when does a quota run out? It is what the coming days bring, from the last five weeks hour by hour.
type Forecast struct {
	query.About
	// Method is season or last week, empty where the past is too short: Reason says that then.
	Method string `json:"method,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Error is by how much the method was wrong when it forecast the last two weeks from what was known then, as a part
	// of the requests (WAPE); Tests is how many times it did.
	Error query.Num `json:"error"`
	Tests query.Num `json:"tests"`
	// Measured are the requests of each hour from Start on, Expected, Low and High those of the hours that follow. Low
	// and High hold 80 %. An absent hour is a gap.
	Start    time.Time   `json:"start"`
	Measured []query.Num `json:"measured"`
	Expected []query.Num `json:"expected"`
	Low      []query.Num `json:"low"`
	High     []query.Num `json:"high"`
	// Today and Month are the requests of this day and this month (UTC) when they will be over.
	Today Expectation `json:"today"`
	Month Expectation `json:"month"`
	// Quotas are those of each account whose platform or policy knows one.
	Quotas  []Quota       `json:"quotas"`
	Choices query.Choices `json:"choices"`
}

// Expectation is what a stretch of time will have had at its end.
type Expectation struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// SoFar is measured. All is SoFar and what is expected of the rest, with what holds at least 80 %.
	SoFar query.Figure `json:"so_far"`
	All   query.Figure `json:"all"`
}

// Quota is what services may use together in a day or a month.
type Quota struct {
	Platform string    `json:"platform"`
	Plan     string    `json:"plan"`
	Said     bool      `json:"said"` // that the policy says which plan it is
	Services []string  `json:"services"`
	Of       string    `json:"of"`  // requests
	Per      string    `json:"per"` // day or month
	Limit    query.Num `json:"limit"`
	State    string    `json:"state"` // as of a budget
	// Period is that which is used up most: of days one of the coming week, or today.
	Period Expectation `json:"period"`
	// Part is Period.All / Limit.
	Part query.Figure `json:"part"`
	// Reached is when the quota of that period is used up, Earliest by the upper bound; zero when it is not.
	Reached  time.Time `json:"reached,omitzero"`
	Earliest time.Time `json:"earliest,omitzero"`
	// Then says what happens: further requests fail, or cost.
	Then   string `json:"then"`
	AsOf   string `json:"as_of"`
	Source string `json:"source,omitempty"`
}
