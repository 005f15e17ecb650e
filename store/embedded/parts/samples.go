package parts

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
)

// Sizes of lib/storage.
const (
	seriesSize      = 24 // a TSID
	sampleHeader    = seriesSize + 3*8 + 2*8 + 3*4 + 2 + 3
	maxSampleBlock  = 2 * 8 * 8 << 10 // bytes of times or values, and of an index block
	maxSampleRows   = 2 * 8 << 10     // of a block
	fullPrecision   = 64
	noBlockWasThere = ^uint64(0)
)

// sampleBlock is the header of a block: some samples of one series.
type sampleBlock struct {
	series             []byte
	minTime, maxTime   int64 // milliseconds
	first              int64 // value
	timesAt, valuesAt  uint64
	timesSize, size    uint32
	rows               uint32
	timesType, valType encoding.MarshalType
	precision          uint8
}

// sampleReader is what reading blocks one after the other keeps.
type sampleReader struct {
	*part
	index, times, values *source
	series               [seriesSize]byte // of the block before

	// Blocks with the same times share them: sharedAt is where the newest are, shared what they are.
	sharedAt uint64
	shared   []byte
	numbers  numberReader
}

func (p *part) checkSamples() error {
	files, err := p.sources("index.bin", "timestamps.bin", "values.bin")
	if err != nil {
		return err
	}
	b, _, err := p.wholeFile("metaindex.bin")
	if err != nil {
		return err
	}
	r := &sampleReader{part: p, index: files[0], times: files[1], values: files[2], sharedAt: noBlockWasThere}
	var last []byte
	for c := (cursor{b: b}); len(c.b) > 0; {
		series, blocks := c.take(seriesSize), c.uint32()
		minTime, maxTime := c.int64(), c.int64()
		offset, size := c.uint64(), uint64(c.uint32())
		if c.bad || blocks == 0 || !ordered(last, series) || minTime < p.meta.MinTimestamp ||
			maxTime > p.meta.MaxTimestamp {
			return errors.New("metaindex.bin: an entry is cut off, out of order, or out of the times of metadata.json")
		}
		last = series
		if err := r.indexBlock(offset, size, blocks, series); err != nil {
			return err
		}
	}
	return p.complete(p.meta.RowsCount)
}

func (r *sampleReader) indexBlock(offset, size uint64, blocks uint32, series []byte) error {
	if r.shallow {
		return r.index.skip(offset, size, maxSampleBlock)
	}
	b, err := r.index.inflate(offset, size, maxSampleBlock)
	if err != nil {
		return err
	}
	if len(b) != int(blocks)*sampleHeader {
		return r.index.fail("%d bytes of headers, want %d of %d", len(b), blocks, sampleHeader)
	}
	if !bytes.Equal(series, b[:seriesSize]) {
		return r.index.fail("its first series is not the one that metaindex.bin names")
	}
	for c := (cursor{b: b}); len(c.b) > 0; {
		h := readSampleBlock(&c)
		if err := r.block(&h); err != nil {
			return err
		}
	}
	return nil
}

func readSampleBlock(c *cursor) (h sampleBlock) {
	h.series = c.take(seriesSize)
	h.minTime, h.maxTime, h.first = c.int64(), c.int64(), c.int64()
	h.timesAt, h.valuesAt = c.uint64(), c.uint64()
	h.timesSize, h.size, h.rows = c.uint32(), c.uint32(), c.uint32()
	c.uint16() // the scale of the values
	h.timesType, h.valType, h.precision = encoding.MarshalType(c.byte()), encoding.MarshalType(c.byte()), c.byte()
	return h
}

func (r *sampleReader) block(h *sampleBlock) error {
	if !ordered(r.series[:], h.series) {
		return r.index.fail("the headers are out of order")
	}
	copy(r.series[:], h.series)
	if h.rows == 0 || h.rows > maxSampleRows || h.minTime < r.meta.MinTimestamp || h.maxTime > r.meta.MaxTimestamp {
		return r.index.fail("a block of %d samples from %d to %d", h.rows, h.minTime, h.maxTime)
	}
	if err := errors.Join(encoding.CheckMarshalType(h.timesType), encoding.CheckMarshalType(h.valType),
		encoding.CheckPrecisionBits(h.precision)); err != nil {
		return r.index.fail("%w", err)
	}
	if err := r.count(uint64(h.rows), r.meta.RowsCount); err != nil {
		return err
	}
	if err := r.readTimes(h); err != nil {
		return err
	}
	b, err := r.values.block(h.valuesAt, uint64(h.size), maxSampleBlock)
	if err != nil {
		return err
	}
	if err := r.numbers.decode(b, h.valType, h.first, int(h.rows)); err != nil {
		return r.values.fail("the block before: %w", err)
	}
	return nil
}

// readTimes reads the times of a block, which may be those of the block before it.
func (r *sampleReader) readTimes(h *sampleBlock) error {
	if len(r.shared) == 0 || h.timesAt != r.sharedAt {
		b, err := r.times.block(h.timesAt, uint64(h.timesSize), maxSampleBlock)
		if err != nil {
			return err
		}
		r.shared, r.sharedAt = append(r.shared[:0], b...), h.timesAt
	} else if len(r.shared) != int(h.timesSize) {
		return r.index.fail("times of %d bytes are shared as %d", len(r.shared), h.timesSize)
	}
	if err := r.numbers.decode(r.shared, h.timesType, h.minTime, int(h.rows)); err != nil {
		return r.times.fail("the block before: %w", err)
	}
	if h.precision == fullPrecision && h.timesType.NeedsValidation() {
		if err := inOrder(r.numbers.got, h.minTime, h.maxTime); err != nil {
			return r.times.fail("the block before: %w", err)
		}
	}
	return nil
}

// numberReader reads numbers as lib/encoding does, but for the memory that a damaged size may take.
type numberReader struct {
	inflated []byte
	got      []int64
}

func (r *numberReader) decode(b []byte, t encoding.MarshalType, first int64, n int) (err error) {
	if plain, compressed := uncompressed(t); compressed {
		if r.inflated, err = inflated(r.inflated[:0], b); err != nil {
			return err
		}
		b, t = r.inflated, plain
	}
	if n < 2 && t == encoding.MarshalTypeNearestDelta2 { // the engine's function would panic, and log that
		return errors.New("a second difference of one number")
	}
	got, err := encoding.UnmarshalValues(r.got[:0], b, t, first, n)
	if err != nil {
		return err
	}
	if r.got = got; len(got) != n {
		return fmt.Errorf("%d numbers, want %d", len(got), n)
	}
	return nil
}

// uncompressed returns how numbers are encoded below the compression.
func uncompressed(t encoding.MarshalType) (plain encoding.MarshalType, compressed bool) {
	switch t {
	case encoding.MarshalTypeZSTDNearestDelta:
		return encoding.MarshalTypeNearestDelta, true
	case encoding.MarshalTypeZSTDNearestDelta2:
		return encoding.MarshalTypeNearestDelta2, true
	}
	return t, false
}

// inOrder holds that times ascend within bounds.
func inOrder(times []int64, from, to int64) error {
	last := from
	for i, t := range times {
		if t < last {
			return fmt.Errorf("time %d of %d is %d, before %d", i, len(times), t, last)
		}
		last = t
	}
	if last > to {
		return fmt.Errorf("the last of %d times is %d, behind %d", len(times), last, to)
	}
	return nil
}
