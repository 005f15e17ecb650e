package otlp

import (
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

// keyEventName is the attribute under which the name of an event (LogRecord.event_name) is kept.
const keyEventName = "event.name"

// startLog answers the event to fill.
func (d *decoder) startLog() *edge.Event {
	d.own.Reset()
	d.start, d.observed = 0, 0
	d.body, d.eventName = values.Value{}, values.Value{}
	d.batch.Events = append(d.batch.Events, edge.Event{Kind: edge.KindLog, Index: d.count()})
	return &d.batch.Events[len(d.batch.Events)-1]
}

// endLog completes the event that startLog answered. No log record is rejected: bad ids are dropped, and the moment of one
// without a time is when it was observed, else when it came.
func (d *decoder) endLog(e *edge.Event) {
	if e.Time = d.Nanos(d.start); e.Time == 0 {
		e.Time = d.Nanos(d.observed)
	}
	if e.Time == 0 {
		e.Time = d.now
	}
	d.newest = max(d.newest, e.Time)
	if e.SeverityNumber == 0 {
		e.SeverityNumber = severityOf(e.SeverityText)
	}
	e.Body = d.body.Text(&d.Arena)
	if d.eventName.Str != "" && d.own.Find(keyEventName) < 0 && !d.own.Put(keyEventName, d.eventName) {
		d.batch.Warn(values.WarnManyAttrs)
	}
	e.Attrs = d.keep(&d.own)
	d.texts += int64(len(e.Body) + len(e.SeverityText))
}

// severityWords are the texts of a severity beside those of the enumeration: the names of the logs data model's
// appendix B (syslog, Log4j, Zap, .NET), and those of consoles and loggers of JavaScript and Python.
var severityWords = [...]struct {
	word   string
	number uint8
}{
	{"VERBOSE", 1},
	{"LOG", 9},
	{"INFORMATION", 9},
	{"INFORMATIONAL", 9},
	{"NOTICE", 10},
	{"WARNING", 13},
	{"ERR", 17},
	{"SEVERE", 17},
	{"DPANIC", 18},
	{"ALERT", 19},
	{"PANIC", 20},
	{"CRITICAL", 21},
	{"CRIT", 21},
	{"EMERG", 21},
	{"EMERGENCY", 21},
}

// severityOf returns the number that the text of a severity stands for, 0 when we don't know it: a severity's text is
// free.
func severityOf(text string) uint8 {
	if text == "" {
		return 0
	}
	for i := range severityWords {
		if strings.EqualFold(text, severityWords[i].word) {
			return severityWords[i].number
		}
	}
	if jsonwire.IsNumber(text) {
		return 0 // a level of some logger's own counting
	}
	n, _ := values.SeverityLevels.Number(jsonwire.String, text)
	return uint8(n) // at most 24
}

// jsonSeverity reads a severity number, also one that is given as a word.
func (d *decoder) jsonSeverity(r *jsonwire.Reader) uint8 {
	t, text := r.Scalar()
	if n, ok := values.SeverityLevels.Number(t, text); ok {
		return uint8(n) // at most 24
	}
	n := severityOf(text)
	if n == 0 && r.Err == nil {
		d.NoteEnum(&values.SeverityLevels, strconv.Quote(jsonwire.Shorten(text, values.MaxQuoted)))
	}
	return n
}
