// Package datadir holds a data directory: who has it, whose it is, in which format, how the process before ended, and
// its snapshots.
package datadir

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded/quarantine"
)

// formats are the versions of what is stored. A version grows when an older program can't read what a newer one writes.
type formats struct {
	// Row is the version of store.RowRenderer (2: streams of spans by kind, no field that repeats another), Rollup that
	// of the samples' names and labels, WAL that of the log's records.
	Row    int `json:"row"`
	Rollup int `json:"rollup"`
	WAL    int `json:"wal"`
}

var currentFormats = formats{Row: 2, Rollup: 2, WAL: 4}

type identity struct {
	Collector string `json:"collector"`
	Epoch     uint64 `json:"epoch"`
}

const (
	lockFile     = "LOCK"
	formatFile   = "FORMAT"
	identityFile = "identity.json"
)

// openReserve is the free space without which the engines are not started: they write some files when they open and
// close, and a full disk ends the process.
const openReserve = 64 << 20

// KindDirs are the names of the directories of events, by kind.
var KindDirs = [...]string{edge.KindSpan: "spans", edge.KindLog: "logs", edge.KindDataPoint: "datapoints"}

// Options say which directory is held.
type Options struct {
	// Path is the directory, absolute. It is created when it does not exist.
	Path string
	// FreeSpace returns how many bytes are free in the file system of a directory.
	FreeSpace func(dir string) (uint64, error)
	// Identity is asked for the collector's UUID, and the greatest epoch that is known, when the files that hold them
	// are damaged. nil, or ok false: a new UUID.
	Identity func() (uuid string, epoch uint64, ok bool)
	Logger   *slog.Logger
}

// Dir is a data directory that this process holds.
type Dir struct {
	path     string
	lock     *os.File
	identity identity
	logger   *slog.Logger
}

// Open takes the directory: it creates and locks it, proves that it can be written, checks its format and gives it the
// next epoch. It fails with store.ErrInUse and store.ErrNewerFormat.
func Open(o Options) (*Dir, error) {
	if err := os.MkdirAll(o.Path, 0o750); err != nil {
		return nil, err
	}
	d := &Dir{path: o.Path, logger: o.Logger}
	if err := d.takeLock(); err != nil {
		return nil, err
	}
	if err := d.prepare(&o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Dir) prepare(o *Options) error {
	n, err := o.FreeSpace(d.path)
	if err != nil {
		return fmt.Errorf("ask for free disk space: %w", err)
	}
	if n < openReserve {
		return fmt.Errorf("only %d MiB of disk are free: at least %d MiB are needed to start", n>>20, openReserve>>20)
	}
	if err := d.checkFormat(); err != nil {
		return err
	}
	if err := d.removeUnfinished(); err != nil {
		return fmt.Errorf("remove an unfinished snapshot: %w", err)
	}
	if err := d.nextEpoch(o.Identity); err != nil {
		return fmt.Errorf("write %s: %w", identityFile, err)
	}
	return nil
}

// Identity returns the UUID of the directory's collector and the epoch, the number of times that it was opened.
func (d *Dir) Identity() (uuid string, epoch uint64) { return d.identity.Collector, d.identity.Epoch }

// LookThrough sets aside what an engine would not survive. With distrust the checksums of all parts are compared.
func (d *Dir) LookThrough(ctx context.Context, distrust bool) (*quarantine.Ward, error) {
	crash, err := d.readCrash()
	if err != nil {
		return nil, err
	}
	if crash != "" {
		message, _, _ := strings.Cut(crash, "\n")
		d.logger.Error("the process before ended with a panic: the checksums of all parts are compared",
			slog.String("panic", message),
			slog.String("whole", filepath.Join(d.path, crashBeforeFile)))
	}
	w, err := quarantine.Open(ctx, quarantine.Options{
		Dir: d.path, Kinds: KindDirs[:], Epoch: d.identity.Epoch, Distrust: distrust, Crash: crash, Logger: d.logger,
	})
	if err != nil {
		return nil, err
	}
	return w, d.keepCrash()
}

// Close gives the directory back. The lock file stays: removing it would let two processes lock two files of that name.
func (d *Dir) Close() error { return errors.Join(d.dropCrash(), d.lock.Close()) }

func (d *Dir) takeLock() (err error) {
	d.lock, err = lockFileIn(d.path)
	if errors.Is(err, unix.EISDIR) { // no process can hold that
		if err = d.setAside(lockFile, errors.New("it is a folder")); err == nil {
			d.lock, err = lockFileIn(d.path)
		}
	}
	return err
}

func lockFileIn(path string) (*os.File, error) {
	name := filepath.Join(path, lockFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("the data directory must be writable: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("%w%s", store.ErrInUse, holder(f)), f.Close())
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
	if err := writePID(f); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
	}
	return f, nil
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder returns " by process N" when the lock file tells.
func holder(f *os.File) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return ""
	}
	return " by process " + strconv.Itoa(pid)
}

// checkFormat refuses a directory that a newer version wrote, and marks a new one.
func (d *Dir) checkFormat() error {
	path := filepath.Join(d.path, formatFile)
	var f formats
	if err := readGuardedFile(path, &f); err != nil {
		// Whether a digit was damaged or a newer version wrote it and left a sum of its own: to open it may destroy
		// what is there.
		if newer := f.check(); errors.Is(newer, store.ErrNewerFormat) {
			return fmt.Errorf("%w (or %s is damaged, %w: then put its copy in its place)", newer, path, err)
		}
	}
	err := d.readGuarded(formatFile, &f)
	if errors.Is(err, os.ErrNotExist) {
		if err := d.checkEmpty(); err != nil {
			return err
		}
		return d.writeGuarded(formatFile, currentFormats)
	}
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return d.writeGuarded(formatFile, currentFormats) // older formats are read; from now on newer ones are written too
}

// readFormats reads a file FORMAT. It fails with store.ErrNewerFormat for what this version can't read.
func readFormats(name string) (f formats, err error) {
	err = readGuardedFile(name, &f)
	if newer := f.check(); errors.Is(newer, store.ErrNewerFormat) {
		return f, newer
	}
	if err == nil {
		err = f.check()
	}
	if err != nil {
		err = fmt.Errorf("read %s: %w", name, err)
	}
	return f, err
}

func (f *formats) check() error {
	for _, v := range []struct {
		what       string
		have, know int
	}{
		{"rows", f.Row, currentFormats.Row},
		{"rollups", f.Rollup, currentFormats.Rollup},
		{"write-ahead log", f.WAL, currentFormats.WAL},
	} {
		if v.have > v.know {
			return fmt.Errorf("%w: %s are in format %d, this version reads up to %d; use the newer version, or "+
				"another directory",
				store.ErrNewerFormat, v.what, v.have, v.know)
		}
		if v.have < 1 {
			return fmt.Errorf("format %d of %s is unknown", v.have, v.what)
		}
	}
	return nil
}

// checkEmpty refuses a directory that holds data but does not say in which format.
func (d *Dir) checkEmpty() error {
	for _, sub := range append([]string{"metrics"}, KindDirs[:]...) {
		if _, err := os.Lstat(filepath.Join(d.path, sub)); err == nil {
			return fmt.Errorf("there is %s/ but no %s file: this is not a data directory of ours, or the file was lost",
				sub, formatFile)
		}
	}
	return nil
}

// nextEpoch gives the directory its next epoch. An identity that is lost is asked of known: with a new one the log
// would be that of another collector.
func (d *Dir) nextEpoch(known func() (string, uint64, bool)) error {
	err := d.readGuarded(identityFile, &d.identity)
	if err == nil && !isUUID(d.identity.Collector) {
		err = fmt.Errorf("%q is no UUID", d.identity.Collector)
	}
	if err != nil {
		if err := d.newIdentity(err, known); err != nil {
			return err
		}
	}
	d.identity.Epoch++
	return d.writeGuarded(identityFile, d.identity)
}

// newIdentity gives the directory an identity in the place of one that can't be read.
func (d *Dir) newIdentity(reason error, known func() (string, uint64, bool)) error {
	d.identity = identity{}
	if known != nil {
		d.identity.Collector, d.identity.Epoch, _ = known()
	}
	switch {
	case d.identity.Collector != "":
	case errors.Is(reason, os.ErrNotExist):
		d.identity.Collector = newUUID()
	default:
		return fmt.Errorf("it is damaged, and neither a copy nor a log tells what it said: remove it to go on as "+
			"another collector: %w", reason)
	}
	if d.checkEmpty() != nil {
		d.logger.Error("the collector's identity was lost", slog.Any("error", reason),
			slog.String("goes_on_as", d.identity.Collector))
	}
	return nil
}

func isUUID(text string) bool {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	return err == nil && len(b) == 16 && len(text) == 36
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
