package embedded

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"edgescope/store"
)

// formats are the versions of what is stored. A version grows when an older program can't read what a newer one writes.
type formats struct {
	// Row is the version of store.RowRenderer (2: streams of spans by kind, no field that repeats another), Rollup that of the samples' names and labels, WAL that of the log's records.
	Row    int `json:"row"`
	Rollup int `json:"rollup"`
	WAL    int `json:"wal"`
}

var currentFormats = formats{Row: 2, Rollup: 1, WAL: 2}

type identity struct {
	Collector string `json:"collector"`
	Epoch     uint64 `json:"epoch"`
}

const (
	lockFile     = "LOCK"
	formatFile   = "FORMAT"
	identityFile = "identity.json"
)

// openReserve is the free space without which the engines are not started: they write some files when they open and close,
// and a full disk ends the process.
const openReserve = 64 << 20

// dataDir is a data directory that this process holds.
type dataDir struct {
	path     string
	lock     *os.File
	identity identity
}

// openDir takes the directory: it creates and locks it, proves that it can be written, checks its format and gives it the
// next epoch.
func openDir(path string, free func(string) (uint64, error)) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, err
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	d := &dataDir{path: path, lock: lock}
	if err := d.prepare(free); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *dataDir) prepare(free func(string) (uint64, error)) error {
	n, err := free(d.path)
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
	if err := d.nextEpoch(); err != nil {
		return fmt.Errorf("write %s: %w", identityFile, err)
	}
	return nil
}

// close gives the directory back. The lock file stays: removing it would let two processes lock two files of that name.
func (d *dataDir) close() error { return d.lock.Close() }

func lockDir(path string) (*os.File, error) {
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

// holder answers " by process N" when the lock file tells.
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
func (d *dataDir) checkFormat() error {
	f, err := readFormats(filepath.Join(d.path, formatFile))
	if errors.Is(err, os.ErrNotExist) {
		if err := d.checkEmpty(); err != nil {
			return err
		}
		return d.writeJSON(formatFile, currentFormats)
	}
	if err != nil || f == currentFormats {
		return err
	}
	return d.writeJSON(formatFile, currentFormats) // older formats are read; from now on newer ones are written too
}

// readFormats reads a file FORMAT. It fails with store.ErrNewerFormat for what this version can't read.
func readFormats(name string) (f formats, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(b, &f); err != nil {
		return f, fmt.Errorf("read %s: %w", name, err)
	}
	for _, v := range []struct {
		what       string
		have, know int
	}{
		{"rows", f.Row, currentFormats.Row},
		{"rollups", f.Rollup, currentFormats.Rollup},
		{"write-ahead log", f.WAL, currentFormats.WAL},
	} {
		if v.have > v.know {
			return f, fmt.Errorf("%w: %s are in format %d, this version reads up to %d; use the newer version, or another directory",
				store.ErrNewerFormat, v.what, v.have, v.know)
		}
		if v.have < 1 {
			return f, fmt.Errorf("read %s: format %d of %s is unknown", name, v.have, v.what)
		}
	}
	return f, nil
}

// checkEmpty refuses a directory that holds data but does not say in which format.
func (d *dataDir) checkEmpty() error {
	for _, sub := range append([]string{"metrics"}, kindDirs[:]...) {
		if _, err := os.Lstat(filepath.Join(d.path, sub)); err == nil {
			return fmt.Errorf("there is %s/ but no %s file: this is not a data directory of ours, or the file was lost", sub, formatFile)
		}
	}
	return nil
}

func (d *dataDir) nextEpoch() error {
	b, err := os.ReadFile(filepath.Join(d.path, identityFile))
	switch {
	case errors.Is(err, os.ErrNotExist):
		d.identity.Collector = newUUID()
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(b, &d.identity); err != nil {
			return err
		}
	}
	d.identity.Epoch++
	return d.writeJSON(identityFile, d.identity)
}

// writeJSON replaces a file of the directory whole or not at all, durably.
func (d *dataDir) writeJSON(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp := filepath.Join(d.path, name+".tmp")
	if err := writeSynced(tmp, append(b, '\n')); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(d.path, name)); err != nil {
		return err
	}
	return syncDir(d.path)
}

func writeSynced(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// newUUID answers a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
