package report

import (
	"encoding/json"
	"io"
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/report/sums"
	"edgescope/scenarios/plan"
)

// Version is the shape of the object edgescope in a report file.
const Version = 2

// Report is the JSON report: Artillery's, with our own series under names that begin with "edgescope." and everything
// else of ours in one object.
type Report struct {
	Aggregate    sums.Period   `json:"aggregate"`
	Intermediate []sums.Period `json:"intermediate"`
	Edgescope    Edgescope     `json:"edgescope"`
}

// Edgescope is our object in the JSON report, beside Artillery's.
type Edgescope struct {
	// Version is of this object's shape.
	Version int `json:"version"`
	// Headline says what the headline latency is.
	Headline    string      `json:"headline"`
	Seed        uint64      `json:"seed"`
	ScriptHash  string      `json:"script_hash"`
	Environment Environment `json:"environment"`
	// Segment is set when this was one part of a run; Segments is the number of parts that were merged.
	Segment  *load.Segment `json:"segment,omitempty"`
	Segments int           `json:"segments,omitempty"`
	Run      edge.Run      `json:"run"`
	Health   Health        `json:"health"`
	// Checks repeat the run's thresholds with a note on missing metrics; Ensure is what they were made from.
	Checks []CheckResult      `json:"checks,omitempty"`
	Ensure []plan.CheckSource `json:"ensure,omitempty"`
	// Answers and Allow decide, with the counters, whether the run shows anything (Report.Hollow).
	Answers Answers  `json:"answers"`
	Allow   []string `json:"allow,omitempty"`
	// Failed are the kinds of expectations that failed, by step, the most frequent first.
	Failed []sums.FailedExpectation `json:"misses,omitempty"`
	// Prices are what the requests cost the target, on each plan that was asked for.
	Prices []sums.Price `json:"prices,omitempty"`
	// Comparison is with the baselines that were given.
	Comparison *Comparison `json:"comparison,omitempty"`

	// Layout names the buckets of all distributions below. Series are those of the whole run under the names of the
	// aggregate, Steps and Regions the response times by step and region.
	Layout  string                          `json:"layout"`
	Series  map[string]distribution.Buckets `json:"series"`
	Steps   map[string]distribution.Buckets `json:"steps,omitempty"`
	Regions map[string]distribution.Buckets `json:"regions,omitempty"`
	Blocks  []sums.Block                    `json:"blocks"`
	// Windows are the series of each intermediate period; only a segment has them, for merge.
	Windows []map[string]distribution.Buckets `json:"windows,omitempty"`
}

// New makes a report of this version without any figures.
func New() *Report {
	return &Report{Edgescope: Edgescope{
		Version: Version,
		Headline: "edgescope.response_time: intended start to last byte of the body, of requests that were answered " +
			"completely",
		Layout: distribution.Layout,
	}}
}

// Report is the JSON report of a run that has ended.
func (s *Summary) Report(info RunInfo, ended time.Time, v *Verdict) *Report {
	r := New()
	r.Aggregate, r.Intermediate = s.Aggregate(), s.Periods()
	e := &r.Edgescope
	e.Seed, e.ScriptHash, e.Segment = info.Seed, s.options.Plan.Hash, s.options.Segment
	e.Environment = info.environment(s.options.Connections, s.options.Plan.Target)
	e.Run, e.Health, e.Checks, e.Comparison = s.Run(info, ended, v), v.Health, v.Checks, v.Comparison
	for i := range s.options.Plan.Checks {
		e.Ensure = append(e.Ensure, s.options.Plan.Checks[i].Source)
	}
	e.Allow = s.options.Plan.Allow
	s.distributionsOf(e)
	return r
}

func (s *Summary) distributionsOf(e *Edgescope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Failed, e.Answers = s.failed.List(), s.answers
	e.Series = distribution.AllBuckets(s.sum().Histograms)
	e.Steps, e.Regions = s.steps.Buckets(), s.regions.Buckets()
	e.Blocks = append([]sums.Block{}, s.points.blocks...)
	if s.options.Segment != nil {
		e.Windows = append([]map[string]distribution.Buckets{}, s.windows...)
	}
}

// WriteJSON writes the report, indented, with a newline at its end.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
