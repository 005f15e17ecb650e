package embedded

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/httputil"
	"github.com/VictoriaMetrics/metricsql"

	"edgescope/store"
	"edgescope/store/embedded/cost"
)

const (
	// maxSelectors bounds the selectors of one request.
	maxSelectors = 100
	// maxAlternatives bounds the searches of one request: the engine makes one of each alternative (or) of match[] with
	// each of extra_filters[].
	maxAlternatives = 10_000
	// listBytes is about what an answer takes that lists series, labels or their values: the engine has bounds for
	// their numbers.
	listBytes = 8 << 20
)

// PrometheusCost returns the memory in bytes that a request to Store.Prometheus takes at once, and what it may take in
// all. It reads the form of the request, and fails with store.ErrTooMuch and store.ErrBadQuery for texts that must not
// reach a parser of MetricsQL.
func (s *Store) PrometheusCost(r *http.Request) (least, most int64, err error) {
	if err := r.ParseForm(); err != nil {
		return 0, 0, fmt.Errorf("%w: read the form: %w", store.ErrBadQuery, err)
	}
	alternatives := map[string]int{}
	for key, texts := range r.Form {
		name := strings.TrimSuffix(key, "[]")
		switch name {
		case "match", "extra_filters", "extra_label", "query":
		default:
			continue
		}
		if len(texts) > maxSelectors {
			return 0, 0, fmt.Errorf("%w: %s is there %d times: at most %d are taken", store.ErrTooMuch, key, len(texts),
				maxSelectors)
		}
		for _, text := range texts {
			size, err := cost.Expanded(text)
			if err != nil {
				return 0, 0, fmt.Errorf("%s: %w", key, err)
			}
			s.parsed.note(text, size)
			alternatives[name] += alternativesOf(text)
		}
	}
	if match, extra := max(alternatives["match"], 1), max(alternatives["extra_filters"], 1); extra > maxSelectors ||
		match*extra > maxAlternatives {
		return 0, 0, fmt.Errorf("%w: match[] has %d alternatives and extra_filters[] %d: at most %d by %d, and %d together",
			store.ErrTooMuch, match, extra, maxAlternatives, maxSelectors, maxAlternatives)
	}
	path := enginePath(r.URL.Path)
	if path != "/api/v1/query" && path != "/api/v1/query_range" || r.Form.Get("query") == "" {
		return 0, listBytes, nil
	}
	c, err := cost.OfMetricsQL(r.Form.Get("query"), points(r, path == "/api/v1/query_range"))
	return c.Values, c.Values + c.State, err
}

// alternativesOf counts those of a selector, 1 for what is none.
func alternativesOf(text string) int {
	if e, err := metricsql.Parse(text); err == nil {
		if selector, ok := e.(*metricsql.MetricExpr); ok {
			return len(selector.LabelFilterss)
		}
	}
	return 1
}

// points reads when a text is to be evaluated, as the engine does. What it can't read the engine refuses.
func points(r *http.Request, overTime bool) cost.Points {
	const preset = int64(5 * time.Minute / time.Millisecond)
	now := time.Now().UnixMilli()
	step, err := httputil.GetDuration(r, "step", preset)
	if err != nil || step <= 0 {
		step = preset
	}
	p := cost.Points{Step: time.Duration(step) * time.Millisecond}
	if !overTime {
		return p
	}
	to, toErr := httputil.GetTime(r, "end", now)
	from, fromErr := httputil.GetTime(r, "start", to-preset)
	if toErr == nil && fromErr == nil {
		p.From, p.To = time.UnixMilli(from), time.UnixMilli(to)
	}
	return p
}
