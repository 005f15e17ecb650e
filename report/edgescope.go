package report

import (
	"time"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/scenarios"
)

// Version is the shape of the object edgescope in a report file.
const Version = 2

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
	Checks []CheckResult           `json:"checks,omitempty"`
	Ensure []scenarios.CheckSource `json:"ensure,omitempty"`
	// Misses are the kinds of expectations that failed, by step, the most frequent first.
	Misses []Miss `json:"misses,omitempty"`
	// Comparison is with the baselines that were given.
	Comparison *Comparison `json:"comparison,omitempty"`

	// Layout names the buckets of all distributions below. Series are those of the whole run under the names of the
	// aggregate, Steps and Regions the response times by step and region.
	Layout  string                          `json:"layout"`
	Series  map[string]distribution.Buckets `json:"series"`
	Steps   map[string]distribution.Buckets `json:"steps,omitempty"`
	Regions map[string]distribution.Buckets `json:"regions,omitempty"`
	Blocks  []Block                         `json:"blocks"`
	// Windows are the series of each intermediate period; only a segment has them, for merge.
	Windows []map[string]distribution.Buckets `json:"windows,omitempty"`
}

const headline = "edgescope.response_time: intended start to last byte of the body, of requests that were answered completely"

// Report is the JSON report of a run that has ended.
func (s *Summary) Report(info RunInfo, ended time.Time, v *Verdict) *Report {
	r := &Report{
		Aggregate: s.Aggregate(), Intermediate: s.Periods(),
		Edgescope: Edgescope{
			Version: Version, Headline: headline, Seed: info.Seed, ScriptHash: s.options.Plan.Hash(), Segment: s.options.Segment,
			Environment: info.environment(s.options.Connections, s.options.Plan.Target),
			Run:         s.Run(info, ended, v), Health: v.Health, Checks: v.Checks, Comparison: v.Comparison, Layout: distribution.Layout,
		},
	}
	for i := range s.options.Plan.Checks {
		r.Edgescope.Ensure = append(r.Edgescope.Ensure, s.options.Plan.Checks[i].Source)
	}
	s.distributionsOf(&r.Edgescope)
	return r
}

func (s *Summary) distributionsOf(e *Edgescope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Misses = s.misses.list()
	e.Series = distribution.AllBuckets(s.sum().histograms)
	e.Steps, e.Regions = partBuckets(s.parts.steps), partBuckets(s.parts.regions)
	e.Blocks = append([]Block{}, s.points.blocks...)
	if s.options.Segment != nil {
		e.Windows = append([]map[string]distribution.Buckets{}, s.windows...)
	}
}

func partBuckets(m map[string]*part) map[string]distribution.Buckets {
	out := make(map[string]distribution.Buckets, len(m))
	for name, p := range m {
		out[name] = p.response.Buckets()
	}
	return out
}
