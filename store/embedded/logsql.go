package embedded

import (
	"fmt"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store"
)

var _ store.LogsQLReader = (*Store)(nil)

// ParseLogsQL implements store.LogsQLReader.
func (s *Store) ParseLogsQL(text string, at time.Time) (store.LogsQL, error) {
	q, err := parseLogsQL(text, at)
	if err != nil {
		return store.LogsQL{}, err
	}
	known := store.LogsQL{Newest: q.CanReturnLastNResults(), Tail: q.CanLiveTail()}
	if fields, ok := q.GetFixedFields(); ok {
		known.Fields = fields
	}
	q.DropAllPipes()
	known.Filter = q.String()
	return known, nil
}

// StatsLogsQL implements store.LogsQLReader.
func (s *Store) StatsLogsQL(text string, at time.Time, step, offset time.Duration) (stats string, labels []string, err error) {
	q, err := parseLogsQL(text, at)
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
func (s *Store) HitsLogsQL(text string, at time.Time, step, offset time.Duration, fields []string) (string, error) {
	q, err := parseLogsQL(text, at)
	if err != nil {
		return "", err
	}
	q.AddCountByTimePipe(step.Nanoseconds(), offset.Nanoseconds(), fields)
	return q.String(), nil
}

func parseLogsQL(text string, at time.Time) (*logstorage.Query, error) {
	q, err := logstorage.ParseQueryAtTimestamp(text, nanosAt(at))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrBadQuery, err)
	}
	return q, nil
}
