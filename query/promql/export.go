package promql

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/edge"
	"edgescope/query/gate"
	"edgescope/store"
)

const (
	// exportMemory is about what an export takes: the ids of the series that it finds, and the samples of one of them.
	exportMemory = 32 << 20
	// exportBuffer is how much of an export is held before it is sent, in bytes.
	exportBuffer = 64 << 10
	// federateSince is how far back federate looks for the newest sample of a series, as an instant question does.
	federateSince = 5 * time.Minute
)

// format is a way to write samples.
type format struct {
	contentType string
	begin, end  string
	// between stands between two series.
	between string
	// write appends samples of a series; further ones of the same series may come in a call of their own.
	write func(dst []byte, s *store.Samples) []byte
}

// export serves /api/v1/export as VictoriaMetrics does: one JSON object a line with metric, values and timestamps,
// which /api/v1/import there takes. format=prometheus is text, format=promapi the answer of a range question.
func (h *handler) export(w http.ResponseWriter, q *question) error {
	var f format
	switch name := q.Form.Get("format"); name {
	case "", "json":
		f = format{contentType: "application/stream+json; charset=utf-8", write: appendJSONLine}
	case "prometheus":
		f = format{contentType: "text/plain; version=0.0.4; charset=utf-8", write: appendText}
	case "promapi":
		f = format{
			contentType: "application/json", begin: begin + `"data":{"resultType":"matrix","result":[`, end: "]}}",
			between: ",", write: appendMatrix,
		}
	default:
		return badParameter(`"format": %q is not known: want json, prometheus or promapi`, name)
	}
	most, err := q.number("max_rows_per_line", 0)
	if err != nil {
		return err
	}
	return h.send(w, q, f, most)
}

// exportCSV serves /api/v1/export/csv: a line for each sample, with the columns that format names.
func (h *handler) exportCSV(w http.ResponseWriter, q *question) error {
	columns, err := csvColumns(q.Form.Get("format"))
	if err != nil {
		return err
	}
	return h.send(w, q, format{
		contentType: "text/csv; charset=utf-8", begin: csvHead(q.Form.Get("format")),
		write: func(dst []byte, s *store.Samples) []byte { return appendCSV(dst, s, columns) },
	}, 0)
}

// exportNative serves /api/v1/export/native: the engine's own format, in which vmctl takes samples to a VictoriaMetrics.
func (h *handler) exportNative(w http.ResponseWriter, q *question) error {
	asked, err := h.samplesQuestion(q)
	if err != nil {
		return err
	}
	e := exporting{
		w: w, format: format{contentType: "VictoriaMetrics/native", write: h.engine.AppendNative},
		buffer: h.engine.AppendNativeRange(nil, asked.From, asked.To),
	}
	err = h.engine.Samples(q.Context(), asked, func(s *store.Samples) error { return e.take(s, 0) })
	return e.end(q.Context(), err)
}

// federate serves /federate: the newest sample of each series, in the text format of Prometheus.
func (h *handler) federate(w http.ResponseWriter, q *question) error {
	asked, err := h.samplesQuestion(q)
	if err != nil {
		return err
	}
	if q.Form.Get("start") == "" {
		asked.From = asked.To.Add(-federateSince)
	}
	contentType, name := negotiate(q.Header.Get("Accept"))
	lines := newest{name: name}
	e := exporting{w: w, format: format{contentType: contentType}}
	err = h.engine.Samples(q.Context(), asked, func(s *store.Samples) error {
		e.buffer = lines.take(e.buffer, s)
		return e.flush(exportBuffer)
	})
	if err == nil {
		e.buffer = lines.finish(e.buffer)
	}
	return e.end(q.Context(), err)
}

// send exports what a question selects, at most so many samples of a series at a time; 0 is no bound.
func (h *handler) send(w http.ResponseWriter, q *question, f format, most int) error {
	asked, err := h.samplesQuestion(q)
	if err != nil {
		return err
	}
	e := exporting{w: w, format: f, buffer: []byte(f.begin)}
	err = h.engine.Samples(q.Context(), asked, func(s *store.Samples) error { return e.take(s, most) })
	return e.end(q.Context(), err)
}

// samplesQuestion reads which samples are asked for. The tenant is a filter of the engine, so that no selector goes
// beyond it.
func (h *handler) samplesQuestion(q *question) (store.SamplesQuestion, error) {
	asked := store.SamplesQuestion{Tenant: q.tenant}
	if err := h.admit(q); err != nil {
		return asked, err
	}
	if err := gate.Need(q.Context(), 0, exportMemory); err != nil {
		return asked, err
	}
	if err := q.translate(); err != nil {
		return asked, err
	}
	asked.Selectors = append(append(asked.Selectors, q.Form["match[]"]...), q.Form["match"]...)
	if len(asked.Selectors) == 0 {
		return asked, badParameter(`"match[]": it is missing: name the series, as in match[]={__name__=~"http_.*"}`)
	}
	var err error
	if asked.Narrow, err = narrow(q.Form); err != nil {
		return asked, err
	}
	now := h.o.Now()
	if asked.To, err = readTime(q.Form.Get("end"), now, now); err != nil {
		return asked, badParameter("%q: %w", "end", err)
	}
	// Nothing is older than the retention, which is the engine's to know.
	if asked.From, err = readTime(q.Form.Get("start"), now, time.Unix(0, 0)); err != nil {
		return asked, badParameter("%q: %w", "start", err)
	}
	if asked.To.Before(asked.From) {
		return asked, errReversed
	}
	return asked, nil
}

// narrow returns, of a form whose names are the stored ones, the selectors of extra_label and extra_filters[]: each label, and one of the filters, has to hold.
func narrow(form map[string][]string) (all [][]string, err error) {
	for _, label := range form["extra_label"] {
		name, value, ok := strings.Cut(label, "=")
		if !ok || name == "" {
			return nil, badParameter(`"extra_label": %q is not name=value`, label)
		}
		all = append(all, []string{"{" + strconv.Quote(name) + "=" + strconv.Quote(value) + "}"})
	}
	if filters := append(append([]string(nil), form["extra_filters[]"]...), form["extra_filters"]...); len(filters) > 0 {
		all = append(all, filters)
	}
	return all, nil
}

// readTime reads a moment: Unix seconds, or ms by their size, RFC 3339, now, or an age such as -1h or now-1h.
func readTime(text string, now, preset time.Time) (time.Time, error) {
	switch text {
	case "":
		return preset, nil
	case "now":
		return now, nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		if math.Abs(n) < 1e11 { // seconds until the year 5138
			n *= 1e3
		}
		if math.IsNaN(n) || math.Abs(n) > maxMillis {
			return time.Time{}, fmt.Errorf("%q is out of range", text)
		}
		return time.UnixMilli(int64(math.Round(n))), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	age := strings.TrimPrefix(text, "now")
	if ms, err := metricsql.DurationValue(age, 0); err == nil && age != "" && math.Abs(float64(ms)) < maxMillis/1e3 {
		if ms > 0 && age == text {
			ms = -ms // 1h is one hour ago
		}
		return now.Add(time.Duration(ms) * time.Millisecond), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time: want Unix seconds, RFC 3339, or an age such as -1h", text)
}

// maxMillis is as far as times go, in Unix milliseconds: nanoseconds end in the year 2262.
const maxMillis = math.MaxInt64 / 1e6

// exporting is an export on its way.
type exporting struct {
	w http.ResponseWriter
	format
	buffer []byte
	begun  bool // something was sent
	series bool // one was written
}

// take writes samples of a series, at most so many at a time.
func (e *exporting) take(s *store.Samples, most int) error {
	for from := 0; from < len(s.Times); {
		to := len(s.Times)
		if most > 0 {
			to = min(to, from+most)
		}
		if e.series {
			e.buffer = append(e.buffer, e.between...)
		}
		e.series = true
		e.buffer = e.write(e.buffer, &store.Samples{Labels: s.Labels, Times: s.Times[from:to], Values: s.Values[from:to]})
		if err := e.flush(exportBuffer); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// flush sends what is held when it is so much.
func (e *exporting) flush(from int) error {
	if len(e.buffer) < from {
		return nil
	}
	if !e.begun {
		e.begun = true
		e.w.Header().Set("Content-Type", e.contentType)
		e.w.Header().Set("Cache-Control", "no-store")
	}
	_, err := e.w.Write(e.buffer)
	e.buffer = e.buffer[:0]
	return err
}

// end sends the rest. Half an export must not look like a whole one: after the first byte an error cuts the connection.
func (e *exporting) end(ctx context.Context, err error) error {
	if err == nil && ctx.Err() == nil {
		e.buffer = append(e.buffer, e.format.end...)
		err = e.flush(0)
	}
	if err != nil && e.begun {
		panic(http.ErrAbortHandler)
	}
	return err
}

// seriesName is the name of the metric of a series.
func seriesName(s *store.Samples) string {
	if len(s.Labels) > 0 && s.Labels[0].Key == edge.LabelName {
		return s.Labels[0].Value
	}
	return ""
}
