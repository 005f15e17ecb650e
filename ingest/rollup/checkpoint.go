package rollup

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"edgescope/edge"
)

// Format is the version of rollup samples and checkpoints: labels, slots, windows.
const Format = 1

// maxCheckpoint bounds what Restore reads.
const maxCheckpoint = 4 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type tenantState struct {
	ID       edge.Tenant
	Versions []version
	Windows  []windowState
}

type windowState struct {
	Start, Closes int64
	Width         int
	Part          string
	Cells         []cellState
}

type cellState struct {
	Dims    dims
	Slots   []slot
	Values  []float64
	Changed []slot
}

// Checkpoint writes the totals of all open windows: with them the next process continues where this one stopped. The form is
// the format, the length and the CRC-32C of a gob, each a big-endian uint32 but the length, a uint64; then the gob.
func (r *Rollup) Checkpoint(w io.Writer) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(r.state()); err != nil {
		return fmt.Errorf("encode rollup checkpoint: %w", err)
	}
	head := binary.BigEndian.AppendUint32(nil, Format)
	head = binary.BigEndian.AppendUint64(head, uint64(body.Len()))
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(body.Bytes(), castagnoli))
	if _, err := w.Write(append(head, body.Bytes()...)); err != nil {
		return fmt.Errorf("write rollup checkpoint: %w", err)
	}
	return nil
}

func (r *Rollup) state() []tenantState {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.foldPending()
	var states []tenantState
	for id, t := range r.tenants {
		s := tenantState{ID: id}
		for v := range t.versions {
			s.Versions = append(s.Versions, v)
		}
		for i := range t.open {
			for _, w := range t.open[i] {
				s.Windows = append(s.Windows, w.state())
			}
		}
		states = append(states, s)
	}
	return states
}

func (w *window) state() windowState {
	s := windowState{Start: w.start, Closes: w.closes, Width: w.width, Part: w.part}
	for k, c := range w.cells {
		s.Cells = append(s.Cells, cellState{Dims: k.dims, Slots: c.totals.slots, Values: c.totals.values, Changed: c.changed})
	}
	return s
}

// ErrCheckpoint says that a checkpoint is damaged or of another format: nothing of it was taken.
var ErrCheckpoint = errors.New("rollup checkpoint can't be used")

// Restore reads a checkpoint into an empty Rollup.
func (r *Rollup) Restore(in io.Reader) error {
	var head [16]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if format := binary.BigEndian.Uint32(head[:]); format != Format {
		return fmt.Errorf("%w: its format is %d, this version reads %d", ErrCheckpoint, format, Format)
	}
	length := binary.BigEndian.Uint64(head[4:])
	if length > maxCheckpoint {
		return fmt.Errorf("%w: it claims %d bytes", ErrCheckpoint, length)
	}
	body, err := io.ReadAll(io.LimitReader(in, int64(length)))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if uint64(len(body)) != length {
		return fmt.Errorf("%w: it has %d of %d bytes", ErrCheckpoint, len(body), length)
	}
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(head[12:]) {
		return fmt.Errorf("%w: its checksum does not match", ErrCheckpoint)
	}
	var states []tenantState
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&states); err != nil {
		return fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range states {
		r.restore(s)
	}
	return nil
}

func (r *Rollup) restore(s tenantState) {
	t := r.tenant(s.ID)
	for _, v := range s.Versions {
		t.versions[v] = struct{}{}
	}
	for _, ws := range s.Windows {
		w := &window{tenant: t, start: ws.Start, closes: ws.Closes, width: ws.Width, part: ws.Part, cells: map[*key]*cell{}}
		t.open[ws.Width][ws.Start] = w
		for _, cs := range ws.Cells {
			k := t.keys[cs.Dims]
			if k == nil {
				k = &key{dims: cs.Dims}
				t.keys[cs.Dims] = k
			}
			c := w.cell(k)
			c.totals = totals{slots: cs.Slots, values: cs.Values}
			if c.changed = cs.Changed; len(c.changed) > 0 {
				r.queue(c)
			}
		}
	}
}
