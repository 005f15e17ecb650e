package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// builder answers what esbuild asks during a build: where a name leads, and what a file contains.
type builder struct {
	options Options
	paths   paths
	absent  map[string]string // importer + "\n" + module of Node -> message: what may be missing until it is used

	mu       sync.Mutex // esbuild asks from many goroutines
	sources  map[string][]byte
	size     int
	shift    map[string]int
	builtins map[string]bool
	imports  map[string][]edge // by importer
}

// edge is an import: by which name, and where it leads. A module of Node leads to its name.
type edge struct{ name, to string }

func (b *builder) begin() {
	b.sources, b.shift, b.size = map[string][]byte{}, map[string]int{}, 0
	b.builtins, b.imports = map[string]bool{}, map[string][]edge{}
}

func (b *builder) setup(build api.PluginBuild) {
	build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
		if args.PluginData == asked {
			return api.OnResolveResult{}, nil
		}
		return b.resolve(args, build.Resolve), nil
	})
	files := api.OnLoadOptions{Filter: ".*", Namespace: "file"}
	build.OnLoad(files, func(args api.OnLoadArgs) (api.OnLoadResult, error) { return b.load(args.Path) })
}

// asked marks what we ask esbuild ourselves.
var asked any = "asked"

type resolver func(path string, options api.ResolveOptions) api.ResolveResult

// resolve notes where an import leads. An empty result leaves it to esbuild to go there, or to say that it leads nowhere:
// esbuild knows whether the import stands in a try, and is no mistake then.
func (b *builder) resolve(args api.OnResolveArgs, ask resolver) api.OnResolveResult {
	if name := strings.TrimPrefix(args.Path, "node:"); isNode(name) {
		return b.builtin(args.Importer, name)
	}
	if inside := packageOf(args.Importer); inside != "" && strings.HasPrefix(args.Path, ".") {
		return api.OnResolveResult{} // which esbuild does faster, and of a package we want to know what it needs only
	}
	found := ask(args.Path, api.ResolveOptions{
		Importer: args.Importer, Namespace: args.Namespace, ResolveDir: args.ResolveDir, Kind: args.Kind,
		PluginData: asked, With: args.With,
	})
	if len(found.Errors) == 0 {
		b.note(args.Importer, edge{args.Path, owner(found.Path)})
		return api.OnResolveResult{} // esbuild finds it again, with the settings that hold there
	}
	if path, ok := b.beside(args); ok {
		b.note(args.Importer, edge{args.Path, owner(path)})
		return api.OnResolveResult{Path: path, Namespace: "file"}
	}
	return api.OnResolveResult{}
}

// builtin decides on a module of Node. One that the engine lacks leads nowhere at first.
func (b *builder) builtin(importer, name string) api.OnResolveResult {
	b.note(importer, edge{name, name})
	if b.options.Has(name) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.builtins[name] = true
		return api.OnResolveResult{Path: name, External: true}
	}
	if message, ok := b.absent[importer+"\n"+name]; ok {
		return api.OnResolveResult{Path: AbsentPrefix + message, External: true}
	}
	return api.OnResolveResult{}
}

func (b *builder) note(importer string, e edge) {
	importer = owner(importer)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.imports[importer], e) {
		b.imports[importer] = append(b.imports[importer], e)
	}
}

// beside finds a file that only ReadFile knows.
func (b *builder) beside(args api.OnResolveArgs) (string, bool) {
	path := args.Path
	if args.Kind == api.ResolveEntryPoint {
		return path, true
	}
	if !filepath.IsAbs(path) {
		if !strings.HasPrefix(path, ".") {
			return "", false
		}
		path = filepath.Join(filepath.Dir(args.Importer), path)
	}
	for _, tail := range append([]string{""}, extensions(b.paths.entry)...) {
		if _, err := b.read(path + tail); err == nil {
			return path + tail, true
		}
	}
	return "", false
}

// extensions are those that an import may leave out.
func extensions(entry string) []string {
	script, typed := []string{".js", ".cjs", ".mjs", ".json"}, []string{".ts", ".mts", ".cts", ".tsx", ".jsx"}
	if loaderOf(entry) == api.LoaderTS || loaderOf(entry) == api.LoaderTSX {
		return append(typed, script...)
	}
	return append(script, typed...)
}

// read reads a file, at most once a build.
func (b *builder) read(path string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if text, ok := b.sources[path]; ok {
		return text, nil
	}
	text, err := b.options.ReadFile(b.paths.shown(path))
	if err != nil {
		return nil, err
	}
	if b.size += len(text); b.size > maxBytes {
		return nil, fmt.Errorf("a processor and its packages have at most %d MiB", maxBytes>>20)
	}
	if b.sources != nil {
		b.sources[path] = text
	}
	return text, nil
}

// load gives esbuild a file.
func (b *builder) load(path string) (api.OnLoadResult, error) {
	result := api.OnLoadResult{Loader: loaderOf(path), ResolveDir: filepath.Dir(path)}
	if result.Loader == api.LoaderNone {
		text := fmt.Sprintf("throw new Error(%s)", quoted(native(path)+" is native code, which loadgen does not run"))
		result.Contents, result.Loader = &text, api.LoaderJS
		return result, nil
	}
	source, err := b.read(path)
	if err != nil {
		return result, fmt.Errorf("%s cannot be read: %w", b.paths.shown(path), cause(err))
	}
	text := string(source)
	if hashbang.Match(source) { // as long as it was
		text = "//" + text[2:]
	}
	if result.Loader != api.LoaderJSON && asksWhere(text) {
		b.mu.Lock()
		b.shift[path] = 1
		b.mu.Unlock()
		text = prologue(path, text) + text
	}
	result.Contents = &text
	return result, nil
}

var (
	hashbang = regexp.MustCompile(`^#!`)
	strict   = regexp.MustCompile(`^(?:\s|//[^\n]*\n|/\*(?s:.)*?\*/)*["']use strict["']`)
)

// asksWhere tells whether a script may ask where its file is.
func asksWhere(text string) bool {
	return strings.Contains(text, "__filename") || strings.Contains(text, "__dirname") ||
		strings.Contains(text, "import.meta")
}

// prologue is a line that says where a file is. A directive stays the first statement.
func prologue(path, source string) string {
	directive := ""
	if strict.MatchString(source) {
		directive = `"use strict";`
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return fmt.Sprintf("%sconst loadgen_filename = %s, loadgen_dirname = %s, loadgen_url = %s;\n",
		directive, quoted(path), quoted(filepath.Dir(path)), quoted(address.String()))
}

// quoted is a JavaScript literal of a text.
func quoted(s string) string {
	text, _ := json.Marshal(s) // text always has one
	return string(text)
}

// loaderOf says what a file is by its name; none is native code.
func loaderOf(path string) api.Loader {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".ts", ".mts", ".cts":
		return api.LoaderTS
	case ".tsx":
		return api.LoaderTSX
	case ".jsx":
		return api.LoaderJSX
	case ".json":
		return api.LoaderJSON
	case ".node", ".wasm":
		return api.LoaderNone
	default: // as Node: what has no other kind is JavaScript
		return api.LoaderJS
	}
}

// native names a file of native code by its package.
func native(path string) string {
	if name := packageOf(path); name != "" {
		return name + ": " + filepath.Base(path)
	}
	return filepath.Base(path)
}

// cause is the reason of a file error without the path, which the message has already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
