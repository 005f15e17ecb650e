// Package scenarios reads Artillery 2 scripts into a [plan.Plan]: read, check, compile.
//
// [Load] lists every problem of a script at once, each with file, line and column. What it returns is fully compiled:
// templates, JSONPath, regular expressions and conditions are parsed, payload files are read. The languages inside a
// script are packages below this one; walking a plan (schedules, connections, virtual users) is the business of package
// load.
//
// The scripts that edgescope ships are in [Files].
package scenarios

import (
	"embed"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"edgescope/scenarios/files"
	"edgescope/scenarios/request/encode"
	"edgescope/scenarios/tree"
	"edgescope/scenarios/value"
)

// Files holds the scripts that edgescope ships:
//
//   - guide.yml: the load test of an edge guide, with an environment "demo"
//   - cache-hit.yml: miss, hit and stale of a cached answer
//   - cold-start.yml: new isolates after idle gaps
//   - wasm-vs-js.yml: image kernels in JavaScript and WebAssembly
//
//go:embed *.yml
var Files embed.FS

// allowed are the files that the script may name: below its folder and that of --config, and what the user names.
func (o *Options) allowed() *files.Allowed {
	var folders, named []string
	for _, file := range append(slices.Clip(o.Files), o.ConfigFile) {
		if file != "" {
			folders = append(folders, filepath.Dir(file))
		}
	}
	if o.PayloadPath != "" {
		named = append(named, o.PayloadPath)
	}
	return files.Below(append(folders, o.AllowFiles...), named)
}

// readAllowed reads a file that the script names.
func (c *compiler) readAllowed(name string) ([]byte, error) {
	if err := c.allowed.Check(name); err != nil {
		return nil, err
	}
	return c.readAny(name)
}

// readModule reads a file of the processor.
func (c *compiler) readModule(entry string) func(string) ([]byte, error) {
	modules := c.allowed.Modules(entry)
	return func(name string) ([]byte, error) {
		if err := modules.Check(name); err != nil {
			return nil, err
		}
		return c.readAny(name)
	}
}

// scriptFile is a path that counts from the folder of the first script.
func (c *compiler) scriptFile(name string) string { return beside(c.opts.Files[0], name) }

// configFile is a path that counts from the folder of the file given with --config, if it leads to something there, and
// else from that of the script: Artillery's rule for config.processor, and ours for config.tls.
func (c *compiler) configFile(name string) string {
	path, _, _ := c.readBeside(name, c.opts.ConfigFile, c.opts.Files[0])
	return path
}

// readBeside reads a file from the folder of the first of some files that has it there. If none has, the path and the
// error are those of the script's folder.
func (c *compiler) readBeside(name string, files ...string) (path string, content []byte, err error) {
	for _, file := range files {
		if file == "" {
			continue
		}
		path = beside(file, name)
		if content, err = c.opts.ReadFile(path); !errors.Is(err, fs.ErrNotExist) {
			return path, content, err
		}
	}
	return c.scriptFile(name), nil, err
}

func beside(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}

// file reads a file named in the script, which what names in messages. It counts into the hash of the plan.
func (c *compiler) file(n *tree.Node, what string) {
	name, ok := c.Text(n, what)
	if !ok {
		return
	}
	f, err := c.held.load(c.scriptFile(name))
	if err != nil {
		c.Fault(n.Pos, "%s %s cannot be read: %s", what, name, cause(err))
		return
	}
	c.files.Write(f.Content)
}

// maxHeld is how many bytes of files users share. Beyond that a file is read each time it is sent.
const maxHeld = 64 << 20

// heldFiles are the files that parts of forms send: each is read once, and stays as it was then.
type heldFiles struct {
	read func(string) ([]byte, error)

	mu    sync.Mutex
	files map[string]*encode.File
	size  int
}

func (h *heldFiles) load(path string) (*encode.File, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.files[path]; f != nil {
		return f, nil
	}
	content, err := h.read(path)
	if err != nil {
		return nil, err
	}
	f := encode.NewFile(path, content)
	if h.size+len(content) <= maxHeld {
		h.size += len(content)
		h.files[path] = f
	}
	return f, nil
}

// open reads a file for a user; the error is a [value.UserError] by Node's name.
func (c *compiler) open(name string) (*encode.File, error) {
	f, err := c.held.load(c.scriptFile(name))
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, value.UserError("ENOENT")
	case errors.Is(err, fs.ErrPermission):
		return nil, value.UserError("EACCES")
	case errors.Is(err, syscall.EISDIR):
		return nil, value.UserError("EISDIR")
	}
	return nil, value.UserError("EIO")
}
