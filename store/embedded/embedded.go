// Package embedded keeps telemetry on the local disk, with the engines of VictoriaMetrics (samples) and VictoriaLogs
// (events) inside the process. Nobody else knows them but the packages below it.
//
// Layout of the data directory:
//
//	LOCK           held by the process that has the store open; holds its pid
//	FORMAT         the versions of what is stored, as JSON; FORMAT.copy is the same
//	identity.json  the collector's UUID and the epoch, which grows by one at each Open; identity.json.copy is the same
//	SEALS          checksums of the engines' parts
//	crash.txt      what a panic that ends the process says; crash.before.txt that of an earlier process
//	metrics/       samples
//	spans/ logs/ datapoints/   events, one VictoriaLogs storage for each kind
//	snapshots/     copies for backups, as hard links
//	quarantine/    what was damaged, moved away so that the rest opens, with reasons (package quarantine)
//
// The metrics engine keeps its state in globals: a process has at most one open Store.
package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store"
	"edgescope/store/embedded/datadir"
	"edgescope/store/embedded/quarantine"
	"edgescope/store/embedded/waiting"
)

var (
	_ store.Writer       = (*Store)(nil)
	_ store.LogsQLReader = (*Store)(nil)
)

// ErrClosed is the error of every call to a Store after Close.
var ErrClosed = errors.New("store is closed")

// Defaults of Options.
const (
	DefaultRetentionEvents  = 30 * 24 * time.Hour
	DefaultRetentionSamples = 400 * 24 * time.Hour
	DefaultMinFreeDisk      = 512 << 20
	DefaultFlushInterval    = 5 * time.Second
	DefaultMaxQueryDuration = 10 * time.Second
)

// Options say where and how telemetry is kept. The zero value of every field but Dir is a usable default.
type Options struct {
	// Dir is the data directory. It is created when it does not exist.
	Dir string
	// RetentionEvents and RetentionSamples are how long events and samples are kept, at least a day each. Defaults: 30
	// and 400 days.
	RetentionEvents, RetentionSamples time.Duration
	// MaxDisk bounds what the store takes on disk, in bytes: above it the oldest days of events go, but never the last
	// two. Samples count but stay. 0 means no bound.
	MaxDisk int64
	// MinFreeDisk is the reserve in bytes: with less free space the store is read-only, until a tenth more than that is
	// free again. The engines die when a disk is full, and their buffers exceed 8 MB. Default 512 MiB.
	MinFreeDisk int64
	// MemoryLimit bounds the caches of the engines in bytes. 0 means 60 % of the machine's memory. The engines read it
	// once: only the first Open of a process sets it.
	MemoryLimit int64
	// QueryMemory bounds what one selector of a MetricsQL text may take while it is evaluated, in bytes: a question
	// that needs more fails with store.ErrTooMuch. 0 is no bound but that of MemoryLimit.
	QueryMemory int64
	// FlushInterval is how often written data goes to disk, at least a second; default 5 s. kill -9 loses what is
	// younger than about two of them.
	FlushInterval time.Duration
	// MaxQueryDuration bounds the evaluation of MetricsQL; a question that needs longer fails with store.ErrTooMuch.
	// Default 10 s.
	MaxQueryDuration time.Duration
	// Logger tells of changes of state. Default: nothing is logged. The engines log warnings to stderr in their own
	// form.
	Logger *slog.Logger
	// FreeSpace returns how many bytes are free in the file system of a directory. Default: what the operating system
	// says.
	FreeSpace func(dir string) (uint64, error)
	// GuardInterval is how often the guard looks at the disk. Default one second.
	GuardInterval time.Duration
	// Tenants tells that several tenants are kept: what the metrics engine can't confine to one of them is not served.
	Tenants bool
	// Distrust has the checksums of all parts compared, and everything read that has none: Open takes as long as that
	// takes.
	Distrust bool
	// Identity is asked for the collector's UUID, and the greatest epoch that is known, when the files that hold them
	// are damaged: the log has them too. nil, or ok false: a new UUID.
	Identity func() (uuid string, epoch uint64, ok bool)
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("no data directory given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, err
	}
	o.Dir = dir
	o.RetentionEvents = cmp.Or(o.RetentionEvents, DefaultRetentionEvents)
	o.RetentionSamples = cmp.Or(o.RetentionSamples, DefaultRetentionSamples)
	o.MinFreeDisk = cmp.Or(o.MinFreeDisk, DefaultMinFreeDisk)
	o.FlushInterval = cmp.Or(o.FlushInterval, DefaultFlushInterval)
	o.MaxQueryDuration = cmp.Or(o.MaxQueryDuration, DefaultMaxQueryDuration)
	o.GuardInterval = cmp.Or(o.GuardInterval, time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FreeSpace == nil {
		o.FreeSpace = freeSpace
	}
	return o, o.validate()
}

func (o *Options) validate() error {
	const day = 24 * time.Hour
	switch {
	case o.RetentionEvents < day:
		return fmt.Errorf("retention of events is %s: it must be at least 24h", o.RetentionEvents)
	case o.RetentionSamples < day:
		return fmt.Errorf("retention of samples is %s: it must be at least 24h", o.RetentionSamples)
	case o.FlushInterval < time.Second:
		return fmt.Errorf("flush interval is %s: it must be at least 1s", o.FlushInterval)
	case o.MinFreeDisk < 0 || o.MaxDisk < 0:
		return errors.New("sizes of disk must not be negative")
	case o.GuardInterval < 0 || o.MaxQueryDuration < time.Second:
		return errors.New("guard interval must not be negative, query duration must be at least 1s")
	}
	return checkMemoryLimit(o.MemoryLimit)
}

// Store is a store.Writer and a store.Reader on the local disk. It is safe for concurrent use.
type Store struct {
	opts  Options
	dir   *datadir.Dir
	kinds [waiting.Kinds]*logstorage.Storage
	guard *guard
	ward  *quarantine.Ward
	// sealing ends the goroutine that seals parts, and waits for it.
	sealing func()
	// waiting are rows on their way to the engine.
	waiting *waiting.Rows

	// mu is held for reading by every call, for writing by Close: Close waits for the calls in flight, and a call that
	// comes later finds closed set.
	mu     sync.RWMutex
	closed bool

	// samplesMu serialises WriteSamples: it guards edge.Series.Raw and samples, and the engine wants few writers.
	samplesMu sync.Mutex
	samples   sampleBuffer

	// turns bounds how many evaluations of Series run at once, walks how many readers of Samples.
	turns, walks chan struct{}

	// parsed are texts that the metrics engine keeps.
	parsed parsed

	droppedSamples atomic.Uint64
}

// opened is true while a Store is open in this process, whose engine has its state in globals.
var opened atomic.Bool

// Open opens the store in Options.Dir, or makes one there. It fails with store.ErrInUse when another process has the
// directory open, or this process has any Store open; with store.ErrNewerFormat when a newer version wrote it; and with
// a plain error when the directory can't be written or its disk is full. The caller closes the Store.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open store %s: %w", opts.Dir, err)
	}
	if !opened.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("open store %s: this process has a store open already: %w", opts.Dir, store.ErrInUse)
	}
	s, err := open(ctx, opts)
	if err != nil {
		opened.Store(false)
		return nil, fmt.Errorf("open store %s: %w", opts.Dir, err)
	}
	return s, nil
}

func open(ctx context.Context, opts Options) (*Store, error) {
	// Whatever can be wrong is found here, before the engines, whose Must functions end the process.
	dir, err := datadir.Open(datadir.Options{
		Path: opts.Dir, FreeSpace: opts.FreeSpace, Identity: opts.Identity, Logger: opts.Logger,
	})
	if err != nil {
		return nil, err
	}
	ward, err := dir.LookThrough(ctx, opts.Distrust)
	if err == nil {
		err = startMetrics(&opts)
	}
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	s := &Store{opts: opts, dir: dir, ward: ward, turns: make(chan struct{}, maxConcurrentSeries), walks: make(chan struct{}, maxWalks)}
	for i, name := range datadir.KindDirs {
		s.kinds[i] = logstorage.MustOpenStorage(filepath.Join(opts.Dir, name), &logstorage.StorageConfig{
			// A day more than Check allows on both sides: what Check lets in is still taken when it arrives a little
			// later.
			Retention:              opts.RetentionEvents + 24*time.Hour,
			FutureRetention:        maxFuture + 24*time.Hour,
			FlushInterval:          opts.FlushInterval,
			MinFreeDiskSpaceBytes:  opts.MinFreeDisk / 2,
			DefaultParallelReaders: 2,
			SnapshotsMaxAge:        24 * time.Hour, // ours are moved away at once: those of a process that was killed
		})
	}
	s.waiting = waiting.Open(s.kinds, opts.MemoryLimit)
	s.guard = startGuard(s)
	s.startSealing(context.WithoutCancel(ctx))
	return s, nil
}

// Identity returns the UUID of this collector's data directory and the epoch, the number of times that it was opened.
func (s *Store) Identity() (uuid string, epoch uint64) {
	return s.dir.Identity()
}

// Quarantine returns what was set aside because it was damaged, at this Open and at earlier ones.
func (s *Store) Quarantine() ([]quarantine.Item, error) { return quarantine.List(s.opts.Dir) }

// Flush makes everything written visible to questions. It does not make it durable.
func (s *Store) Flush() {
	if s.enter() != nil {
		return
	}
	defer s.leave()
	s.waiting.Flush()
	flushMetrics()
}

// Close waits for the calls in flight, makes everything durable and gives the directory back. A second Close does
// nothing.
func (s *Store) Close() error {
	s.guard.stop()
	s.sealing()
	s.waiting.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.waiting.Flush()
	for _, st := range s.kinds {
		st.MustClose()
	}
	stopMetrics()
	err := errors.Join(s.sealAll(), s.dir.Close())
	opened.Store(false)
	return err
}

// sealEvery is how often new parts get their checksum. A kill leaves those that are younger to be read at the next
// start.
const sealEvery = 10 * time.Second

func (s *Store) startSealing(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() { s.ward.Run(ctx, sealEvery) })
	s.sealing = func() {
		cancel()
		group.Wait()
	}
}

// sealAtMost is how long a Close may take for the checksums of what the engines wrote last. The next start reads what
// is left.
const sealAtMost = 3 * time.Second

func (s *Store) sealAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), sealAtMost)
	defer cancel()
	return s.ward.Close(ctx)
}

// enter begins a call that uses the engines; leave ends it.
func (s *Store) enter() error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (s *Store) leave() { s.mu.RUnlock() }
