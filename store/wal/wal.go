package wal

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
)

// Durability says when Append returns.
type Durability string

const (
	// Commit is after fdatasync: what was taken survives the loss of power.
	Commit Durability = "commit"
	// Interval is after write: what was taken survives the end of the process, and the loss of power but for
	// Options.SyncEvery.
	Interval Durability = "interval"
)

// Defaults of Options.
const (
	DefaultSegmentSize = 64 << 20
	DefaultMaxSize     = 4 << 30
	DefaultMaxWaiting  = 64 << 20
	DefaultSettle      = time.Minute
	DefaultSyncEvery   = time.Second
)

// Options say where and how the log is kept. Dir and Collector are required.
type Options struct {
	// Dir is the log's directory. It is created when it does not exist. It belongs to one process at a time: the caller
	// holds a lock.
	Dir string
	// Collector is the UUID of the collector, Epoch a number that is greater at each Open.
	Collector string
	Epoch     uint64
	// Durability is Commit when empty.
	Durability Durability
	// SyncEvery is how often Interval syncs. Default one second.
	SyncEvery time.Duration
	// SegmentSize is the size of a segment in bytes. Default 64 MiB. A larger group of records has a segment of its
	// own.
	SegmentSize int64
	// MaxSize bounds the log in bytes: beyond it Append fails as busy, until segments are dropped. Default 4 GiB.
	MaxSize int64
	// MaxWaiting bounds the bytes of records that wait to be written: beyond it Append fails as busy. Default 64 MiB.
	MaxWaiting int64
	// Settle is how long the engines may need to make durable what they were given. Default one minute.
	Settle time.Duration
	// RefuseDamage makes Open fail when a segment is damaged, instead of setting it aside.
	RefuseDamage bool
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Metrics *metrics.Set // nil: counted nowhere
	Logger  *slog.Logger // nil: nothing is logged

	// create makes a new segment's file; tests put faults there.
	create func(path string, size int64) (file, error)
}

func (o Options) withDefaults() (Options, error) {
	o.Durability = cmp.Or(o.Durability, Commit)
	o.SyncEvery = cmp.Or(o.SyncEvery, DefaultSyncEvery)
	o.SegmentSize = cmp.Or(o.SegmentSize, DefaultSegmentSize)
	o.MaxSize = cmp.Or(o.MaxSize, DefaultMaxSize)
	o.MaxWaiting = cmp.Or(o.MaxWaiting, DefaultMaxWaiting)
	o.Settle = cmp.Or(o.Settle, DefaultSettle)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.create == nil {
		o.create = createFile
	}
	switch {
	case o.Dir == "":
		return o, errors.New("no directory given")
	case o.Durability != Commit && o.Durability != Interval:
		return o, fmt.Errorf("durability is %q: it must be %q or %q", o.Durability, Commit, Interval)
	case o.SegmentSize < 1<<16 || o.MaxSize < 2*o.SegmentSize || o.MaxWaiting < 0 || o.Settle < 0 || o.SyncEvery < 0:
		return o, fmt.Errorf("sizes are out of range: a segment of %d bytes must have at least %d, the log of %d at "+
			"least two of them",
			o.SegmentSize, 1<<16, o.MaxSize)
	}
	return o, nil
}

// Log is an open write-ahead log. It is safe for concurrent use.
type Log struct {
	o     Options
	uuid  [16]byte
	name  string // of this process's records
	count counters

	encoders sync.Pool

	// mu guards what follows.
	mu      sync.Mutex
	seq     uint64 // the newest that was given out
	arrival int64  // of the newest record
	next    *group // gathers while another one is written
	waiting int64  // bytes of records that are not durable yet
	err     error  // why the log takes nothing any more
	// segments are those that are complete, oldest first; bytes is the size of all on disk.
	segments    []*segment
	bytes       int64
	checkpoints []mark // those whose segments may still be needed, oldest first
	damaged     int
	// wounded are segments that lack records, lost how many.
	wounded []wound
	lost    uint64

	// listing is held while the list of segments is changed: names and sizes of those that are on disk.
	listing sync.Mutex
	listed  map[string]int64

	// checkpointing is held while a checkpoint is written; intact tells whether the newest one on disk can be read.
	checkpointing sync.Mutex
	intact        bool

	// current is the segment that is written to. It belongs to the writing goroutine.
	current *active
	spare   *group // memory of a group that is done

	// calls are run between groups.
	calls  chan func()
	wake   chan struct{}
	quit   chan struct{}
	failed chan struct{}
	wg     sync.WaitGroup
	once   sync.Once
	closed error
}

// Open opens the log in Options.Dir, or makes one there. It reads every segment: it cuts off a record that was not
// completed, and sets segments with damage aside. The caller closes the Log.
func Open(o Options) (*Log, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l := &Log{
		o: o, count: newCounters(o.Metrics),
		calls: make(chan func()), wake: make(chan struct{}, 1), quit: make(chan struct{}), failed: make(chan struct{}),
	}
	l.encoders.New = func() any { return new(encoder) }
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("open log %s: %w", o.Dir, err)
	}
	l.observe()
	l.wg.Go(l.run)
	return l, nil
}

func (l *Log) open() (err error) {
	if l.uuid, err = parseUUID(l.o.Collector); err != nil {
		return err
	}
	l.name = logName(l.uuid, l.o.Epoch)
	if err := l.openDir(); err != nil {
		return err
	}
	if err := l.load(); err != nil {
		return err
	}
	if err := l.loadCheckpoints(); err != nil {
		return err
	}
	return l.tellLosses()
}

// Append returns when the batch is durable (see Durability), with its Record and Arrival set: it has then been taken,
// whatever becomes of ctx. It fails with *edge.UnavailableError when the same batch may be taken later, and then has
// taken nothing. With any other error the log has failed (see Failed) and it is not known whether the batch is in it.
// It keeps nothing of the batch's memory.
func (l *Log) Append(ctx context.Context, b *edge.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to the log: %w", err)
	}
	w := l.encoders.Get().(*encoder)
	defer l.encoders.Put(w)
	payload := w.batch(b)
	if len(payload) > maxPayload {
		return fmt.Errorf("append to the log: the batch has %d bytes, at most %d are taken", len(payload), maxPayload)
	}
	var h header
	h.describe(b)
	h.length = uint32(len(payload))
	g, err := l.enqueue(&h, payload)
	if err != nil {
		return err
	}
	select {
	case l.wake <- struct{}{}:
	default: // the writer is told already
	}
	<-g.done
	if g.err != nil {
		return g.err
	}
	b.Record, b.Arrival = edge.Record{Log: l.name, Seq: h.seq}, h.arrival
	return nil
}

// enqueue gives a record its number and puts it into the group that gathers.
func (l *Log) enqueue(h *header, payload []byte) (*group, error) {
	size := int64(headerSize + len(payload) + padding(len(payload)))
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return nil, l.err
	case l.waiting > 0 && l.waiting+size > l.o.MaxWaiting:
		l.count.refused.Inc()
		return nil, &edge.UnavailableError{
			Busy: true, Reason: "too many bytes wait for the disk",
			RetryAfter: time.Second,
		}
	case l.bytes+size > l.o.MaxSize:
		l.count.refused.Inc()
		return nil, &edge.UnavailableError{Busy: true, Reason: "the log is full", RetryAfter: 5 * time.Second}
	}
	if l.next == nil {
		l.next = l.newGroup()
	}
	l.seq++
	l.arrival = max(l.arrival, l.o.Now().UnixNano())
	h.seq, h.arrival = l.seq, l.arrival
	l.next.add(h, payload)
	l.waiting += size
	return l.next, nil
}

// Failed is closed when the log has failed: what is on disk is not known any more, and the process must end. Err says
// why.
func (l *Log) Failed() <-chan struct{} { return l.failed }

// Err returns why the log has failed, nil if it has not.
func (l *Log) Err() error {
	if !l.hasFailed() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *Log) hasFailed() bool {
	select {
	case <-l.failed:
		return true
	default:
		return false
	}
}

// ErrClosed is the error of every Append after Close.
var ErrClosed = errors.New("log is closed")

// Close makes durable what was taken and ends the log. A second call returns what the first did.
func (l *Log) Close() error {
	l.once.Do(func() {
		l.mu.Lock()
		if l.err == nil {
			l.err = ErrClosed // an Append that comes now fails: no group that it could join would be written
		}
		l.mu.Unlock()
		close(l.quit)
		l.wg.Wait()
		if err := l.seal(); err != nil {
			l.closed = fmt.Errorf("close log %s: %w", l.o.Dir, err)
		}
	})
	return l.closed
}

// newSalt returns what the checksums of a new segment begin with. It is random, so that nobody can send bytes which, in
// a damaged segment, would be taken for a record.
func newSalt() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint32(b[:])
}

func checksum(salt uint32, payload []byte) uint32 { return crc32.Update(salt, castagnoli, payload) }
