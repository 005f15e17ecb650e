// Package parts reads the parts of the engines to their last block, as the engines do when they answer and merge, and
// returns what is wrong where they end the process.
//
// A part is a directory of files that are written once: sorted rows in blocks, an index of the blocks, an index of that
// index (metaindex.bin), and what the whole holds (metadata.json). The engines keep no checksums. They check what they
// read while they read it, in goroutines of their own, and panic: so a part is read here before an engine opens it.
// What passes can still hold a changed value, but nothing that an engine refuses.
//
// The formats are those of VictoriaMetrics v1.150.0 (lib/storage, lib/mergeset) and VictoriaLogs v1.51.1
// (lib/logstorage, part format 3).
package parts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Kind says which engine wrote a part, and what for.
type Kind uint8

// The kinds of parts.
const (
	Events      Kind = iota // rows of events
	EventIndex              // the streams of events
	Samples                 // samples
	SampleIndex             // the names of series
)

// Held is what a part says of itself.
type Held struct {
	// Rows are events, samples, or entries of an index.
	Rows uint64
	// From and To are the times of the first and the last; zero for an index.
	From, To time.Time
}

// Check reads a whole part and returns why an engine could not. Held is what its metadata says, as far as that can be
// read. The error names file and position. What follows the last block of a file is no error: no engine reads it. When
// ctx ends the error is that of ctx, and says nothing of the part.
func Check(ctx context.Context, dir string, kind Kind) (Held, error) {
	return check(&part{ctx: ctx, dir: dir, kind: kind})
}

// Look is Check for what an engine reads when it opens a part: which files there are, metadata.json, metaindex.bin, and
// the names of columns. It takes a fraction of a millisecond.
func Look(dir string, kind Kind) (Held, error) {
	return check(&part{ctx: context.Background(), dir: dir, kind: kind, shallow: true})
}

func check(p *part) (held Held, err error) {
	defer func() {
		if r := recover(); r != nil { // of the engines' functions that decode
			err = fmt.Errorf("it can't be decoded: %v", r)
		}
	}()
	p.meta, err = readMetadata(p.dir, p.kind)
	held = p.meta.held(p.kind)
	if err != nil {
		return held, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	switch p.kind {
	case Events:
		return held, p.checkEvents()
	case Samples:
		return held, p.checkSamples()
	default:
		return held, p.checkIndex()
	}
}

// metadata is metadata.json, whose names differ by engine.
type metadata struct {
	FormatVersion, BloomValuesShardsCount      uint64
	CompressedSizeBytes, UncompressedSizeBytes uint64

	RowsCount, ItemsCount, BlocksCount uint64
	MinTimestamp, MaxTimestamp         int64
	MinDedupInterval                   int64
	FirstItem, LastItem                string // in hexadecimal digits
}

// eventFormat is the version of parts of events that the engine writes.
const eventFormat = 3

// maxShards is how many pairs of files a part of events has at most.
const maxShards = 128

func readMetadata(dir string, kind Kind) (m metadata, err error) {
	b, err := readFile(filepath.Join(dir, "metadata.json"))
	if err != nil {
		return m, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields() // a name that was damaged is missing, and for times the engine's default is no time
	if err = d.Decode(&m); err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	if err != nil {
		return m, fmt.Errorf("metadata.json: %w", err)
	}
	rows := m.RowsCount
	if kind == EventIndex || kind == SampleIndex {
		rows = m.ItemsCount
	}
	switch {
	case rows == 0 || m.BlocksCount == 0 || m.BlocksCount > rows || m.MinTimestamp > m.MaxTimestamp:
		return m, fmt.Errorf("metadata.json makes no sense: %d blocks of %d rows from %d to %d", m.BlocksCount, rows,
			m.MinTimestamp, m.MaxTimestamp)
	case kind == Events && (m.FormatVersion != eventFormat || m.BloomValuesShardsCount > maxShards):
		return m, fmt.Errorf("metadata.json: format %d with %d pairs of files, want format %d with at most %d",
			m.FormatVersion, m.BloomValuesShardsCount, eventFormat, maxShards)
	}
	return m, nil
}

func (m *metadata) held(kind Kind) Held {
	switch kind {
	case Events:
		return Held{Rows: m.RowsCount, From: time.Unix(0, m.MinTimestamp).UTC(), To: time.Unix(0, m.MaxTimestamp).UTC()}
	case Samples:
		return Held{
			Rows: m.RowsCount, From: time.UnixMilli(m.MinTimestamp).UTC(),
			To: time.UnixMilli(m.MaxTimestamp).UTC(),
		}
	default:
		return Held{Rows: m.ItemsCount}
	}
}

// readFile reads a small file whole. It fails with the name alone, without the folder.
func readFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	return b, short(err)
}

// short takes the folder out of an error: who asks for a part knows where it is.
func short(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", filepath.Base(at.Path), at.Err)
	}
	return err
}
