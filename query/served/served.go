// Package served has the types of the answer to who is served where, and who should be.
package served

import (
	"time"

	"edgescope/query"
)

// States of a Region.
const (
	// Fit is a region that may serve and is known well enough.
	Fit = "fit"
	// Barred is one in which the data of the country must not be, by the policy's residency.
	Barred = "barred"
	// Silent is one that sends nothing any more.
	Silent = "silent"
	// Errors is one of too many errors: 5 % or more.
	Errors = "errors"
	// Few is one with fewer than 100 events.
	Few = "few"
	// Unplaced is one whose round trip to the country is neither measured nor reckoned: nobody knows where it is.
	Unplaced = "unplaced"
)

// Answer is that to: who should be served where? It advises, and changes nothing.
type Answer struct {
	query.About
	// Read is what was read: the three days before the end of the range.
	Read query.Stretch `json:"read"`
	// Factor is how many times as long as the straight line through fibre a round trip is; of its n, the pairs of country
	// and region with measured round trips, it is the median, without five of them 1.6.
	Factor query.Figure `json:"factor"`
	// Countries are by service and country, those with an advice first, then those with most requests; Left is how many
	// more there are.
	Countries []Country `json:"countries"`
	Left      int       `json:"left,omitempty"`
	// Audit is what was served outside of the regions that the policy allows, by zone; empty without residency in it.
	Audit   []Audit       `json:"audit"`
	Choices query.Choices `json:"choices"`
}

// Country is where the users of a country are served, and where they could be.
type Country struct {
	Service string `json:"service"`
	Country string `json:"country"`
	// Requests is a weighted number.
	Requests query.Num `json:"requests"`
	// Zone is the one of the policy's residency that the country is in, if any.
	Zone string `json:"zone,omitempty"`
	// Now is the region that serves most of them.
	Now string `json:"now"`
	// To is the region that should, empty without advice; Text is the advice, or why there is none, as a sentence.
	To   string `json:"to,omitempty"`
	Text string `json:"text"`
	// Regions are those that serve the country and, of all others, the best: at most 12, by their score. Those that may not
	// serve come last.
	Regions []Region `json:"regions"`
}

// Region is how well a region serves a country, or would.
type Region struct {
	Region string `json:"region"`
	// State is fit, barred, silent, errors, few or unplaced.
	State string `json:"state"`
	// Share is that of the country's requests which it serves now.
	Share query.Num `json:"share"`
	// P95 is what users wait, in milliseconds: the time at the edge and the round trip. It is measured where events say
	// the round trip, else a model.
	P95 query.Figure `json:"p95"`
	// RTT is the round trip of the median request, in milliseconds.
	RTT    query.Figure `json:"rtt"`
	Errors query.Figure `json:"errors"`
	// Score is in milliseconds, lower is better; absent of those that may not serve.
	Score query.Num `json:"score"`
}

// Audit is what was served of the requests of a zone's countries.
type Audit struct {
	Zone string `json:"zone"`
	// Requests is their weighted number, Outside how many of them were served outside of the zone's regions, Unknown
	// those of which nobody knows.
	Requests query.Num `json:"requests"`
	Outside  query.Num `json:"outside"`
	Unknown  query.Num `json:"unknown"`
	// Share is that of Outside.
	Share query.Figure `json:"share"`
	// Breaches are by country and region, most requests first, at most 20; Left is how many more there are.
	Breaches []Breach `json:"breaches"`
	Left     int      `json:"left,omitempty"`
}

// Breach is requests of a country that were served where they should not have been.
type Breach struct {
	Service  string    `json:"service"`
	Country  string    `json:"country"`
	Region   string    `json:"region"`
	Requests query.Num `json:"requests"`
	// Last is when the last of them ended.
	Last time.Time `json:"last"`
}
