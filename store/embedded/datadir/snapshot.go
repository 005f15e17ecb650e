package datadir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"edgescope/internal/disk"
	"edgescope/store"
)

const (
	snapshotsDir = "snapshots"
	// snapshotFile ends a snapshot: a directory without it is none.
	snapshotFile = "SNAPSHOT"
	unfinished   = ".unfinished"
)

// Snapshot is a copy of the data directory as it was at one moment. Its files are hard links: it takes room on disk
// only as the store merges and drops what it links to.
type Snapshot struct {
	Name string `json:"name"`
	// Path is its directory, below snapshots/ of the data directory.
	Path    string    `json:"path"`
	Created time.Time `json:"created"`
	// Files and Bytes count what it holds, so that a copy of it can be known to be whole.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Snapshot makes a snapshot, which fill puts all into but for what the directory itself is: into the directory that it
// is given, and its folder wal. Half of one is removed.
func (d *Dir) Snapshot(fill func(dir string) error) (Snapshot, error) {
	snap := Snapshot{Created: time.Now().UTC().Truncate(time.Millisecond)}
	snap.Name = snap.Created.Format("20060102T150405.000Z")
	snap.Path = filepath.Join(d.path, snapshotsDir, snap.Name)
	temp := snap.Path + unfinished
	err := d.fillSnapshot(&snap, temp, fill)
	if err == nil {
		err = os.Rename(temp, snap.Path)
	}
	if err != nil {
		return Snapshot{}, errors.Join(fmt.Errorf("make snapshot %s: %w", snap.Name, err), os.RemoveAll(temp))
	}
	return snap, disk.SyncDir(filepath.Dir(snap.Path))
}

func (d *Dir) fillSnapshot(snap *Snapshot, dir string, fill func(dir string) error) error {
	if err := os.MkdirAll(filepath.Join(dir, "wal"), 0o750); err != nil {
		return err
	}
	if err := fill(dir); err != nil {
		return err
	}
	for _, name := range []string{formatFile, identityFile} {
		if err := copyFile(filepath.Join(d.path, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	var err error
	if snap.Files, snap.Bytes, err = countFiles(dir); err != nil {
		return err
	}
	text, err := json.Marshal(snap)
	if err != nil {
		return err
	}
	return disk.Write(filepath.Join(dir, snapshotFile), append(text, '\n'))
}

// DeleteSnapshot removes a snapshot of a data directory. It fails with fs.ErrNotExist when there is none of that name.
func DeleteSnapshot(dir, name string) error {
	path := filepath.Join(dir, snapshotsDir, name)
	if name != filepath.Base(name) || strings.HasSuffix(name, unfinished) {
		return fmt.Errorf("delete snapshot %q: %w", name, fs.ErrNotExist)
	}
	if _, err := os.Stat(filepath.Join(path, snapshotFile)); err != nil {
		return fmt.Errorf("delete snapshot %q: %w", name, err)
	}
	if err := os.Remove(filepath.Join(path, snapshotFile)); err != nil { // first: half of a snapshot is none
		return fmt.Errorf("delete snapshot %q: %w", name, err)
	}
	return os.RemoveAll(path)
}

// removeUnfinished removes what is left of snapshots that were being made, or deleted, when their process ended.
func (d *Dir) removeUnfinished() error {
	entries, err := os.ReadDir(filepath.Join(d.path, snapshotsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(d.path, snapshotsDir, e.Name())
		if _, missing := os.Stat(filepath.Join(path, snapshotFile)); errors.Is(missing, fs.ErrNotExist) {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	return err
}

// Restore makes a data directory of a snapshot, or of a copy of one. The directory must be empty or not exist. The next
// collector that opens it replays the log in it, goes on with the windows that were open, and begins a new epoch. It
// fails with store.ErrNewerFormat when a newer version made the snapshot, and when files of it are missing or have
// other sizes.
func Restore(snapshot, dir string) (Snapshot, error) {
	snap, err := readSnapshot(snapshot)
	if err == nil {
		err = checkVacant(dir)
	}
	if err == nil {
		err = copyTree(snapshot, dir)
	}
	if err != nil {
		return snap, fmt.Errorf("restore %s to %s: %w", snapshot, dir, err)
	}
	return snap, nil
}

func readSnapshot(path string) (snap Snapshot, err error) {
	text, err := os.ReadFile(filepath.Join(path, snapshotFile))
	if errors.Is(err, fs.ErrNotExist) {
		return snap, fmt.Errorf("it is no snapshot: there is no file %s in it", snapshotFile)
	}
	if err == nil {
		err = json.Unmarshal(text, &snap)
	}
	if err != nil {
		return snap, err
	}
	files, bytes, err := countFiles(path)
	if err != nil {
		return snap, err
	}
	if files != snap.Files || bytes != snap.Bytes {
		return snap, fmt.Errorf("it has %d files of %d bytes and was made with %d of %d: copy it again", files, bytes,
			snap.Files, snap.Bytes)
	}
	_, err = readFormats(filepath.Join(path, formatFile))
	return snap, err
}

// checkVacant refuses a directory with anything in it.
func checkVacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(dir, 0o750)
	}
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%w: it holds %s; give an empty directory", store.ErrInUse, entries[0].Name())
	}
	return err
}

// countFiles counts the files below a directory and their bytes, without the one that says how many there are.
func countFiles(dir string) (files int, bytes int64, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || path == filepath.Join(dir, snapshotFile) {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files++
			bytes += info.Size()
		}
		return err
	})
	return files, bytes, err
}

// LinkTree makes dst a copy of src whose files are hard links. Symbolic links to directories are followed.
func LinkTree(src, dst string) error {
	src, err := filepath.EvalSymlinks(src)
	if err != nil {
		return err
	}
	return walkTree(src, dst, true, os.Link)
}

// copyTree copies a snapshot, but for the file that ends it, which comes last under no name that a collector knows.
func copyTree(src, dst string) error {
	return walkTree(src, dst, false, func(from, to string) error {
		if from == filepath.Join(src, snapshotFile) {
			return nil
		}
		return copyFile(from, to)
	})
}

// walkTree makes the directories of src below dst, durably, and calls file for each of its files.
func walkTree(src, dst string, follow bool, file func(from, to string) error) error {
	if err := os.MkdirAll(dst, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(src)
	if err != nil {
		return err
	}
	for _, e := range entries {
		from, to := filepath.Join(src, e.Name()), filepath.Join(dst, e.Name())
		linked := follow && e.Type()&fs.ModeSymlink != 0
		if linked {
			if from, err = filepath.EvalSymlinks(from); err != nil {
				return err
			}
		}
		if linked || e.IsDir() {
			err = walkTree(from, to, follow, file)
		} else {
			err = file(from, to)
		}
		if err != nil {
			return err
		}
	}
	return disk.SyncDir(dst)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	return errors.Join(err, out.Sync(), out.Close())
}

// Snapshots returns the names of the snapshots of a data directory, oldest first.
func Snapshots(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, snapshotsDir, "*", snapshotFile))
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, filepath.Base(filepath.Dir(f)))
	}
	slices.Sort(names)
	return names, err
}
