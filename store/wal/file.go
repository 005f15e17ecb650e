package wal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// file is a segment that is being written. Tests put faults behind it.
type file interface {
	WriteAt(b []byte, at int64) (int, error)
	// Sync makes what was written durable, without the times of the file.
	Sync() error
	Truncate(size int64) error
	Close() error
}

type osFile struct{ *os.File }

// Sync is fdatasync(2).
func (f osFile) Sync() error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// createFile makes a new file of that size: its room on disk is reserved, so that writing to it can't run out of space.
// Where the file system has no such call the size alone is set.
func createFile(path string, size int64) (file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	err = unix.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		err = f.Truncate(size)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reserve %d bytes: %w", size, err), f.Close(), os.Remove(path))
	}
	return osFile{f}, nil
}

func truncate(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Sync(), f.Close())
}
