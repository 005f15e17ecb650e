package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
)

// crashFile takes what Go writes when a panic ends the process: of an engine, in a goroutine where nobody can recover
// it. It is empty after kill -9, and gone after an ordered end. The one of the process before is kept beside it.
const (
	crashFile       = "crash.txt"
	crashBeforeFile = "crash.before.txt"
)

// maxCrash bounds what is read of it, in bytes. The message comes first.
const maxCrash = 64 << 10

// readCrash returns what the process before wrote when a panic ended it, empty when it ended otherwise.
func (d *Dir) readCrash() (string, error) {
	path := filepath.Join(d.path, crashFile)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(b) == 0:
		return "", nil
	case err != nil:
		return "", os.RemoveAll(path) // it is no file
	}
	return string(b[:min(len(b), maxCrash)]), os.Rename(path, filepath.Join(d.path, crashBeforeFile))
}

// keepCrash has a panic that ends this process written to crashFile too.
func (d *Dir) keepCrash() error {
	f, err := os.Create(filepath.Join(d.path, crashFile))
	if err != nil {
		return err
	}
	return errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close()) // it has a descriptor of its own
}

// dropCrash ends that.
func (d *Dir) dropCrash() error {
	err := debug.SetCrashOutput(nil, debug.CrashOptions{})
	if gone := os.Remove(filepath.Join(d.path, crashFile)); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
