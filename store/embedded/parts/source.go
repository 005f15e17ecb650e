package parts

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
)

// maxInflated bounds a block when it is decompressed, in bytes: the engines' are some MiB at most. A damaged size must
// not take the memory of the process.
const maxInflated = 64 << 20

// part is a part that is being read.
type part struct {
	ctx  context.Context //nolint:containedctx // it lives as long as the call of Check
	dir  string
	kind Kind
	meta metadata
	open []*source
	// shallow is set to leave the blocks out.
	shallow bool

	// blocks and rows are what was read so far.
	blocks, rows uint64
}

// source reads a file of blocks. Engines write blocks one behind the other, and when they merge they insist on it.
type source struct {
	name     string
	file     *os.File
	r        *bufio.Reader
	at, size uint64
	buf      []byte
	inflated []byte
}

func (p *part) source(name string) (*source, error) {
	f, err := os.Open(filepath.Join(p.dir, name))
	if err != nil {
		return nil, short(err)
	}
	s := &source{name: name, file: f}
	p.open = append(p.open, s)
	info, err := f.Stat()
	if err != nil {
		return nil, short(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: it is no file", name)
	}
	s.size = uint64(info.Size())
	s.r = bufio.NewReaderSize(f, int(min(max(s.size, 16), 64<<10)))
	return s, nil
}

// sources opens several files.
func (p *part) sources(names ...string) ([]*source, error) {
	all := make([]*source, len(names))
	for i, name := range names {
		s, err := p.source(name)
		if err != nil {
			return nil, err
		}
		all[i] = s
	}
	return all, nil
}

func (p *part) close() error {
	var errs []error
	for _, s := range p.open {
		errs = append(errs, s.file.Close())
	}
	return errors.Join(errs...)
}

// block returns the next block, valid until the next call: it must begin where the last one ended, and have at most
// limit bytes.
func (s *source) block(offset, size, limit uint64) ([]byte, error) {
	switch {
	case offset != s.at:
		return nil, fmt.Errorf("%s: a block should begin at %d, its header says %d", s.name, s.at, offset)
	case size > limit:
		return nil, s.fail("a block of %d bytes, at most %d are possible", size, limit)
	case size > s.size-s.at:
		return nil, s.fail("a block of %d bytes goes beyond the end of the file, %d", size, s.size)
	}
	s.buf = grown(s.buf, int(size))
	if _, err := io.ReadFull(s.r, s.buf); err != nil {
		return nil, s.fail("%w", short(err))
	}
	s.at += size
	return s.buf, nil
}

// skip is block for one that is not read: it must be in the file.
func (s *source) skip(offset, size, limit uint64) error {
	if offset != s.at || size > limit || size > s.size-s.at {
		return s.fail("a block of %d bytes at %d, the file has %d", size, offset, s.size)
	}
	s.at += size
	return nil
}

// inflate is block for one that is compressed.
func (s *source) inflate(offset, size, limit uint64) ([]byte, error) {
	b, err := s.block(offset, size, limit)
	if err != nil {
		return nil, err
	}
	if s.inflated, err = inflated(s.inflated[:0], b); err != nil {
		return nil, s.fail("the block before: %w", err)
	}
	return s.inflated, nil
}

// fail is an error at the place that was reached.
func (s *source) fail(format string, args ...any) error {
	return fmt.Errorf("%s at byte %d: %w", s.name, s.at, fmt.Errorf(format, args...))
}

// inflated appends what a zstd frame holds.
func inflated(dst, b []byte) ([]byte, error) {
	return encoding.DecompressZSTDLimited(dst, b, maxInflated)
}

// wholeFile returns a file that is one zstd frame, and its size on disk.
func (p *part) wholeFile(name string) (content []byte, size uint64, err error) {
	b, err := readFile(filepath.Join(p.dir, name))
	if err != nil {
		return nil, 0, err
	}
	if content, err = inflated(nil, b); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", name, err)
	}
	return content, uint64(len(b)), nil
}

// grown returns a slice of that length whose content is not defined.
func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n, n+n/4)
	}
	return b[:n]
}

// count notes a block and holds that there are not more than the metadata says.
func (p *part) count(rows, want uint64) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	p.blocks++
	p.rows += rows
	if p.rows > want || p.blocks > p.meta.BlocksCount {
		return fmt.Errorf("there are more than the %d blocks of %d rows that metadata.json tells of",
			p.meta.BlocksCount, want)
	}
	return nil
}

// complete holds that all rows were there.
func (p *part) complete(want uint64) error {
	if p.shallow {
		return nil
	}
	if p.rows != want || p.blocks != p.meta.BlocksCount {
		return fmt.Errorf("there are %d blocks of %d rows, metadata.json tells of %d of %d", p.blocks, p.rows,
			p.meta.BlocksCount, want)
	}
	return nil
}

// ordered tells whether a comes before b or is equal.
func ordered(a, b []byte) bool { return bytes.Compare(a, b) <= 0 }
