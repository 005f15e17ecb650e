package waiting

import (
	"fmt"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
	"edgescope/store"
)

// Limits of VictoriaLogs on a row: beyond them it drops the row with a warning (lib/logstorage, LogRows.MustAdd). Check
// refuses such events.
const (
	maxFields   = 2000
	maxKeyBytes = 128
	maxRowBytes = 2 << 20
)

// Limits of what one event has of a kind: who decodes events shortens names, and leaves things out, instead of having
// Check refuse the event.
const (
	// MaxAttrs is how many attributes an event, and its resource, have each: a row holds both, and fields of its own.
	MaxAttrs = maxFields * 9 / 20
	// MaxKey and MaxResourceKey are how long the names of an event's own attributes, and of its resource's, are in
	// bytes.
	MaxKey         = maxKeyBytes
	MaxResourceKey = maxKeyBytes - len(store.ResourcePrefix)
	// MaxList is how many bytes the events of a span, and its links, take each.
	MaxList = maxRowBytes / 2
)

// Check returns why the engine would drop the row of an event for its size, nil when it takes it.
func Check(e *edge.Event) error {
	if clearlyFits(e) {
		return nil
	}
	r := renderers.Get().(*renderer)
	defer renderers.Put(r)
	r.fill(0, []edge.Event{*e})
	row := waitingRow{shape: r.rows[0].shape, values: r.values(&r.rows[0])}
	return checkRow(row.fields(nil))
}

// clearlyFits tells whether the row is so small that it need not be rendered to know that the engine takes it. Most
// are.
func clearlyFits(e *edge.Event) bool {
	const (
		maxOwnFields = 80       // fields that are no attributes, with room
		ownBytes     = 64 << 10 // their names and short values, with room
	)
	if len(e.Attrs)+len(e.Resource) > maxFields-maxOwnFields {
		return false
	}
	size := ownBytes + len(e.Name) + len(e.Body) + len(e.SpanEvents) + len(e.Links) + len(e.StatusMessage) +
		len(e.TraceState)
	for _, attrs := range [...][]edge.Attr{e.Attrs, e.Resource} {
		for i := range attrs {
			a := &attrs[i]
			if len(a.Key) > MaxResourceKey {
				return false
			}
			size += len(a.Key) + len(a.Value) + 16
		}
	}
	return size+factBytes(&e.Facts)+len(e.ScopeName)+len(e.ScopeVersion)+len(e.Dataset) < maxRowBytes
}

// factBytes is the size of those facts that come from outside and may be long.
func factBytes(f *edge.Facts) int {
	return len(f.Service) + len(f.Version) + len(f.Namespace) + len(f.Environment) + len(f.Provider) + len(f.Platform) +
		len(f.Region) + len(f.Colo) + len(f.Country) + len(f.FaasName) + len(f.FaasVersion) + len(f.Instance) +
		len(f.InvocationID) + len(f.Trigger) + len(f.Route) + len(f.Operation) + len(f.Method) + len(f.Outcome) +
		len(f.ErrorType) + len(f.CacheStatus) + len(f.CacheSource)
}

// checkRow returns why the engine would drop a row.
func checkRow(fields []logstorage.Field) error {
	if len(fields) > maxFields {
		return fmt.Errorf("%d attributes and other fields: at most %d are kept", len(fields), maxFields)
	}
	for i := range fields {
		if n := len(fields[i].Name); n > maxKeyBytes {
			return fmt.Errorf("attribute name %.40q... has %d bytes: at most %d are kept", fields[i].Name, n,
				maxKeyBytes)
		}
	}
	if n := logstorage.EstimatedJSONRowLen(fields); n > maxRowBytes {
		return fmt.Errorf("event has %d bytes: at most %d are kept", n, maxRowBytes)
	}
	return nil
}
