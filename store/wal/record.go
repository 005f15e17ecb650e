package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"edgescope/edge"
)

// Format is the version of segments, records and checkpoints. A newer collector reads the ones before: format 1 had no
// samples, format 2 neither parts nor totals, format 3 no round trips, memory and subrequests of events.
const Format = 4

const (
	// headerSize is the size in bytes of a record's header, alignment what records are padded to.
	headerSize = 72
	alignment  = 8
	// maxPayload bounds a record's payload in bytes: what a header may claim.
	maxPayload = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that bytes are no record: they were torn, or changed after they were written.
var errDamaged = errors.New("damaged record")

// header is what a record says of its batch.
type header struct {
	length, checksum uint32 // of the payload
	kinds            uint8  // bit 1<<kind of every kind that has an event
	seq              uint64
	arrival          int64 // Unix nanoseconds; never less than that of the record before
	minTime, maxTime int64 // of the events, Unix nanoseconds; 0 when there are none
	rows             uint32
	tenant           edge.Tenant
	body             edge.BodyHash
}

// describe fills in what the header says of a batch.
func (h *header) describe(b *edge.Batch) {
	h.rows, h.tenant, h.body = uint32(len(b.Events)), b.Tenant, b.Body
	for i := range b.Events {
		e := &b.Events[i]
		h.kinds |= 1 << e.Kind
		if i == 0 || e.Time < h.minTime {
			h.minTime = e.Time
		}
		if i == 0 || e.Time > h.maxTime {
			h.maxTime = e.Time
		}
	}
}

// appendRecord appends a whole record, its padding included.
func appendRecord(dst []byte, h *header, salt uint32, payload []byte) []byte {
	from := len(dst)
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, 0) // the header's checksum
	dst = le.AppendUint32(dst, h.length)
	dst = le.AppendUint32(dst, h.checksum)
	dst = append(dst, Format, h.kinds, 0, 0)
	dst = le.AppendUint64(dst, h.seq)
	dst = le.AppendUint64(dst, uint64(h.arrival))
	dst = le.AppendUint64(dst, uint64(h.minTime))
	dst = le.AppendUint64(dst, uint64(h.maxTime))
	dst = le.AppendUint32(dst, h.rows)
	dst = le.AppendUint32(dst, uint32(h.tenant))
	dst = append(dst, h.body[:]...)
	le.PutUint32(dst[from:], crc32.Update(salt, castagnoli, dst[from+4:]))
	dst = append(dst, payload...)
	var zeros [alignment]byte
	return append(dst, zeros[:padding(len(payload))]...)
}

func padding(n int) int { return -n & (alignment - 1) }

// readHeader reads the header of the record at the start of data. It fails with errDamaged.
func readHeader(data []byte, salt uint32) (header, error) {
	if len(data) < headerSize {
		return header{}, fmt.Errorf("%w: %d bytes are left for a header of %d", errDamaged, len(data), headerSize)
	}
	le := binary.LittleEndian
	if le.Uint32(data) != crc32.Update(salt, castagnoli, data[4:headerSize]) {
		return header{}, fmt.Errorf("%w: the checksum of its header does not match", errDamaged)
	}
	if data[12] < 1 || data[12] > Format {
		return header{}, fmt.Errorf("%w: its format is %d, this version reads 1 to %d", errDamaged, data[12], Format)
	}
	h := header{
		length: le.Uint32(data[4:]), checksum: le.Uint32(data[8:]), kinds: data[13],
		seq: le.Uint64(data[16:]), arrival: int64(le.Uint64(data[24:])),
		minTime: int64(le.Uint64(data[32:])), maxTime: int64(le.Uint64(data[40:])),
		rows: le.Uint32(data[48:]), tenant: edge.Tenant(le.Uint32(data[52:])),
	}
	copy(h.body[:], data[56:headerSize])
	if h.length > maxPayload {
		return header{}, fmt.Errorf("%w: it claims %d bytes", errDamaged, h.length)
	}
	return h, nil
}

// readRecord returns the record at the start of data and its size with padding. The payload is part of data.
func readRecord(data []byte, salt uint32) (h header, payload []byte, size int, err error) {
	if h, err = readHeader(data, salt); err != nil {
		return h, nil, 0, err
	}
	end := headerSize + int(h.length)
	if end > len(data) {
		return h, nil, 0, fmt.Errorf("%w: it has %d of %d bytes", errDamaged, len(data), end)
	}
	payload = data[headerSize:end]
	if crc32.Update(salt, castagnoli, payload) != h.checksum {
		return h, nil, 0, fmt.Errorf("%w: the checksum of its payload does not match", errDamaged)
	}
	return h, payload, min(end+padding(end), len(data)), nil
}
