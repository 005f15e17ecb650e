package bundle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

var (
	unresolved = regexp.MustCompile(`^Could not resolve "(.*)"$`)
	noExport   = regexp.MustCompile(`^No matching export in "(.*)" for import "(.*)"$`)
)

// allow takes the modules of Node that are absent out of the errors of a first run: what asks for them may do so until
// it uses them. It tells whether there were any.
func (b *builder) allow(errors []api.Message) bool {
	for _, e := range errors {
		found := unresolved.FindStringSubmatch(e.Text)
		if found == nil || e.Location == nil {
			continue
		}
		if name := strings.TrimPrefix(found[1], "node:"); isNode(name) {
			b.absent[e.Location.File+"\n"+name] = b.lacks(e.Location.File, name)
		}
	}
	return len(b.absent) > 0
}

// lacks says who needs a module of Node that is not there.
func (b *builder) lacks(importer, name string) string {
	if asker := packageOf(importer); asker != "" {
		return fmt.Sprintf("%s needs node's %s, which loadgen does not have (%s)", asker, name, b.chain(importer, name))
	}
	return fmt.Sprintf("node's %s is not available in loadgen", name)
}

// problems are what a build says that is a mistake.
func (b *builder) problems(result api.BuildResult) []Problem {
	var problems []Problem
	for _, e := range result.Errors {
		problems = append(problems, b.problem(e))
	}
	for _, w := range result.Warnings {
		if w.Location == nil || told[w.ID] == 0 || packageOf(w.Location.File) != "" {
			continue
		}
		p := b.at(w.Location)
		if p.Msg = "require takes one text, so that what is required is known before the run"; w.ID != unknownRequire {
			p.Msg = "import() takes one text, so that what is imported is known before the run"
		}
		problems = append(problems, p)
	}
	return sorted(problems)
}

// problem tells an error at the user's own file.
func (b *builder) problem(e api.Message) Problem {
	if e.Location == nil {
		return Problem{File: b.paths.shown(b.paths.entry), Msg: "the processor cannot be bundled: " + e.Text}
	}
	file := e.Location.File
	if found := unresolved.FindStringSubmatch(e.Text); found != nil {
		p := b.at(e.Location)
		if packageOf(file) != "" {
			p = b.placeOf(file, found[1])
		}
		p.Msg = b.notFound(file, found[1], e.Notes)
		return p
	}
	kind := "not valid JavaScript: "
	if loader := loaderOf(file); loader == api.LoaderTS || loader == api.LoaderTSX {
		kind = "not valid TypeScript: "
	} else if loader == api.LoaderJSON {
		kind = "not valid JSON: "
	}
	if e.PluginName != "" || noExport.MatchString(e.Text) {
		kind = ""
	}
	p := b.at(e.Location)
	if p.Msg = kind + noExport.ReplaceAllString(e.Text, "$1 exports no $2"); strings.HasPrefix(e.Text, "Top-level await") {
		p.Msg = "await at the top of a processor is not supported"
	}
	if packageOf(file) == "" {
		return p
	}
	place := b.placeOf(file, "")
	place.Msg = fmt.Sprintf("%s (%s:%d:%d)", p.Msg, p.File, p.Line, p.Col)
	return place
}

// notFound says why an import leads nowhere.
func (b *builder) notFound(importer, name string, notes []api.Note) string {
	asker := packageOf(importer)
	if asker != "" {
		asker = fmt.Sprintf(", which %s needs (%s)", asker, b.chain(importer, name))
	}
	switch {
	case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/"):
		return name + " cannot be read: no such file" + asker
	case len(notes) > 0 && strings.HasPrefix(notes[0].Text, "The path"):
		return name + " cannot be found: " + strings.TrimSuffix(notes[0].Text, ":") + asker
	}
	return "package " + name + " is not installed: no node_modules at or above the processor's folder has it" + asker
}

// at is a place that esbuild names, in characters from 1.
func (b *builder) at(l *api.Location) Problem {
	before := l.LineText[:min(l.Column, len(l.LineText))]
	return Problem{
		File: b.paths.shown(l.File), Line: max(l.Line-b.shift[l.File], 1), Col: utf8.RuneCountInString(before) + 1,
	}
}

// way is the shortest list of imports from the entry to one of name by importer; the last is that one. An empty name
// stands for the importer itself.
func (b *builder) way(importer, name string) []step {
	type visit struct {
		file string
		way  []step
	}
	importer = owner(importer)
	seen := map[string]bool{b.paths.entry: true}
	for queue := []visit{{file: b.paths.entry}}; len(queue) > 0; queue = queue[1:] {
		v := queue[0]
		if v.file == importer {
			if name == "" {
				return v.way
			}
			return append(slices.Clip(v.way), step{importer, edge{name, name}})
		}
		edges := slices.Clone(b.imports[v.file])
		slices.SortFunc(edges, func(a, c edge) int { return strings.Compare(a.to, c.to) })
		for _, e := range edges {
			if !seen[e.to] {
				seen[e.to] = true
				queue = append(queue, visit{e.to, append(slices.Clip(v.way), step{v.file, e})})
			}
		}
	}
	return nil
}

// step is an import on the way from the entry.
type step struct {
	from string
	edge
}

// chain is a way in the words of users: files of theirs, packages, and the module at the end.
func (b *builder) chain(importer, name string) string {
	var names []string
	for _, s := range b.way(importer, name) {
		from := packageOf(s.from)
		if from == "" {
			from = b.paths.shown(s.from)
		}
		names = append(names, from)
	}
	return strings.Join(slices.Compact(append(names, name)), " → ")
}

// placeOf is where the user's own files import what leads to an import of name by importer.
func (b *builder) placeOf(importer, name string) Problem {
	p := Problem{File: b.paths.shown(b.paths.entry)}
	for _, s := range b.way(importer, name) {
		if packageOf(s.from) != "" {
			break
		}
		line, col := spot(string(b.sources[s.from]), s.name)
		p = Problem{File: b.paths.shown(s.from), Line: line, Col: col}
	}
	return p
}

// spot finds the import of a name in a text.
func spot(text, name string) (line, col int) {
	literal := "(?:node:)?" + regexp.QuoteMeta(strings.TrimPrefix(name, "node:")) + "[\"'`]"
	for _, before := range []string{`\b(?:from|import|require)\s*\(?\s*` + "([\"'`])", "([\"'`])"} {
		if at := regexp.MustCompile(before + literal).FindStringSubmatchIndex(text); at != nil {
			head := text[:at[2]]
			start := strings.LastIndexByte(head, '\n') + 1
			return strings.Count(head, "\n") + 1, utf8.RuneCountInString(head[start:]) + 1
		}
	}
	return 0, 0
}
