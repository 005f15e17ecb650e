package files

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"

	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/value"
)

// maxHeld is how many bytes of files users share. Beyond that a file is read each time it is sent.
const maxHeld = 64 << 20

// Named are the files that a script names, by paths that count from its folder, and what users share of those that parts
// of forms send. It is safe for concurrent use.
type Named struct {
	read           func(string) ([]byte, error)
	script, config string

	mu   sync.Mutex
	held map[string]*encode.File
	size int
}

// NewNamed reads with a function files that are named in a script, or in the file given with --config, which may be "".
func NewNamed(read func(string) ([]byte, error), script, config string) *Named {
	return &Named{read: read, script: script, config: config, held: map[string]*encode.File{}}
}

// OfConfig is the path of a file that is looked for beside the file given with --config, and else beside the script:
// Artillery's rule for config.processor, and ours for config.tls.
func (f *Named) OfConfig(name string) string {
	path, _, _ := f.first(name, f.config, f.script)
	return path
}

// Payload reads a file beside the script, or, if there is none, beside the file given with --config.
func (f *Named) Payload(name string) (path string, content []byte, err error) {
	return f.first(name, f.script, f.config)
}

// first reads a file from the folder of the first of some files that has it there. If none has, the path and the error
// are those of the script's folder.
func (f *Named) first(name string, files ...string) (path string, content []byte, err error) {
	for _, file := range files {
		if file == "" {
			continue
		}
		path = beside(file, name)
		if content, err = f.read(path); !errors.Is(err, fs.ErrNotExist) {
			return path, content, err
		}
	}
	return beside(f.script, name), nil, err
}

func beside(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}

// Part reads what a part of a form sends, from beside the script: once, it stays as it was then.
func (f *Named) Part(name string) (*encode.File, error) {
	path := beside(f.script, name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if file := f.held[path]; file != nil {
		return file, nil
	}
	content, err := f.read(path)
	if err != nil {
		return nil, err
	}
	file := encode.NewFile(path, content)
	if f.size+len(content) <= maxHeld {
		f.size += len(content)
		f.held[path] = file
	}
	return file, nil
}

// Open is Part for a user, whom an error ends by Node's name.
func (f *Named) Open(name string) (*encode.File, error) {
	file, err := f.Part(name)
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, value.UserError("ENOENT")
	case errors.Is(err, fs.ErrPermission):
		return nil, value.UserError("EACCES")
	case errors.Is(err, syscall.EISDIR):
		return nil, value.UserError("EISDIR")
	}
	return nil, value.UserError("EIO")
}
