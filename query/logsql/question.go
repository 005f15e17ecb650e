package logsql

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/store"
)

// future is how far ahead of the clock a question without an end looks: events may be a day ahead.
const future = 48 * time.Hour

// question is a request as understood.
type question struct {
	store.RowsQuestion
	parsed  store.LogsQL
	form    url.Values
	now     time.Time
	timeout time.Duration
	// hasFrom and hasTo tell which ends of the range were given.
	hasFrom, hasTo bool
	// messages tells that rows without a message get one.
	messages bool
}

func (h *handler) parse(r *http.Request, tenant edge.Tenant) (*question, error) {
	err := r.ParseForm()
	if err == nil { // The whole form is in memory: the handler bounds the body.
		err = r.ParseMultipartForm(math.MaxInt32)
	}
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, parameterError{fmt.Errorf("read the parameters: %w", err)}
	}
	q := &question{form: r.Form, now: h.opts.Now(), timeout: math.MaxInt64}
	q.Tenant = tenant
	for _, read := range []func() error{
		func() error { return q.readKinds(r.Header.Values("ProjectID")) },
		q.readRange,
		q.readFilters,
		func() error { return q.readText(h.reader) },
		q.readMessages,
	} {
		if err := read(); errors.Is(err, store.ErrTooMuch) {
			return nil, err
		} else if err != nil {
			return nil, parameterError{err}
		}
	}
	q.hideOwn()
	return q, nil
}

// kinds are what the parameter kind and the header ProjectID may name.
var kinds = map[string][]edge.Kind{
	"0": {edge.KindSpan}, "span": {edge.KindSpan},
	"1": {edge.KindLog}, "log": {edge.KindLog},
	"2": {edge.KindDataPoint}, "datapoint": {edge.KindDataPoint},
	"all": {edge.KindSpan, edge.KindLog, edge.KindDataPoint},
}

// readKinds reads what is asked: lists in the parameter kind, else in the header ProjectID, else all kinds.
func (q *question) readKinds(projects []string) error {
	given := cmp.Or(strings.Join(q.form["kind"], ","), strings.Join(projects, ","), "all")
	var asked []edge.Kind
	for text := range strings.SplitSeq(given, ",") {
		named := kinds[strings.TrimSpace(text)]
		if named == nil {
			return fmt.Errorf("kind (or the header ProjectID) is %q: it must be 0 or span, 1 or log, 2 or datapoint, "+
				"a list of them such as span,log, or all", text)
		}
		asked = append(asked, named...)
	}
	q.Kind, q.Also = asked[0], asked[1:]
	return nil
}

// readRange reads start, end, time and timeout: [start, end), and time for what now means in the text.
func (q *question) readRange() error {
	var err error
	q.From, q.To = time.Unix(0, 0).UTC(), q.now.Add(future)
	if q.hasFrom, err = q.moment("start", &q.From); err != nil {
		return err
	}
	if q.hasTo, err = q.moment("end", &q.To); err != nil {
		return err
	}
	q.At = q.now
	if q.hasTo {
		q.At = q.To
	}
	if _, err = q.moment("time", &q.At); err != nil {
		return err
	}
	if text := q.form.Get("timeout"); text != "" {
		q.timeout, err = parseDuration(text)
		if err == nil && q.timeout <= 0 {
			err = errors.New("it must be above 0")
		}
		if err != nil {
			return fmt.Errorf("timeout=%q: %w", text, err)
		}
	}
	return nil
}

func (q *question) moment(key string, t *time.Time) (given bool, err error) {
	text := q.form.Get(key)
	if text == "" {
		return false, nil
	}
	v, err := parseTime(text, q.now)
	if err != nil {
		return false, fmt.Errorf("%s=%q: %w", key, text, err)
	}
	*t = v
	return true, nil
}

func (q *question) readFilters() error {
	for _, text := range q.form["extra_filters"] {
		extra, err := extraFilter(text)
		if err != nil {
			return fmt.Errorf("extra_filters=%q: %w", text, err)
		}
		q.ExtraFilters = append(q.ExtraFilters, extra...)
	}
	for _, text := range q.form["extra_stream_filters"] {
		extra, err := extraStreamFilter(text)
		if err != nil {
			return fmt.Errorf("extra_stream_filters=%q: %w", text, err)
		}
		q.ExtraFilters = append(q.ExtraFilters, extra...)
	}
	for _, text := range q.form["hidden_fields_filters"] {
		fields, err := list(text)
		if err != nil {
			return fmt.Errorf("hidden_fields_filters=%q: %w", text, err)
		}
		q.HiddenFields = append(q.HiddenFields, fields...)
	}
	return nil
}

func (q *question) readText(reader store.LogsQLReader) error {
	q.LogsQL = q.form.Get("query")
	if q.LogsQL == "" {
		return errors.New("the parameter query is missing")
	}
	ignorePipes, err := q.boolean("ignore_pipes")
	if err != nil {
		return err
	}
	if q.parsed, err = reader.ParseLogsQL(q.LogsQL, q.At); err != nil {
		return err
	}
	if ignorePipes {
		q.LogsQL = q.parsed.Filter
		q.parsed, err = reader.ParseLogsQL(q.LogsQL, q.At)
	}
	return err
}

// piped returns a text with a pipe added. It stands on a line of its own, since the text may end in a comment.
func piped(text, pipe string) string { return text + "\n| " + pipe }

// pipe returns the text of the question with a pipe added.
func (q *question) pipe(pipe string) string { return piped(q.LogsQL, pipe) }

func (q *question) boolean(key string) (bool, error) {
	text := q.form.Get(key)
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, parameterError{fmt.Errorf("%s=%q: it must be 1 or 0", key, text)}
	}
	return v, nil
}

// count reads a number that is not negative; absent is 0.
func (q *question) count(key string) (int, error) {
	text := q.form.Get(key)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, parameterError{fmt.Errorf("%s=%q: it must be a whole number from 0 to %d", key, text, math.MaxInt32)}
	}
	return n, nil
}

// duration reads a length of time, with a default.
func (q *question) duration(key, preset string) (time.Duration, error) {
	text := cmp.Or(q.form.Get(key), preset)
	d, err := parseDuration(text)
	if err != nil {
		return 0, parameterError{fmt.Errorf("%s=%q: %w", key, text, err)}
	}
	return d, nil
}

// step reads step and offset, and aligns the given ends of the range to them, outwards.
func (q *question) step() (step, offset time.Duration, err error) {
	if step, err = q.duration("step", ""); err != nil {
		return 0, 0, err
	}
	if step <= 0 {
		return 0, 0, parameterError{errors.New("step must be above 0")}
	}
	if offset, err = q.duration("offset", "0s"); err != nil {
		return 0, 0, err
	}
	if q.hasFrom {
		q.From = floor(q.From, step, offset)
	}
	if q.hasTo {
		q.To = floor(q.To.Add(step-1), step, offset)
	}
	return step, offset, nil
}

// floor returns the start of the bucket that holds t: buckets start at multiples of step since 1970, plus offset.
func floor(t time.Time, step, offset time.Duration) time.Time {
	ns := t.UnixNano() - int64(offset)
	rest := ns % int64(step)
	if rest < 0 {
		rest += int64(step)
	}
	return time.Unix(0, ns-rest+int64(offset)).UTC()
}

// list reads a JSON array of texts or a comma-separated list.
func list(text string) ([]string, error) {
	if !strings.HasPrefix(text, "[") {
		return strings.Split(text, ","), nil
	}
	var a []string
	return a, json.Unmarshal([]byte(text), &a)
}

// extraFilter reads a LogsQL filter, or JSON {"field":"value"} or {"field":["one","two"]}.
func extraFilter(text string) ([]string, error) {
	return filters(text, filter.In)
}

// extraStreamFilter is extraFilter for the fields of a stream.
func extraStreamFilter(text string) ([]string, error) {
	return filters(text, func(key string, values []string) string {
		return "{" + filter.Quote(key) + " in (" + strings.Join(filter.QuoteAll(values), ",") + ")}"
	})
}

func filters(text string, one func(key string, values []string) string) ([]string, error) {
	var object map[string]json.RawMessage
	isJSON := json.Unmarshal([]byte(text), &object) == nil
	switch {
	case text == "":
		return nil, nil
	case !isJSON:
		return []string{text}, nil // LogsQL: the store reads it
	}
	var filters []string
	for key, raw := range object {
		values, err := oneOrMore(raw)
		if err != nil {
			return nil, fmt.Errorf("the value of %q: %w", key, err)
		}
		filters = append(filters, one(key, values))
	}
	slices.Sort(filters)
	return filters, nil
}

func oneOrMore(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var values []string
	if json.Unmarshal(raw, &values) != nil || len(values) == 0 {
		return nil, errors.New("it must be a text or a list of texts")
	}
	return values, nil
}
