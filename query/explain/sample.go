package explain

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/store"
)

const (
	// mostValues is how many values an attribute may have: of more it is no attribute to tell invocations apart by.
	mostValues = 1000
	// longest is how long a value may be in bytes.
	longest = 256
)

// column is an attribute of all rows of a sample: values are its values in the order in which they were first seen, ""
// where it is absent, codes say by row which of them it is.
type column struct {
	key    string
	values []string
	codes  []uint16
	// left says why it is left out of what is ranked, "" when it is not.
	left string
	// needed says that it tells what is bad: it is read whatever it has.
	needed bool

	index map[string]uint16
	// last is the value of the row before, code its code: rows of a stream often have the same.
	last string
	code uint16
}

// sample is invocations as rows.
type sample struct {
	columns []column
	// took is how long each took in milliseconds, -1 where that is not known.
	took []float64
	// weight is for how many each stands; nil when all stand for themselves.
	weight []float64
	// young is how many routes have a norm from the sample itself.
	young int
}

// needed are the attributes that tell what is bad.
var needed = []string{
	edge.KeyServiceName, edge.KeyRoute, edge.KeyOutcome, edge.KeyColdStart, edge.KeyCacheStatus,
}

// newSample makes a sample without rows, of the known attributes and others.
func newSample(others []column) *sample {
	s := &sample{columns: make([]column, 0, len(known)+len(others))}
	for _, key := range known {
		s.columns = append(s.columns, column{key: key, needed: slices.Contains(needed, key)})
	}
	s.columns = append(s.columns, others...)
	for i := range s.columns {
		c := &s.columns[i]
		c.values, c.index = []string{""}, map[string]uint16{"": 0}
	}
	return s
}

func (s *sample) rows() int { return len(s.took) }

// column returns the column of an attribute that was read.
func (s *sample) column(key string) *column {
	i := slices.IndexFunc(s.columns, func(c column) bool { return c.key == key })
	return &s.columns[i]
}

// errTooMany ends the reading of a stretch that has many more rows than were expected.
var errTooMany = errors.New("a stretch has too many rows")

// sample reads the invocations of stretches of time, about so many rows.
func (l *looking) sample(ctx context.Context, stretches []query.Stretch, rows float64) (*sample, error) {
	others, err := l.candidates(ctx, stretches[0], rows/float64(len(stretches)))
	if err != nil {
		return nil, err
	}
	s := newSample(others.columns())
	for i := range stretches {
		if err := l.read1(ctx, s, &stretches[i]); err != nil {
			return nil, err
		}
	}
	s.settle()
	others.learn(s.columns)
	return s, nil
}

// read1 reads a stretch; one that has many more rows than the mean of its surroundings is shortened.
func (l *looking) read1(ctx context.Context, s *sample, stretch *query.Stretch) error {
	fields := []string{edge.KeyDuration, store.FieldWeight}
	for i := range s.columns {
		if s.columns[i].read() {
			fields = append(fields, s.columns[i].key)
		}
	}
	pipes := "| fields " + strings.Join(filter.QuoteAll(fields), ", ")
	had := s.rows()
	for {
		r := reading{sample: s, most: had + 2*mostRows, fields: map[string]int{}}
		for i := range s.columns {
			r.fields[s.columns[i].key] = i
		}
		err := l.events.Rows(ctx, stretch.From, stretch.To, pipes, r.add)
		if !errors.Is(err, errTooMany) {
			return err
		}
		s.cut(had)
		stretch.To = stretch.From.Add(stretch.To.Sub(stretch.From) / 4)
	}
}

// cut forgets all rows but the first n.
func (s *sample) cut(n int) {
	s.took = s.took[:n]
	if s.weight != nil {
		s.weight = s.weight[:n]
	}
	for i := range s.columns {
		c := &s.columns[i]
		c.codes = c.codes[:min(n, len(c.codes))]
	}
}

// reading adds rows to a sample.
type reading struct {
	*sample
	most   int
	fields map[string]int // columns by their key
	order  []int          // the columns of the fields of the row before, by their place; -1 for none
}

// none is the place of a field that is no column, more are those of the fields that are numbers.
const (
	none = -1 - iota
	fieldTook
	fieldWeight
)

func (r *reading) add(row store.Row) error {
	n := r.rows()
	if n >= r.most {
		return errTooMany
	}
	r.took = append(r.took, -1)
	if r.weight != nil {
		r.weight = append(r.weight, 1)
	}
	for i := range row {
		switch at := r.place(i, row[i].Name); at {
		case none:
		case fieldTook:
			if ns, err := strconv.ParseFloat(row[i].Value, 64); err == nil {
				r.took[n] = ns / 1e6
			}
		case fieldWeight:
			r.weigh(n, row[i].Value)
		default:
			r.columns[at].set(n, row[i].Value)
		}
	}
	return nil
}

// place returns which column a field of a row is. Rows mostly have the same fields in the same order.
func (r *reading) place(i int, name string) int {
	if i < len(r.order) && r.order[i] >= 0 && r.columns[r.order[i]].key == name {
		return r.order[i]
	}
	at, ok := r.fields[name]
	switch {
	case ok:
	case name == edge.KeyDuration:
		at = fieldTook
	case name == store.FieldWeight:
		at = fieldWeight
	default:
		at = none
	}
	for len(r.order) <= i {
		r.order = append(r.order, none)
	}
	r.order[i] = at
	return at
}

func (s *sample) weigh(n int, text string) {
	w, err := strconv.ParseFloat(text, 64)
	if err != nil || w == 1 {
		return
	}
	if s.weight == nil {
		s.weight = make([]float64, n+1)
		for i := range s.weight {
			s.weight[i] = 1
		}
	}
	s.weight[n] = w
}

// set notes the value of row n; rows before it that did not have the attribute have none.
func (c *column) set(n int, value string) {
	if !c.read() {
		return
	}
	code := c.code
	if value != c.last || len(c.codes) == 0 {
		var ok bool
		if code, ok = c.index[value]; !ok {
			if code, ok = c.learn(value); !ok {
				return
			}
		}
		c.last, c.code = c.values[code], code
	}
	for len(c.codes) < n {
		c.codes = append(c.codes, 0)
	}
	c.codes = append(c.codes, code)
}

// learn takes up a value; false when the attribute has too many, or too long ones, and is left out.
func (c *column) learn(value string) (uint16, bool) {
	switch {
	case len(c.values) > mostValues:
		c.left = fmt.Sprintf("more than %d values", mostValues)
	case len(value) > longest:
		c.left = fmt.Sprintf("values longer than %d bytes", longest)
	}
	if c.left != "" && !c.needed {
		c.codes, c.index = nil, nil
		return 0, false
	}
	if len(c.values) > math.MaxUint16 {
		return 0, true // as if it were absent
	}
	code := uint16(len(c.values)) //nolint:gosec // bounded above
	c.values = append(c.values, strings.Clone(value))
	c.index[c.values[code]] = code
	return code, true
}

// read tells whether the column is still read.
func (c *column) read() bool { return c.left == "" || c.needed }

// settle gives every column a code for every row.
func (s *sample) settle() {
	for i := range s.columns {
		c := &s.columns[i]
		for len(c.codes) < s.rows() && c.read() {
			c.codes = append(c.codes, 0)
		}
	}
}
