package wal

import (
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"edgescope/edge"
	"edgescope/internal/disk"
)

// maxSpare bounds the memory in bytes that a group keeps for the next one.
const maxSpare = 4 << 20

// group is records that are written at once and made durable by one sync. While a group is written the next one
// gathers: the slower the disk, the larger the groups.
type group struct {
	records []pending
	bytes   []byte // payloads, one after the other
	first   uint64
	done    chan struct{} // closed when err is valid
	err     error
}

// pending is a record whose segment is not known yet.
type pending struct {
	header   header
	from, to int // its payload in group.bytes
}

func (g *group) add(h *header, payload []byte) {
	if len(g.records) == 0 {
		g.first = h.seq
	}
	from := len(g.bytes)
	g.bytes = append(g.bytes, payload...)
	g.records = append(g.records, pending{*h, from, len(g.bytes)})
}

// size is what the group takes in a segment.
func (g *group) size() int64 {
	n := int64(0)
	for i := range g.records {
		r := &g.records[i]
		n += int64(headerSize + r.to - r.from + padding(r.to-r.from))
	}
	return n
}

// newGroup returns an empty group; l.mu is held.
func (l *Log) newGroup() *group {
	g := &group{done: make(chan struct{})}
	if l.spare != nil {
		g.records, g.bytes = l.spare.records[:0], l.spare.bytes[:0]
		l.spare = nil
	}
	return g
}

// active is the segment that is written to.
type active struct {
	segment
	file    file
	at      int64 // where the next record goes
	dirty   bool  // whether something was written since the last sync
	listed  bool  // whether the list of segments has it
	sum     summary
	encoded []byte
}

// run writes groups until the log is closed.
func (l *Log) run() {
	var sync <-chan time.Time
	if l.o.Durability == Interval {
		tick := time.NewTicker(l.o.SyncEvery)
		defer tick.Stop()
		sync = tick.C
	}
	for {
		select {
		case <-l.wake:
			// Who is ready to append goes first: where processors are few the group would be one record, and a sync
			// costs the CPU as much as decoding 50 spans. It makes requests of one span a third cheaper, and twice as
			// quick.
			runtime.Gosched()
			l.commit()
		case call := <-l.calls:
			call()
		case <-sync:
			if err := l.sync(); err != nil {
				_ = l.fail(err) // there is nobody to tell but Failed
			}
		case <-l.quit:
			l.commit()
			return
		}
	}
}

// commit writes the group that gathered and answers those who wait for it.
func (l *Log) commit() {
	l.mu.Lock()
	g := l.next
	l.next = nil
	l.mu.Unlock()
	if g == nil {
		return
	}
	g.err = l.write(g)
	l.mu.Lock()
	l.waiting -= g.size()
	if cap(g.bytes) <= maxSpare {
		l.spare = &group{records: g.records, bytes: g.bytes}
	}
	l.mu.Unlock()
	close(g.done)
}

func (l *Log) write(g *group) error {
	if err := l.Err(); err != nil {
		return err
	}
	if err := l.makeRoom(g); err != nil {
		return err
	}
	if err := l.writeRecords(g); err != nil {
		return l.fail(err)
	}
	return nil
}

// makeRoom begins a new segment when the group does not fit into this one.
func (l *Log) makeRoom(g *group) error {
	need := g.size()
	if l.current != nil && l.current.at+need <= l.current.size {
		return nil
	}
	if err := l.seal(); err != nil {
		return l.fail(err)
	}
	if err := l.begin(g.first, max(l.o.SegmentSize, segmentStart+need)); err != nil {
		if failed := l.Err(); failed != nil {
			return failed
		}
		// Nothing was written: the disk is full, and the next group tries again.
		l.count.refused.Inc()
		return &edge.UnavailableError{
			Reason:     "begin a segment of the log: " + err.Error(),
			RetryAfter: 10 * time.Second,
		}
	}
	return nil
}

func (l *Log) begin(first uint64, size int64) error {
	h := segmentHeader{first: first, epoch: l.o.Epoch, uuid: l.uuid, salt: newSalt()}
	a := &active{segment: segment{path: segmentPath(l.o.Dir, first), size: size, header: h}, at: segmentStart}
	f, err := l.o.create(a.path, size)
	if err != nil {
		return err
	}
	a.file = f
	if _, err = f.WriteAt(h.encode(), 0); err == nil {
		err = disk.SyncDir(l.o.Dir)
	}
	l.current = a
	l.mu.Lock()
	l.bytes += size
	l.mu.Unlock()
	if err != nil {
		return l.fail(fmt.Errorf("write the header of %s: %w", a.path, err))
	}
	return nil
}

// seal ends the current segment: it gives its unused room back.
func (l *Log) seal() error {
	a := l.current
	if a == nil {
		return nil
	}
	l.current = nil
	if l.hasFailed() {
		return a.file.Close() // the next process finds out what is there
	}
	err := a.file.Truncate(a.at)
	if err == nil {
		err = a.file.Sync()
	}
	if closed := a.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("end segment %s: %w", filepath.Base(a.path), err)
	}
	a.span = a.sum.done(l.name)
	a.last = a.span.Last
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bytes -= a.size - a.at
	a.size = a.at
	l.segments = append(l.segments, &a.segment)
	return nil
}

func (l *Log) writeRecords(g *group) error {
	a := l.current
	a.encoded = a.encoded[:0]
	for i := range g.records {
		r := &g.records[i]
		payload := g.bytes[r.from:r.to]
		r.header.checksum = checksum(a.header.salt, payload)
		a.encoded = appendRecord(a.encoded, &r.header, a.header.salt, payload)
		a.sum.add(&r.header)
	}
	if _, err := a.file.WriteAt(a.encoded, a.at); err != nil {
		return fmt.Errorf("write to %s: %w", filepath.Base(a.path), err)
	}
	a.at += int64(len(a.encoded))
	a.dirty = true
	l.count.group(len(g.records), len(a.encoded))
	if cap(a.encoded) > maxSpare {
		a.encoded = nil
	}
	if l.o.Durability == Interval {
		return nil
	}
	return l.sync()
}

// sync makes durable what was written.
func (l *Log) sync() error {
	a := l.current
	if a == nil || !a.dirty || l.hasFailed() {
		return nil // what failed is not tried again
	}
	began := time.Now()
	if err := a.file.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", filepath.Base(a.path), err)
	}
	l.count.fsync.UpdateDuration(began)
	a.dirty = false
	if !a.listed {
		a.listed = true
		l.add(a)
	}
	return nil
}

// add lists a segment that has records on disk.
func (l *Log) add(a *active) {
	err := l.list(func(listed map[string]int64) { listed[filepath.Base(a.path)] = a.size })
	if err != nil {
		l.o.Logger.Warn("the list of the log's segments can't be written: one that gets lost is not noticed",
			errorAttr(err))
	}
}

// fail ends the log: after a failed write or sync nobody knows what is on disk, and the kernel may have dropped the
// pages that it could not write, so that trying again would claim what is not true.
func (l *Log) fail(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err = fmt.Errorf("the log has failed: %w", err)
	select {
	case <-l.failed:
	default:
		l.err = err
		l.o.Logger.Error("nothing is taken any more", errorAttr(err))
		close(l.failed)
	}
	return err
}
