// Package quarantine keeps what is damaged in a data directory away from the engines, which end the process over it:
// when they open a part, or later in a goroutine of theirs, at the first question that reads it.
//
// Before they open, Open looks at everything that they would read. What they would not survive is moved to the folder
// quarantine of the data directory, with a file that says why; lists of parts are written anew without it. What is
// looked at how thoroughly depends on what is known:
//
//   - Files and folders that every engine has: always.
//   - A part whose seal fits its names, sizes and times of change: nothing more. A seal is the checksum of a part's
//     files as the engine wrote them, or as they were when the part was last checked. Seal makes new ones while the
//     store runs.
//   - A part that was touched since, and every part when the process before ended with a panic: its checksum.
//   - A part without a seal: it is read to its last block (package parts), the newest first, up to Options.CheckAtMost
//     bytes; what is left of those is looked at as an engine opens it, and read by Seal later.
package quarantine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"edgescope/internal/disk"
	"edgescope/store/embedded/parts"
)

// Folder is where things are set aside, below the data directory.
const Folder = "quarantine"

// DefaultCheckAtMost is what an Open reads of parts without a seal at most, in bytes: some seconds on a slow core.
const DefaultCheckAtMost = 128 << 20

// Options say what is looked at.
type Options struct {
	// Dir is the data directory. No engine has it open.
	Dir string
	// Kinds are the folders of the engines of events.
	Kinds []string
	// Epoch is the number of this opening: names in the folder quarantine end with it.
	Epoch uint64
	// Distrust has nothing trusted for its times, and everything without a seal read.
	Distrust bool
	// Crash is what the process before wrote when it ended with a panic, else empty. It implies Distrust, and what the
	// panic names and no seal vouches for is set aside.
	Crash string
	// CheckAtMost bounds what is read of parts without a seal, in bytes. 0 is DefaultCheckAtMost.
	CheckAtMost int64
	Logger      *slog.Logger
}

// Ward is a data directory that was looked through. But for Figures it belongs to one goroutine at a time.
type Ward struct {
	o Options

	seals seals
	// changed tells that the seals are to be written.
	changed bool
	// unread are parts without a seal that were not read to the end, by their path.
	unread map[string]parts.Kind
	// lists are the lists of parts that Seal has seen, and when they were written.
	lists map[string]time.Time
	// aside is what the quarantine held when the directory was opened; damaged is how many parts were found damaged
	// since.
	aside   []Item
	damaged atomic.Int64
}

// Figures are what /metrics tells.
type Figures struct {
	// Items and Rows are what is in the quarantine, Damaged are parts that are damaged and still open.
	Items, Damaged int
	Rows           uint64
}

// Figures returns what was set aside so far, as it was when the directory was opened, and what waits for the next
// start. It is safe for concurrent use.
func (w *Ward) Figures() Figures {
	f := Figures{Items: len(w.aside), Damaged: int(w.damaged.Load())}
	for _, i := range w.aside {
		f.Rows += i.Rows
	}
	return f
}

// Open looks through a data directory and sets aside what is damaged. It fails when the disk does not let it, and when
// ctx ends.
func Open(ctx context.Context, o Options) (*Ward, error) {
	if o.CheckAtMost == 0 {
		o.CheckAtMost = DefaultCheckAtMost
	}
	o.Distrust = o.Distrust || o.Crash != ""
	w := &Ward{o: o, unread: map[string]parts.Kind{}, lists: map[string]time.Time{}}
	w.seals = w.readSeals()
	for _, step := range []func(context.Context) error{w.layout, w.checkLists, w.checkCaches, w.writeSeals} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("set aside what is damaged: %w", err)
		}
	}
	var err error
	if w.aside, err = List(o.Dir); err != nil {
		return nil, fmt.Errorf("list what was set aside: %w", err)
	}
	return w, nil
}

// Item is something that was set aside.
type Item struct {
	// Name is its name in the folder quarantine, Path where it was, below the data directory.
	Name string `json:"name"`
	Path string `json:"path"`
	// Reason is why an engine would not have survived it.
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Rows are what it held, as far as it tells: events, samples or entries of an index, and their times.
	Rows uint64     `json:"rows,omitempty"`
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}

// reasonSuffix ends the name of the file that says why something was set aside.
const reasonSuffix = ".reason.json"

func (w *Ward) setAside(path string, reason error, held parts.Held) error {
	w.seals.forget(below(w.o.Dir, path))
	return SetAside(w.o, path, reason, held)
}

// SetAside moves a file or folder of the data directory to the folder quarantine and tells. What does not exist leaves
// its reason only.
func SetAside(o Options, path string, reason error, held parts.Held) error {
	rel := below(o.Dir, path)
	item := Item{Path: rel, Reason: reason.Error(), At: time.Now().UTC().Truncate(time.Millisecond), Rows: held.Rows}
	attrs := []any{slog.String("path", path), slog.Any("error", reason)}
	if held.Rows > 0 {
		attrs = append(attrs, slog.Uint64("rows", held.Rows))
	}
	if !held.From.IsZero() {
		item.From, item.To = &held.From, &held.To
		attrs = append(attrs, slog.Time("from", held.From), slog.Time("to", held.To))
	}
	o.Logger.Error("a part of the store is damaged: it is set aside, and what it held is missing", attrs...)
	folder := filepath.Join(o.Dir, Folder)
	if err := makeFolder(folder); err != nil {
		return err
	}
	item.Name = freeName(folder, fmt.Sprintf("%s.%d", strings.ReplaceAll(rel, string(filepath.Separator), "-"),
		o.Epoch))
	text, err := json.MarshalIndent(item, "", "  ")
	if err != nil {
		return err
	}
	to := filepath.Join(folder, item.Name)
	if err := disk.Write(to+reasonSuffix, append(text, '\n')); err != nil {
		return err
	}
	if err := os.Rename(path, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(syncIfThere(filepath.Dir(path)), disk.SyncDir(folder))
}

func syncIfThere(dir string) error {
	if err := disk.SyncDir(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// makeFolder makes the folder quarantine; a file of that name is kept beside it.
func makeFolder(folder string) error {
	if info, err := os.Stat(folder); err == nil && !info.IsDir() {
		if err := os.Rename(folder, filepath.Join(filepath.Dir(folder),
			freeName(filepath.Dir(folder), Folder+".damaged"))); err != nil {
			return err
		}
	}
	return os.MkdirAll(folder, 0o750)
}

func freeName(folder, name string) string {
	free := name
	for n := 1; ; n++ {
		_, missing := os.Lstat(filepath.Join(folder, free))
		_, unknown := os.Lstat(filepath.Join(folder, free+reasonSuffix))
		if missing != nil && unknown != nil {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, n)
	}
}

// List returns what is in the quarantine of a data directory, oldest first by name.
func List(dir string) ([]Item, error) {
	files, err := filepath.Glob(filepath.Join(dir, Folder, "*"+reasonSuffix))
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(files))
	for _, f := range files {
		item := Item{Name: strings.TrimSuffix(filepath.Base(f), reasonSuffix)}
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(b, &item); err != nil {
			item.Reason = "its reason can't be read: " + err.Error()
		}
		items = append(items, item)
	}
	return items, nil
}

// rel returns a path below the data directory.
func (w *Ward) rel(path string) string { return below(w.o.Dir, path) }

func below(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil {
		return rel
	}
	return path
}

func (w *Ward) path(names ...string) string {
	return filepath.Join(append([]string{w.o.Dir}, names...)...)
}
