package quarantine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"edgescope/internal/disk"
	"edgescope/store/embedded/parts"
)

const partsFile = "parts.json"

// list is a parts.json and the folders whose parts it lists: one, or two for samples, small and big.
type list struct {
	path string
	dirs []string
	kind parts.Kind
}

// allLists returns the lists of all engines.
func (w *Ward) allLists() []list {
	var lists []list
	add := func(kind parts.Kind, dirs func(dir string) []string, pattern ...string) {
		found, _ := filepath.Glob(w.path(pattern...)) // the pattern is good
		for _, dir := range found {
			if filepath.Base(dir) != snapshotsDir {
				lists = append(lists, list{filepath.Join(dir, partsFile), dirs(dir), kind})
			}
		}
	}
	same := func(dir string) []string { return []string{dir} }
	for _, kind := range w.o.Kinds {
		add(parts.Events, same, kind, partitions, "*", datadb)
		add(parts.EventIndex, same, kind, partitions, "*", indexdb)
	}
	add(parts.SampleIndex, same, metricsDir, "data", indexdb, "*")
	add(parts.Samples, func(dir string) []string {
		return []string{dir, w.path(metricsDir, "data", "big", filepath.Base(dir))}
	}, metricsDir, "data", "small", "*")
	return lists
}

// read returns the names of parts for each folder, and why the list could not be read when they are those of the
// folders.
func (l *list) read() (names [][]string, damaged, err error) {
	b, err := os.ReadFile(l.path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err == nil {
		names, damaged = l.parse(b)
		if damaged == nil {
			damaged = l.there(names)
		}
		if damaged == nil {
			return names, nil, nil
		}
	} else if !missing {
		damaged = err
	}
	names = make([][]string, len(l.dirs))
	found := 0
	for i, dir := range l.dirs {
		if names[i], err = folders(dir); err != nil {
			return nil, nil, err
		}
		found += len(names[i])
	}
	if missing && found > 0 {
		damaged = errors.New("it does not exist")
	}
	return names, damaged, nil
}

// parse reads the JSON of a list: {"Small":[],"Big":[]} for samples, else an array.
func (l *list) parse(b []byte) ([][]string, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	names := make([][]string, len(l.dirs))
	var err error
	if len(l.dirs) == 1 {
		err = d.Decode(&names[0]) // null is a list that is still empty
	} else {
		var both map[string][]string
		err = d.Decode(&both)
		small, hasSmall := both["Small"]
		big, hasBig := both["Big"]
		if names[0], names[1] = small, big; err == nil && (!hasSmall || !hasBig || len(both) > 2) {
			err = errors.New("it does not have Small and Big")
		}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it is empty")
	}
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the list")
		}
	}
	return names, err
}

// there holds that a list names each part once, and that it is there. A name that is changed is worse than a list that
// is lost: the engines remove what is not listed.
func (l *list) there(names [][]string) error {
	for i, dir := range l.dirs {
		for n, name := range names[i] {
			if name != filepath.Base(name) || slices.Contains(names[i][:n], name) {
				return fmt.Errorf("it names %q, which is no part or there twice", name)
			}
			if !exists(filepath.Join(dir, name)) {
				return fmt.Errorf("part %s does not exist", name)
			}
		}
	}
	return nil
}

func (l *list) write(names [][]string) error {
	for i := range names {
		if names[i] == nil {
			names[i] = []string{}
		}
	}
	var content any = names[0]
	if len(names) == 2 {
		content = struct{ Small, Big []string }{names[0], names[1]}
	}
	b, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return disk.Replace(l.path, b)
}
