package tree

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The YAML reader tells the line at which it began to read what it could not, or none. Where its words are not those of
// an author, the place and what would be right are found here.

var (
	yamlLine     = regexp.MustCompile(`^line \d+: `)
	unknownAlias = regexp.MustCompile(`^unknown anchor '(.+)' referenced$`)
	anchors      = regexp.MustCompile(`(?m)(?:^|[\s\[{,])&([^\s,\[\]{}]+)`)
	// noStart is a plain text with a first character that YAML keeps for itself.
	noStart = regexp.MustCompile("(?:^|[:,\\[{-])\\s*([@`%])")
)

func message(err error) string {
	return yamlLine.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "")
}

// syntax says what is wrong with a file that the YAML reader refuses.
func (p *parser) syntax(src []byte, err error) Problem {
	msg := message(err)
	if m := unknownAlias.FindStringSubmatch(msg); m != nil {
		return p.unknownAlias(src, m[1])
	}
	line := faultyLine(src, msg)
	text := lineOf(src, line)
	indent := len(text) - len(strings.TrimLeft(text, " "))
	at := func(offset int) Position {
		return Position{p.file, line, utf8.RuneCountInString(text[:min(offset, len(text))]) + 1}
	}
	why, place := "", at(indent)
	switch {
	case strings.HasPrefix(text[indent:], "\t"):
		msg, why = "found a tab character that violates indentation", "indent by spaces"
	case strings.HasPrefix(msg, "found character that cannot start"):
		if m := noStart.FindStringSubmatchIndex(text); m != nil {
			why, place = fmt.Sprintf("a text that begins with %s needs quotes", text[m[2]:m[3]]), at(m[2])
		}
	case strings.HasPrefix(msg, "mapping values are not allowed"):
		first := strings.Index(text, ": ")
		why, place = "this key is indented deeper than the one it belongs beside", at(0)
		if second := strings.Index(text[first+1:], ": "); first >= 0 && second > 0 {
			why, place = `a text with ": " in it needs quotes`, at(first+1+second)
		}
	case msg == "did not find expected key", msg == "did not find expected '-' indicator":
		why = "the indentation of this line fits none above it, or what stands before it has not ended"
	case msg == "found unexpected end of stream":
		why = "a quote that opens here is not closed"
	case strings.HasPrefix(msg, "did not find expected ',' or"):
		why = "a bracket that opens here is not closed, or a comma is missing"
	}
	language := "YAML"
	if strings.EqualFold(filepath.Ext(p.file), ".json") {
		language = "JSON"
	}
	if msg = "not valid " + language + ": " + msg; why != "" {
		msg += " (" + why + ")"
	}
	return Problem{Pos: place, Msg: msg}
}

// maxSearched bounds a file in which the line of an error is looked for, in bytes.
const maxSearched = 4 << 20

// faultyLine is the first line without which the error would be another one, or none.
func faultyLine(src []byte, msg string) int {
	if len(src) > maxSearched {
		return 1
	}
	ends := []int{}
	for i, b := range src {
		if b == '\n' {
			ends = append(ends, i+1)
		}
	}
	if len(src) > 0 && src[len(src)-1] != '\n' {
		ends = append(ends, len(src))
	}
	i := sort.Search(len(ends), func(i int) bool {
		var doc yaml.Node
		err := decodeDocument(yaml.NewDecoder(bytes.NewReader(src[:ends[i]])), &doc)
		return err != nil && message(err) == msg
	})
	return min(i, max(len(ends)-1, 0)) + 1
}

// maxListed is how many anchors are listed.
const maxListed = 10

// lineOf is the text of a line, from 1.
func lineOf(src []byte, line int) string {
	lines := strings.SplitN(string(src), "\n", line+1)
	if line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[line-1], "\r")
}

// unknownAlias tells of an alias whose anchor does not stand above it.
func (p *parser) unknownAlias(src []byte, name string) Problem {
	pos := Position{p.file, 1, 1}
	alias := regexp.MustCompile(`(?m)(?:^|[\s\[{,])\*` + regexp.QuoteMeta(name) + `(?:[\s,\]}]|$)`)
	if m := alias.FindIndex(src); m != nil {
		at := m[0] + bytes.IndexByte(src[m[0]:], '*')
		start := bytes.LastIndexByte(src[:at], '\n') + 1
		pos.Line, pos.Col = bytes.Count(src[:at], []byte("\n"))+1, utf8.RuneCount(src[start:at])+1
	}
	var known []string
	for _, m := range anchors.FindAllSubmatchIndex(src, -1) {
		if one := string(src[m[2]:m[3]]); one == name {
			line := bytes.Count(src[:m[2]], []byte("\n")) + 1
			return Problem{Pos: pos, Msg: fmt.Sprintf("alias *%s stands before its anchor &%[1]s (line %d): move that above it", name, line)}
		} else if one = "&" + one; !slices.Contains(known, one) && len(known) < maxListed {
			known = append(known, one)
		}
	}
	there := "no anchor at all"
	if len(known) > 0 {
		there = strings.Join(known, ", ")
	}
	return Problem{Pos: pos, Msg: fmt.Sprintf("alias *%s names nothing: there is no anchor &%[1]s (there is %s)", name, there)}
}
