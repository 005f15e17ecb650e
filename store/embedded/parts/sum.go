package parts

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// State is what files looked like: names, sizes and times of change of all of them. It differs when one was written to,
// not when a bit changed on the disk.
type State struct {
	Mark  uint64
	Bytes int64
}

// StateOf looks at the files below a directory without reading them.
func StateOf(dir string) (s State, err error) {
	h := fnv.New64a()
	var b [8]byte
	err = walk(dir, func(rel, _ string, info fs.FileInfo) error {
		_, _ = io.WriteString(h, rel) // never fails
		for _, n := range []int64{info.Size(), info.ModTime().UnixNano()} {
			binary.LittleEndian.PutUint64(b[:], uint64(n))
			_, _ = h.Write(b[:])
		}
		s.Bytes += info.Size()
		return nil
	})
	s.Mark = h.Sum64()
	return s, err
}

// Sum reads the files below a directory and returns the checksum (CRC-32C) of their names, sizes and content.
// It fails when ctx ends.
func Sum(ctx context.Context, dir string) (uint32, error) {
	h := crc32.New(castagnoli)
	buf := make([]byte, 1<<20)
	err := walk(dir, func(rel, path string, info fs.FileInfo) error {
		_, _ = io.WriteString(h, rel) // never fails
		binary.LittleEndian.PutUint64(buf, uint64(info.Size()))
		_, _ = h.Write(buf[:8])
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // it was only read
		for err == nil {
			var n int
			n, err = f.Read(buf)
			_, _ = h.Write(buf[:n])
			err = cmp.Or(err, ctx.Err())
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	})
	return h.Sum32(), err
}

// walk calls each for the files below a directory, in the order of their names.
func walk(dir string, each func(rel, path string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		return each(rel, path, info)
	})
}
