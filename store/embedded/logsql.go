package embedded

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store"
	"edgescope/store/embedded/cost"
)

// ParseLogsQL implements store.LogsQLReader.
func (s *Store) ParseLogsQL(text string, at time.Time) (store.LogsQL, error) {
	q, err := readLogsQL(text, at)
	if err != nil {
		return store.LogsQL{}, err
	}
	c, err := cost.OfLogsQL(q)
	if err != nil {
		return store.LogsQL{}, err
	}
	known := store.LogsQL{
		Newest: newest(text, q), Tail: q.CanLiveTail(), Whole: c.Whole, Ordered: q.IsFixedOutputFieldsOrder(),
		Least: c.Text, Most: c.Text + c.State,
	}
	if fields, ok := q.GetFixedFields(); ok {
		known.Fields = fields
	}
	from, to := q.GetFilterTimeRange()
	known.From, known.To = bound(from, math.MinInt64), bound(to, math.MaxInt64)
	q.DropAllPipes()
	known.Filter = q.String()
	return known, nil
}

// newestFirst is how the engine prints the pipe that clients add to see the newest rows first.
const newestFirst = " | sort by (_time) desc"

// newest returns what LogsQL.Newest says.
func newest(text string, q *logstorage.Query) string {
	if q.CanReturnLastNResults() {
		return text
	}
	text, ok := strings.CutSuffix(q.String(), newestFirst)
	if !ok {
		return ""
	}
	rest, err := parseLogsQL(text, time.Unix(0, q.GetTimestamp()))
	if err != nil || !rest.CanReturnLastNResults() {
		return ""
	}
	return text
}

// bound returns a time in ns, zero where there is no bound.
func bound(ns, none int64) time.Time {
	if ns == none {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// StatsLogsQL implements store.LogsQLReader.
func (s *Store) StatsLogsQL(
	text string, at time.Time, step, offset time.Duration,
) (stats string, labels []string, err error) {
	q, err := readLogsQL(text, at)
	if err != nil {
		return "", nil, err
	}
	labels, err = q.GetStatsLabelsAddGroupingByTime(step.Nanoseconds(), offset.Nanoseconds())
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", store.ErrBadQuery, err)
	}
	return q.String(), labels, nil
}

// HitsLogsQL implements store.LogsQLReader.
func (s *Store) HitsLogsQL(
	text string, at time.Time, step, offset time.Duration, fields []string,
) (_ string, err error) {
	q, err := readLogsQL(text, at)
	if err != nil {
		return "", err
	}
	// The engine makes a text of the fields and panics when it can't read that.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: rows can't be counted by these fields: %v", store.ErrBadQuery, p)
		}
	}()
	if slices.Contains(fields, "") {
		return "", fmt.Errorf("%w: a field without a name: rows can't be counted by it", store.ErrBadQuery)
	}
	q.AddCountByTimePipe(step.Nanoseconds(), offset.Nanoseconds(), fields)
	return q.String(), nil
}

// readLogsQL is parseLogsQL for a text of a client: the parser is kept from what it can't bear.
func readLogsQL(text string, at time.Time) (*logstorage.Query, error) {
	if err := cost.Text(text); err != nil {
		return nil, err
	}
	return parseLogsQL(text, at)
}

func parseLogsQL(text string, at time.Time) (*logstorage.Query, error) {
	q, err := logstorage.ParseQueryAtTimestamp(text, nanosAt(at))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrBadQuery, err)
	}
	return q, nil
}
