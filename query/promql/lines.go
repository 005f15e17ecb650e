package promql

import (
	"encoding/json"
	"math"
	"mime"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// appendQuoted appends a text as JSON.
func appendQuoted(dst []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("BUG: a text is no JSON: " + err.Error())
	}
	return append(dst, quoted...)
}

func appendMetric(dst []byte, labels []edge.Attr) []byte {
	dst = append(dst, '{')
	for i, label := range labels {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(append(appendQuoted(dst, label.Key), ':'), label.Value)
	}
	return append(dst, '}')
}

// appendFloat appends a number; what is none it spells as Prometheus does: NaN, +Inf, -Inf.
func appendFloat(dst []byte, v float64) []byte { return strconv.AppendFloat(dst, v, 'g', -1, 64) }

// appendJSONValue appends a value as VictoriaMetrics' imports read it: what JSON has no number for is null or a text.
func appendJSONValue(dst []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "null"...)
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	}
	return appendFloat(dst, v)
}

func appendJSONLine(dst []byte, s *store.Samples) []byte {
	dst = appendMetric(append(dst, `{"metric":`...), s.Labels)
	dst = append(dst, `,"values":[`...)
	for i, v := range s.Values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONValue(dst, v)
	}
	dst = append(dst, `],"timestamps":[`...)
	for i, t := range s.Times {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, t, 10)
	}
	return append(dst, "]}\n"...)
}

// appendMatrix appends a series as range questions answer it: pairs of Unix seconds and a text.
func appendMatrix(dst []byte, s *store.Samples) []byte {
	dst = appendMetric(append(dst, `{"metric":`...), s.Labels)
	dst = append(dst, `,"values":[`...)
	for i, t := range s.Times {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendFloat(append(dst, '['), float64(t)/1e3, 'f', -1, 64)
		dst = append(appendFloat(append(dst, `,"`...), s.Values[i]), `"]`...)
	}
	return append(dst, "]}"...)
}

// appendText appends a line for each sample in the text format of Prometheus.
func appendText(dst []byte, s *store.Samples) []byte {
	series := appendSelector(nil, s, func(name string) string { return name })
	for i, t := range s.Times {
		dst = appendPoint(append(dst, series...), t, s.Values[i])
	}
	return dst
}

func appendPoint(dst []byte, at int64, v float64) []byte {
	dst = appendFloat(append(dst, ' '), v)
	return append(strconv.AppendInt(append(dst, ' '), at, 10), '\n')
}

var textEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// appendSelector appends name{label="value"}, with names as the format spells them.
func appendSelector(dst []byte, s *store.Samples, name func(string) string) []byte {
	dst = append(dst, name(seriesName(s))...)
	opened := false
	for _, label := range s.Labels {
		if label.Key == edge.LabelName {
			continue
		}
		if opened {
			dst = append(dst, ',')
		} else {
			dst, opened = append(dst, '{'), true
		}
		dst = append(append(dst, name(label.Key)...), `="`...)
		dst = append(append(dst, textEscapes.Replace(label.Value)...), '"')
	}
	if opened {
		dst = append(dst, '}')
	}
	return dst
}

// csvColumn appends one column of a sample.
type csvColumn func(dst []byte, s *store.Samples, i int) []byte

const timestampColumn = "__timestamp__"

// csvColumns reads the columns of an export: names of labels, __name__, __value__, and __timestamp__:unit, of which the
// unit is unix_s, unix_ms (as without one), unix_ns, rfc3339 or custom: and a layout of Go's package time.
func csvColumns(text string) (columns []csvColumn, err error) {
	if text == "" {
		return nil, badParameter(`"format": it is missing: name the columns, as in ` +
			`format=__name__,service_name,__value__,__timestamp__:rfc3339`)
	}
	for name := range strings.SplitSeq(text, ",") {
		column := labelColumn(storedLabel(name))
		unit, isTime := strings.CutPrefix(name, timestampColumn)
		switch {
		case name == "":
			return nil, badParameter(`"format": %q has a column without a name`, text)
		case name == "__value__":
			column = func(dst []byte, s *store.Samples, i int) []byte { return appendFloat(dst, s.Values[i]) }
		case isTime:
			if column = timeColumn(strings.TrimPrefix(unit, ":")); column == nil {
				return nil, badParameter(`"format": %q is no column: want __timestamp__:unix_s, unix_ms, unix_ns, rfc3339 or `+
					`custom:layout`, name)
			}
		}
		columns = append(columns, column)
	}
	return columns, nil
}

func labelColumn(name string) csvColumn {
	return func(dst []byte, s *store.Samples, _ int) []byte {
		for _, label := range s.Labels {
			if label.Key == name {
				return appendCell(dst, label.Value)
			}
		}
		return dst
	}
}

// appendCell quotes as RFC 4180 says.
func appendCell(dst []byte, text string) []byte {
	if !strings.ContainsAny(text, "\",\r\n") {
		return append(dst, text...)
	}
	return append(append(append(dst, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
}

func timeColumn(unit string) csvColumn {
	number := func(of func(ms int64) int64) csvColumn {
		return func(dst []byte, s *store.Samples, i int) []byte { return strconv.AppendInt(dst, of(s.Times[i]), 10) }
	}
	layout, custom := strings.CutPrefix(unit, "custom:")
	switch unit {
	case "unix_s":
		return number(func(ms int64) int64 { return ms / 1e3 })
	case "unix_ms", "":
		return number(func(ms int64) int64 { return ms })
	case "unix_ns":
		return number(func(ms int64) int64 { return ms * 1e6 })
	case "rfc3339":
		layout, custom = "2006-01-02T15:04:05.999Z07:00", true
	}
	if !custom {
		return nil
	}
	return func(dst []byte, s *store.Samples, i int) []byte {
		return appendCell(dst, time.UnixMilli(s.Times[i]).UTC().Format(layout))
	}
}

// csvHead is the first line: the columns as they were asked for.
func csvHead(text string) string {
	var head []byte
	for i, name := range strings.Split(text, ",") {
		if i > 0 {
			head = append(head, ',')
		}
		head = appendCell(head, name)
	}
	return string(append(head, '\n'))
}

func appendCSV(dst []byte, s *store.Samples, columns []csvColumn) []byte {
	for i := range s.Times {
		for n, column := range columns {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = column(dst, s, i)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// newest writes the newest sample of each series as they come. Series of one metric follow each other.
type newest struct {
	name   func(string) string
	metric string // the one that was written last
	series string // the one that is held, with its newest sample
	of     string // its metric
	at     int64
	value  float64
}

func (n *newest) take(dst []byte, s *store.Samples) []byte {
	if series := string(appendSelector(nil, s, n.name)); series != n.series {
		dst = n.finish(dst)
		n.series, n.of = series, strings.Clone(n.name(seriesName(s)))
	}
	last := len(s.Times) - 1
	n.at, n.value = s.Times[last], s.Values[last]
	return dst
}

// finish writes what is held. A sample that is no number marks the end of its series.
func (n *newest) finish(dst []byte) []byte {
	series := n.series
	if n.series = ""; series == "" || math.IsNaN(n.value) {
		return dst
	}
	if n.of != n.metric {
		n.metric = n.of
		dst = append(append(append(dst, "# TYPE "...), n.of...), " untyped\n"...)
	}
	return appendPoint(append(dst, series...), n.at, n.value)
}

// negotiate returns the content type for a header Accept, and how it spells names. All names that are stored can stand
// in any version of the text format; escaping=dots alone, of those that Prometheus 3 asks for, spells them otherwise.
func negotiate(accept string) (contentType string, name func(string) string) {
	name = func(name string) string { return name }
	for wanted := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(wanted)
		if err != nil || kind != "text/plain" || parameters["version"] != "1.0.0" {
			continue
		}
		switch escaping := parameters["escaping"]; escaping {
		case "dots":
			name = func(name string) string { return strings.ReplaceAll(name, "_", "__") }
			fallthrough
		case "allow-utf-8", "underscores", "values":
			return "text/plain; version=1.0.0; charset=utf-8; escaping=" + escaping, name
		}
	}
	return "text/plain; version=0.0.4; charset=utf-8", name
}
