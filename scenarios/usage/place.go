package usage

import (
	"bytes"
	"sort"
	"strings"
	"unicode/utf8"

	"edgescope/internal/tree"
)

// place is where a template stands in the file: its braces are looked for from the beginning of their text on, whatever
// the quotes around it. Where they are not found (in a flag, behind an escape) it is the place of the text.
func (c *checker) place(r *reading) tree.Position {
	source := c.Source(r.pos.File)
	if !strings.HasPrefix(r.by, "{{") || r.pos.Line == 0 || len(source) == 0 {
		return r.pos
	}
	lines := c.linesOf(r.pos.File, source)
	if r.pos.Line > len(lines) {
		return r.pos
	}
	at := lines[r.pos.Line-1]
	for col := 1; col < r.pos.Col && at < len(source); col++ {
		_, size := utf8.DecodeRune(source[at:])
		at += size
	}
	for n := 0; ; n++ {
		next := bytes.Index(source[min(at, len(source)):], []byte("{{"))
		if next < 0 {
			return r.pos
		}
		if at += next; n == r.braces {
			break
		}
		at += len("{{")
	}
	inside := source[at:min(len(source), at+len(r.path)+32)]
	if !bytes.HasPrefix(bytes.TrimLeft(inside, "{ \t"), []byte(r.path)) {
		return r.pos
	}
	line := sort.SearchInts(lines, at+1)
	return tree.Position{File: r.pos.File, Line: line, Col: utf8.RuneCount(source[lines[line-1]:at]) + 1}
}

// linesOf are the offsets at which the lines of a file begin.
func (c *checker) linesOf(file string, source []byte) []int {
	if c.lines[file] == nil {
		starts := []int{0}
		for i, b := range source {
			if b == '\n' {
				starts = append(starts, i+1)
			}
		}
		c.lines[file] = starts
	}
	return c.lines[file]
}
