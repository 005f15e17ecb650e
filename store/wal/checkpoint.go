package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"edgescope/internal/disk"
)

const (
	checkpointFile       = "checkpoint"
	checkpointBefore     = "checkpoint.before"
	checkpointHeaderSize = 36
)

var checkpointFiles = [...]string{checkpointFile, checkpointBefore}

var checkpointMagic = [8]byte{'E', 'D', 'G', 'E', 'C', 'H', 'K', Format}

// mark is a position that a checkpoint was made of, and when.
type mark struct {
	position uint64
	at       time.Time
}

// Checkpoint keeps the state of the owner at a position: every record up to it has been given to the engines and is
// part of state. It then drops segments that nobody needs any more: those that a checkpoint of at least Options.Settle
// ago covers.
func (l *Log) Checkpoint(position uint64, state []byte) error {
	b := append(make([]byte, 0, checkpointHeaderSize+len(state)), checkpointMagic[:]...)
	le := binary.LittleEndian
	b = le.AppendUint64(b, position)
	b = le.AppendUint64(b, uint64(len(state)))
	b = le.AppendUint32(b, crc32.Checksum(state, castagnoli))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, crc32.Checksum(b, castagnoli))
	b = append(b, state...)
	l.checkpointing.Lock()
	defer l.checkpointing.Unlock()
	path := filepath.Join(l.o.Dir, checkpointFile)
	if l.intact { // a damaged one must not take the place of the one before it
		if err := os.Rename(path, filepath.Join(l.o.Dir, checkpointBefore)); err != nil {
			return fmt.Errorf("write checkpoint: %w", err)
		}
		l.intact = false
	}
	if err := disk.Replace(path, b); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	l.intact = true
	now := l.o.Now()
	l.mu.Lock()
	l.checkpoints = append(l.checkpoints, mark{position, now})
	l.mu.Unlock()
	return l.drop(now)
}

// Settled tells that the engines have made durable everything up to the last checkpoint, as they have when they are
// closed: the segments up to there are dropped.
func (l *Log) Settled() error {
	return l.drop(l.o.Now().Add(l.o.Settle))
}

// drop removes the segments that a checkpoint covers which was made at least Options.Settle before now.
func (l *Log) drop(now time.Time) error {
	l.mu.Lock()
	covered := -1
	for i, c := range l.checkpoints {
		if now.Sub(c.at) >= l.o.Settle {
			covered = i
		}
	}
	var old []*segment
	if covered >= 0 {
		for len(l.segments) > 0 && l.segments[0].last <= l.checkpoints[covered].position {
			old = append(old, l.segments[0])
			l.bytes -= l.segments[0].size
			l.segments = l.segments[1:]
		}
		l.checkpoints = l.checkpoints[covered:]
	}
	l.mu.Unlock()
	if len(old) == 0 {
		return nil
	}
	err := l.list(func(listed map[string]int64) {
		for _, s := range old {
			delete(listed, filepath.Base(s.path))
		}
	})
	if err != nil {
		return fmt.Errorf("drop segments: %w", err)
	}
	var errs []error
	for _, s := range old {
		errs = append(errs, os.Remove(s.path))
	}
	if err := errors.Join(append(errs, disk.SyncDir(l.o.Dir))...); err != nil {
		return fmt.Errorf("drop segments: %w", err)
	}
	return nil
}

// Restore gives use the newest checkpoint that can be read, and the one before when use fails: which segments are still
// there allows to go on from either. It returns false when there is none, or none that use takes.
func (l *Log) Restore(use func(position uint64, state []byte) error) (bool, error) {
	for _, name := range checkpointFiles {
		c, err := readCheckpoint(filepath.Join(l.o.Dir, name))
		if err == nil {
			err = use(c.position, c.state)
		}
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, fs.ErrNotExist):
		default:
			l.o.Logger.Error("a checkpoint of the log can't be used", slog.String("file", name), errorAttr(err))
		}
	}
	return false, nil
}

// loadCheckpoints makes sure that no sequence number is used twice, even when all segments were dropped.
func (l *Log) loadCheckpoints() error {
	for _, name := range checkpointFiles {
		c, err := readCheckpoint(filepath.Join(l.o.Dir, name))
		switch {
		case err == nil:
			l.seq = max(l.seq, c.position)
			l.intact = l.intact || name == checkpointFile
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errDamaged):
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
	return nil
}

// checkpoint is what a file of that name holds.
type checkpoint struct {
	position uint64
	state    []byte
}

func readCheckpoint(path string) (checkpoint, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return checkpoint{}, err
	}
	if len(b) < checkpointHeaderSize {
		return checkpoint{}, fmt.Errorf("%w: %d bytes are too few for a checkpoint", errDamaged, len(b))
	}
	le := binary.LittleEndian
	head, state := b[:checkpointHeaderSize], b[checkpointHeaderSize:]
	if le.Uint32(head[32:]) != crc32.Checksum(head[:32], castagnoli) ||
		string(head[:7]) != string(checkpointMagic[:7]) {
		return checkpoint{}, fmt.Errorf("%w: its header is not that of a checkpoint", errDamaged)
	}
	if head[7] > Format {
		return checkpoint{}, fmt.Errorf("its format is %d, this version reads up to %d: use the newer version", head[7],
			Format)
	}
	if le.Uint64(head[16:]) != uint64(len(state)) || le.Uint32(head[24:]) != crc32.Checksum(state, castagnoli) {
		return checkpoint{}, fmt.Errorf("%w: the checksum of its state does not match", errDamaged)
	}
	return checkpoint{position: le.Uint64(head[8:]), state: state}, nil
}
