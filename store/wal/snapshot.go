package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"edgescope/internal/disk"
)

// Snapshot links the log into a directory, which exists and is empty: the records that Append has taken before the
// call, and the newest checkpoints. Records that are appended meanwhile may be in it. The segment that was written to
// ends, and the next record begins another one.
func (l *Log) Snapshot(dir string) error {
	l.checkpointing.Lock() // no segment is dropped meanwhile
	defer l.checkpointing.Unlock()
	done := make(chan error, 1)
	select {
	case l.calls <- func() { done <- l.linkAll(dir) }:
		return <-done
	case <-l.quit:
		return fmt.Errorf("snapshot of the log: %w", ErrClosed)
	}
}

// linkAll belongs to the writing goroutine.
func (l *Log) linkAll(dir string) error {
	if err := l.Err(); err != nil {
		return err
	}
	if err := l.seal(); err != nil {
		return l.fail(err)
	}
	l.mu.Lock()
	paths := make([]string, 0, len(l.segments)+len(checkpointFiles))
	for _, s := range l.segments {
		paths = append(paths, s.path)
	}
	l.mu.Unlock()
	for _, name := range checkpointFiles {
		path := filepath.Join(l.o.Dir, name)
		if _, err := os.Stat(path); err == nil {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		if err := linkOrCopy(path, filepath.Join(dir, filepath.Base(path))); err != nil {
			return fmt.Errorf("snapshot of the log: %w", err)
		}
	}
	return disk.SyncDir(dir)
}

// linkOrCopy links a file, or copies it where the directory is in another file system.
func linkOrCopy(from, to string) error {
	err := os.Link(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return disk.Replace(to, data)
}
