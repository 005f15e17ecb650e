package parts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The types of the values of a column.
const (
	typeString  = 1
	typeDict    = 2
	typeUint8   = 3
	typeUint16  = 4
	typeUint32  = 5
	typeUint64  = 6
	typeFloat64 = 7
	typeIPv4    = 8
	typeTime    = 9
	typeInt64   = 10
)

// valueSize is how many bytes a value has by type; those of text differ.
var valueSize = [...]int{
	typeDict: 1, typeUint8: 1, typeUint16: 2, typeUint32: 4, typeUint64: 8, typeFloat64: 8,
	typeIPv4: 4, typeTime: 8, typeInt64: 8,
}

// maxDict is how many values a column has at most that keeps them in its header.
const maxDict = 8

// column is the header of a column of a block.
type column struct {
	kind               byte
	dict               int // how many values it keeps
	valuesAt, size     uint64
	bloomAt, bloomSize uint64
}

// columnReader reads the columns of a block: refs says of each its name and where its header is in headers.
type columnReader struct {
	*eventReader
	rows          uint64
	whole         []byte // the headers
	refs, headers cursor
	total         uint64
}

func (r *eventReader) readBlockColumns(rows uint64, refs, headers []byte) error {
	c := &columnReader{eventReader: r, rows: rows, whole: headers, refs: cursor{b: refs}, headers: cursor{b: headers}}
	if err := c.each(c.column); err != nil {
		return err
	}
	if err := c.each(func(uint64) error { c.headers.text(); return nil }); err != nil { // values that all rows have
		return err
	}
	if !c.headers.done() || !c.refs.done() {
		return c.fail("are cut off, or something follows them")
	}
	return nil
}

func (c *columnReader) fail(how string) error {
	return c.eventReader.headers.fail("the columns of the block before %s", how)
}

// each reads a list of columns.
func (c *columnReader) each(read func(name uint64) error) error {
	n := c.headers.number()
	if c.total += n; c.headers.bad || c.refs.number() != n || c.total > maxColumns {
		return c.fail("are cut off, too many, or not those of columns_header_index.bin")
	}
	for ; n > 0; n-- {
		name, at := c.refs.number(), c.refs.number()
		if c.refs.bad || at != uint64(len(c.whole)-len(c.headers.b)) || name >= uint64(len(c.columns)) ||
			c.seen[name] == c.blocks {
			return c.eventReader.refs.fail("the block before: an entry is cut off, there twice, or names no column")
		}
		c.seen[name] = c.blocks
		if err := read(name); err != nil {
			return err
		}
	}
	return nil
}

func (c *columnReader) column(name uint64) error {
	h := readColumn(&c.headers)
	if c.headers.bad || h == (column{}) {
		return c.fail("are cut off or make no sense")
	}
	return c.readColumn(c.rows, name, &h)
}

// readColumn returns zero for one that makes no sense.
func readColumn(c *cursor) (h column) {
	h.kind = c.byte()
	if h.kind == 0 || h.kind > typeInt64 || !readBounds(c, h.kind) {
		return column{}
	}
	if h.kind == typeDict {
		h.dict = int(c.byte())
		for range h.dict {
			c.text()
		}
		if h.dict > maxDict {
			return column{}
		}
	}
	h.valuesAt, h.size = c.number(), c.number()
	if h.kind != typeDict {
		h.bloomAt, h.bloomSize = c.number(), c.number()
	}
	return h
}

// readBounds reads the least and the greatest value of a column. They must be in order.
func readBounds(c *cursor, kind byte) bool {
	switch kind {
	case typeUint8:
		low, high := c.byte(), c.byte()
		return low <= high
	case typeUint16:
		low, high := c.uint16(), c.uint16()
		return low <= high
	case typeUint32, typeIPv4:
		low, high := c.uint32(), c.uint32()
		return low <= high
	case typeUint64:
		low, high := c.uint64(), c.uint64()
		return low <= high
	case typeTime:
		low, high := int64(c.uint64()), int64(c.uint64())
		return low <= high
	case typeInt64:
		low, high := c.int64(), c.int64()
		return low <= high
	case typeFloat64:
		low, high := math.Float64frombits(c.uint64()), math.Float64frombits(c.uint64())
		return low <= high
	}
	return true
}

func (r *eventReader) readColumn(rows, name uint64, h *column) error {
	files := r.files[name]
	if len(r.columns[name]) == 0 {
		files = &r.message
	}
	if files == nil {
		return fmt.Errorf("column_idxs.bin does not say where column %q is", r.columns[name])
	}
	b, err := files.values.block(h.valuesAt, h.size, maxEventBlock)
	if err != nil {
		return err
	}
	if err := r.values.check(b, rows, h); err != nil {
		return files.values.fail("the block before: %w", err)
	}
	if h.kind == typeDict {
		return nil
	}
	if _, err := files.bloom.block(h.bloomAt, h.bloomSize, maxEventBlock); err != nil {
		return err
	}
	if h.bloomSize%8 != 0 {
		return files.bloom.fail("a filter of %d bytes", h.bloomSize)
	}
	return nil
}

// valueReader checks blocks of values: their lengths, then the values themselves.
type valueReader struct {
	lens, data []byte
}

var errValues = errors.New("values are cut off, too many, or not of their type")

func (v *valueReader) check(b []byte, rows uint64, h *column) (err error) {
	c := cursor{b: b}
	if v.lens, err = inflatedPiece(&c, v.lens); err != nil {
		return err
	}
	if v.data, err = inflatedPiece(&c, v.data); err != nil {
		return err
	}
	if !c.done() {
		return errValues
	}
	total, same, ok := sumLengths(v.lens, rows)
	if !ok {
		return errValues
	}
	values := uint64(len(v.data))
	alike := same >= 0 && rows >= 2 && values == uint64(same) // one value stands for all
	if !alike && total > values {
		return errValues
	}
	if size := valueSize[h.kind]; h.kind != typeString && same != int64(size) {
		return errValues
	}
	if h.kind == typeDict {
		for _, id := range v.data {
			if int(id) >= h.dict {
				return fmt.Errorf("value %d of %d", id, h.dict)
			}
		}
	}
	return nil
}

// inflatedPiece takes a piece that is there as it is, or compressed.
func inflatedPiece(c *cursor, buf []byte) ([]byte, error) {
	switch c.byte() {
	case 0:
		return append(buf[:0], c.take(uint64(c.byte()))...), nil
	case 1:
		return inflated(buf[:0], c.text())
	}
	return buf, errValues
}

// sumLengths adds up the lengths of values, which have 1, 2, 4 or 8 bytes each, or are one for all. same is the length
// that all have, -1 when they differ.
func sumLengths(b []byte, n uint64) (total uint64, same int64, ok bool) {
	if len(b) == 0 || b[0] > 7 {
		return 0, 0, false
	}
	width, once := 1<<(b[0]&3), b[0]&4 != 0
	b = b[1:]
	count := n
	if once {
		count = 1
	}
	if uint64(len(b)) != count*uint64(width) {
		return 0, 0, false
	}
	same = -1
	for i := range int(count) {
		length := lengthAt(b[i*width:], width)
		if length > maxInflated {
			return 0, 0, false
		}
		total += length
		if i == 0 {
			same = int64(length)
		} else if same != int64(length) {
			same = -1
		}
	}
	if once {
		total *= n
	}
	return total, same, true
}

func lengthAt(b []byte, width int) uint64 {
	switch width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return binary.BigEndian.Uint64(b)
}
