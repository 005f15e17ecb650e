package embedded

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store/embedded/datadir"
)

// trimInterval is how often the guard compares the store's size with Options.MaxDisk.
const trimInterval = 10 * time.Second

// guard looks after the disk: it makes the store read-only before the disk is full, since the engines end the process
// on a full disk, and drops the oldest days of events above Options.MaxDisk.
type guard struct {
	s        *Store
	free     atomic.Uint64
	readOnly atomic.Bool

	quit chan struct{}
	once sync.Once
	wg   sync.WaitGroup
}

func startGuard(s *Store) *guard {
	g := &guard{s: s, quit: make(chan struct{})}
	g.checkFree()
	g.wg.Go(g.run)
	return g
}

func (g *guard) stop() {
	g.once.Do(func() { close(g.quit) })
	g.wg.Wait()
}

func (g *guard) run() {
	look := time.NewTicker(g.s.opts.GuardInterval)
	defer look.Stop()
	trim := time.NewTicker(trimInterval)
	defer trim.Stop()
	for {
		select {
		case <-g.quit:
			return
		case <-look.C:
			g.checkFree()
		case <-trim.C:
			g.trim()
		}
	}
}

// checkFree turns the store read-only below the reserve, and writable again at a tenth more.
func (g *guard) checkFree() {
	o := &g.s.opts
	free, err := o.FreeSpace(o.Dir)
	if err != nil {
		o.Logger.Warn("cannot ask for free disk space", slog.String("dir", o.Dir), slog.Any("error", err))
		return
	}
	g.free.Store(free)
	least := uint64(o.MinFreeDisk)
	switch was := g.readOnly.Load(); {
	case !was && free < least:
		g.readOnly.Store(true)
		o.Logger.Error("store is read-only: disk nearly full", slog.Uint64("free_bytes", free),
			slog.Uint64("reserve_bytes", least))
	case was && free >= least+least/10:
		g.readOnly.Store(false)
		o.Logger.Info("store is writable again", slog.Uint64("free_bytes", free))
	}
}

// trim drops the oldest day of events while the store is larger than Options.MaxDisk, but never the last two days.
func (g *guard) trim() {
	limit := g.s.opts.MaxDisk
	if limit <= 0 {
		return
	}
	for g.s.diskUse() > uint64(limit) {
		days := g.s.days()
		if len(days) <= 2 {
			return
		}
		if !g.dropDay(days[0]) {
			return
		}
	}
}

// dropDay removes a day of every kind.
func (g *guard) dropDay(name string) bool {
	day, err := time.Parse("20060102", name)
	if err != nil {
		g.s.opts.Logger.Error("unknown partition", slog.String("name", name))
		return false
	}
	g.s.waiting.DropBefore(day.Unix()/86400 + 1)
	for i, st := range g.s.kinds {
		if !slices.Contains(st.PartitionList(), name) {
			continue
		}
		path := filepath.Join(g.s.opts.Dir, datadir.KindDirs[i], "partitions", name)
		err := st.PartitionDetach(name)
		if err == nil {
			err = os.RemoveAll(path)
		}
		if err != nil {
			g.s.opts.Logger.Error("cannot drop the oldest day", slog.String("path", path), slog.Any("error", err))
			return false
		}
	}
	g.s.opts.Logger.Info("dropped the oldest day: the store is above its size",
		slog.String("day", day.Format(time.DateOnly)))
	return true
}

// days returns the names (YYYYMMDD) of the days that have events of any kind, oldest first.
func (s *Store) days() []string {
	var days []string
	for _, st := range s.kinds {
		days = append(days, st.PartitionList()...)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// diskUse returns the bytes that the store takes on disk.
func (s *Store) diskUse() uint64 {
	n := dirSize(filepath.Join(s.opts.Dir, "metrics"))
	for _, st := range s.kinds {
		var stats logstorage.StorageStats
		st.UpdateStats(&stats)
		n += sizeOf(&stats)
	}
	return n
}

// sizeOf returns the bytes that a storage of events takes on disk.
func sizeOf(stats *logstorage.StorageStats) uint64 {
	return stats.IndexdbSizeBytes + stats.CompressedSmallPartSize + stats.CompressedBigPartSize
}

// dirSize returns the bytes in the files below a directory. Files that vanish meanwhile, as merged parts do, count
// nothing.
func dirSize(dir string) uint64 {
	var n uint64
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // a part that was merged away is no error
		}
		if info, err := e.Info(); err == nil {
			n += uint64(info.Size())
		}
		return nil
	})
	return n
}

// freeSpace returns the bytes that this user may still write to the file system of a directory.
func freeSpace(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}
