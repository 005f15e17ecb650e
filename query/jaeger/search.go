package jaeger

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"edgescope/query/jaeger/param"
)

const (
	// defaultLimit is how many traces a search answers when it does not say, as Jaeger's; maxLimit is the most.
	defaultLimit = 100
	maxLimit     = 1000
	// defaultLookBack is how far a search of version 1 looks back when it does not say, as Jaeger's.
	defaultLookBack = time.Hour
)

// search is what a search asks for.
type search struct {
	// filter is what one span of a trace must meet, in LogsQL.
	filter string
	// byRoute is what it must meet when none meets filter, "" for nothing else.
	byRoute string
	// from and to bound the start of that span, both included.
	from, to time.Time
	// limit is how many traces are answered.
	limit int
	// raw tells that traces are answered without warnings.
	raw bool
}

// readSearch1 reads the parameters of version 1. The texts of errors are Jaeger's.
func readSearch1(q *question) (*search, error) {
	s := &search{limit: defaultLimit}
	var err error
	if s.raw, err = param.Bool(q.form, "raw"); err != nil {
		return nil, err
	}
	if s.from, err = q.moment1("start", q.now.Add(-defaultLookBack)); err != nil {
		return nil, err
	}
	if s.to, err = q.moment1("end", q.now); err != nil {
		return nil, err
	}
	if s.to.Before(s.from) {
		return nil, param.Wrong("'end' should be greater than 'start'")
	}
	c := conditions{service: q.parameter("service"), operation: q.parameter("operation")}
	if c.tags, err = q.tags1(); err != nil {
		return nil, err
	}
	if text := q.parameter("limit"); text != "" {
		if s.limit, err = readLimit(text); err != nil {
			return nil, param.Wrong("%w", err)
		}
	}
	if c.least, err = q.length("minDuration", param.Bad); err != nil {
		return nil, err
	}
	if c.most, err = q.length("maxDuration", param.Bad); err != nil {
		return nil, err
	}
	switch {
	case c.service == "":
		return nil, errNoService
	case c.most != 0 && c.most < c.least:
		return nil, param.Wrong("'maxDuration' should be greater than 'minDuration'")
	}
	s.filter, s.byRoute = c.filter(), c.byRoute()
	return s, nil
}

// readLimit reads how many traces are asked for; more than maxLimit are as many.
func readLimit(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, err //nolint:wrapcheck // Jaeger's text
	}
	if n < 1 {
		return 0, fmt.Errorf("the limit is %d: it must be 1 or more", n)
	}
	return int(min(n, maxLimit)), nil
}

// moment1 reads a time of version 1: microseconds since 1970 by Jaeger's documentation. What cannot be that by its size
// is milliseconds or nanoseconds, as some clients send.
func (q *question) moment1(name string, preset time.Time) (time.Time, error) {
	text := q.parameter(name)
	if text == "" {
		return preset, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, param.Bad(name, err)
	}
	return unixTime(n), nil
}

// unixTime reads a number as microseconds; below those of March 1973 it is milliseconds, from those of the year 5138 on
// nanoseconds.
func unixTime(n int64) time.Time {
	const firstMicro, firstNano = 1e14, 1e17
	switch {
	case n < firstMicro:
		return time.UnixMilli(max(n, 0)).UTC()
	case n < firstNano:
		return latest(time.UnixMicro(n))
	default:
		return latest(time.Unix(0, n))
	}
}

// latest cuts a time to what nanoseconds can express, with room for what is added to it.
func latest(t time.Time) time.Time {
	if last := time.Unix(0, math.MaxInt64).AddDate(-1, 0, 0); t.After(last) {
		return last.UTC()
	}
	return t.UTC()
}

// tags1 reads the tags of version 1: a JSON object in the parameter tags, and parameters tag=key:value.
func (q *question) tags1() (map[string]string, error) {
	tags := map[string]string{}
	for _, text := range q.form["tag"] {
		key, value, ok := strings.Cut(text, ":")
		if !ok {
			return nil, param.Wrong("malformed 'tag' parameter, expecting key:value, received: %s", text)
		}
		tags[key] = value
	}
	for _, text := range q.form["tags"] {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), &tags); err != nil {
			return nil, param.Wrong("malformed 'tags' parameter, cannot unmarshal JSON: %w", err)
		}
	}
	return tags, nil
}

// length reads a length of time such as 1.5s; absent it is 0, and so is a negative one.
func (q *question) length(name string, bad func(name string, why error) error) (time.Duration, error) {
	text := q.parameter(name)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, bad(name, err)
	}
	return max(d, 0), nil
}

// malformed is the error of a parameter of version 3 that can't be read.
func malformed(name string, why error) error {
	return param.Wrong("malformed parameter %s: %w", name, why)
}

// readSearch3 reads the parameters of version 3, in the names of proto3's JSON (query.serviceName) or of the fields
// (query.service_name).
func readSearch3(q *question) (*search, error) {
	s := &search{limit: defaultLimit}
	from := q.named("query.startTimeMin", "query.start_time_min")
	to := q.named("query.startTimeMax", "query.start_time_max")
	if q.parameter(from) == "" || q.parameter(to) == "" {
		if q.speaksCamel() {
			return nil, param.Wrong("query.startTimeMin and query.startTimeMax are required")
		}
		return nil, param.Wrong("query.start_time_min and query.start_time_max are required")
	}
	var err error
	if s.raw, err = q.raw3("query.rawTraces", "query.raw_traces"); err != nil {
		return nil, err
	}
	if s.from, err = q.moment3(from); err != nil {
		return nil, err
	}
	if s.to, err = q.moment3(to); err != nil {
		return nil, err
	}
	if s.to.Before(s.from) {
		return nil, malformed(to, errors.New("it is before "+from))
	}
	if q.parameter("query.filter") != "" {
		return nil, param.Wrong("query.filter is not supported: use query.attributes")
	}
	if name := q.named("query.searchDepth", "query.search_depth", "query.num_traces"); q.parameter(name) != "" {
		if s.limit, err = readLimit(q.parameter(name)); err != nil {
			return nil, malformed(name, err)
		}
	}
	c, err := q.conditions3()
	if err != nil {
		return nil, err
	}
	s.filter, s.byRoute = c.filter(), c.byRoute()
	return s, nil
}

func (q *question) conditions3() (*conditions, error) {
	c := &conditions{
		service:   q.parameter(q.named("query.serviceName", "query.service_name")),
		operation: q.parameter(q.named("query.operationName", "query.operation_name", "query.span_name")),
		tags:      map[string]string{},
	}
	if text := q.parameter("query.attributes"); text != "" {
		if err := json.Unmarshal([]byte(text), &c.tags); err != nil {
			return nil, malformed("query.attributes", err)
		}
	}
	var err error
	least, most := q.named("query.durationMin", "query.duration_min"), q.named("query.durationMax", "query.duration_max")
	if c.least, err = q.length(least, malformed); err != nil {
		return nil, err
	}
	if c.most, err = q.length(most, malformed); err != nil {
		return nil, err
	}
	if c.most != 0 && c.most < c.least {
		return nil, malformed(most, errors.New("it is less than "+least))
	}
	return c, nil
}

// raw3 reads a parameter of two spellings that is true or false.
func (q *question) raw3(spellings ...string) (bool, error) {
	name := q.named(spellings...)
	if q.parameter(name) == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(q.parameter(name))
	if err != nil {
		return false, malformed(name, err)
	}
	return on, nil
}

// named returns the spelling of a parameter that the question has, the first when it has none.
func (q *question) named(spellings ...string) string {
	for _, name := range spellings {
		if q.parameter(name) != "" {
			return name
		}
	}
	return spellings[0]
}

// speaksCamel tells whether a parameter is spelt as JSON of proto3 has it.
func (q *question) speaksCamel() bool {
	for name := range q.form {
		if strings.HasPrefix(name, "query.") && strings.Contains(name, "_") {
			return false
		}
	}
	return true
}

// moment3 reads a time of version 3, RFC 3339. Grafana does not escape it, so that the + of a zone arrives as a blank.
func (q *question) moment3(name string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(q.parameter(name), " ", "+"))
	if err != nil {
		return time.Time{}, malformed(name, err)
	}
	if t.Year() < 1970 {
		return time.Unix(0, 0).UTC(), nil
	}
	return latest(t), nil
}
