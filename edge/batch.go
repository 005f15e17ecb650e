package edge

import (
	"context"
	"fmt"
	"time"
)

// Tenant is the number of a tenant; 0 when tenancy is off. It is VictoriaLogs' AccountID and the label edge_tenant.
type Tenant uint32

// MaxRejections is how many rejections a Batch describes; further ones are only counted.
const MaxRejections = 10

// Rejection says why one record of a request was not taken.
type Rejection struct {
	// Index is the position of the record in its request, from 0.
	Index  int
	Reason string
}

// BodyHash identifies the decompressed body of a request, for who made it and across restarts; zero means none.
type BodyHash [16]byte

// Record names the record of a write-ahead log that holds a batch. Rows carry it, so that after a crash a store can be
// asked what it has of a record.
type Record struct {
	// Log is the collector's UUID and epoch: sequence numbers are unique within it. It is empty when there is no log.
	Log string
	// Seq counts the records of a log from 1. It is never used twice.
	Seq uint64
}

// Batch is the events of one request, or the numbers of its metrics, on their way from a receiver through the pipeline.
// The receiver owns it and may reuse it, and the memory that it points into, once the pipeline has returned.
type Batch struct {
	Tenant Tenant
	Events []Event
	// Samples are the numbers of a client's own metrics: of several of one series and time the greatest counts, so that
	// writing them again is harmless.
	Samples []Sample
	// Body is the hash of the body when the same body sent again is a repeat that must not be stored twice; zero for
	// data points, of which equal ones are legitimate.
	Body BodyHash
	// Record and Arrival are set by the write-ahead log: the record that holds the batch, and when it was taken, in
	// Unix nanoseconds. Arrival never goes back from one record to the next.
	Record  Record
	Arrival int64
	// Part is which part of the totals its events are added up in, decided before the batch is logged and kept in its
	// record; 0 for batches that an earlier version logged. It never goes back from one record to the next.
	Part uint64
	// Totals is a piece of a part that is over, as ingest/rollup writes it: a batch of its own in the log.
	Totals []byte
	// Rejected describes the first MaxRejections records that were not taken; RejectedCount counts them all.
	Rejected      []Rejection
	RejectedCount int
	// Warnings count values that were dropped or changed while their record was kept, by a short reason.
	Warnings map[string]int
}

// Sink takes batches. It is safe for concurrent use.
type Sink interface {
	// Events takes a batch of at least one event. On return of nil the events are kept, except those that the sink has
	// rejected with b.Reject. The batch and everything that it points into belong to the caller again on return.
	// *UnavailableError tells the client to send the same batch later; any other error is a failure of ours.
	Events(ctx context.Context, b *Batch) error
}

// Reject notes that the record at that index was not taken.
func (b *Batch) Reject(index int, reason string) {
	b.RejectedCount++
	if len(b.Rejected) < MaxRejections {
		b.Rejected = append(b.Rejected, Rejection{Index: index, Reason: reason})
	}
}

// RejectError notes that the record at that index was not taken because of err. Its text is made for the first
// MaxRejections only: a body of bad records costs no text for each.
func (b *Batch) RejectError(index int, err error) {
	reason := ""
	if len(b.Rejected) < MaxRejections {
		reason = err.Error()
	}
	b.Reject(index, reason)
}

// Warn counts a value that was dropped or changed while its record was kept.
func (b *Batch) Warn(reason string) {
	if b.Warnings == nil {
		b.Warnings = make(map[string]int)
	}
	b.Warnings[reason]++
}

// Reset empties the batch for reuse and drops its references.
func (b *Batch) Reset() {
	clear(b.Events)
	b.Events = b.Events[:0]
	clear(b.Samples)
	b.Samples = b.Samples[:0]
	b.Rejected = b.Rejected[:0]
	b.RejectedCount = 0
	clear(b.Warnings)
	b.Tenant, b.Body = 0, BodyHash{}
	b.Record, b.Arrival, b.Part, b.Totals = Record{}, 0, 0, nil
}

// UnavailableError is the error of a pipeline that can't take a batch now. The client may send the same batch again.
type UnavailableError struct {
	// Busy is true when a queue is full (429, RESOURCE_EXHAUSTED) and false when the store can't write, as with a disk
	// that is nearly full or a program that is stopping (503, UNAVAILABLE).
	Busy   bool
	Reason string
	// RetryAfter is when to try again; it is at least a second.
	RetryAfter time.Duration
}

// Error says why, and when to try again.
func (u *UnavailableError) Error() string {
	return fmt.Sprintf("%s; retry after %s", u.Reason, u.RetryAfter)
}
