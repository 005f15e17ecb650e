package sums

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"edgescope/report/distribution"
	"edgescope/report/text"
)

// Period is the whole run (aggregate) or one window of 10 s aligned to wall clock (intermediate), in the shape of
// Artillery's report. A name that is absent was never seen. Times are Unix milliseconds; distributions are
// milliseconds.
type Period struct {
	Counters   map[string]int64        `json:"counters"`
	Rates      map[string]float64      `json:"rates"`
	Summaries  map[string]Distribution `json:"summaries"`
	Histograms map[string]Distribution `json:"histograms"` // the same as Summaries
	// Period is the start of the (last) window: a number in the aggregate, text in an intermediate, as Artillery has
	// it.
	Period           json.RawMessage `json:"period"`
	FirstCounterAt   int64           `json:"firstCounterAt,omitempty"`
	LastCounterAt    int64           `json:"lastCounterAt,omitempty"`
	FirstHistogramAt int64           `json:"firstHistogramAt,omitempty"`
	LastHistogramAt  int64           `json:"lastHistogramAt,omitempty"`
	FirstMetricAt    int64           `json:"firstMetricAt,omitempty"`
	LastMetricAt     int64           `json:"lastMetricAt,omitempty"`

	// Start is that of a window, zero in the aggregate.
	Start time.Time `json:"-"`
}

// NewWindow makes the period of a window that starts at so many Unix milliseconds.
func NewWindow(start int64, t *Tally) Period {
	p := newPeriod(t)
	p.Period, p.Start = json.RawMessage(strconv.Quote(strconv.FormatInt(start, 10))), time.UnixMilli(start)
	return p
}

// NewAggregate makes the period of a whole run, given the start of its last window in Unix milliseconds, 0 without any.
func NewAggregate(last int64, t *Tally) Period {
	p := newPeriod(t)
	p.Period = json.RawMessage(strconv.FormatInt(last, 10))
	return p
}

// rates are Artillery's, of counters.
var rates = map[string]string{
	"http.request_rate": Requests, "websocket.send_rate": "websocket.messages_sent",
	"websocket.receive_rate": "websocket.messages_received",
}

// Asked is how many requests a period has, of HTTP and over WebSockets.
func (p *Period) Asked() int64 { return p.Counters[Requests] + p.Counters[SocketRequests] }

// Answered is how many of them were.
func (p *Period) Answered() int64 { return p.Counters[Responses] + p.Counters[SocketResponses] }

// rate is how many of them there were per second, between the first and the last thing seen.
func (p *Period) rate() float64 {
	seen := Span{p.FirstMetricAt, p.LastMetricAt}
	return text.Round(float64(p.Asked())/seen.seconds(), 1)
}

func newPeriod(t *Tally) Period {
	seen := t.seen()
	p := Period{
		Counters: maps.Clone(t.Counters), Rates: map[string]float64{}, Summaries: map[string]Distribution{},
		FirstCounterAt: t.Counted.First, LastCounterAt: t.Counted.Last,
		FirstHistogramAt: t.Recorded.First, LastHistogramAt: t.Recorded.Last,
		FirstMetricAt: seen.First, LastMetricAt: seen.Last,
	}
	for rate, counter := range rates {
		if t.Counters[counter] > 0 {
			p.Rates[rate] = text.Round(t.perSecond(counter), 1)
		}
	}
	addHitRatios(p.Rates, t.Counters)
	for name, h := range t.Histograms {
		p.Summaries[name] = shown(name, h)
	}
	p.Histograms = p.Summaries
	return p
}

// ReadStart takes the start of a window from its text, as a period from a file needs.
func (p *Period) ReadStart() error {
	var text string
	if err := json.Unmarshal(p.Period, &text); err != nil {
		return fmt.Errorf("period %s: want a text", p.Period)
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("period %q: want Unix milliseconds", text)
	}
	p.Start = time.UnixMilli(ms)
	return nil
}

// Tally is the period as it was before it was written, given its distributions.
func (p *Period) Tally(series map[string]distribution.Buckets) *Tally {
	t := New()
	maps.Copy(t.Counters, p.Counters)
	for name, b := range series {
		t.Histogram(name).Add(b)
	}
	t.Counted = Span{p.FirstCounterAt, p.LastCounterAt}
	t.Recorded = Span{p.FirstHistogramAt, p.LastHistogramAt}
	return t
}

// Distribution is how a report shows a distribution: values in milliseconds, Min and Max exact, the rest within 0.4 %.
type Distribution struct {
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Count  uint64  `json:"count"`
	Mean   float64 `json:"mean"`
	P50    float64 `json:"p50"`
	Median float64 `json:"median"`
	P75    float64 `json:"p75"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	P999   float64 `json:"p999"`
}

// shown rounds as Artillery does (one decimal); our own series keep microseconds.
func shown(name string, h *distribution.Histogram) Distribution {
	digits := 1
	if strings.HasPrefix(name, "edgescope.") {
		digits = 3
	}
	ms := func(d time.Duration) float64 { return text.Round(float64(d)/1e6, digits) }
	median := ms(h.Quantile(0.5))
	return Distribution{
		Min: ms(h.Min()), Max: ms(h.Max()), Count: h.Count(), Mean: ms(h.Mean()), P50: median, Median: median,
		P75: ms(h.Quantile(0.75)), P90: ms(h.Quantile(0.9)), P95: ms(h.Quantile(0.95)), P99: ms(h.Quantile(0.99)),
		P999: ms(h.Quantile(0.999)),
	}
}

// Figures are the names of those of a distribution, in the order of a table.
func Figures() []string {
	return []string{"count", "min", "mean", "p50", "p75", "p90", "p95", "p99", "p999", "max"}
}

// Figure is one of a distribution by the name that checks use for it: those of Figures, and median.
func (d *Distribution) Figure(name string) (float64, bool) {
	switch name {
	case "min":
		return d.Min, true
	case "max":
		return d.Max, true
	case "count":
		return float64(d.Count), true
	case "mean":
		return d.Mean, true
	case "p50", "median":
		return d.P50, true
	case "p75":
		return d.P75, true
	case "p90":
		return d.P90, true
	case "p95":
		return d.P95, true
	case "p99":
		return d.P99, true
	case "p999":
		return d.P999, true
	default:
		return 0, false
	}
}
