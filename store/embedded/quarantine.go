package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The engines keep parts: directories of sorted rows, listed in a file parts.json beside them. One whose metadata does not open
// ends the process when the engine starts. So every part is looked at before, and what would end the process is moved to the
// folder quarantine of the data directory: its rows are missing from answers then, and everything else is there.

const partsFile = "parts.json"

// partList is a parts.json and the directories that it lists: one, or two for samples, small and big.
type partList struct {
	path string
	dirs []string
	// sound answers why the engine could not open a part.
	sound func(part string) error
}

// partLists answers the lists of all engines.
func (d *dataDir) partLists() []partList {
	var lists []partList
	add := func(pattern string, sound func(string) error, dirs func(dir string) []string) {
		found, _ := filepath.Glob(filepath.Join(d.path, pattern)) // the pattern is good
		for _, dir := range found {
			lists = append(lists, partList{filepath.Join(dir, partsFile), dirs(dir), sound})
		}
	}
	same := func(dir string) []string { return []string{dir} }
	for _, kind := range kindDirs {
		add(kind+"/partitions/*/datadb", soundEvents, same)
		add(kind+"/partitions/*/indexdb", soundIndex, same)
	}
	add("metrics/data/indexdb/*", soundIndex, same)
	add("metrics/data/small/*", soundSamples, func(dir string) []string {
		return []string{dir, filepath.Join(d.path, "metrics/data/big", filepath.Base(dir))}
	})
	return lists
}

// quarantine moves damaged parts out of the engines' way.
func (d *dataDir) quarantine(logger *slog.Logger) error {
	for _, l := range d.partLists() {
		if err := d.quarantineList(l, logger); err != nil {
			return fmt.Errorf("set damaged parts of %s aside: %w", l.path, err)
		}
	}
	return nil
}

func (d *dataDir) quarantineList(l partList, logger *slog.Logger) error {
	names, damaged, err := l.read()
	if err != nil {
		return err
	}
	changed := damaged != nil
	if changed {
		logger.Error("a list of parts is damaged: it is made anew of the parts that are there", slog.String("list", l.path), slog.Any("error", damaged))
		if err := d.setAside(l.path); err != nil {
			return err
		}
	}
	for i, dir := range l.dirs {
		kept := names[i][:0]
		for _, name := range names[i] {
			part := filepath.Join(dir, name)
			if err := l.sound(part); err != nil {
				logger.Error("a part of the store is damaged: it is set aside and its rows are missing", slog.String("part", part), slog.Any("error", err))
				if err := d.setAside(part); err != nil {
					return err
				}
				changed = true
				continue
			}
			kept = append(kept, name)
		}
		names[i] = kept
	}
	if !changed {
		return nil
	}
	return l.write(names)
}

// read answers the names of parts for each directory, and why the list could not be read when they are those of the directories.
func (l partList) read() (names [][]string, damaged, err error) {
	names = make([][]string, len(l.dirs))
	b, err := os.ReadFile(l.path)
	if err == nil {
		if damaged = l.parse(b, names); damaged == nil {
			return names, nil, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	found := 0
	for i, dir := range l.dirs {
		if names[i], err = directories(dir); err != nil {
			return nil, nil, err
		}
		found += len(names[i])
	}
	if damaged == nil && found > 0 {
		damaged = errors.New("it does not exist")
	}
	return names, damaged, nil
}

// parse reads the JSON of a list: {"Small":[],"Big":[]} for samples, else an array.
func (l partList) parse(b []byte, names [][]string) error {
	if len(l.dirs) == 1 {
		return json.Unmarshal(b, &names[0])
	}
	both := struct{ Small, Big *[]string }{&names[0], &names[1]}
	return json.Unmarshal(b, &both)
}

func (l partList) write(names [][]string) error {
	for i := range names {
		if names[i] == nil {
			names[i] = []string{}
		}
	}
	var list any = names[0]
	if len(names) == 2 {
		list = struct{ Small, Big []string }{names[0], names[1]}
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := writeSynced(l.path+".tmp", b); err != nil {
		return err
	}
	if err := os.Rename(l.path+".tmp", l.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(l.path))
}

// directories answers the names of parts in a directory: the engines name them with 16 hexadecimal digits, or more with older
// versions; tmp, txn and snapshots are their own.
func directories(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !slices.Contains([]string{"tmp", "txn", "snapshots"}, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// setAside moves a file or directory below the folder quarantine. What does not exist is there already.
func (d *dataDir) setAside(path string) error {
	folder := filepath.Join(d.path, "quarantine")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	rel, err := filepath.Rel(d.path, path)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s.%d", strings.ReplaceAll(rel, string(filepath.Separator), "-"), d.identity.Epoch)
	if err := os.Rename(path, filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(syncDir(filepath.Dir(path)), syncDir(folder))
}
