// Package wal is the write-ahead log: a batch that Append has taken survives kill -9, whatever the engines still hold
// in memory, and Replay gives it back exactly as it was.
//
// Layout of the log's directory:
//
//	00000000000000000001.wal   a segment, named by its first sequence number; preallocated while it is written
//	checkpoint                 the state of the log's owner at a position, up to which all is added up
//	checkpoint.before          the one before, for when the newest is damaged
//	quarantine/                segments that hold damaged bytes, as they were found
//
// A segment is two copies of its header and then records, each padded to 8 bytes. A record is one batch after
// normalising: a header with its sequence number, tenant, arrival, range of times and number of rows, and the events.
// Checksums are CRC-32C, seeded with a random number of the segment, so that no client can send bytes that look like a
// record. All numbers are little-endian.
package wal
