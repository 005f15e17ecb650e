package analyticsengine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/internal/jsonwire"
	"edgescope/internal/near"
)

// Layout says what the columns of a dataset mean. The zero Layout gives them no meaning. The points of a dataset
// without one have a meaning only where their shape is certain.
type Layout struct {
	// read is one of our own layouts; nil for columns.
	read       reading
	invocation bool
	columns    []mapping
}

// AllDatasets stands for the datasets that have no layout of their own.
const AllDatasets = "*"

// layoutWords are the layouts that have a name.
var layoutWords = map[string]Layout{
	"edge":  {read: (*point).edgeLayout},
	"wider": {read: (*point).widerAny},
	"raw":   {},
}

const wordInvocation = "invocation"

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
	{edge.KeyOriginDuration, func(e *edge.Event) (*int64, *bool) {
		return &e.Facts.OriginDuration,
			&e.Facts.HasOrigin
	}},
	{edge.KeyTTFB, func(e *edge.Event) (*int64, *bool) { return &e.Facts.TTFB, &e.Facts.HasTTFB }},
	{edge.KeyClientRTT, func(e *edge.Event) (*int64, *bool) { return &e.Facts.ClientRTT, &e.Facts.HasRTT }},
}

var units = map[string]float64{"s": 1e9, "ms": milli, "us": 1e3, "ns": 1}

// ParseLayout reads the layout of one dataset, "name=what"; the name * stands for all datasets without one. What is
// "edge" for our own layout (indexes [operation], blobs [region, status, isoTime, cacheStatus, route], doubles
// [latencyMs, count, cold, cpuMs]), "wider" for the shape of several indexes (indexes [operation, region, status],
// doubles [latencyMs, count], blobs [isoTime]), "raw" for columns without a meaning, or a list of column:field, such as
//
//	requests=invocation,index1:edge.operation,blob1:cloud.region,blob2:http.response.status_code,double1:duration
//
// A field is the key that the stored event gets: duration, _time, or a name with a dot or an underscore. Lengths of
// time (duration and the edge.* times) are milliseconds, or what stands behind a slash: double1:duration/s. The word
// "invocation" says that each point is one run of a function, which is counted. An error names what is wrong and, where
// it can, what was meant.
func ParseLayout(spec string) (dataset string, layout Layout, err error) {
	dataset, what, ok := strings.Cut(spec, "=")
	if !ok || dataset != AllDatasets && !edge.ValidDataset(dataset) {
		return "", Layout{}, fmt.Errorf("read dataset layout %q: want name=edge, name=wider, name=raw or "+
			"name=column:field with commas between",
			spec)
	}
	if layout, ok := layoutWords[what]; ok {
		return dataset, layout, nil
	}
	for item := range strings.SplitSeq(what, ",") {
		if item = strings.TrimSpace(item); item == wordInvocation {
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
	if !ok {
		return m, fmt.Errorf("%q is neither edge, wider or raw alone, nor invocation, nor column:field such as "+
			"blob1:cloud.region%s",
			item, meant(item, "edge", "wider", "raw", wordInvocation))
	}
	if m.column, m.index, err = parseColumn(column); err != nil {
		return m, err
	}
	name, unit, hasUnit := strings.Cut(field, "/")
	if err := checkField(name); err != nil {
		return m, err
	}
	m.field, m.unit = name, milli
	for _, l := range lengths {
		if l.key == name {
			m.place = l.place
		}
	}
	if hasUnit {
		if m.unit = units[unit]; m.unit == 0 || m.place == nil {
			return m, fmt.Errorf("%q: want a length of time, such as %s, and a unit (s, ms, us, ns)", field,
				edge.KeyDuration)
		}
	}
	return m, nil
}

func parseColumn(column string) (name string, index int, err error) {
	digits := strings.TrimLeft(column, "abcdefghijklmnopqrstuvwxyz")
	name = strings.TrimSuffix(column, digits)
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > maxColumns || !slices.Contains([]string{"index", "blob", "double"}, name) {
		return "", 0, fmt.Errorf("%q is no column: want index1, blob1 to blob%d or double1 to double%[2]d%s",
			column, maxColumns, meant(column, "index1", "blob"+digits, "double"+digits))
	}
	return name, n - 1, nil
}

// fields are the keys that a column can be, beside attributes of one's own.
var fields = append(slices.Clone(edge.FactKeys[:]), edge.KeyDuration, keyTime)

// shortFields are words that people write for them.
var shortFields = map[string]string{
	"operation": edge.KeyOperation, "region": edge.KeyRegion, "colo": edge.KeyColo, "status": edge.KeyStatus,
	"route": edge.KeyRoute,
	"cache": edge.KeyCacheStatus, "cold": edge.KeyColdStart, "count": edge.KeyCount, "service": edge.KeyServiceName,
	"version": edge.KeyServiceVersion, "method": edge.KeyMethod, "country": edge.KeyCountry, "outcome": edge.KeyOutcome,
	"latency": edge.KeyDuration, "time": keyTime, "timestamp": keyTime, "cpu": edge.KeyCPUTime,
	"platform": edge.KeyCloudPlatform,
	"instance": edge.KeyFaasInstance, "error": edge.KeyErrorType, "environment": edge.KeyEnvironment,
	"env": edge.KeyEnvironment,
}

// checkField refuses a field that is no attribute's name, and one that is all but the name of a fact.
func checkField(field string) error {
	if slices.Contains(fields, field) {
		return nil
	}
	if key := shortFields[strings.ToLower(field)]; key != "" {
		return fmt.Errorf("%q is no field (did you mean %q?)", field, key)
	}
	const slips = 2
	if key := near.Word(field, slips, fields...); key != "" && len(field) > 2*slips {
		return fmt.Errorf("%q is no field (did you mean %q?)", field, key)
	}
	if !strings.ContainsAny(field, "._") {
		return fmt.Errorf("%q is no field: want %s, %s or the full name of an attribute, with a dot or an underscore",
			field, edge.KeyDuration,
			keyTime)
	}
	return nil
}

// meant says which word may have been meant, in parentheses.
func meant(word string, words ...string) string {
	const slips = 2
	if w := near.Word(word, slips, words...); w != "" && len(word) > slips {
		return fmt.Sprintf(" (did you mean %q?)", w)
	}
	return ""
}

// extra is how many attributes a layout may add to an event.
func (l *Layout) extra() int {
	const exception = 2 // of an error point
	if l == nil || l.read != nil {
		return exception
	}
	return len(l.columns)
}

// apply gives an event what its columns mean.
func (l *Layout) apply(p *point, e *edge.Event) {
	if l.read != nil {
		l.read(p, e)
		return
	}
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

// set gives an event one field. What is no fact of a data point becomes an attribute of that key, which
// normalize.Normalizer reads as if the sender had written it.
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
		if nanos, ok := timestamp(value{jsonwire.String, v}); ok && !p.timed {
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
