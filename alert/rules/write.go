package rules

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Dialect is whose rule files are written: they differ in what they call the delay of a group.
type Dialect string

// The dialects that Write knows.
const (
	VMAlert    Dialect = "vmalert"    // eval_delay
	Prometheus Dialect = "prometheus" // query_offset
)

// delayKeys are what the dialects call how far behind the clock a group is evaluated.
var delayKeys = map[Dialect]string{VMAlert: "eval_delay", Prometheus: "query_offset"}

// Dialects returns the dialects that Write knows, the first by default.
func Dialects() []Dialect { return []Dialect{VMAlert, Prometheus} }

// Write writes groups as a file of rules in a dialect; Read of it gives groups that are equal, but for their places and
// tenants, which no dialect has: the tenant of a group is said in a comment. An error is the writer's.
func Write(to io.Writer, groups []Group, d Dialect) error {
	w := &writer{}
	w.line(0, "groups:")
	if len(groups) == 0 {
		w.line(0, "  []")
	}
	for i := range groups {
		w.group(&groups[i], delayKeys[d])
	}
	_, err := io.WriteString(to, w.String())
	return err
}

type writer struct{ strings.Builder }

func (w *writer) line(indent int, format string, args ...any) {
	w.WriteString(strings.Repeat(" ", indent) + fmt.Sprintf(format, args...) + "\n")
}

func (w *writer) group(g *Group, delay string) {
	if g.Tenant != "" {
		w.line(2, "# of tenant %s: ask with a token of it", strconv.Quote(g.Tenant))
	}
	w.line(2, "- name: %s", scalar(g.Name))
	w.line(4, "interval: %s", FormatDuration(g.Every()))
	w.line(4, "%s: %s", delay, FormatDuration(g.Delay()))
	if g.Limit > 0 {
		w.line(4, "limit: %d", g.Limit)
	}
	w.texts(4, "labels", g.Labels)
	w.line(4, "rules:")
	for i := range g.Rules {
		r := &g.Rules[i]
		w.line(6, "- alert: %s", scalar(r.Alert))
		w.text(8, "expr", r.Expr)
		if r.For > 0 {
			w.line(8, "for: %s", FormatDuration(r.For))
		}
		if r.KeepFiringFor > 0 {
			w.line(8, "keep_firing_for: %s", FormatDuration(r.KeepFiringFor))
		}
		w.texts(8, "labels", r.Labels)
		w.texts(8, "annotations", r.Annotations)
	}
}

func (w *writer) texts(indent int, key string, texts map[string]string) {
	if len(texts) == 0 {
		return
	}
	w.line(indent, "%s:", key)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		w.text(indent+2, name, texts[name])
	}
}

// text writes a text, one of several lines as they stand where YAML can keep them so.
func (w *writer) text(indent int, key, text string) {
	if !inLines.MatchString(text) {
		w.line(indent, "%s: %s", key, scalar(text))
		return
	}
	w.line(indent, "%s: |", key)
	for line := range strings.Lines(text) {
		w.line(indent+2, "%s", strings.TrimSuffix(line, "\n"))
	}
}

// inLines are texts that a block of YAML keeps as they are: more than one line, ended, none of them blank and the first
// not indented, of characters that can be seen.
var inLines = regexp.MustCompile(`^[!-~][ -~]*\n( *[!-~][ -~]*\n)+$`)

// plainScalar are texts that mean themselves without quotes.
var plainScalar = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$`)

// notText are plain words that YAML reads as something else.
var notText = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null)$`)

// scalar writes a text in one line: plain, in single quotes, or in double ones, where Go and YAML have the
// same escapes.
func scalar(text string) string {
	switch {
	case plainScalar.MatchString(text) && !notText.MatchString(text):
		return text
	case strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0:
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return strconv.Quote(text)
}

// FormatDuration writes a length of time in the units that rule files have, none twice: 1h30m, 90s as 1m30s.
func FormatDuration(d time.Duration) string {
	if d < time.Millisecond {
		return "0s"
	}
	var out strings.Builder
	for _, u := range slices.Backward(units) {
		name := u.name
		if n := int64(d / u.length); n > 0 && name != "w" && name != "y" {
			out.WriteString(strconv.FormatInt(n, 10) + name)
			d %= u.length
		}
	}
	return out.String()
}
