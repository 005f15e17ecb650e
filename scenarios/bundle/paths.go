package bundle

import (
	"os"
	"path/filepath"
	"strings"
)

// paths turns the names of files as users write them into absolute ones and back.
type paths struct {
	entry string // absolute
	from  string // what shown paths are relative to; "": they are absolute
}

func newPaths(entry string) (paths, error) {
	abs, err := filepath.Abs(entry)
	if err != nil {
		return paths{}, err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	p := paths{entry: abs}
	if filepath.IsAbs(entry) {
		return p, nil
	}
	if p.from, err = os.Getwd(); err != nil {
		return paths{}, err
	}
	if real, err := filepath.EvalSymlinks(p.from); err == nil {
		p.from = real
	}
	return p, nil
}

// shown is a path as the user would write it.
func (p paths) shown(abs string) string {
	if p.from == "" {
		return abs
	}
	if rel, err := filepath.Rel(p.from, abs); err == nil {
		return rel
	}
	return abs
}

// packageOf is the npm package that a file belongs to, or "" for a file of the user.
func packageOf(path string) string {
	const folder = "/node_modules/"
	path = filepath.ToSlash(path)
	at := strings.LastIndex(path, folder)
	if at < 0 {
		return ""
	}
	parts := strings.SplitN(path[at+len(folder):], "/", 3)
	if strings.HasPrefix(parts[0], "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// owner is what stands for a file where it matters who imports what: the folder of its package, or the file itself.
func owner(path string) string {
	name := packageOf(path)
	if name == "" {
		return path
	}
	slashed := filepath.ToSlash(path)
	return path[:strings.LastIndex(slashed, "/node_modules/")+len("/node_modules/")+len(name)]
}

// modulesOf is the outermost node_modules that a file lies in.
func modulesOf(path string) (folder string, ok bool) {
	before, _, ok := strings.Cut(filepath.ToSlash(path), "/node_modules/")
	return filepath.FromSlash(before + "/node_modules"), ok
}

// isNode tells whether a name is a module of Node.
func isNode(name string) bool {
	return nodeModules[strings.SplitN(name, "/", 2)[0]] && !strings.HasSuffix(name, "/")
}

// nodeModules are the modules that Node has built in. Those that have a part behind a slash are named by their first.
var nodeModules = setOf("assert async_hooks buffer child_process cluster console constants crypto dgram " +
	"diagnostics_channel dns domain events fs http http2 https inspector module net os path perf_hooks process " +
	"punycode querystring readline repl sea sqlite stream string_decoder sys test timers tls trace_events tty url util " +
	"v8 vm wasi worker_threads zlib")

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
