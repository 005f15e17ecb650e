// Package bundle makes one script of a processor and all that it imports: files beside it, TypeScript, JSON, and
// packages from node_modules, found as Node finds them. esbuild does the work; what the JavaScript engine of loadgen
// does not know of the language (async generators, for await, decorators, using) is rewritten on the way.
//
// Modules of Node itself are left as calls of require, for the engine to answer with its own. What is neither there nor
// installed is a [Problem] with file, line and column of the user's file and the chain of packages that leads to it. So
// is every mistake of syntax. Errors of the script that runs are led back by [Bundle.Position].
package bundle

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// maxBytes bounds the text of all files of a processor.
const maxBytes = 64 << 20

// Options are what a bundle may use of the machine and of the engine.
type Options struct {
	ReadFile func(string) ([]byte, error) // called by one goroutine at a time
	// Has tells whether the engine answers a module of Node, named without "node:".
	Has func(name string) bool
}

// Problem is why a processor cannot be bundled, and where. Line 0 is no place in the file; columns count characters.
type Problem struct {
	File      string
	Line, Col int
	Msg       string
}

// Source is a file that went into a bundle.
type Source struct {
	File string // relative to the working directory when the entry is
	Text []byte
}

// Absent is a module of Node that the engine does not have and that a package asks for without being ready to do
// without it. In the code it is required by the name [AbsentPrefix] + Message: what uses it is to fail with Message.
type Absent struct {
	Name    string
	At      Problem // where the user's file imports what leads to it
	Message string
}

// AbsentPrefix marks the name of a required module that stands for an [Absent] one.
const AbsentPrefix = "absent:"

// Bundle is one script. It is read-only and safe for concurrent use.
type Bundle struct {
	Code     string   // the body of a CommonJS module: it uses require, module, exports
	Sources  []Source // sorted by file
	Builtins []string // the modules of Node that it requires, sorted
	Absent   []Absent
	// Folders are where its packages lie: each node_modules, absolute.
	Folders []string

	paths paths
	place func(file string) Problem // where the user's files import what leads to a file
	lines *lines
	shift map[string]int // how many lines stand before the first of a file
}

// Build bundles the file entry. If there are problems, all that were found are listed in the order of their places, and
// there is no bundle.
func Build(entry string, o Options) (*Bundle, []Problem) {
	paths, err := newPaths(entry)
	if err != nil {
		return nil, []Problem{{File: entry, Msg: "the processor cannot be read: " + err.Error()}}
	}
	b := &builder{options: o, paths: paths, absent: map[string]string{}}
	if _, err := b.read(paths.entry); err != nil {
		return nil, []Problem{{File: entry, Msg: "the processor cannot be read: " + cause(err).Error()}}
	}
	result := b.run()
	if len(result.Errors) > 0 && b.allow(result.Errors) {
		result = b.run()
	}
	if problems := b.problems(result); len(problems) > 0 {
		return nil, problems
	}
	return b.bundle(result)
}

// run builds once. What an earlier run learned of absent modules counts.
func (b *builder) run() api.BuildResult {
	b.begin()
	return api.Build(api.BuildOptions{
		EntryPoints: []string{b.paths.entry},
		Outdir:      filepath.Dir(b.paths.entry),
		Bundle:      true,
		Format:      api.FormatCommonJS,
		// Neutral, since what Node has and loadgen lacks is to be told; fields and conditions are Node's.
		Platform:       api.PlatformNeutral,
		MainFields:     []string{"main", "module"},
		Conditions:     []string{"node"},
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentExclude,
		Charset:        api.CharsetUTF8,
		Target:         api.ESNext,
		Supported:      lacking,
		Define:         defines,
		LogLevel:       api.LogLevelSilent,
		LogLimit:       0,
		LogOverride:    told,
		AbsPaths:       api.LogAbsPath,
		// Node's order for JavaScript; what is written in TypeScript looks for its own kind first, as Artillery does.
		ResolveExtensions: extensions(b.paths.entry),
		Plugins:           []api.Plugin{{Name: "loadgen", Setup: b.setup}},
	})
}

// lacking is what sobek does not know of ECMAScript, by esbuild's names.
var lacking = map[string]bool{
	"async-generator": false, "for-await": false, "decorators": false, "using": false, "dynamic-import": false,
	"class-field": false, "class-static-field": false, "import-attributes": false, "hashbang": false, "regexp-named-capture-groups": false, "regexp-match-indices": false,
	"regexp-set-notation": false, "from-base64": false,
}

// defines gives names to what a script cannot say: where its file is (prologue declares them), and the network. The
// stand-ins of the network have as many characters as the names, so that columns stay.
var defines = map[string]string{
	"import.meta.url":      "loadgen_url",
	"import.meta.filename": "loadgen_filename", "import.meta.dirname": "loadgen_dirname",
	"__filename": "loadgen_filename", "__dirname": "loadgen_dirname",
	"fetch": standIn("fetch"), "XMLHttpRequest": standIn("XMLHttpRequest"), "WebSocket": standIn("WebSocket"),
	"EventSource": standIn("EventSource"),
}

const unknownRequire = "unsupported-require-call"

// told are the remarks of esbuild that are mistakes here.
var told = map[string]api.LogLevel{
	unknownRequire: api.LogLevelWarning, "unsupported-dynamic-import": api.LogLevelWarning,
}

// bundle makes a bundle of a build without errors.
func (b *builder) bundle(result api.BuildResult) (*Bundle, []Problem) {
	bundle := &Bundle{
		paths: b.paths, shift: b.shift, place: func(file string) Problem { return b.placeOf(file, "") },
		Builtins: slices.Sorted(maps.Keys(b.builtins)),
	}
	var sourceMap []byte
	for _, file := range result.OutputFiles {
		if strings.HasSuffix(file.Path, ".map") {
			sourceMap = file.Contents
		} else {
			bundle.Code = string(file.Contents)
		}
	}
	bundle.lines = newLines(sourceMap)
	for path, text := range b.sources {
		if folder, ok := modulesOf(path); ok && !slices.Contains(bundle.Folders, folder) {
			bundle.Folders = append(bundle.Folders, folder)
		}
		bundle.Sources = append(bundle.Sources, Source{File: b.paths.shown(path), Text: text})
	}
	slices.SortFunc(bundle.Sources, func(a, c Source) int { return strings.Compare(a.File, c.File) })
	for _, key := range slices.Sorted(maps.Keys(b.absent)) {
		importer, name, _ := strings.Cut(key, "\n")
		if !strings.Contains(bundle.Code, AbsentPrefix+b.absent[key]) {
			continue // what asked for it was left out
		}
		bundle.Absent = append(bundle.Absent, Absent{Name: name, At: b.placeOf(importer, name), Message: b.absent[key]})
	}
	if problems := bundle.network(); len(problems) > 0 {
		return nil, problems
	}
	return bundle, nil
}

// sorted puts problems into the order of their places, each once.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			strings.Compare(a.Msg, b.Msg))
	})
	return slices.Compact(problems)
}
