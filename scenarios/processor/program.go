package processor

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/grafana/sobek"
	"github.com/grafana/sobek/ast"
	"github.com/grafana/sobek/file"
	"github.com/grafana/sobek/parser"
)

// Program is a processor that was read, checked and run once. It is read-only and safe for concurrent use.
type Program struct {
	entry   string
	modules map[string]*module // by path
	options Options
	names   []string
}

// Names are the functions that the processor exports, sorted.
func (p *Program) Names() []string { return p.names }

// Has tells whether the processor exports a function of this name.
func (p *Program) Has(name string) bool {
	_, found := slices.BinarySearch(p.names, name)
	return found
}

// module is one file of a program.
type module struct {
	path    string
	source  string
	script  *sobek.Program // a CommonJS module: a function of its five names
	isESM   bool
	isJSON  bool
	imports map[string]string // what it requires -> path, or the name of a built-in module
}

// wrapper makes a function of a CommonJS module, on its first line, so that lines keep their numbers.
const (
	wrapper    = "(function(exports, require, module, __filename, __dirname) {"
	wrapperEnd = "\n})"
)

// Load reads a processor and the files that it requires, checks them and runs them once to learn what they export. If
// there are problems, all that were found are listed and there is no program.
func Load(path string, o Options) (*Program, []Problem) {
	l := &loader{program: &Program{entry: path, modules: map[string]*module{}, options: o}}
	if src, err := o.ReadFile(path); err != nil {
		l.fault(Problem{File: path, Msg: "the processor cannot be read: " + cause(err).Error()})
	} else {
		l.add(path, src)
	}
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, func(a, b Problem) int {
			return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
		})
		return nil, l.problems
	}
	names, problem := exportedNames(l.program)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	l.program.names = names
	return l.program, nil
}

// cause is the reason of a file error without the path, which the message has already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

type loader struct {
	program  *Program
	problems []Problem
}

func (l *loader) fault(p Problem) { l.problems = append(l.problems, p) }

// add parses a file and what it requires.
func (l *loader) add(path string, src []byte) {
	m := &module{path: path, source: string(src), imports: map[string]string{}}
	l.program.modules[path] = m
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".json":
		m.isJSON = true
		return
	case ".ts", ".mts", ".cts", ".tsx", ".jsx":
		l.fault(Problem{
			File: path, Msg: "a processor is JavaScript; compile " + strings.TrimPrefix(ext, ".") + " first (tsc, esbuild)",
		})
		return
	}
	tree := l.parse(m)
	if tree == nil {
		return
	}
	c := &checker{loader: l, module: m, file: tree.File}
	if !m.isESM {
		c.shift = len(wrapper)
	}
	c.check(tree)
}

// parse reads a module as CommonJS, and as an ES module when it is written as one.
func (l *loader) parse(m *module) *ast.Program {
	if m.isESM = strings.EqualFold(filepath.Ext(m.path), ".mjs"); m.isESM {
		tree, err := parse(m.path, m.source, parser.IsModule)
		if err != nil {
			l.syntax(m, err, 0)
			return nil
		}
		return tree
	}
	tree, err := parse(m.path, wrapper+m.source+wrapperEnd)
	if err == nil {
		l.compile(m, tree)
		return tree
	}
	tree, moduleErr := parse(m.path, m.source, parser.IsModule)
	if moduleErr == nil && len(tree.ImportEntries)+len(tree.ExportEntries) > 0 {
		m.isESM = true
		return tree
	}
	// Without the wrapper what is not closed is told at the end of the file, and not behind it.
	if _, plain := parse(m.path, m.source); plain != nil {
		l.syntax(m, plain, 0)
	} else {
		l.syntax(m, err, len(wrapper))
	}
	return nil
}

func parse(path, source string, options ...parser.Option) (*ast.Program, error) {
	return parser.ParseFile(nil, path, source, 0, append(options, parser.WithDisableSourceMaps)...)
}

func (l *loader) compile(m *module, tree *ast.Program) {
	var err error
	if m.script, err = sobek.CompileAST(tree, false); err != nil {
		l.syntax(m, err, len(wrapper))
	}
}

// syntax lists what the parser or the compiler says; shift is what the first line has before the file's own text.
func (l *loader) syntax(m *module, err error, shift int) {
	var list parser.ErrorList
	var compiled *sobek.CompilerSyntaxError
	switch {
	case errors.As(err, &list) && len(list) > 0:
		l.fault(problemAt(m, list[0].Position, shift, "not valid JavaScript: "+list[0].Message))
	case errors.As(err, &compiled) && compiled.File != nil:
		l.fault(problemAt(m, compiled.File.Position(compiled.Offset), shift, "not valid JavaScript: "+compiled.Message))
	default:
		l.fault(Problem{File: m.path, Msg: "not valid JavaScript: " + err.Error()})
	}
}

func problemAt(m *module, at file.Position, shift int, msg string) Problem {
	if at.Line == 1 {
		at.Column = max(at.Column-shift, 1)
	}
	return Problem{File: m.path, Line: at.Line, Col: at.Column, Msg: msg}
}

// builtins are the modules that a processor may require without a path.
var builtins = []string{"buffer", "crypto", "url"}

// resolve finds what a module requires, and reads it when it is new.
func (l *loader) resolve(from *module, name string) (msg string) {
	plain := strings.TrimPrefix(name, "node:")
	if slices.Contains(builtins, plain) {
		from.imports[name] = plain
		return ""
	}
	if !strings.HasPrefix(name, "./") && !strings.HasPrefix(name, "../") && !filepath.IsAbs(name) {
		return "module " + name + " is not available: a processor may require files beside it and " +
			strings.Join(builtins, ", ") +
			", no npm and no other node modules"
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(from.path), path)
	}
	var first error
	for _, candidate := range []string{
		path, path + ".js", path + ".json", path + ".cjs", path + ".mjs", filepath.Join(path, "index.js"),
	} {
		if l.program.modules[candidate] == nil {
			src, err := l.program.options.ReadFile(candidate)
			if err != nil {
				first = cmp.Or(first, err)
				continue
			}
			l.add(candidate, src)
		}
		from.imports[name] = candidate
		if l.program.modules[candidate].isESM && !from.isESM {
			return name + " is an ES module: import it from one, or write both as CommonJS"
		}
		return ""
	}
	return name + " cannot be read: " + cause(first).Error()
}
