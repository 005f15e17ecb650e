package wal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"edgescope/internal/disk"
)

// load finds the segments of earlier processes. It cuts a torn tail off the last one, sets a segment with damage aside,
// and tells what is missing.
func (l *Log) load() error {
	if err := l.moveStrangers(); err != nil {
		return err
	}
	names, err := l.segmentNames()
	if err != nil {
		return err
	}
	l.listed = l.readList()
	for i, name := range names {
		s, err := l.inspect(filepath.Join(l.o.Dir, name), i == len(names)-1)
		if err != nil {
			return fmt.Errorf("read segment %s: %w", name, err)
		}
		if s != nil {
			l.segments = append(l.segments, s)
			l.bytes += s.size
			l.seq = max(l.seq, s.last)
		}
	}
	return nil
}

// openDir makes the directory when there is none. It tells when an earlier process must have left one: each leaves the
// list of segments at least.
func (l *Log) openDir() error {
	info, err := os.Stat(l.o.Dir)
	if err == nil && !info.IsDir() {
		kept := l.o.Dir + ".damaged"
		if l.o.RefuseDamage {
			return errors.New("it is no folder: move it away, or start without --wal-refuse-damage")
		}
		l.o.Logger.Error("the log is no folder: what is in its place is kept under another name",
			slog.String("kept", kept))
		if err := os.Rename(l.o.Dir, kept); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(l.o.Dir, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil || len(entries) > 0 || l.o.Epoch <= 1 {
		return err
	}
	if l.o.RefuseDamage {
		return errors.New("it is empty though an earlier process kept a log: bring that back, or start without " +
			"--wal-refuse-damage")
	}
	l.damaged++
	l.o.Logger.Error("the log is empty though an earlier process kept one: it lacks records, how many is not known",
		slog.String("dir", l.o.Dir))
	return nil
}

// moveStrangers sets aside folders that have the name of a file of the log: they would be in its way.
func (l *Log) moveStrangers() error {
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		_, segment := segmentNumber(e.Name())
		if !e.IsDir() || !segment && !slices.Contains(append(checkpointFiles[:], listFile), e.Name()) {
			continue
		}
		if l.o.RefuseDamage {
			return fmt.Errorf("%s is a folder: move it away, or start without --wal-refuse-damage", e.Name())
		}
		l.o.Logger.Error("a folder is in the place of a file of the log: it is kept in quarantine",
			slog.String("file", e.Name()))
		if err := l.quarantine(filepath.Join(l.o.Dir, e.Name()), os.Rename, errors.New("it is a folder")); err != nil {
			return err
		}
	}
	return nil
}

// segmentNames returns the names of segments, oldest first.
func (l *Log) segmentNames() ([]string, error) {
	entries, err := os.ReadDir(l.o.Dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if _, ok := segmentNumber(e.Name()); ok && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// inspect reads a segment and leaves only good records in it. It returns nil when none is left.
func (l *Log) inspect(path string, newest bool) (*segment, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path}
	known, listed := l.listed[filepath.Base(path)]
	if s.header, err = readSegmentHeader(data); errors.Is(err, errDamaged) {
		if newest && !listed && !written(data) {
			return nil, l.remove(path) // the process ended between creating the file and writing to it
		}
		return nil, l.setAside(path, data, nil, 0)
	} else if err != nil {
		return nil, err
	}
	if s.header.uuid != l.uuid {
		return nil, fmt.Errorf("it was written by another collector, %s: give each collector a directory of its own",
			logName(s.header.uuid, s.header.epoch))
	}
	var sum summary
	found := scanSegment(data, s.header.salt, func(h *header, _ []byte) { sum.add(h) })
	s.last = max(s.header.first-1, sum.span.Last)
	s.span = sum.done(logName(s.header.uuid, s.header.epoch))
	l.arrival = max(l.arrival, sum.arrival)
	l.seq = max(l.seq, s.last)
	// A record that was torn by the end of the process does not make its file shorter.
	whole := newest && int64(len(data)) >= known
	if err := l.repair(s, data, &found, whole); err != nil {
		return nil, err
	}
	if len(found.records) == 0 {
		return nil, l.remove(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	s.size = info.Size()
	return s, nil
}

func written(data []byte) bool {
	return slices.ContainsFunc(data, func(b byte) bool { return b != 0 })
}

// repair makes a segment hold its good records and nothing else. mayTear tells that its end may be a record that was
// being written.
func (l *Log) repair(s *segment, data []byte, found *scan, mayTear bool) error {
	switch {
	case len(found.gaps) > 0:
		return l.setAside(s.path, data, found.records, found.gaps[0].from)
	case found.torn && !mayTear:
		return l.setAside(s.path, data, found.records, found.end)
	case found.torn:
		l.o.Logger.Warn("the log ends in a record that was not completed: it was never acknowledged and is cut off",
			slog.String("segment", filepath.Base(s.path)), slog.Int("offset", found.end))
	case found.end == len(data):
		return nil
	}
	return truncate(s.path, int64(found.end))
}

// setAside moves a segment with damage to the folder quarantine and puts one with its good records in its place.
func (l *Log) setAside(path string, data []byte, good []extent, offset int) error {
	name := filepath.Base(path)
	if l.o.RefuseDamage {
		return fmt.Errorf("it is damaged at offset %d: move it away, or start without --wal-refuse-damage to set it "+
			"aside", offset)
	}
	l.o.Logger.Error("a segment of the log is damaged: it is kept in quarantine, and its good records are replayed",
		slog.String("segment", name), slog.Int("offset", offset), slog.Int("good_records", len(good)))
	l.damaged++
	l.wounded = append(l.wounded, wound{name: name, left: len(good)})
	if err := l.quarantine(path, os.Link, fmt.Errorf("it is damaged at offset %d, and %d good records are left in it",
		offset, len(good))); err != nil {
		return err
	}
	if len(good) == 0 {
		return l.remove(path)
	}
	repaired := slices.Clone(data[:segmentStart])
	header, err := readSegmentHeader(data)
	if err != nil {
		return err
	}
	copy(repaired, header.encode())
	for _, r := range good {
		repaired = append(repaired, data[r.from:r.to]...)
	}
	return disk.Replace(path, repaired)
}

// quarantine puts a file into the folder quarantine, under a name that is not taken, with a file that says why.
func (l *Log) quarantine(path string, put func(from, to string) error, reason error) error {
	folder := filepath.Join(l.o.Dir, "quarantine")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	name := filepath.Base(path)
	to := filepath.Join(folder, name)
	for n := 1; ; n++ {
		if _, err := os.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			break
		}
		to = filepath.Join(folder, fmt.Sprintf("%s.%d", name, n))
	}
	text, err := json.MarshalIndent(map[string]string{
		"path": path, "reason": reason.Error(),
		"at": l.o.Now().UTC().Format(time.RFC3339),
	}, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(put(path, to), disk.Write(to+".reason.json", append(text, '\n')), disk.SyncDir(folder),
		disk.SyncDir(l.o.Dir))
}

func (l *Log) remove(path string) error {
	return errors.Join(os.Remove(path), disk.SyncDir(l.o.Dir))
}
