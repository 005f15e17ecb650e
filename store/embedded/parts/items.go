package parts

import (
	"bytes"
	"errors"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"
)

var errItem = errors.New("it is no entry of this index")

// The first byte of an item of the index of events.
const (
	itemStream     = 0 // a stream
	itemStreamTags = 1 // a stream and its fields
	itemTagStreams = 2 // a field and the streams that have it
)

const (
	tenantSize   = 8
	streamIDSize = 16
)

// checkStream holds that an item of the index of events is one that the engine reads.
func checkStream(item []byte) error {
	c := cursor{b: item}
	kind := c.byte()
	c.take(tenantSize)
	ok := true
	switch kind {
	case itemStream:
		c.take(streamIDSize)
	case itemStreamTags:
		c.take(streamIDSize)
		ok = streamTags(c.b)
		c.b = nil
	case itemTagStreams:
		ok = label(&c) && len(c.b) > 0 && len(c.b)%streamIDSize == 0
		c.b = nil
	default:
		ok = false
	}
	if !ok || !c.done() {
		return errItem
	}
	return nil
}

func streamTags(b []byte) bool {
	st := logstorage.GetStreamTags()
	defer logstorage.PutStreamTags(st)
	rest, err := st.UnmarshalCanonicalInplace(b)
	return err == nil && len(rest) == 0
}

// Both engines end a name or value with a byte that is none of it, and escape three.
const (
	escape       = 0
	tagEnd       = 1
	keyEnd       = 2
	firstEscaped = '0'
	lastEscaped  = '2'
)

// label takes a name and its value.
func label(c *cursor) bool {
	name := tagValue(c)
	return tagValue(c) && name
}

// tagValue takes a name or value.
func tagValue(c *cursor) bool {
	end := bytes.IndexByte(c.b, tagEnd)
	if c.bad || end < 0 {
		return false
	}
	b := c.take(uint64(end))
	c.take(1)
	for {
		at := bytes.IndexByte(b, escape)
		if at < 0 {
			return true
		}
		if b = b[at+1:]; len(b) == 0 || b[0] < firstEscaped || b[0] > lastEscaped {
			return false
		}
		b = b[1:]
	}
}

// The first byte of an item of the index of samples.
const (
	itemNameSeries    = 0 // a name and its series, of older versions
	itemTagMetrics    = 1 // a label and the ids of series that have it
	itemMetricSeries  = 2 // an id and its series
	itemMetricName    = 3 // an id and its name
	itemDeleted       = 4 // an id that was deleted
	itemDayMetric     = 5 // a day and an id
	itemDayTagMetrics = 6 // a day, a label, and the ids of series that have it
	itemDayNameSeries = 7 // a day, a name and its series
)

const (
	metricIDSize = 8
	daySize      = 8
)

// seriesItems checks the items of an index of samples.
type seriesItems struct {
	name storage.MetricName
}

func (s *seriesItems) check(item []byte) error {
	c := cursor{b: item}
	ok := true
	switch c.byte() {
	case itemNameSeries:
		ok = s.nameAndSeries(&c)
	case itemTagMetrics:
		ok = labelAndMetrics(&c)
	case itemMetricSeries:
		c.take(metricIDSize + seriesSize)
	case itemMetricName:
		c.take(metricIDSize)
		ok = s.name.Unmarshal(c.b) == nil
		c.b = nil
	case itemDeleted:
		c.take(metricIDSize)
	case itemDayMetric:
		c.take(daySize + metricIDSize)
	case itemDayTagMetrics:
		c.take(daySize)
		ok = labelAndMetrics(&c)
	case itemDayNameSeries:
		c.take(daySize)
		ok = s.nameAndSeries(&c)
	default:
		ok = false
	}
	if !ok || !c.done() {
		return errItem
	}
	return nil
}

// nameAndSeries takes a name, the byte that ends it, and a series.
func (s *seriesItems) nameAndSeries(c *cursor) bool {
	at := len(c.b) - seriesSize - 1
	if at < 0 || c.b[at] != keyEnd {
		return false
	}
	name := c.take(uint64(at))
	c.take(1 + seriesSize)
	return s.name.Unmarshal(name) == nil
}

// labelAndMetrics takes a label and the ids of series.
func labelAndMetrics(c *cursor) bool {
	ok := label(c) && len(c.b) > 0 && len(c.b)%metricIDSize == 0
	c.b = nil
	return ok
}
