package store

import "edgescope/edge"

// LogSpan is what a segment of the write-ahead log holds, for asking a store what it has of it.
type LogSpan struct {
	// Log is what the rows of its records carry in FieldLog.
	Log string
	// First and Last bound the sequence numbers, both included.
	First, Last uint64
	// MinTime and MaxTime bound the times of the events, Unix nanoseconds, both included.
	MinTime, MaxTime int64
	// Kinds and Tenants are those that have events.
	Kinds   []edge.Kind
	Tenants []edge.Tenant
	// Rows counts the events.
	Rows int
}
