package wal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"edgescope/internal/disk"
)

// listFile names the segments that were begun and not dropped, so that one that is missing is known. It is written when
// the first records of a segment are on disk, and before segments are dropped. A log of an earlier version has none.
const listFile = "segments"

// readList returns the listed segments and the size that each was begun with, none when there is no list that can be
// read.
func (l *Log) readList() map[string]int64 {
	none := map[string]int64{}
	b, err := os.ReadFile(filepath.Join(l.o.Dir, listFile))
	if err != nil {
		return none
	}
	var sum uint32
	head, rest, _ := bytes.Cut(b, []byte("\n"))
	if _, err := fmt.Sscanf(string(head), "%08x", &sum); err != nil || sum != crc32.Checksum(rest, castagnoli) {
		l.o.Logger.Warn("the list of the log's segments is damaged: a segment that is missing is not noticed this time",
			slog.String("file", listFile))
		return none
	}
	listed := map[string]int64{}
	if err := json.Unmarshal(rest, &listed); err != nil {
		return none
	}
	return listed
}

// list changes the list and writes it. What is added has records on disk; what is removed is on disk still.
func (l *Log) list(change func(listed map[string]int64)) error {
	l.listing.Lock()
	defer l.listing.Unlock()
	change(l.listed)
	b, err := json.Marshal(l.listed)
	if err != nil {
		return err
	}
	return disk.Replace(filepath.Join(l.o.Dir, listFile), append(fmt.Appendf(nil, "%08x\n",
		crc32.Checksum(b, castagnoli)), b...))
}

// wound is a segment that lacks records.
type wound struct {
	name string
	left int // records that are still in it
}

// tellLosses finds segments that are missing, and counts what they and the damaged ones held, by the numbers of the
// records before and behind them. Of the newest it is known as far as the checkpoint tells. What a checkpoint covers
// the store has been given. It makes the list one of what is there.
func (l *Log) tellLosses() error {
	there := map[string]bool{}
	var firsts []uint64
	for _, s := range l.segments {
		there[filepath.Base(s.path)] = true
	}
	for _, w := range l.wounded {
		there[w.name] = true
	}
	for name := range l.listed {
		if !there[name] {
			l.wounded = append(l.wounded, wound{name: name})
			if err := l.missing(name); err != nil {
				return err
			}
		}
		there[name] = true
	}
	for name := range there {
		first, _ := segmentNumber(name)
		firsts = append(firsts, first)
	}
	slices.Sort(firsts)
	slices.SortFunc(l.wounded, func(a, b wound) int { return strings.Compare(a.name, b.name) })
	for _, w := range l.wounded {
		first, _ := segmentNumber(w.name)
		end := max(l.seq, first-1) + 1 // the next number, as far as is known
		if at, _ := slices.BinarySearch(firsts, first); at+1 < len(firsts) {
			end = firsts[at+1]
		}
		held := max(0, int64(end-first))
		lost := uint64(max(0, held-int64(w.left)))
		l.lost += lost
		l.o.Logger.Error("the log lacks records: what the store has of them stays", slog.String("segment", w.name),
			slog.Uint64("first", first),
			slog.Uint64("records_lost", lost), slog.Bool("or_more", len(firsts) > 0 && first == firsts[len(firsts)-1]))
	}
	return l.list(func(listed map[string]int64) {
		clear(listed)
		for _, s := range l.segments {
			listed[filepath.Base(s.path)] = s.size
		}
	})
}

func (l *Log) missing(name string) error {
	if l.o.RefuseDamage {
		return fmt.Errorf("segment %s is missing: start without --wal-refuse-damage to go on without it", name)
	}
	l.damaged++
	l.o.Logger.Error("a segment of the log is missing", slog.String("segment", name))
	return nil
}

// Identity returns the collector that wrote the log in a directory, and the greatest epoch of its segments: ok is false
// when no segment tells.
func Identity(dir string) (collector string, epoch uint64, ok bool) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix)) // the pattern is good
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		b := make([]byte, segmentStart)
		n, _ := f.Read(b)
		_ = f.Close() // it was only read
		h, err := readSegmentHeader(b[:n])
		if err != nil {
			continue
		}
		name := logName(h.uuid, h.epoch)
		collector, epoch, ok = name[:strings.LastIndexByte(name, '-')], max(epoch, h.epoch), true
	}
	return collector, epoch, ok
}
