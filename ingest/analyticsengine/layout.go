package analyticsengine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
)

// Layout says what the columns of a dataset mean. A dataset without one is recognised point by point.
type Layout struct {
	// edge is our own layout if columns is empty.
	edge       bool
	invocation bool
	columns    []mapping
}

// mapping is one column and the canonical key that it holds.
type mapping struct {
	column string // "blob"
	index  int    // from 0
	field  string
	// place is where a length of time goes, unit the nanoseconds that it is counted in; nil for other fields.
	place func(*edge.Event) (nanos *int64, has *bool)
	unit  float64
}

// lengths are the keys that hold a length of time, with the place of each in an event.
var lengths = []struct {
	key   string
	place func(*edge.Event) (nanos *int64, has *bool)
}{
	{edge.KeyDuration, func(e *edge.Event) (*int64, *bool) { return &e.Duration, &e.HasDuration }},
	{edge.KeyInitDuration, func(e *edge.Event) (*int64, *bool) { return &e.Facts.InitDuration, &e.Facts.HasInit }},
	{edge.KeyCPUTime, func(e *edge.Event) (*int64, *bool) { return &e.Facts.CPUTime, &e.Facts.HasCPU }},
	{edge.KeyWallTime, func(e *edge.Event) (*int64, *bool) { return &e.Facts.WallTime, &e.Facts.HasWall }},
	{edge.KeyOriginDuration, func(e *edge.Event) (*int64, *bool) { return &e.Facts.OriginDuration, &e.Facts.HasOrigin }},
	{edge.KeyTTFB, func(e *edge.Event) (*int64, *bool) { return &e.Facts.TTFB, &e.Facts.HasTTFB }},
}

var units = map[string]float64{"s": 1e9, "ms": milli, "us": 1e3, "ns": 1}

// ParseLayout reads the layout of one dataset, "name=what". What is "edge" for our own layout (indexes [operation], blobs
// [region, status, isoTime, cacheStatus, route], doubles [latencyMs, count, cold, cpuMs]), "raw" for columns without a
// meaning, or a list of column:field, such as
//
//	requests=invocation,index1:edge.operation,blob1:cloud.region,blob2:http.response.status_code,double1:duration
//
// A field is the key that the stored event gets. Lengths of time (duration and the edge.* times) are milliseconds, or what
// stands behind a slash: double1:duration/s. The word "invocation" says that each point is one run of a function, which is
// counted.
func ParseLayout(spec string) (dataset string, layout Layout, err error) {
	dataset, what, ok := strings.Cut(spec, "=")
	if !ok || !validDataset(dataset) {
		return "", Layout{}, fmt.Errorf("read dataset layout %q: want name=edge, name=raw or name=column:field with commas between", spec)
	}
	switch what {
	case "raw":
		return dataset, Layout{}, nil
	case "edge":
		return dataset, Layout{edge: true, invocation: true}, nil
	}
	for item := range strings.SplitSeq(what, ",") {
		if item == "invocation" {
			layout.invocation = true
			continue
		}
		m, err := parseMapping(item)
		if err != nil {
			return "", Layout{}, fmt.Errorf("read layout of dataset %s: %w", dataset, err)
		}
		if slices.ContainsFunc(layout.columns, func(other mapping) bool { return other.field == m.field }) {
			return "", Layout{}, fmt.Errorf("read layout of dataset %s: two columns for %s", dataset, m.field)
		}
		layout.columns = append(layout.columns, m)
	}
	return dataset, layout, nil
}

func parseMapping(item string) (m mapping, err error) {
	column, field, ok := strings.Cut(item, ":")
	if !ok || field == "" {
		return m, fmt.Errorf("%q is no column:field, such as blob1:cloud.region", item)
	}
	name, unit, hasUnit := strings.Cut(field, "/")
	m.field, m.unit = name, milli
	for _, l := range lengths {
		if l.key == name {
			m.place = l.place
		}
	}
	if hasUnit {
		if m.unit = units[unit]; m.unit == 0 || m.place == nil {
			return m, fmt.Errorf("%q: want a length of time, such as %s, and a unit (s, ms, us, ns)", field, edge.KeyDuration)
		}
	}
	digits := strings.TrimLeft(column, "abcdefghijklmnopqrstuvwxyz")
	m.column = strings.TrimSuffix(column, digits)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > maxColumns || !slices.Contains([]string{"index", "blob", "double"}, m.column) {
		return m, fmt.Errorf("%q is no column: want index1, blob1 to blob%d or double1 to double%[2]d", column, maxColumns)
	}
	m.index = n - 1
	return m, nil
}

// extra is how many attributes a layout may add to an event.
func (l *Layout) extra() int {
	if l == nil {
		return 2 // the exception of an error point
	}
	return len(l.columns)
}

// apply gives an event what its columns mean.
func (l *Layout) apply(p *point, e *edge.Event) {
	e.Facts.Invocation = l.invocation
	for i := range l.columns {
		m := &l.columns[i]
		if v := p.column(m.column, m.index); v != "" {
			m.set(p, e, v)
		}
	}
}

func (p *point) column(name string, i int) string {
	switch name {
	case "index":
		return p.index(i)
	case "blob":
		return p.blob(i)
	default:
		return p.double(i)
	}
}

// set gives an event one field. What is no fact of a data point becomes an attribute of that key, which platform.Normalizer
// reads as if the sender had written it.
func (m *mapping) set(p *point, e *edge.Event, v string) {
	f := &e.Facts
	switch m.field {
	case edge.KeyRegion:
		setRegion(f, v)
	case edge.KeyStatus:
		setStatus(f, v)
	case edge.KeyCount:
		setCount(f, v)
	case edge.KeyColdStart:
		setCold(f, v)
	case edge.KeyCacheStatus:
		f.CacheStatus, f.CacheSource = v, m.column+strconv.Itoa(m.index+1)
	case keyTime:
		if nanos, ok := timestamp(value{jsonString, v}); ok && !p.timed {
			e.Time = nanos
		}
	default:
		if m.place == nil {
			e.Attrs = append(e.Attrs, edge.Attr{Key: m.field, Value: v})
			return
		}
		nanos, has := m.place(e)
		*nanos, *has = nanoseconds(v, m.unit)
	}
}

// keyTime is the field of a column that holds the time of the point.
const keyTime = "_time"
