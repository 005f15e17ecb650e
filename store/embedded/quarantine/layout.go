package quarantine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"edgescope/store/embedded/parts"
)

// Folders of the engines.
const (
	metricsDir   = "metrics"
	partitions   = "partitions"
	datadb       = "datadb"
	indexdb      = "indexdb"
	snapshotsDir = "snapshots"
	dayFormat    = "20060102"
	monthFormat  = "2006_01"
)

var (
	errNoFolder = errors.New("it should be a folder")
	errNoFile   = errors.New("it should be a file")
)

// layout sets aside what is not what the engines take it for, beginning with the outermost.
func (w *Ward) layout(context.Context) error {
	if err := w.metricsLayout(); err != nil {
		return err
	}
	for _, kind := range w.o.Kinds {
		if err := w.eventsLayout(kind); err != nil {
			return err
		}
	}
	return nil
}

func (w *Ward) metricsLayout() error {
	stores := []string{"small", "big", indexdb}
	folders := []string{"", snapshotsDir, "cache", "metadata", "data"}
	for _, s := range stores {
		folders = append(folders, "data/"+s, "data/"+s+"/"+snapshotsDir)
	}
	for _, f := range folders {
		if err := w.folder(w.path(metricsDir, f)); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(w.path(metricsDir, "tmp")); err != nil { // of questions that nobody waits for any more
		return err
	}
	if err := w.file(w.path(metricsDir, "flock.lock"), nil); err != nil {
		return err
	}
	if err := w.file(w.path(metricsDir, "metadata", "minTimestampForCompositeIndex"), func(b []byte) error {
		if len(b) != 8 {
			return fmt.Errorf("it has %d bytes, want 8", len(b))
		}
		return nil
	}); err != nil {
		return err
	}
	for _, s := range stores {
		if err := w.periods(w.path(metricsDir, "data", s), monthFormat); err != nil {
			return err
		}
	}
	return nil
}

func (w *Ward) eventsLayout(kind string) error {
	for _, f := range []string{"", partitions} {
		if err := w.folder(w.path(kind, f)); err != nil {
			return err
		}
	}
	if err := w.file(w.path(kind, "flock.lock"), nil); err != nil {
		return err
	}
	if err := w.file(w.path(kind, "delete_tasks.json"), func(b []byte) error {
		var tasks []json.RawMessage
		return json.Unmarshal(b, &tasks)
	}); err != nil {
		return err
	}
	if err := w.periods(w.path(kind, partitions), dayFormat); err != nil {
		return err
	}
	days, err := folders(w.path(kind, partitions))
	if err != nil {
		return err
	}
	for _, day := range days {
		if err := w.dayLayout(w.path(kind, partitions, day)); err != nil {
			return err
		}
	}
	return nil
}

// dayLayout is for a day of events.
func (w *Ward) dayLayout(day string) error {
	for _, f := range []string{datadb, indexdb, snapshotsDir} {
		if err := w.folder(filepath.Join(day, f)); err != nil {
			return err
		}
	}
	index := filepath.Join(day, indexdb)
	if exists(index) || !exists(filepath.Join(day, datadb)) {
		return nil
	}
	// else the process ended while it made the day
	if parts, err := folders(filepath.Join(day, datadb)); err != nil || len(parts) > 0 {
		if err := errors.Join(err, w.setAside(index, errors.New("the index of the day is missing: it is made anew"),
			nothing)); err != nil {
			return err
		}
	}
	return os.Mkdir(index, 0o750)
}

// folder sets aside what should be a folder and is none.
func (w *Ward) folder(path string) error {
	info, err := os.Stat(path) // an engine follows links too
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return w.setAside(path, err, nothing)
	case !info.IsDir():
		return w.setAside(path, errNoFolder, nothing)
	}
	return nil
}

// file sets aside what should be a file and is none, or has a content that an engine does not take.
func (w *Ward) file(path string, sound func([]byte) error) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		err = errNoFile
	case err == nil && sound != nil:
		var b []byte
		if b, err = os.ReadFile(path); err == nil {
			err = sound(b)
		}
	}
	if err != nil {
		return w.setAside(path, err, nothing)
	}
	return nil
}

// periods sets aside what is no folder of a day or month.
func (w *Ward) periods(dir, format string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		name, path := e.Name(), filepath.Join(dir, e.Name())
		if name == snapshotsDir || strings.HasPrefix(name, ".") {
			continue
		}
		if err := w.folder(path); err != nil {
			return err
		}
		if _, err := time.Parse(format, name); err != nil && exists(path) {
			if err := w.setAside(path, errors.New("its name is no time"), nothing); err != nil {
				return err
			}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// folders returns the names of the folders in a directory that are the engines' to list; tmp, txn and snapshots are
// not.
func folders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(dir, e.Name())); err == nil && info.IsDir() &&
			!slices.Contains([]string{"tmp", "txn", snapshotsDir}, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// nothing is what something holds that is no part.
var nothing parts.Held
