package wal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/store"
)

const (
	segmentHeaderSize = 64
	// segmentStart is where records begin: the header is there twice.
	segmentStart  = 2 * segmentHeaderSize
	segmentSuffix = ".wal"
)

var segmentMagic = [8]byte{'E', 'D', 'G', 'E', 'W', 'A', 'L', Format}

// segmentHeader is what a segment says of itself.
type segmentHeader struct {
	first uint64 // the sequence number from which its records count
	epoch uint64
	uuid  [16]byte
	salt  uint32
}

func (h *segmentHeader) encode() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, segmentStart), segmentMagic[:]...)
	b = le.AppendUint64(b, h.first)
	b = le.AppendUint64(b, h.epoch)
	b = append(b, h.uuid[:]...)
	b = le.AppendUint32(b, h.salt)
	b = append(b, make([]byte, segmentHeaderSize-4-len(b))...)
	b = le.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return append(b, b...)
}

// readSegmentHeader returns the first good copy. It fails with errDamaged, or with a plain error for a newer format.
func readSegmentHeader(data []byte) (segmentHeader, error) {
	for from := 0; from < segmentStart && from+segmentHeaderSize <= len(data); from += segmentHeaderSize {
		b := data[from : from+segmentHeaderSize]
		le := binary.LittleEndian
		if le.Uint32(b[segmentHeaderSize-4:]) != crc32.Checksum(b[:segmentHeaderSize-4], castagnoli) {
			continue
		}
		if !bytes.Equal(b[:7], segmentMagic[:7]) {
			continue
		}
		if b[7] > Format {
			return segmentHeader{}, fmt.Errorf("its format is %d, this version reads up to %d: use the newer version",
				b[7], Format)
		}
		h := segmentHeader{first: le.Uint64(b[8:]), epoch: le.Uint64(b[16:]), salt: le.Uint32(b[40:])}
		copy(h.uuid[:], b[24:])
		return h, nil
	}
	return segmentHeader{}, fmt.Errorf("%w: it has no header of a segment", errDamaged)
}

// segment is a file of the log.
type segment struct {
	path   string
	size   int64 // on disk, in bytes
	header segmentHeader
	last   uint64 // the newest sequence number in it, header.first-1 when there is none
	span   store.LogSpan
}

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, segmentSuffix))
}

// segmentNumber returns the first sequence number in a segment's name, false for the name of another file.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, segmentSuffix)
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, ok && err == nil && len(digits) == 20
}

// scan is what reading a segment found.
type scan struct {
	records []extent
	// gaps are damaged ranges with good records behind them.
	gaps []extent
	// end is where the last good record ends; torn tells that there is something behind it that is no record.
	end  int
	torn bool
}

// extent is a range of bytes of a segment.
type extent struct{ from, to int }

// scanSegment finds the good records of a segment: each calls visit. It never fails: what is no record is a gap or the
// tail.
func scanSegment(data []byte, salt uint32, visit func(h *header, payload []byte)) scan {
	s := scan{end: segmentStart}
	for at := segmentStart; at < len(data); {
		h, payload, size, err := readRecord(data[at:], salt)
		if err != nil {
			next, found := nextRecord(data, at, salt)
			if !found {
				s.torn = len(bytes.Trim(data[at:], "\x00")) > 0
				break
			}
			s.gaps = append(s.gaps, extent{at, next})
			at = next
			continue
		}
		s.records = append(s.records, extent{at, at + size})
		visit(&h, payload)
		at += size
		s.end = at
	}
	return s
}

// nextRecord returns where the next good record behind a bad one is.
func nextRecord(data []byte, from int, salt uint32) (int, bool) {
	for at := from + alignment; at+headerSize <= len(data); at += alignment {
		if binary.LittleEndian.Uint64(data[at:]) == 0 {
			continue // preallocated and not written: a record begins with its checksum and length
		}
		if _, _, _, err := readRecord(data[at:], salt); err == nil {
			return at, true
		}
	}
	return 0, false
}

// summary gathers a span from headers.
type summary struct {
	span    store.LogSpan
	kinds   uint8
	tenants map[edge.Tenant]bool
	arrival int64
}

func (s *summary) add(h *header) {
	sp := &s.span
	if sp.Last == 0 {
		sp.First = h.seq
	}
	sp.Last = h.seq
	s.arrival = max(s.arrival, h.arrival)
	if h.rows == 0 { // samples, of which no store is asked
		return
	}
	if sp.Rows == 0 || h.minTime < sp.MinTime {
		sp.MinTime = h.minTime
	}
	if sp.Rows == 0 || h.maxTime > sp.MaxTime {
		sp.MaxTime = h.maxTime
	}
	sp.Rows += int(h.rows)
	s.kinds |= h.kinds
	if s.tenants == nil {
		s.tenants = map[edge.Tenant]bool{}
	}
	if !s.tenants[h.tenant] {
		s.tenants[h.tenant] = true
		sp.Tenants = append(sp.Tenants, h.tenant)
	}
}

func (s *summary) done(log string) store.LogSpan {
	s.span.Log = log
	for kind := range edge.KindDataPoint + 1 {
		if s.kinds&(1<<kind) != 0 {
			s.span.Kinds = append(s.span.Kinds, kind)
		}
	}
	return s.span
}

// logName is what rows carry: the collector's UUID and the epoch.
func logName(uuid [16]byte, epoch uint64) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x-%d", uuid[:4], uuid[4:6], uuid[6:8], uuid[8:10], uuid[10:], epoch)
}

func parseUUID(text string) (uuid [16]byte, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(uuid) {
		return uuid, errors.New("the collector's UUID is no UUID: " + strconv.Quote(text))
	}
	return [16]byte(b), nil
}
