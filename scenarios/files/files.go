// Package files says which files a script may read: what lies below its folder, and what the user names. A script that
// somebody hands on cannot send what else the machine holds.
package files

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Allowed are the folders and files that may be read. It is read-only and safe for concurrent use.
type Allowed struct {
	folders []string // absolute, symbolic links resolved
	files   []string // the same
}

// Below allows what lies below the folders, and the files. What does not exist yet is taken as it is spelled.
func Below(folders, files []string) *Allowed {
	a := &Allowed{}
	for _, name := range folders {
		a.folders = append(a.folders, resolved(name))
	}
	for _, name := range files {
		a.files = append(a.files, resolved(name))
	}
	a.folders = slices.Compact(a.folders)
	return a
}

// Folders are the folders, absolute and without symbolic links, in the order in which they were given.
func (a *Allowed) Folders() []string { return a.folders }

// OutsideError is the error of a file that may not be read. It is a [fs.ErrPermission].
type OutsideError struct{ Name string }

// Error says what would allow it.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("it lies outside the script's folder (--allow-files %s allows it)", filepath.Dir(e.Name))
}

// Is makes it an error of permission.
func (e *OutsideError) Is(target error) bool { return target == fs.ErrPermission }

// irregularError is the error of what is no file: a pipe, a device. To read one might never end.
type irregularError struct{ mode fs.FileMode }

func (e irregularError) Error() string { return "it is no file but " + e.mode.Type().String() }

// Check is the error of a file that may not be read: *[OutsideError] if it lies elsewhere, symbolic links resolved. A
// file that does not exist is none's business: to read it fails.
func (a *Allowed) Check(name string) error {
	path := resolved(name)
	if !slices.Contains(a.files, path) && !slices.ContainsFunc(a.folders, func(f string) bool { return below(f, path) }) {
		return &OutsideError{name}
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return irregularError{info.Mode()}
	}
	return nil
}

// project is the folder that a folder's code belongs to, as Node sees it: the nearest at or above it with a package.json
// or node_modules. It is false where there is none.
func project(folder string) (string, bool) {
	for {
		for _, name := range []string{"package.json", "node_modules"} {
			if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
				return folder, true
			}
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", false
		}
		folder = parent
	}
}

// scripts are the endings of code.
var scripts = []string{".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".jsx", ".tsx"}

// Modules are the files that a processor may import.
type Modules struct {
	allowed  *Allowed
	code     []string // folders of code, data excepted
	packages []string // folders of packages
}

// Modules are what a processor, whose file is entry, may import beside what is allowed: code of the script's project, and
// the packages that Node would find, in a folder node_modules at or above the entry's folder, or linked there.
func (a *Allowed) Modules(entry string) *Modules {
	m := &Modules{allowed: a}
	if home, ok := project(a.folders[0]); ok {
		m.code = append(m.code, home)
	}
	for folder := resolved(filepath.Dir(entry)); ; folder = filepath.Dir(folder) {
		if modules := resolved(filepath.Join(folder, "node_modules")); filepath.Base(modules) == "node_modules" {
			m.packages = append(m.packages, modules)
			m.links(modules)
		}
		if folder == filepath.Dir(folder) {
			return m
		}
	}
}

// links adds the packages that are linked into a folder: those of the same repository.
func (m *Modules) links(modules string) {
	one, _ := filepath.Glob(filepath.Join(modules, "*"))       // the pattern is good
	two, _ := filepath.Glob(filepath.Join(modules, "@*", "*")) // as above
	for _, name := range append(one, two...) {
		info, err := os.Lstat(name)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		home := resolved(name)
		if _, err := os.Stat(filepath.Join(home, "package.json")); err == nil {
			m.code = append(m.code, home)
		}
	}
}

// Check is the error of a file that may not be imported, as that of [Allowed.Check].
func (m *Modules) Check(name string) error {
	err := m.allowed.Check(name)
	if err == nil {
		return nil
	}
	path := resolved(name)
	within := func(folder string) bool { return below(folder, path) }
	isCode := slices.Contains(scripts, strings.ToLower(filepath.Ext(name)))
	if slices.ContainsFunc(m.packages, within) || isCode && slices.ContainsFunc(m.code, within) {
		return nil
	}
	return err
}

// below tells whether a path is a folder or lies below it.
func below(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// resolved is an absolute path without symbolic links, as far as it exists.
func resolved(name string) string {
	path, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}
