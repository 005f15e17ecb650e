package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
)

// load finds the segments of earlier processes. It cuts a torn tail off the last one, and sets a segment with damage aside.
func (l *Log) load() error {
	names, err := l.segmentNames()
	if err != nil {
		return err
	}
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

// segmentNames answers the names of segments, oldest first.
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

// inspect reads a segment and leaves only good records in it. It answers nil when none is left.
func (l *Log) inspect(path string, newest bool) (*segment, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &segment{path: path}
	if s.header, err = readSegmentHeader(data); errors.Is(err, errDamaged) {
		if newest && !written(data) {
			return nil, l.remove(path) // the process ended between creating the file and writing to it
		}
		return nil, l.setAside(path, data, nil, 0)
	} else if err != nil {
		return nil, err
	}
	if s.header.uuid != l.uuid {
		return nil, fmt.Errorf("it was written by another collector, %s: give each collector a directory of its own", logName(s.header.uuid, s.header.epoch))
	}
	var sum summary
	found := scanSegment(data, s.header.salt, func(h *header, _ []byte) { sum.add(h) })
	s.last = max(s.header.first-1, sum.span.Last)
	s.span = sum.done(logName(s.header.uuid, s.header.epoch))
	l.arrival = max(l.arrival, sum.arrival)
	l.seq = max(l.seq, s.last)
	if err := l.repair(s, data, &found, newest); err != nil {
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

// repair makes a segment hold its good records and nothing else.
func (l *Log) repair(s *segment, data []byte, found *scan, newest bool) error {
	switch {
	case len(found.gaps) > 0:
		return l.setAside(s.path, data, found.records, found.gaps[0].from)
	case found.torn && !newest:
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
		return fmt.Errorf("it is damaged at offset %d: move it away, or start without --wal-refuse-damage to set it aside", offset)
	}
	l.o.Logger.Error("a segment of the log is damaged: it is kept in quarantine, and its good records are replayed",
		slog.String("segment", name), slog.Int("offset", offset), slog.Int("good_records", len(good)))
	l.damaged++
	folder := filepath.Join(l.o.Dir, "quarantine")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if err := linkAnew(path, folder, name); err != nil {
		return err
	}
	if err := syncDir(folder); err != nil {
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
	return replaceFile(path, repaired)
}

// linkAnew gives a file a second name in a folder, one that is not taken.
func linkAnew(path, folder, name string) error {
	to := filepath.Join(folder, name)
	for n := 1; ; n++ {
		err := os.Link(path, to)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		to = filepath.Join(folder, fmt.Sprintf("%s.%d", name, n))
	}
}

func (l *Log) remove(path string) error {
	return errors.Join(os.Remove(path), syncDir(l.o.Dir))
}
