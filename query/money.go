package query

import "time"

// Cost answers: what does it cost, per route and per million, and elsewhere? Bills are those of a month of the calendar
// in UTC, in US dollars without tax; what a plan includes is taken off once for each account.
type Cost struct {
	About
	// Month is the first moment of the month, UTC.
	Month time.Time `json:"month"`
	// Total adds up the accounts that have a bill.
	Total Spending `json:"total"`
	// Accounts are those of the policy that are used, and one for each platform that no account names.
	Accounts []AccountCost `json:"accounts"`
	// Routes share the bills of the accounts, the dearest first. RouteCount is how many there are.
	Routes     []RouteCost `json:"routes"`
	RouteCount int         `json:"route_count"`
	// Prices are the lists that the figures come from.
	Prices []PriceList `json:"prices"`
	// Problem is why the policy file was not taken at its last reload, a line for each thing that is wrong.
	Problem string  `json:"problem,omitempty"`
	Choices Choices `json:"choices"`
}

// Spending is what is spent in several stretches of time.
type Spending struct {
	// Range is what the page's range costs at the first price of each meter, as if nothing were included.
	Range Figure `json:"range"`
	// Today is by how much the bill grows since midnight UTC, ToDate the bill of the month so far.
	Today  Figure `json:"today"`
	ToDate Figure `json:"to_date"`
	// Forecast is the bill of the whole month, with what at least 80 % of forecasts keep within; absent when the past is
	// too short.
	Forecast Figure `json:"forecast"`
	// PerMillion is what a million more invocations like those of the month cost, as if nothing were included.
	PerMillion Figure `json:"per_million"`
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
	Factor Num `json:"factor"`
	// Budget is what a month may cost, absent without one. Passes is when the forecast passes it, zero when it does not.
	Budget Num       `json:"budget"`
	Passes time.Time `json:"passes,omitzero"`
	// Elsewhere is what the month, as it is forecast, or to date without a forecast, costs on other plans, its own among
	// them, the cheapest first. Those without a figure come last.
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
	Used     Figure `json:"used"`
	Included Num    `json:"included"`
	// Forecast is the use of the whole month.
	Forecast Figure `json:"forecast"`
	// Price is that of Per units.
	Price Num `json:"price"`
	Per   Num `json:"per"`
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
	Requests Num `json:"requests"`
	Samples  Num `json:"samples"`
	CPU      Num `json:"cpu"`
	Duration Num `json:"duration"`
	// Share is its part of the account's bill of the month to date, by what its use costs at the first prices; the shares
	// of an account add up to 1. Bill is that part in dollars.
	Share Num    `json:"share"`
	Bill  Figure `json:"bill"`
	// Range and PerMillion are as in Spending.
	Range      Figure `json:"range"`
	PerMillion Figure `json:"per_million"`
}

// Elsewhere is what the same use costs on a plan. It is a model: the use is taken to be the same there.
type Elsewhere struct {
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	// Current marks the plan that the account is on.
	Current bool   `json:"current,omitempty"`
	Bill    Figure `json:"bill"`
	// Warnings say which limits of the platform the functions would break. Missing is why there is no figure.
	Warnings []string `json:"warnings,omitempty"`
	Missing  string   `json:"missing,omitempty"`
	AsOf     string   `json:"as_of"`
}

// InvoicedMonth compares an invoice of a past month with the bill by the list.
type InvoicedMonth struct {
	Month   time.Time `json:"month"`
	Invoice Num       `json:"invoice"`
	// Model is the bill of that month by the list, without a factor. Factor is Invoice / Model: what a policy may say as
	// factor. It is absent when the month is not known from its first day to its last.
	Model   Figure `json:"model"`
	Factor  Num    `json:"factor"`
	Missing string `json:"missing,omitempty"`
}

// PriceList says where prices come from.
type PriceList struct {
	Platform string `json:"platform"`
	Plan     string `json:"plan"`
	// Month is what a month costs in any case, Credit how much use is free, in dollars.
	Month  Num         `json:"month"`
	Credit Num         `json:"credit"`
	Meters []ListMeter `json:"meters"`
	// Own tells that it is the policy's.
	Own bool `json:"own,omitempty"`
	// AsOf is the date of the list, Source where it was read. Old tells that it is older than a year, or undated.
	AsOf   string `json:"as_of"`
	Source string `json:"source"`
	Old    bool   `json:"old,omitempty"`
}

// ListMeter is a price of a list.
type ListMeter struct {
	Of       string     `json:"of"`
	Included Num        `json:"included"`
	Per      Num        `json:"per"`
	Price    Num        `json:"price"`
	Tiers    []ListTier `json:"tiers,omitempty"`
}

// ListTier is the price of what is charged above so much.
type ListTier struct {
	Above Num `json:"above"`
	Price Num `json:"price"`
}
