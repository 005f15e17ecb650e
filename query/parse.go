package query

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"edgescope/edge"
	"edgescope/query/filter"
)

// ParamError says which key of a question has a bad value and what would be right.
type ParamError struct {
	// Key and Value are as they were sent.
	Key, Value string
	// Column is where in Value the bad spot begins, in characters from 1; 0 when the whole value is meant.
	Column int
	// Reason says what would be right.
	Reason string
}

// Error is the key, the value, the place and what would be right.
func (e *ParamError) Error() string {
	if e.Column > 0 {
		return fmt.Sprintf("%s=%q, column %d: %s", e.Key, e.Value, e.Column, e.Reason)
	}
	return fmt.Sprintf("%s=%q: %s", e.Key, e.Value, e.Reason)
}

const (
	// Day is a day of 24 hours.
	Day = 24 * time.Hour
	// MaxRange bounds a question; it is far beyond any retention and keeps the arithmetic of nanoseconds exact.
	MaxRange = 3650 * Day
	// MaxLimit is the greatest length of a list.
	MaxLimit = 1000
	// maxValues bounds the values of one filter.
	maxValues = 200
)

// Parse reads a question from the keys of a URL; now is what a range without end counts from. Keys that it does not
// know are ignored, empty values are as good as absent ones. A bad value is a *ParamError.
func Parse(v url.Values, now time.Time) (Question, error) {
	q := standard()
	q.Text, q.After, q.Base = strings.TrimSpace(v.Get(KeyText)), v.Get(KeyAfter), v.Get(KeyBase)
	for _, parse := range []func(url.Values) error{
		func(v url.Values) error { return q.parseRange(v, now) },
		q.parseFilters, q.parseText, q.parsePercentile, q.parseSort, q.parseCompare, q.parseDurations, q.parseLimit,
		q.parseBad, q.parseTarget, q.parseMovable,
	} {
		if err := parse(v); err != nil {
			return Question{}, err
		}
	}
	return q, nil
}

func (q *Question) parseRange(v url.Values, now time.Time) error {
	from, to := v.Get(KeyFrom), v.Get(KeyTo)
	if from == "" && to == "" {
		return q.parseLive(v, now)
	}
	if from == "" {
		return &ParamError{Key: KeyTo, Value: to, Reason: "from is missing: give both from and to, or range"}
	}
	if to == "" {
		return &ParamError{Key: KeyFrom, Value: from, Reason: "to is missing: give both from and to, or range"}
	}
	q.Range, q.Live = "", false
	var err error
	if q.From, err = parseTime(KeyFrom, from); err != nil {
		return err
	}
	if q.To, err = parseTime(KeyTo, to); err != nil {
		return err
	}
	if !q.From.Before(q.To) {
		return &ParamError{Key: KeyTo, Value: to, Reason: "must be later than from"}
	}
	if q.To.Sub(q.From) > MaxRange {
		return &ParamError{Key: KeyFrom, Value: from, Reason: "the range may be 3650 days at most"}
	}
	return nil
}

func parseTime(key, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, &ParamError{Key: key, Value: s, Reason: "write a time as 2026-01-02T15:04:05Z (RFC 3339)"}
	}
	t = t.UTC()
	if t.Year() < 1980 || t.Year() > 2200 {
		return t, &ParamError{Key: key, Value: s, Reason: "the year must be between 1980 and 2200"}
	}
	return t, nil
}

func (q *Question) parseLive(v url.Values, now time.Time) error {
	text := cmp.Or(v.Get(KeyRange), q.Range)
	d, ok := parseLength(text)
	if !ok || d < time.Second || d > MaxRange {
		return &ParamError{
			Key: KeyRange, Value: text, Reason: "write a length of time such as 15m, 1h, 24h or 7d, from 1s to 3650d",
		}
	}
	q.Range = FormatLength(d)
	q.To = now.UTC()
	q.From = q.To.Add(-d)
	switch live := v.Get(KeyLive); live {
	case "", "1":
	case "0":
		q.Live = false
	default:
		return &ParamError{Key: KeyLive, Value: live, Reason: "write 0 to pause or 1"}
	}
	return nil
}

// parseLength reads a Go duration or a whole number of days ("7d").
func parseLength(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * Day, err == nil
	}
	d, err := time.ParseDuration(s)
	return d, err == nil
}

// FormatLength gives a length its one spelling: 24h and less in hours or minutes, whole days above as 7d.
func FormatLength(d time.Duration) string {
	switch {
	case d > Day && d%Day == 0:
		return strconv.Itoa(int(d/Day)) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	default:
		return d.String()
	}
}

func (q *Question) parseFilters(v url.Values) error {
	for _, f := range q.filters() {
		if len(v[f.key]) > maxValues {
			return &ParamError{Key: f.key, Reason: "has more than 200 values"}
		}
		for _, s := range v[f.key] {
			if reason := badFilter(f.key, strings.TrimPrefix(s, "-")); s != "" && reason != "" {
				return &ParamError{Key: f.key, Value: s, Reason: reason}
			}
		}
		*f.values = canonicalFilter(v[f.key])
	}
	return nil
}

// canonicalFilter returns the values sorted, each once, without empty ones; nil when there are none.
func canonicalFilter(values []string) []string {
	var out []string
	for _, s := range values {
		if s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// badFilter returns what would be right for a key when the value is not, else "". Free text is bounded in length only.
func badFilter(key, value string) string {
	switch {
	case value == "":
		return `a value must follow the "-"`
	case len(value) > filter.MaxText:
		return "is longer than 2048 bytes"
	case !utf8.ValidString(value):
		return "is not UTF-8"
	case value == Unknown:
		return ""
	case key == KeyStatus && !statusPattern(value):
		return "write a status code such as 404, a class such as 5xx, or unknown"
	case key == KeyCold && value != "true" && value != "false":
		return "write true, false or unknown"
	case key == KeyCache && !slices.Contains(edge.CacheStatuses[:], value):
		return "write one of " + strings.Join(edge.CacheStatuses[:], ", ") + ", or unknown"
	}
	return ""
}

// statusPattern tells whether s is three digits 100..599 or a class: 1xx..5xx.
func statusPattern(s string) bool {
	if len(s) != 3 || s[0] < '1' || s[0] > '5' {
		return false
	}
	return s[1:] == "xx" || isDigit(s[1]) && isDigit(s[2])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (q *Question) parseText(url.Values) error {
	_, err := q.terms()
	return err
}

// Percentiles are those that may be asked for.
func Percentiles() []int { return []int{50, 95, 99} }

func (q *Question) parsePercentile(v url.Values) error {
	text := v.Get(KeyPercentile)
	if text == "" {
		return nil
	}
	for _, p := range Percentiles() {
		if text == strconv.Itoa(p) {
			q.Percentile = p
			return nil
		}
	}
	return &ParamError{Key: KeyPercentile, Value: text, Reason: "write 50, 95 or 99"}
}

func (q *Question) parseSort(v url.Values) error {
	s := v.Get(KeySort)
	if s == "" {
		return nil
	}
	if columnOf(strings.TrimPrefix(s, "-")) == nil {
		return &ParamError{Key: KeySort, Value: s, Reason: "write a column, - first for descending: " + columnNames()}
	}
	q.Sort = s
	return nil
}

func (q *Question) parseCompare(v url.Values) error {
	s := v.Get(KeyCompare)
	version, isVersion := strings.CutPrefix(s, CompareVersion)
	switch {
	case s == "":
	case s == ComparePrevious, s == CompareNone, isVersion && badFilter(KeyVersion, version) == "":
		q.Compare = s
	default:
		return &ParamError{Key: KeyCompare, Value: s, Reason: "write prev, none or v: and a version"}
	}
	return nil
}

func (q *Question) parseDurations(v url.Values) error {
	for _, f := range []struct {
		key string
		to  *time.Duration
	}{{KeyMin, &q.Min}, {KeyMax, &q.Max}} {
		s := v.Get(f.key)
		if s == "" {
			continue
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return &ParamError{Key: f.key, Value: s, Reason: "write a length of time such as 250ms or 1.5s"}
		}
		*f.to = d
	}
	if q.Max > 0 && q.Min > q.Max {
		return &ParamError{Key: KeyMax, Value: v.Get(KeyMax), Reason: "must not be below min"}
	}
	return nil
}

func (q *Question) parseLimit(v url.Values) error {
	s := v.Get(KeyLimit)
	if s == "" {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > MaxLimit {
		return &ParamError{Key: KeyLimit, Value: s, Reason: "write a number from 1 to 1000"}
	}
	q.Limit = n
	return nil
}

func (q *Question) parseBad(v url.Values) error {
	q.Bad = v.Get(KeyBad)
	if q.Bad != "" && !slices.Contains(Bads(), q.Bad) {
		return &ParamError{Key: KeyBad, Value: q.Bad, Reason: "write one of " + strings.Join(Bads(), ", ")}
	}
	return nil
}

func (q *Question) parseTarget(v url.Values) error {
	s := v.Get(KeyTarget)
	if s == "" || s == "0" {
		return nil
	}
	t, err := strconv.ParseFloat(s, 64)
	if err != nil || !(t >= 1 && t <= 99.9) {
		return &ParamError{Key: KeyTarget, Value: s, Reason: "write a percentage from 1 to 99.9"}
	}
	q.Target = t
	return nil
}

func (q *Question) parseMovable(v url.Values) error {
	s := v.Get(KeyMovable)
	if s == "" || s == "0" {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= .01 && f <= 1) {
		return &ParamError{Key: KeyMovable, Value: s, Reason: "write a share from 0.01 to 1, such as 0.8"}
	}
	q.Movable = f
	return nil
}
