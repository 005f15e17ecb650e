package node

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/grafana/sobek"
)

// maxFile bounds a file that is read.
const maxFile = 64 << 20

func (r *realm) fileNatives() map[string]any {
	return map[string]any{
		"readFile": func(path string) (sobek.ArrayBuffer, error) {
			b, err := r.env.read(path)
			return r.rt.NewArrayBuffer(b), err
		},
		"readFolder": r.env.list,
		"stat":       func(path string, follow bool) (map[string]any, error) { return r.env.stat(path, follow) },
		"realPath":   r.env.real,
	}
}

// within calls f with the folder that holds a path, which symbolic links cannot leave, and the path's name in it.
func (e *Env) within(call, path string, f func(*os.Root, string) error) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return failed(err, call, path)
	}
	for _, candidate := range []string{abs, resolved(abs)} {
		for _, folder := range e.Folders {
			name, err := filepath.Rel(folder, candidate)
			if err != nil || !filepath.IsLocal(name) {
				continue
			}
			root, err := os.OpenRoot(folder)
			if err != nil {
				return failed(err, call, path)
			}
			err = f(root, name)
			return failed(errors.Join(err, root.Close()), call, path)
		}
	}
	return &fault{ // without a code, so that the report has the message
		message: fmt.Sprintf("EACCES: permission denied, %s '%s' (it lies outside the script's folder; "+
			"--allow-files names more)", call, path),
		members: []string{"syscall", call, "path", path},
	}
}

// resolved is a path without symbolic links, as far as it exists.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}

// failed is an error of the system as Node words it.
func failed(err error, call, path string) error {
	if err == nil {
		return nil
	}
	f := &fault{
		code: "EIO", message: fmt.Sprintf("EIO: i/o error, %s '%s'", call, path),
		members: []string{"syscall", call, "path", path},
	}
	for _, known := range []struct {
		is         error
		code, text string
	}{
		{fs.ErrNotExist, "ENOENT", "no such file or directory"},
		{fs.ErrPermission, "EACCES", "permission denied"},
		{syscall.ENOTDIR, "ENOTDIR", "not a directory"},
		{syscall.EISDIR, "EISDIR", "illegal operation on a directory"},
		{syscall.ELOOP, "ELOOP", "too many symbolic links encountered"},
		{syscall.EFBIG, "EFBIG", fmt.Sprintf("file too large: at most %d MiB are read", maxFile>>20)},
	} {
		if errors.Is(err, known.is) {
			f.code, f.message = known.code, fmt.Sprintf("%s: %s, %s '%s'", known.code, known.text, call, path)
		}
	}
	return f
}

func (e *Env) read(path string) (text []byte, err error) {
	err = e.within("open", path, func(root *os.Root, name string) error {
		info, err := root.Stat(name) // a pipe would be waited for
		switch {
		case err != nil:
			return err
		case info.IsDir():
			return syscall.EISDIR
		case !info.Mode().IsRegular():
			return fs.ErrPermission
		case info.Size() > maxFile:
			return syscall.EFBIG
		}
		file, err := root.Open(name)
		if err != nil {
			return err
		}
		text, err = io.ReadAll(io.LimitReader(file, maxFile))
		return errors.Join(err, file.Close())
	})
	return text, err
}

// list are the entries of a folder: pairs of a name and its kind.
func (e *Env) list(path string) (entries [][2]string, err error) {
	err = e.within("scandir", path, func(root *os.Root, name string) error {
		file, err := root.Open(name)
		if err != nil {
			return err
		}
		list, err := file.ReadDir(-1)
		for _, entry := range list {
			entries = append(entries, [2]string{entry.Name(), kindOf(entry.Type())})
		}
		return errors.Join(err, file.Close())
	})
	return entries, err
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "folder"
	case mode.IsRegular():
		return "file"
	case mode&fs.ModeSymlink != 0:
		return "link"
	}
	return "other"
}

func (e *Env) stat(path string, follow bool) (facts map[string]any, err error) {
	call := "lstat"
	if follow {
		call = "stat"
	}
	err = e.within(call, path, func(root *os.Root, name string) error {
		look := root.Lstat
		if follow {
			look = root.Stat
		}
		info, err := look(name)
		if err == nil {
			facts = map[string]any{
				"kind": kindOf(info.Mode()), "size": info.Size(), "mode": int64(info.Mode().Perm()),
				"time": float64(info.ModTime().UnixMicro()) / 1000,
			}
		}
		return err
	})
	return facts, err
}

func (e *Env) real(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", failed(err, "realpath", path)
	}
	err = e.within("realpath", path, func(root *os.Root, name string) error {
		_, err := root.Stat(name)
		return err
	})
	return resolved(abs), err
}
