package otlp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// plainLog is a log record in a form that both decoders can be brought to.
type plainLog struct {
	Index                      int
	Time                       int64
	TraceID                    edge.TraceID
	SpanID                     edge.SpanID
	Severity                   uint8
	Text, Body, Scope, Version string
	Flags, Dropped             uint32
	Resource, Attrs            map[string]string
}

func plainOurLog(t testing.TB, e *edge.Event) plainLog {
	t.Helper()
	return plainLog{
		Index: e.Index, Time: e.Time, TraceID: e.TraceID, SpanID: e.SpanID, Severity: e.SeverityNumber,
		Text: e.SeverityText,
		Body: plainText(e.Body), Scope: e.ScopeName, Version: e.ScopeVersion, Flags: e.Flags, Dropped: e.DroppedAttrs,
		Resource: plainAttrs(t, e.Resource), Attrs: plainAttrs(t, e.Attrs),
	}
}

// oracleLogs returns what must become of a request that the Collector's decoder has read.
func oracleLogs(logs plog.Logs) (list []plainLog) {
	for _, rl := range logs.ResourceLogs().All() {
		resource, first := oracleAttrs(rl.Resource().Attributes()), len(list)
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				p := oracleLog(r)
				p.Index, p.Resource = len(list), resource
				p.Scope, p.Version = validText(sl.Scope().Name()), validText(sl.Scope().Version())
				list = append(list, p)
			}
		}
		oracleLogSkew(list[first:])
	}
	return list
}

func oracleLog(r plog.LogRecord) plainLog {
	p := plainLog{
		TraceID: edge.TraceID(r.TraceID()), SpanID: edge.SpanID(r.SpanID()), Text: validText(r.SeverityText()),
		Flags: uint32(r.Flags()), Dropped: r.DroppedAttributesCount(), Attrs: oracleAttrs(r.Attributes()),
	}
	if n := r.SeverityNumber(); n > 0 && n <= 24 {
		p.Severity = uint8(n)
	}
	for name, n := range map[string]uint8{
		"trace": 1, "trace2": 2, "trace3": 3, "trace4": 4, "verbose": 1, "debug": 5, "debug2": 6, "debug3": 7,
		"debug4": 8,
		"info":   9, "info2": 10, "info3": 11, "info4": 12, "information": 9, "informational": 9, "log": 9, "notice": 10,
		"warn": 13, "warn2": 14, "warn3": 15, "warn4": 16, "warning": 13, "error": 17, "error2": 18, "error3": 19,
		"error4": 20,
		"err":    17, "severe": 17, "dpanic": 18, "alert": 19, "panic": 20, "fatal": 21, "fatal2": 22, "fatal3": 23,
		"fatal4":   24,
		"critical": 21, "crit": 21, "emerg": 21, "emergency": 21,
	} {
		if p.Severity == 0 && strings.EqualFold(p.Text, name) {
			p.Severity = n
		}
	}
	if r.Body().Type() != pcommon.ValueTypeEmpty {
		p.Body = oracleText(r.Body())
	}
	if _, own := p.Attrs["event.name"]; !own && r.EventName() != "" {
		p.Attrs["event.name"] = plainText(validText(r.EventName()))
	}
	if p.Time = oracleUnix(uint64(r.Timestamp())); p.Time == 0 {
		p.Time = oracleUnix(uint64(r.ObservedTimestamp()))
	}
	if p.Time == 0 {
		p.Time = otlptest.Arrival.UnixNano()
	}
	return p
}

// oracleLogSkew moves the records of one resource that lie in the future; one of no trace goes by itself.
func oracleLogSkew(logs []plainLog) {
	now, newest := otlptest.Arrival.UnixNano(), map[edge.TraceID]int64{}
	for _, p := range logs {
		if p.Time > now {
			newest[p.TraceID] = max(newest[p.TraceID], p.Time)
		}
	}
	clocks := oracleClocks(newest)
	for i := range logs {
		p := &logs[i]
		last, ok := newest[p.TraceID]
		clock := clocks[p.TraceID]
		if ok && clock > now+10*60*1e9 && last-p.Time < 24*3600*1e9 && (p.Time > now || p.TraceID != edge.TraceID{}) {
			p.Time -= clock - now
		}
	}
}

// compareLogs decodes a body with both decoders: equal records, or both refuse, or the difference is one that we want.
func compareLogs(t testing.TB, body []byte) {
	t.Helper()
	sink := &otlptest.Recorder{}
	_, ours := otlptest.New(t, sink).Logs(t.Context(), 0, body, otlp.Protobuf)
	req := plogotlp.NewExportRequest()
	theirs := req.UnmarshalProto(body)
	if ours != nil || theirs != nil {
		if (ours == nil) != (theirs == nil) && wanted(body, ours, theirs) == "" {
			t.Fatalf("ours: %v; the Collector's: %v\n%x", ours, theirs, body)
		}
		return
	}
	if sink.Warnings["too many attributes"]+sink.Warnings["attribute name shortened"] > 0 || hasBothScopes(body) {
		return // the limits of the store are ours alone
	}
	var got []plainLog
	for i := range sink.Got {
		got = append(got, plainOurLog(t, &sink.Got[i]))
		checkText(t, &sink.Got[i])
	}
	if d := cmp.Diff(oracleLogs(req.Logs()), got); d != "" {
		t.Fatalf("the Collector's (-) and ours (+) differ:\n%s\n%x", d, body)
	}
}

func TestProtobufLogsAgreeWithTheCollector(t *testing.T) {
	for name, body := range logSeeds() {
		t.Run(name, func(t *testing.T) { compareLogs(t, body) })
	}
}

func FuzzLogsProto(f *testing.F) {
	for _, body := range logSeeds() {
		f.Add(body)
	}
	addFixtures(f, ".pb")
	f.Fuzz(func(t *testing.T, body []byte) { compareLogs(t, body) })
}
