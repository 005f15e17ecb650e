package bundle

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
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
	path      string
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
	return Place{File: b.paths.shown(path), Line: at, Col: column + 1, Package: packageOf(path), path: path}, true
}

// Tell leads what went wrong in the script that runs to the user's own file: spots are the lines and columns of the place
// and of the calls that led there. What is wrong in a package is told where the package is imported.
func (b *Bundle) Tell(msg string, spots [][2]int) Problem {
	var inner Place
	for _, spot := range spots {
		place, ok := b.Position(spot[0], spot[1])
		switch {
		case !ok:
		case place.Package != "":
			inner = cmp.Or(inner, place)
		default:
			return Problem{File: place.File, Line: place.Line, Col: place.Col, Msg: msg + b.thrown(inner, msg)}
		}
	}
	if inner.Package == "" {
		return Problem{File: b.paths.shown(b.paths.entry), Msg: msg}
	}
	p := b.place(inner.path)
	p.Msg = msg + b.thrown(inner, msg)
	return p
}

// thrown says which place of a package something was thrown at, and what the package lacks, which is often why.
func (b *Bundle) thrown(inner Place, msg string) string {
	if inner.Package == "" {
		return ""
	}
	text := fmt.Sprintf(", in %s:%d:%d", inner.File, inner.Line, inner.Col)
	at := b.place(inner.path)
	i := slices.IndexFunc(b.Warnings(), func(w Problem) bool { return at.File == w.File && at.Line == w.Line })
	if i < 0 || strings.Contains(msg, "needs node's") {
		return text
	}
	return text + "; " + b.Warnings()[i].Msg
}

// Warnings tell of the absent modules, once for each import of the user's that leads to some.
func (b *Bundle) Warnings() []Problem {
	var list []Problem
	var names [][]string
	for _, a := range b.Absent {
		i := slices.IndexFunc(list, func(p Problem) bool { return p.File == a.At.File && p.Line == a.At.Line && p.Col == a.At.Col })
		if i < 0 {
			i = len(list)
			list, names = append(list, a.At), append(names, nil)
			list[i].Msg = a.Message
		}
		if !slices.Contains(names[i], a.Name) {
			names[i] = append(names[i], a.Name)
		}
	}
	for i := range list {
		if more := names[i][1:]; len(more) > 0 {
			list[i].Msg += ", nor " + strings.Join(more, ", ")
		}
		list[i].Msg += ": what uses it fails"
	}
	return sorted(list)
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
