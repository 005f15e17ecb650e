package usage

import (
	"regexp"
	"strings"
)

// Code is the JavaScript of a processor, as text: its functions may set any variable that it names. A nil Code sets
// nothing.
type Code struct {
	words map[string]bool // names and the words of texts
	named []string        // that are members of vars
	any   bool            // names that are computed are set, or all at once
	texts []string
}

var (
	word   = regexp.MustCompile(`[\p{L}_$][\p{L}\p{N}_$]*`)
	member = regexp.MustCompile(`\bvars(?:\s*\??\.\s*|\s*\[\s*['"` + "`" + `])([\p{L}_$][\p{L}\p{N}_$]*)`)
	// Names that are computed: vars[x], and vars as a value of its own, which may go anywhere.
	computed = regexp.MustCompile(`\bvars\s*\[\s*(?:[^'"\s]|'[^']*'\s*[^\s\]]|"[^"]*"\s*[^\s\]])|\bvars\s*(?:[^\s.?\[\w]|$)|\?\.\[`)
)

// Add adds the text of a file. Packages are not looked through: one that knows of vars may set any.
func (c *Code) Add(path, source string) {
	if strings.Contains(path, "node_modules") {
		c.any = c.any || strings.Contains(source, "vars")
		return
	}
	if c.words == nil {
		c.words = map[string]bool{}
	}
	for _, w := range word.FindAllString(source, -1) {
		c.words[w] = true
	}
	for _, m := range member.FindAllStringSubmatch(source, -1) {
		c.named = append(c.named, m[1])
	}
	c.any = c.any || computed.MatchString(source)
	c.texts = append(c.texts, source)
}

// Mentions tells whether the code names something: a variable, a metric.
func (c *Code) Mentions(name string) bool {
	if c == nil {
		return false
	}
	if word.FindString(name) == name {
		return c.words[name]
	}
	for _, text := range c.texts {
		if strings.Contains(text, name) {
			return true
		}
	}
	return false
}

// names are the variables that the code is seen to use.
func (c *Code) names() []string {
	if c == nil {
		return nil
	}
	return c.named
}

// setsAny tells whether the code may set variables that it does not name.
func (c *Code) setsAny() bool { return c != nil && c.any }
