package parts

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
)

// Sizes of lib/logstorage.
const (
	eventStream   = tenantSize + streamIDSize
	maxEventBlock = 8 << 20 // bytes of any block
	maxEventRows  = 8 << 20 // of a block
	maxColumns    = 2_000   // of a block
)

// eventBlock is the header of a block: rows of one stream, column by column.
type eventBlock struct {
	stream               []byte
	bytes, rows          uint64
	timesAt, timesSize   uint64
	minTime, maxTime     int64 // nanoseconds
	timesType            encoding.MarshalType
	refsAt, refsSize     uint64 // of columns_header_index.bin
	headerAt, headerSize uint64 // of columns_header.bin
}

// eventReader is what reading blocks one after the other keeps.
type eventReader struct {
	*part
	index, refs, headers, times *source
	message                     shard
	shards                      []shard
	// columns are the names of columns, which blocks name by number; files are the shard of each, nil when it has none.
	columns [][]byte
	files   []*shard
	// seen is the block in which a column was seen last.
	seen []uint64

	stream  [eventStream]byte // of the block before
	minTime int64             // of the block before
	bytes   uint64
	read    uint64 // bytes of the files that are read whole
	numbers numberReader
	values  valueReader
}

// shard is a pair of files: values of columns, and filters that tell which words are not in them.
type shard struct{ bloom, values *source }

func (p *part) checkEvents() error {
	r := &eventReader{part: p}
	if err := r.openFiles(); err != nil {
		return err
	}
	if err := r.readColumns(); err != nil {
		return err
	}
	b, size, err := p.wholeFile("metaindex.bin")
	if err != nil {
		return err
	}
	r.read += size
	var last []byte
	for c := (cursor{b: b}); len(c.b) > 0; {
		stream := c.take(eventStream)
		minTime, maxTime, offset, size := int64(c.uint64()), int64(c.uint64()), c.uint64(), c.uint64()
		if c.bad || !ordered(last, stream) || minTime < p.meta.MinTimestamp || maxTime > p.meta.MaxTimestamp {
			return errors.New("metaindex.bin: an entry is cut off, out of order, or out of the times of metadata.json")
		}
		last = stream
		if err := r.indexBlock(offset, size, minTime, maxTime); err != nil {
			return err
		}
	}
	return r.whole()
}

func (r *eventReader) openFiles() error {
	files, err := r.sources("index.bin", "columns_header_index.bin", "columns_header.bin", "timestamps.bin",
		"message_bloom.bin", "message_values.bin")
	if err != nil {
		return err
	}
	r.index, r.refs, r.headers, r.times = files[0], files[1], files[2], files[3]
	r.message = shard{files[4], files[5]}
	r.shards = make([]shard, r.meta.BloomValuesShardsCount)
	for i := range r.shards {
		files, err := r.sources(fmt.Sprintf("bloom.bin%d", i), fmt.Sprintf("values.bin%d", i))
		if err != nil {
			return err
		}
		r.shards[i] = shard{files[0], files[1]}
	}
	return nil
}

// readColumns reads the names of columns, and in which files their values are.
func (r *eventReader) readColumns() error {
	b, size, err := r.wholeFile("column_names.bin")
	if err != nil {
		return err
	}
	r.read += size
	c := cursor{b: b}
	known := map[string]bool{}
	for n := c.number(); n > 0 && !c.bad; n-- {
		name := c.text()
		if known[string(name)] {
			return fmt.Errorf("column_names.bin: %q is there twice", name)
		}
		known[string(name)] = true
		r.columns = append(r.columns, name)
	}
	if !c.done() {
		return errors.New("column_names.bin: a name is cut off, or something follows the last")
	}
	r.files, r.seen = make([]*shard, len(r.columns)), make([]uint64, len(r.columns))
	return r.readShards()
}

func (r *eventReader) readShards() error {
	f, err := r.source("column_idxs.bin")
	if err != nil {
		return err
	}
	b, err := f.block(0, f.size, maxInflated)
	if err != nil {
		return err
	}
	r.read += f.size
	c := cursor{b: b}
	for n := c.number(); n > 0 && !c.bad; n-- {
		column, file := c.number(), c.number()
		if column >= uint64(len(r.columns)) || file >= uint64(len(r.shards)) {
			return errors.New("column_idxs.bin: an entry names no column or no file")
		}
		r.files[column] = &r.shards[file]
	}
	if !c.done() {
		return errors.New("column_idxs.bin: an entry is cut off, or something follows the last")
	}
	return nil
}

func (r *eventReader) indexBlock(offset, size uint64, minTime, maxTime int64) error {
	if r.shallow {
		return r.index.skip(offset, size, maxEventBlock)
	}
	b, err := r.index.inflate(offset, size, maxEventBlock)
	if err != nil {
		return err
	}
	for c := (cursor{b: b}); len(c.b) > 0; {
		h := readEventBlock(&c)
		if c.bad || h.rows == 0 || h.rows > maxEventRows || h.minTime < minTime || h.maxTime > maxTime {
			return r.index.fail("a header of the block before is cut off, or out of the bounds that metaindex.bin " +
				"tells")
		}
		if err := r.block(&h); err != nil {
			return err
		}
	}
	return nil
}

func readEventBlock(c *cursor) (h eventBlock) {
	h.stream = c.take(eventStream)
	h.bytes, h.rows = c.number(), c.number()
	h.timesAt, h.timesSize = c.uint64(), c.uint64()
	h.minTime, h.maxTime = int64(c.uint64()), int64(c.uint64())
	h.timesType = encoding.MarshalType(c.byte())
	h.refsAt, h.refsSize = c.number(), c.number()
	h.headerAt, h.headerSize = c.number(), c.number()
	return h
}

func (r *eventReader) block(h *eventBlock) error {
	switch bytes.Compare(h.stream, r.stream[:]) {
	case -1:
		return r.index.fail("the streams are out of order")
	case 0:
		if h.minTime < r.minTime {
			return r.index.fail("the times of a stream are out of order")
		}
	}
	copy(r.stream[:], h.stream)
	r.minTime = h.minTime
	r.bytes += h.bytes
	if err := r.count(h.rows, r.meta.RowsCount); err != nil {
		return err
	}
	if err := r.readTimes(h); err != nil {
		return err
	}
	refs, err := r.refs.block(h.refsAt, h.refsSize, maxEventBlock)
	if err != nil {
		return err
	}
	headers, err := r.headers.block(h.headerAt, h.headerSize, maxEventBlock)
	if err != nil {
		return err
	}
	return r.readBlockColumns(h.rows, refs, headers)
}

func (r *eventReader) readTimes(h *eventBlock) error {
	b, err := r.times.block(h.timesAt, h.timesSize, maxEventBlock)
	if err != nil {
		return err
	}
	if err = encoding.CheckMarshalType(h.timesType); err == nil {
		err = r.numbers.decode(b, h.timesType, h.minTime, int(h.rows))
	}
	if err == nil {
		err = inOrder(r.numbers.got, h.minTime, h.maxTime)
	}
	if err != nil {
		return r.times.fail("the block before: %w", err)
	}
	return nil
}

// whole holds that the part is what its metadata says, to the byte.
func (r *eventReader) whole() error {
	if r.shallow {
		return r.largeEnough()
	}
	if err := r.complete(r.meta.RowsCount); err != nil {
		return err
	}
	read := r.read
	for _, s := range r.open {
		if s.name != "column_idxs.bin" {
			read += s.at
		}
	}
	if r.bytes != r.meta.UncompressedSizeBytes || read != r.meta.CompressedSizeBytes {
		return fmt.Errorf("its blocks have %d bytes, %d uncompressed; metadata.json tells of %d and %d", read, r.bytes,
			r.meta.CompressedSizeBytes, r.meta.UncompressedSizeBytes)
	}
	return nil
}

// largeEnough is whole for blocks that were not read.
func (r *eventReader) largeEnough() error {
	size := r.read
	for _, s := range r.open {
		if s.name != "column_idxs.bin" {
			size += s.size
		}
	}
	if size < r.meta.CompressedSizeBytes {
		return fmt.Errorf("its files have %d bytes, metadata.json tells of %d", size, r.meta.CompressedSizeBytes)
	}
	return nil
}
