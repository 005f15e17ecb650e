package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime/debug"

	"edgescope/internal/run"
	"edgescope/internal/signpost"
)

// leastMemory is the least --memory-limit in bytes: the engines, idle, take half of it.
const leastMemory = 128 << 20

// inFlight returns how many bytes the requests at work may take.
func (o *options) inFlight() int64 {
	if o.maxInFlight > 0 {
		return o.maxInFlight
	}
	return o.memoryLimit / 4
}

// connections returns how many connections a door may have: one costs about 10 KB while it is idle, and up to 40 KB
// while the headers of a request come.
func (o *options) connections() int {
	if o.maxConnections > 0 {
		return o.maxConnections
	}
	return int(o.memoryLimit >> 18)
}

// openConns bounds the connections of all doors by what the store leaves of the descriptors.
func (c *Collector) openConns(ctx context.Context) error {
	c.conns = run.NewConns(c.logger, 0)
	for at, addr := range map[signpost.Port]string{
		signpost.Ingest: c.httpAddr, signpost.GRPC: c.grpcAddr,
		signpost.Query: c.queryAddr,
	} {
		c.signs.Opened(at, addr) // those that are not open yet
	}
	d := run.Descriptors{Conns: c.conns, Most: 3 * c.connections(), Files: c.storedFiles, Log: c.logger}
	stop, err := d.Hold(ctx)
	if err != nil {
		return err
	}
	c.stack.Push("bound of connections", stop)
	return nil
}

// storedFiles counts the files of the store, each of which a question may open. Snapshots and what was set aside are
// not the store's.
func (c *Collector) storedFiles() int {
	count := 0
	visit := func(_ string, at fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went while they are counted
			return nil
		case err != nil:
			return err
		case at.IsDir() && (at.Name() == "snapshots" || at.Name() == "quarantine"):
			return fs.SkipDir
		case !at.IsDir():
			count++
		}
		return nil
	}
	if err := filepath.WalkDir(c.dataDir, visit); err != nil {
		c.logger.Warn("the files of the store can't be counted", slog.Any("error", err))
	}
	return count
}

// engineMemory returns how many bytes the caches of the engines may take.
func (o *options) engineMemory() int64 { return o.memoryLimit * 2 / 5 }

// spanMemory returns how many bytes may be taken to remember spans, so that one that comes twice is kept once.
func (o *options) spanMemory() int64 { return o.memoryLimit / 32 }

// questionMemory returns how many bytes all questions together may take.
func (o *options) questionMemory() int64 {
	if o.maxQuestionMemory > 0 {
		return o.maxQuestionMemory
	}
	return o.memoryLimit / 8
}

// questionsAtOnce returns how many questions run at a time: each takes about 4 MiB for the blocks that it reads.
func (o *options) questionsAtOnce() int {
	if o.maxQuestions > 0 {
		return o.maxQuestions
	}
	return int(min(max(o.questionMemory()>>22, 4), 16))
}

// questionHeap returns the size of the live heap in bytes from which questions are ended: a fifth below the limit of
// the garbage collector, which works all the time near that.
func (o *options) questionHeap() int64 { return o.memoryLimit / 5 * 3 }

// totalsMemory returns how many bytes the totals may take that are not written and forgotten yet.
func (o *options) totalsMemory() int64 { return o.memoryLimit / 8 }

// heapTarget returns how far Go's heap may grow, in bytes, while what is in use is clearly less.
func (o *options) heapTarget() int64 { return o.memoryLimit / 16 * 7 }

// openMemory holds the garbage collector to the limit. A quarter of it is left for what the collector does not manage:
// caches and compressors of the engines live outside of Go's heap.
func (c *Collector) openMemory(ctx context.Context) error {
	c.stack.Push("heap", newHeap(c.heapTarget()).start(ctx))
	before := debug.SetMemoryLimit(c.memoryLimit / 4 * 3)
	c.stack.Push("memory limit", func(context.Context) error {
		debug.SetMemoryLimit(before)
		return nil
	})
	return nil
}

func (o *options) validateMemory() error {
	if o.memoryLimit < leastMemory {
		return run.Usage("--memory-limit must be at least %d MiB", leastMemory>>20)
	}
	if o.maxQuestions < 0 {
		return run.Usage("--max-questions must not be negative")
	}
	if o.maxQuestionMemory < 0 || o.maxQuestionMemory > o.memoryLimit/2 {
		return run.Usage("--max-question-memory must be at most half of --memory-limit: the engines and the garbage " +
			"collector need the rest")
	}
	if o.maxConnections < 0 {
		return run.Usage("--max-connections must not be negative")
	}
	if o.maxInFlight < 0 || o.maxInFlight > o.memoryLimit/2 {
		return run.Usage("--max-in-flight must be at most half of --memory-limit: the engines and the garbage " +
			"collector need the rest")
	}
	return nil
}
