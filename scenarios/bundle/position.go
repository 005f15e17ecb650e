package bundle

import (
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/go-sourcemap/sourcemap"
)

// lines leads places of a bundle back to those of its files. The map is read when it is first needed: most bundles run
// without an error.
type lines struct {
	read func() (*sourcemap.Consumer, error)
}

func newLines(text []byte) *lines {
	return &lines{read: sync.OnceValues(func() (*sourcemap.Consumer, error) { return sourcemap.Parse("", text) })}
}

// Place is a place in a file of a bundle.
type Place struct {
	File      string // as [Source.File]
	Line, Col int    // from 1
	Package   string // the npm package that the file belongs to; "" is a file of the user
}

// Position leads a place in Code, counted from 1, back to the file that it comes from. It is false for what is of no
// file.
func (b *Bundle) Position(line, col int) (Place, bool) {
	consumer, err := b.lines.read()
	if err != nil {
		return Place{}, false
	}
	source, _, at, column, ok := consumer.Source(line, max(col-1, 0))
	if !ok || source == "" || strings.Contains(source, ":") {
		return Place{}, false
	}
	path := filepath.Join(filepath.Dir(b.paths.entry), filepath.FromSlash(source))
	at -= b.shift[path]
	if at < 1 {
		return Place{}, false
	}
	return Place{File: b.paths.shown(path), Line: at, Col: column + 1, Package: packageOf(path)}, true
}

// Requests that no report contains are refused: a name of the network has a stand-in in the code until it is known
// where it is called.
var (
	networkNames = []string{"fetch", "XMLHttpRequest", "WebSocket", "EventSource"}
	networkCall  = regexp.MustCompile(`(new\s+)?ƒ(etch|MLHttpRequest|ebSocket|ventSource)\b(\s*(?:\?\.)?\()?`)
)

// standIn is as long as the name, and no name that anybody writes.
func standIn(name string) string { return "ƒ" + name[1:] }

// network refuses calls of the network in the user's files, and takes the stand-ins away. Packages often look whether
// they could call: they fail when they do.
func (b *Bundle) network() []Problem {
	if !strings.Contains(b.Code, "ƒ") { // the expression walks megabytes slowly
		return nil
	}
	var problems []Problem
	for _, at := range networkCall.FindAllStringSubmatchIndex(b.Code, -1) {
		if at[2] < 0 && at[6] < 0 {
			continue
		}
		line, col := spotAt(b.Code, strings.Index(b.Code[at[0]:], "ƒ")+at[0])
		if place, ok := b.Position(line, col); ok && place.Package == "" {
			name := networkName(b.Code[at[4]:at[5]])
			problems = append(problems, Problem{
				File: place.File, Line: place.Line, Col: place.Col,
				Msg: `a processor has no network access ("` + name + `"): requests belong into the flow`,
			})
		}
	}
	for _, name := range networkNames {
		b.Code = strings.ReplaceAll(b.Code, standIn(name), name)
	}
	return sorted(problems)
}

func networkName(tail string) string {
	for _, name := range networkNames {
		if name[1:] == tail {
			return name
		}
	}
	return tail
}

// spotAt is the place of an offset, in UTF-16 as source maps count.
func spotAt(text string, offset int) (line, col int) {
	head := text[:offset]
	start := strings.LastIndexByte(head, '\n') + 1
	for _, c := range head[start:] {
		if col++; c > 0xffff {
			col++
		}
	}
	return strings.Count(head, "\n") + 1, col + 1
}
