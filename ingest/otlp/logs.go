package otlp

import (
	"strings"

	"edgescope/edge"
)

// keyEventName is the attribute under which the name of an event (LogRecord.event_name) is kept.
const keyEventName = "event.name"

// maxSeverity is the largest severity number of the logs data model.
const maxSeverity = 24

// startLog answers the event to fill.
func (d *decoder) startLog() *edge.Event {
	d.own.reset()
	d.start, d.observed = 0, 0
	d.body, d.eventName = value{}, value{}
	d.batch.Events = append(d.batch.Events, edge.Event{Kind: edge.KindLog, Index: d.count()})
	return &d.batch.Events[len(d.batch.Events)-1]
}

// endLog completes the event that startLog answered. No log record is rejected: bad ids are dropped, and the moment of one
// without a time is when it was observed, else when it came.
func (d *decoder) endLog(e *edge.Event) {
	e.Time = clampTime(d.start)
	if e.Time == 0 {
		e.Time = clampTime(d.observed)
	}
	if e.Time == 0 {
		e.Time = d.now
	}
	if e.Time > d.now+int64(maxAhead) {
		d.batch.Warn(warnFuture)
		e.Time = d.now
	}
	if e.SeverityNumber == 0 {
		e.SeverityNumber = severityOf(e.SeverityText)
	}
	e.Body = d.arena.text(d.body)
	if d.eventName.str != "" && d.own.find(keyEventName) < 0 && !d.own.put(keyEventName, d.eventName) {
		d.batch.Warn(warnManyAttrs)
	}
	e.Attrs = d.keep(&d.own)
	d.texts += int64(len(e.Body) + len(e.SeverityText))
}

// setSeverity takes a severity number; one outside of the enum is unspecified.
func setSeverity(e *edge.Event, n uint64) {
	if n > maxSeverity {
		n = 0
	}
	e.SeverityNumber = uint8(n)
}

// severityOf answers the number that the text of a severity stands for, 0 when we don't know it: the short names of the logs
// data model, and the longer ones that loggers use.
func severityOf(text string) uint8 {
	for _, s := range [...]struct {
		name   string
		number uint8
	}{
		{"TRACE", 1},
		{"DEBUG", 5},
		{"INFO", 9},
		{"INFORMATION", 9},
		{"WARN", 13},
		{"WARNING", 13},
		{"ERROR", 17},
		{"FATAL", 21},
		{"CRITICAL", 21},
	} {
		if strings.EqualFold(text, s.name) {
			return s.number
		}
	}
	return 0
}

// severityNumber answers the number of a severity given as number, decimal text or enum name (SEVERITY_NUMBER_INFO2).
func severityNumber(t token, text string) uint64 {
	name, ok := strings.CutPrefix(text, "SEVERITY_NUMBER_")
	if !ok {
		return unsigned(t, text)
	}
	level := strings.TrimRight(name, "234")
	n := uint64(severityOf(level))
	if step := name[len(level):]; n > 0 && len(step) == 1 {
		n += uint64(step[0] - '1')
	}
	return n
}
