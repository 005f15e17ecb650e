package parts

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
)

// Sizes of lib/mergeset.
const (
	maxItems      = 2 * 64 << 10     // bytes of the items of a block
	maxLens       = 2 * 8 * 64 << 10 // bytes of their lengths
	maxItemHeader = 4 * 64 << 10     // bytes of an index block
)

// itemBlock is the header of a block: sorted items that begin alike.
type itemBlock struct {
	prefix, first []byte
	zstd          bool
	items         uint32
	itemsAt       uint64
	lensAt        uint64
	itemsSize     uint32
	lensSize      uint32
}

// indexReader is what reading blocks one after the other keeps.
type indexReader struct {
	*part
	index, items, lens *source
	check              func(item []byte) error

	last []byte // the item before
	item []byte
	// of a block
	itemData, lenData   []byte
	lengths, prefixLens []uint64
}

func (p *part) checkIndex() error {
	files, err := p.sources("index.bin", "items.bin", "lens.bin")
	if err != nil {
		return err
	}
	b, _, err := p.wholeFile("metaindex.bin")
	if err != nil {
		return err
	}
	r := &indexReader{part: p, index: files[0], items: files[1], lens: files[2], check: checkStream}
	if p.kind == SampleIndex {
		r.check = new(seriesItems).check
	}
	for c := (cursor{b: b}); len(c.b) > 0; {
		first, blocks, offset, size := c.text(), c.uint32(), c.uint64(), uint64(c.uint32())
		if c.bad || blocks == 0 {
			return errors.New("metaindex.bin: an entry is cut off or empty")
		}
		if err := r.indexBlock(offset, size, int(blocks), first); err != nil {
			return err
		}
	}
	if want := p.meta.LastItem; !p.shallow && hex.EncodeToString(r.last) != want {
		return errors.New("metadata.json: LastItem is not the last item")
	}
	return p.complete(p.meta.ItemsCount)
}

func (r *indexReader) indexBlock(offset, size uint64, blocks int, first []byte) error {
	if r.shallow {
		return r.index.skip(offset, size, maxItemHeader)
	}
	b, err := r.index.inflate(offset, size, maxItemHeader)
	if err != nil {
		return err
	}
	c := cursor{b: b}
	for i := range blocks {
		h, ok := readItemBlock(&c)
		if !ok {
			return r.index.fail("header %d of %d of the block before is cut off or makes no sense", i, blocks)
		}
		if i == 0 && !bytes.Equal(first, h.first) {
			return r.index.fail("its first item is not the one that metaindex.bin names")
		}
		if err := r.block(&h); err != nil {
			return err
		}
	}
	if !c.done() {
		return r.index.fail("%d bytes follow the last header of the block before", len(c.b))
	}
	return nil
}

func readItemBlock(c *cursor) (h itemBlock, ok bool) {
	h.prefix, h.first = c.text(), c.text()
	kind := c.byte()
	h.zstd, h.items = kind == 1, c.uint32()
	h.itemsAt, h.lensAt = c.uint64(), c.uint64()
	h.itemsSize, h.lensSize = c.uint32(), c.uint32()
	return h, !c.bad && kind <= 1 && h.items > 0 && (h.items > 1 || !h.zstd) && bytes.HasPrefix(h.first, h.prefix)
}

func (r *indexReader) block(h *itemBlock) error {
	if err := r.count(uint64(h.items), r.meta.ItemsCount); err != nil {
		return err
	}
	if r.blocks == 1 && hex.EncodeToString(h.first) != r.meta.FirstItem {
		return errors.New("metadata.json: FirstItem is not the first item")
	}
	items, err := r.items.block(h.itemsAt, uint64(h.itemsSize), maxItems)
	if err != nil {
		return err
	}
	lens, err := r.lens.block(h.lensAt, uint64(h.lensSize), maxLens)
	if err != nil {
		return err
	}
	if h.zstd {
		if r.itemData, err = inflated(r.itemData[:0], items); err != nil {
			return r.items.fail("the block before: %w", err)
		}
		if r.lenData, err = inflated(r.lenData[:0], lens); err != nil {
			return r.lens.fail("the block before: %w", err)
		}
		items, lens = r.itemData, r.lenData
	}
	if !r.readLens(h, lens) {
		return r.lens.fail("the block before is not the lengths of %d items", h.items)
	}
	return r.readItems(h, items)
}

// readLens reads how long the items are behind the common prefix, and how much of that is as in the item before.
func (r *indexReader) readLens(h *itemBlock, b []byte) bool {
	n := int(h.items)
	if n > len(b)+1 { // an item has a byte of lengths at least, but for the first
		return false
	}
	if cap(r.lengths) < n {
		r.lengths, r.prefixLens = make([]uint64, n), make([]uint64, n)
	}
	r.lengths, r.prefixLens = r.lengths[:n], r.prefixLens[:n]
	r.lengths[0], r.prefixLens[0] = uint64(len(h.first)-len(h.prefix)), 0
	c := cursor{b: b}
	if !h.zstd {
		for i := 1; i < n; i++ {
			r.lengths[i], r.prefixLens[i] = c.uint64(), 0
		}
		return c.done()
	}
	for _, of := range [][]uint64{r.prefixLens, r.lengths} { // each as the difference to the one before
		for i := 1; i < n; i++ {
			of[i] = c.number() ^ of[i-1]
		}
	}
	return c.done()
}

func (r *indexReader) readItems(h *itemBlock, b []byte) error {
	r.item = append(r.item[:0], h.first...)
	if err := r.next(); err != nil {
		return r.index.fail("%w", err)
	}
	c := cursor{b: b}
	for i := 1; i < int(h.items); i++ {
		same, length := r.prefixLens[i], r.lengths[i]
		if same > length || same > uint64(len(r.item)-len(h.prefix)) {
			return r.lens.fail("item %d of the block before has %d bytes, %d of them as in the one before", i, length,
				same)
		}
		rest := c.take(length - same)
		if c.bad {
			return r.items.fail("item %d of the block before is cut off", i)
		}
		r.item = append(r.item[:len(h.prefix)+int(same)], rest...)
		if err := r.next(); err != nil {
			return r.items.fail("item %d of the block before: %w", i, err)
		}
	}
	if !c.done() {
		return r.items.fail("%d bytes follow the last item of the block before", len(c.b))
	}
	return nil
}

// next holds that item is in order and what an index of its kind holds.
func (r *indexReader) next() error {
	if !ordered(r.last, r.item) {
		return errors.New("it is out of order")
	}
	r.last = append(r.last[:0], r.item...)
	if err := r.check(r.item); err != nil {
		return fmt.Errorf("%w: % x", err, r.item[:min(len(r.item), 64)])
	}
	return nil
}
