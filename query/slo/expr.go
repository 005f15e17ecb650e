package slo

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/judge"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// reach is a length of time that is read at once, as buckets of one length of samples of one width: those of 10 s up to
// an hour, of 5 minutes up to six, of an hour beyond.
type reach struct {
	width  edge.Width
	bucket time.Duration
}

// reachBuckets is how many buckets a reach has.
const reachBuckets = 12

// reaches are the lengths of time that windows are parts of.
var reaches = [...]reach{
	{edge.Widths[0], 5 * time.Minute},
	{edge.Widths[1], 30 * time.Minute},
	{edge.Widths[2], 6 * time.Hour},
}

func (r *reach) length() time.Duration { return reachBuckets * r.bucket }

// reachOf returns the place in reaches of the shortest one that a window is a part of.
func reachOf(window time.Duration) int {
	for i := range reaches {
		if window <= reaches[i].length() {
			return i
		}
	}
	panic("BUG: a window of " + window.String() + " is longer than all that is read")
}

// expr is the MetricsQL and PromQL text that has a value, the burn in the long window, for each group of a measure that
// is told of with an urgency: by any of its rules, each of two windows, with enough bad events in the long one.
func (m *measure) expr(urgency judge.Urgency) string {
	var all []string
	for _, rule := range judge.BurnRules {
		if rule.Urgency == urgency {
			all = append(all, m.condition(&rule))
		}
	}
	return strings.Join(all, "or\n")
}

func (m *measure) condition(r *judge.BurnRule) string {
	limit := number(r.Threshold(m.promise))
	events := m.sum(edge.MetricEvents, r.Long) + "\n    / " + m.sum(edge.MetricRequests, r.Long)
	return fmt.Sprintf("(\n  %s > %s\n  and\n  %s > %s\n  and\n  %s\n    * (%s) >= %d\n)\n",
		m.burn(r.Long), limit, m.burn(r.Short), limit, m.sum(m.metric, r.Long, m.bad), events, judge.LeastBadEvents)
}

// burn is how many times as fast as promised the budget goes in a window.
func (m *measure) burn(window time.Duration) string {
	return m.sum(m.metric, window, m.bad) + "\n    / " + m.sum(m.metric, window, m.all) + "\n    / " +
		number(m.promise.Budget())
}

// sum adds up the samples of a metric in a window: totals of windows that are stamped with their start, so
// sum_over_time, and never rate.
func (m *measure) sum(metric string, window time.Duration, matchers ...string) string {
	matchers = append(m.matchers(), matchers...)
	return fmt.Sprintf("sum by (%s) (sum_over_time(%s{%s}[%s]))", strings.Join(m.by, ", "),
		edge.Metric(m.family, metric, reaches[reachOf(window)].width), join(matchers), length(window))
}

// matchers select what the measure is of, in every metric.
func (m *measure) matchers() []string {
	out := []string{fmt.Sprintf("%s=%q", edge.LabelSignal, m.source)}
	switch len(m.services) {
	case 0:
		return out
	case 1:
		return append(out, fmt.Sprintf("%s=%q", edge.LabelService, m.services[0]))
	}
	quoted := make([]string, len(m.services))
	for i, s := range m.services {
		quoted[i] = regexp.QuoteMeta(s)
	}
	return append(out, fmt.Sprintf("%s=~%q", edge.LabelService, strings.Join(quoted, "|")))
}

// join joins the matchers that say something.
func join(matchers []string) string {
	var some []string
	for _, m := range matchers {
		if m != "" {
			some = append(some, m)
		}
	}
	return strings.Join(some, ",")
}

// length writes a window in the largest unit that divides it.
func length(d time.Duration) string {
	switch {
	case d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	case d%hour == 0:
		return strconv.FormatInt(int64(d/hour), 10) + "h"
	default:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
}

// number writes a number without what arithmetic in binary adds to it: 0.001 for 1 - 0.999.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 10, 64) }
