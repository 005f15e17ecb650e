package embedded

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
)

// What is checked here is what the engines read of a part when they open it. What they read later, when a question or a merge
// comes to it, is not: there is no checksum to check it by.

// partMetadata is what the engines check of metadata.json.
type partMetadata struct {
	FormatVersion, BloomValuesShardsCount uint64

	RowsCount, ItemsCount, BlocksCount int64
	MinTimestamp, MaxTimestamp         int64
}

func readMetadata(part string) (m partMetadata, err error) {
	b, err := os.ReadFile(filepath.Join(part, "metadata.json"))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("metadata.json: %w", err)
	}
	if rows := max(m.RowsCount, m.ItemsCount); rows <= 0 || m.BlocksCount <= 0 || m.BlocksCount > rows || m.MinTimestamp > m.MaxTimestamp {
		return m, fmt.Errorf("metadata.json makes no sense: %d blocks of %d rows from %d to %d", m.BlocksCount, rows, m.MinTimestamp, m.MaxTimestamp)
	}
	return m, nil
}

// soundEvents checks a part of VictoriaLogs (lib/logstorage, format version 3).
func soundEvents(part string) error {
	m, err := readMetadata(part)
	if err != nil {
		return err
	}
	if m.FormatVersion >= 3 {
		if err := soundColumns(part, m.BloomValuesShardsCount); err != nil {
			return err
		}
	}
	// An entry is a stream id of 24 bytes, two times, and where its index block is: offset and size.
	return soundMetaindex(part, func(b []byte) (offset, size uint64, rest []byte) {
		if len(b) < 56 {
			return 0, 0, nil
		}
		return binary.BigEndian.Uint64(b[40:]), binary.BigEndian.Uint64(b[48:]), b[56:]
	})
}

// soundColumns checks the names of a part's columns, and where their values are.
func soundColumns(part string, shards uint64) error {
	names, err := inflated(filepath.Join(part, "column_names.bin"))
	if err != nil {
		return err
	}
	columns, ok := soundNames(names)
	if !ok {
		return errors.New("column_names.bin: a name is cut off, or something follows the last")
	}
	places, err := os.ReadFile(filepath.Join(part, "column_idxs.bin"))
	if err != nil {
		return err
	}
	n, places, ok := number(places)
	for ; ok && n > 0; n-- {
		var column, shard uint64
		if column, places, ok = number(places); ok {
			shard, places, ok = number(places)
		}
		ok = ok && column < columns && shard < shards
	}
	if !ok || len(places) > 0 {
		return errors.New("column_idxs.bin: an entry is cut off or names no column")
	}
	return nil
}

// soundNames answers how many names there are, and whether they are all there is.
func soundNames(names []byte) (columns uint64, ok bool) {
	columns, names, ok = number(names)
	for n := uint64(0); ok && n < columns; n++ {
		var size uint64
		size, names, ok = number(names)
		if !ok || size > uint64(len(names)) {
			return columns, false
		}
		names = names[size:]
	}
	return columns, ok && len(names) == 0
}

// number reads a number of variable length.
func number(b []byte) (n uint64, rest []byte, ok bool) {
	n, used := binary.Uvarint(b)
	if used <= 0 {
		return 0, nil, false
	}
	return n, b[used:], true
}

// soundSamples checks a part of VictoriaMetrics (lib/storage).
func soundSamples(part string) error {
	if _, err := readMetadata(part); err != nil {
		return err
	}
	// An entry is a TSID of 24 bytes, a count, two times, and where its index block is.
	return soundMetaindex(part, func(b []byte) (offset, size uint64, rest []byte) {
		if len(b) < 56 {
			return 0, 0, nil
		}
		return binary.BigEndian.Uint64(b[44:]), uint64(binary.BigEndian.Uint32(b[52:])), b[56:]
	})
}

// soundIndex checks a part of either engine's index (lib/mergeset).
func soundIndex(part string) error {
	if _, err := readMetadata(part); err != nil {
		return err
	}
	// An entry is its first item with its length, a count, and where its index block is.
	return soundMetaindex(part, func(b []byte) (offset, size uint64, rest []byte) {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)) || len(b) < used+int(n)+16 {
			return 0, 0, nil
		}
		b = b[used+int(n):]
		return binary.BigEndian.Uint64(b[4:]), uint64(binary.BigEndian.Uint32(b[12:])), b[16:]
	})
}

// soundMetaindex checks that every entry of metaindex.bin is whole and that its block lies in index.bin.
func soundMetaindex(part string, entry func([]byte) (offset, size uint64, rest []byte)) error {
	b, err := inflated(filepath.Join(part, "metaindex.bin"))
	if err != nil {
		return err
	}
	index, err := os.Stat(filepath.Join(part, "index.bin"))
	if err != nil {
		return err
	}
	if len(b) == 0 {
		return errors.New("metaindex.bin is empty")
	}
	for len(b) > 0 {
		offset, size, rest := entry(b)
		if rest == nil {
			return errors.New("metaindex.bin: an entry is cut off")
		}
		if limit := uint64(index.Size()); offset > limit || size > limit-offset {
			return fmt.Errorf("metaindex.bin: a block of %d bytes at %d is outside of index.bin, which has %d", size, offset, limit)
		}
		b = rest
	}
	return nil
}

// inflated answers the content of a file that is one zstd frame.
func inflated(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b, err = encoding.DecompressZSTD(nil, b); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return b, nil
}
