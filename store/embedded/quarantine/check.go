package quarantine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/store/embedded/parts"
)

// listed is a list as it was read, and what became of its parts.
type listed struct {
	list
	names   [][]string
	changed bool
}

// suspect is a part that is looked at.
type suspect struct {
	of        *listed
	dir       int // of the list
	path, rel string
	state     parts.State
	seal      seal
	sealed    bool
	written   time.Time

	held parts.Held
	err  error // why it is set aside
	// unread tells that it was not read to the end.
	unread bool
}

// checkLists looks at every part that an engine will open, and leaves the damaged ones out of the lists.
func (w *Ward) checkLists(ctx context.Context) error {
	began := time.Now()
	var all []*suspect
	var lists []*listed
	for _, l := range w.allLists() {
		in, err := w.readList(l)
		if err != nil {
			return err
		}
		lists = append(lists, in)
		all = append(all, w.suspects(in)...)
	}
	slices.SortStableFunc(all, func(a, b *suspect) int { return b.written.Compare(a.written) })
	if err := w.judge(ctx, all); err != nil {
		return err
	}
	if err := w.tellMissing(); err != nil {
		return err
	}
	indexLost := false
	for _, s := range all {
		if s.err == nil {
			continue
		}
		indexLost = indexLost || s.of.kind == parts.SampleIndex
		if err := w.setAside(s.path, s.err, s.held); err != nil {
			return err
		}
		names := s.of.names[s.dir]
		s.of.names[s.dir] = slices.DeleteFunc(names, func(n string) bool { return n == filepath.Base(s.path) })
		s.of.changed = true
	}
	for _, l := range lists {
		if l.changed {
			if err := l.write(l.names); err != nil {
				return err
			}
		}
	}
	if indexLost { // they know series whose names are gone
		w.seals.forget(cacheDir)
	}
	if took := time.Since(began); took > time.Second {
		w.o.Logger.Info("looked through the parts of the store", slog.Int("parts", len(all)),
			slog.Duration("took", took))
	}
	return nil
}

// known returns how many parts in a folder have a seal.
func (w *Ward) known(folder string) (n int) {
	for rel := range w.seals.Parts {
		if filepath.Dir(w.path(rel)) == folder {
			n++
		}
	}
	return n
}

// tellMissing tells of folders of parts that are gone whole, as far as their parts had seals. Days that retention takes
// are forgotten while the store runs.
func (w *Ward) tellMissing() error {
	gone := map[string]int{}
	for rel := range w.seals.Parts {
		if folder := filepath.Dir(w.path(rel)); rel != cacheDir && !exists(folder) {
			gone[folder]++
			w.seals.forget(rel)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(gone)) {
		if err := w.setAside(folder, fmt.Errorf("the folder is missing, and %d parts that were in it", gone[folder]),
			nothing); err != nil {
			return err
		}
	}
	return nil
}

// readList reads a list; one that is damaged is set aside, and made anew of the parts that are there.
func (w *Ward) readList(l list) (*listed, error) {
	names, damaged, err := l.read()
	if err != nil {
		return nil, err
	}
	if damaged == nil && !exists(l.path) && w.known(filepath.Dir(l.path)) > 0 {
		damaged = errors.New("it does not exist, nor does any part")
	}
	in := &listed{list: l, names: names, changed: damaged != nil}
	if damaged != nil {
		damaged = fmt.Errorf("a list of parts is made anew of the parts that are there: %w", damaged)
		return in, w.setAside(l.path, damaged, nothing)
	}
	return in, nil
}

func (w *Ward) suspects(in *listed) []*suspect {
	var all []*suspect
	for i, dir := range in.dirs {
		for _, name := range in.names[i] {
			s := &suspect{of: in, dir: i, path: filepath.Join(dir, name)}
			s.rel = w.rel(s.path)
			s.seal, s.sealed = w.seals.Parts[s.rel]
			s.state, s.err = parts.StateOf(s.path)
			if info, err := os.Stat(s.path); err == nil {
				s.written = info.ModTime()
			}
			all = append(all, s)
		}
	}
	return all
}

// judge looks at all parts, as many at a time as there are processors.
func (w *Ward) judge(ctx context.Context, all []*suspect) error {
	budget := w.o.CheckAtMost
	var group sync.WaitGroup
	turns := make(chan struct{}, cmp.Or(runtime.GOMAXPROCS(0), 1))
	for _, s := range all {
		if s.err != nil {
			continue
		}
		if s.sealed && s.seal.State == s.state && !w.o.Distrust && s.seal.Damaged == "" {
			continue
		}
		if !s.sealed {
			budget -= s.state.Bytes
			s.unread = budget < 0 && !w.o.Distrust
		}
		turns <- struct{}{}
		group.Go(func() {
			s.look(ctx, w.o.Crash)
			<-turns
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil { // what was found may be no more than that
		return err
	}
	for _, s := range all {
		switch {
		case s.err != nil:
		case s.unread:
			w.unread[s.rel] = s.of.kind
		default:
			w.seals.Parts[s.rel] = s.seal
		}
	}
	return nil
}

// look finds out whether an engine would survive a part. crash is what the process before wrote when it ended.
func (s *suspect) look(ctx context.Context, crash string) {
	if s.unread {
		s.held, s.err = parts.Look(s.path, s.of.kind)
		return
	}
	if s.sealed && s.seal.Damaged != "" {
		s.held, _ = parts.Look(s.path, s.of.kind)
		s.err = errors.New(s.seal.Damaged)
		return
	}
	sum, err := parts.Sum(ctx, s.path)
	if err == nil && s.sealed && sum == s.seal.Sum {
		s.seal.State = s.state // touched, as a copy is, and the same
		return
	}
	s.held, s.err = parts.Check(ctx, s.path, s.of.kind)
	switch {
	case s.err != nil:
	case err != nil:
		s.err = err
	case s.sealed && s.state.Bytes <= s.seal.State.Bytes: // what was appended is never read
		s.err = errors.New("its files are not what was written: the checksum differs")
	case named(crash, s.path):
		s.err = errors.New("the process before ended with a panic that names it")
	default:
		s.seal = seal{State: s.state, Sum: sum}
	}
}

// named tells whether the message of a panic names a part. When an engine got no file or memory that is not the part's
// fault.
func named(crash, part string) bool {
	message, _, _ := strings.Cut(crash, "\ngoroutine ")
	for _, innocent := range []string{"too many open files", "no space left", "cannot allocate memory"} {
		if strings.Contains(message, innocent) {
			return false
		}
	}
	return strings.Contains(message, part+string(filepath.Separator)) || strings.Contains(message, part+`"`)
}

// cacheDir is what the engine of samples keeps to be faster after the next start.
var cacheDir = filepath.Join(metricsDir, "cache")

// checkCaches removes caches that are not what was sealed when the engine had closed: it makes them anew.
func (w *Ward) checkCaches(ctx context.Context) error {
	path := w.path(cacheDir)
	if !exists(path) {
		w.seals.forget(cacheDir)
		return nil
	}
	seal, sealed := w.seals.Parts[cacheDir]
	if sum, err := parts.Sum(ctx, path); sealed && err == nil && sum == seal.Sum {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w.o.Logger.Warn("the caches of the engine of samples are not those that it left: they are made anew",
		slog.String("path", path))
	w.seals.forget(cacheDir)
	return os.RemoveAll(path)
}

// Run seals new parts, and reads those that Open left out, until ctx ends.
func (w *Ward) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.readOn(ctx)
			w.Seal(ctx)
		}
	}
}
