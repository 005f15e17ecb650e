package ingest

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"edgescope/ingest/rollup"
)

// restore continues the windows that the earlier process left in the state file, and removes the file: should this process
// be killed, the next one must not continue from a state that is older than what the store holds.
func (p *Pipeline) restore() error {
	if p.o.StateFile == "" {
		return nil
	}
	f, err := os.Open(p.o.StateFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if p.o.Continues {
			p.o.Logger.Warn("the last process did not stop in order: open rollup windows continue as new parts")
			p.o.Rollup.Forget()
		}
		return nil
	case err != nil:
		return fmt.Errorf("read rollup state: %w", err)
	}
	err = errors.Join(p.o.Rollup.Restore(bufio.NewReader(f)), f.Close())
	if errors.Is(err, rollup.ErrCheckpoint) {
		p.o.Logger.Warn("open rollup windows continue as new parts", slog.Any("error", err))
		p.o.Rollup.Forget()
	} else if err != nil {
		return fmt.Errorf("read rollup state: %w", err)
	}
	if err := os.Remove(p.o.StateFile); err != nil {
		return fmt.Errorf("remove rollup state: %w", err)
	}
	return syncDir(filepath.Dir(p.o.StateFile))
}

// save writes the state file so that it is there whole or not at all.
func (p *Pipeline) save() error {
	if p.o.StateFile == "" {
		return nil
	}
	temp := p.o.StateFile + ".tmp"
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("save rollup state: %w", err)
	}
	if err := errors.Join(p.o.Rollup.Checkpoint(f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("save rollup state: %w", err)
	}
	if err := os.Rename(temp, p.o.StateFile); err != nil {
		return fmt.Errorf("save rollup state: %w", err)
	}
	return syncDir(filepath.Dir(p.o.StateFile))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
