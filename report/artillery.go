package report

import (
	"encoding/json"
	"io"
	"maps"
	"strconv"
	"time"

	"edgescope/report/text"
)

// Report is the JSON report: Artillery's, with our own series under names that begin with "edgescope." and everything else of
// ours in one object.
type Report struct {
	Aggregate    Period    `json:"aggregate"`
	Intermediate []Period  `json:"intermediate"`
	Edgescope    Edgescope `json:"edgescope"`
}

// Period is the whole run (aggregate) or one window of 10 s aligned to wall clock (intermediate). A name that is absent was
// never seen. Times are Unix milliseconds; distributions are milliseconds.
type Period struct {
	Counters   map[string]int64        `json:"counters"`
	Rates      map[string]float64      `json:"rates"`
	Summaries  map[string]Distribution `json:"summaries"`
	Histograms map[string]Distribution `json:"histograms"` // the same as Summaries
	// Period is the start of the (last) window: a number in the aggregate, text in an intermediate, as Artillery has it.
	Period           json.RawMessage `json:"period"`
	FirstCounterAt   int64           `json:"firstCounterAt,omitempty"`
	LastCounterAt    int64           `json:"lastCounterAt,omitempty"`
	FirstHistogramAt int64           `json:"firstHistogramAt,omitempty"`
	LastHistogramAt  int64           `json:"lastHistogramAt,omitempty"`
	FirstMetricAt    int64           `json:"firstMetricAt,omitempty"`
	LastMetricAt     int64           `json:"lastMetricAt,omitempty"`

	start time.Time
}

// newPeriod makes a period of a window that starts at so many Unix milliseconds.
func newPeriod(start int64, t *tally) Period {
	p := Period{
		Counters: maps.Clone(t.counters), Rates: map[string]float64{}, Summaries: map[string]Distribution{},
		Period: json.RawMessage(strconv.Quote(strconv.FormatInt(start, 10))), start: time.UnixMilli(start),
		FirstCounterAt: t.counted.first, LastCounterAt: t.counted.last,
		FirstHistogramAt: t.recorded.first, LastHistogramAt: t.recorded.last,
		FirstMetricAt: t.metrics().first, LastMetricAt: t.metrics().last,
	}
	if t.counters["http.requests"] > 0 {
		p.Rates["http.request_rate"] = text.Round(t.requestRate(), 1)
	}
	addHitRatios(p.Rates, t.counters)
	for name, h := range t.histograms {
		p.Summaries[name] = shown(name, h)
	}
	p.Histograms = p.Summaries
	return p
}

// Aggregate is the whole run so far.
func (s *Summary) Aggregate() Period {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.sum()
	var start int64
	if n := len(s.periods); n > 0 {
		start = s.periods[n-1].start.UnixMilli()
	}
	p := newPeriod(start, t)
	p.Period = json.RawMessage(strconv.FormatInt(start, 10))
	return p
}

// sum is the closed windows and the open ones together.
func (s *Summary) sum() *tally {
	t := newTally()
	t.counters["vusers.failed"] = 0
	t.merge(s.total)
	for _, w := range s.open {
		t.merge(w)
	}
	return t
}

// Periods are the windows that are closed, in order; the caller may keep them.
func (s *Summary) Periods() []Period {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Period{}, s.periods...)
}

// WriteJSON writes the report, indented, with a newline at its end.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
