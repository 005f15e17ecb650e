package quarantine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"

	"edgescope/internal/disk"
	"edgescope/store/embedded/parts"
)

// sealsFile holds the seals, below the data directory.
const sealsFile = "SEALS"

// seal is what is known of a part whose files were good.
type seal struct {
	State parts.State `json:"state"`
	Sum   uint32      `json:"sum"`
	// Damaged is why the next Open sets it aside: it was found while the engine had it open.
	Damaged string `json:"damaged,omitempty"`
}

// seals are those of all parts by their path below the data directory.
type seals struct {
	Parts map[string]seal `json:"parts"`
}

func (s *seals) forget(rel string) { delete(s.Parts, rel) }

// readSeals returns those of the process before. Without them nothing is lost: parts are read again.
func (w *Ward) readSeals() seals {
	path := w.path(sealsFile)
	b, err := os.ReadFile(path)
	s := seals{}
	if err == nil {
		s, err = parseSeals(b)
	}
	if err != nil {
		s = seals{Parts: map[string]seal{}}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.o.Logger.Warn("the seals of parts can't be read: parts are read instead", slog.String("path", path),
			slog.Any("error", err))
		if err := os.RemoveAll(path); err != nil { // it may be a folder, in the way of the new ones
			w.o.Logger.Warn("the old seals can't be removed", slog.Any("error", err))
		}
	}
	return s
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A file of seals is its checksum, a line, and JSON.
func parseSeals(b []byte) (s seals, err error) {
	var sum uint32
	if len(b) < 9 {
		return s, errors.New("it is cut off")
	}
	if _, err := fmt.Sscanf(string(b[:9]), "%08x\n", &sum); err != nil || sum != crc32.Checksum(b[9:], castagnoli) {
		return s, errors.New("its checksum does not match")
	}
	err = json.Unmarshal(b[9:], &s)
	if s.Parts == nil {
		s.Parts = map[string]seal{}
	}
	return s, err
}

func (w *Ward) writeSeals(context.Context) error {
	b, err := json.Marshal(w.seals)
	if err != nil {
		return err
	}
	return disk.Replace(w.path(sealsFile), append(fmt.Appendf(nil, "%08x\n", crc32.Checksum(b, castagnoli)), b...))
}

// Seal notes the checksums of parts that the engines wrote since the last call, while they are in the page cache, and
// forgets those that are gone. It looks only at lists that changed.
func (w *Ward) Seal(ctx context.Context) {
	for _, l := range w.allLists() {
		w.sealList(ctx, &l)
	}
	for rel := range maps.Clone(w.seals.Parts) {
		if !exists(w.path(rel)) {
			w.seals.forget(rel)
			w.changed = true
		}
	}
	if !w.changed {
		return
	}
	w.changed = false
	if err := w.writeSeals(ctx); err != nil {
		w.o.Logger.Warn("the seals of parts can't be written: the next start reads more", slog.Any("error", err))
	}
}

// sealList seals the new parts of a list. An engine writes a part whole before it lists it.
func (w *Ward) sealList(ctx context.Context, l *list) {
	info, err := os.Stat(l.path)
	if err != nil || w.lists[l.path].Equal(info.ModTime()) {
		return
	}
	names, damaged, err := l.read()
	if err != nil || damaged != nil { // a part that is gone since: the next call sees the new list
		return
	}
	w.lists[l.path] = info.ModTime()
	for i, dir := range l.dirs {
		for _, name := range names[i] {
			w.sealPart(ctx, filepath.Join(dir, name))
		}
	}
}

func (w *Ward) sealPart(ctx context.Context, path string) {
	rel := w.rel(path)
	_, sealed := w.seals.Parts[rel]
	if _, unread := w.unread[rel]; sealed || unread {
		return
	}
	if s, err := sealOf(ctx, path); err == nil { // else it was merged away
		w.seals.Parts[rel] = s
		w.changed = true
	}
}

func sealOf(ctx context.Context, path string) (s seal, err error) {
	if s.State, err = parts.StateOf(path); err == nil {
		s.Sum, err = parts.Sum(ctx, path)
	}
	return s, err
}

// readOn reads the parts that Open left out. What is damaged stays with its engine, which has it open, until the next
// start.
func (w *Ward) readOn(ctx context.Context) {
	for rel, kind := range w.unread {
		path := w.path(rel)
		held, damaged := parts.Check(ctx, path, kind)
		s, err := sealOf(ctx, path)
		if ctx.Err() != nil {
			return
		}
		delete(w.unread, rel)
		if err != nil { // it was merged away
			continue
		}
		if damaged != nil {
			w.o.Logger.Error("a part of the store is damaged: the next start sets it aside", slog.String("path", path),
				slog.Any("error", damaged), slog.Uint64("rows", held.Rows))
			s.Damaged = damaged.Error()
			w.damaged.Add(1)
		}
		w.seals.Parts[rel] = s
		w.changed = true
	}
}

// Close seals what the engines left, and their caches, as far as ctx lets it. They are closed.
func (w *Ward) Close(ctx context.Context) error {
	w.Seal(ctx)
	if s, err := sealOf(ctx, w.path(cacheDir)); err == nil {
		w.seals.Parts[cacheDir] = s
	}
	return w.writeSeals(ctx)
}
