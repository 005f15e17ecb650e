// Package labels has what is done with sets of labels, as Prometheus and Alertmanager do it: their fingerprint, and the
// matchers that choose among them.
package labels

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Fingerprint returns the identity of a set: FNV-1a, 64 bits, over its names and values in the order of names, each
// ended by a byte 0xff. It is the one of Prometheus (common/model, LabelSet.Fingerprint).
func Fingerprint(set map[string]string) uint64 {
	h := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(set)) {
		h.Write([]byte(name))
		h.Write([]byte{0xff})
		h.Write([]byte(set[name]))
		h.Write([]byte{0xff})
	}
	return h.Sum64()
}

// String writes a set as {a="b", c="d"}, in the order of names.
func String(set map[string]string) string {
	parts := make([]string, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, name+"="+strconv.Quote(set[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// Matcher chooses sets by one label. A label that is not there has the value "". The zero value is no matcher.
type Matcher struct {
	Name, Value string
	// Op is =, !=, =~ or !~; the last two take a regular expression that must match the whole value.
	Op string

	re *regexp.Regexp
}

const maxMatcher = 1024 // bytes

var written = regexp.MustCompile(`^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|!~|!=|=)\s*(.*?)\s*$`)

// Parse reads one matcher: name="value", or without quotes name=value.
func Parse(text string) (Matcher, error) {
	if len(text) > maxMatcher {
		return Matcher{}, fmt.Errorf("a matcher of %d bytes: want at most %d", len(text), maxMatcher)
	}
	parts := written.FindStringSubmatch(text)
	if parts == nil {
		return Matcher{}, fmt.Errorf(`%q is no matcher: write name="value", or with !=, =~ or !~`, text)
	}
	m := Matcher{Name: parts[1], Op: parts[2], Value: parts[3]}
	if strings.HasPrefix(m.Value, `"`) {
		value, err := strconv.Unquote(m.Value)
		if err != nil {
			return Matcher{}, fmt.Errorf("matcher %s: the value needs a quote at each end, and \\ before quotes within", text)
		}
		m.Value = value
	}
	if m.Op == "=~" || m.Op == "!~" {
		re, err := regexp.Compile("^(?s:" + m.Value + ")$")
		if err != nil {
			return Matcher{}, fmt.Errorf("matcher %s: %w", text, err)
		}
		m.re = re
	}
	return m, nil
}

// String is what Parse reads.
func (m Matcher) String() string { return m.Name + m.Op + strconv.Quote(m.Value) }

// Matches tells whether the matcher chooses a set.
func (m Matcher) Matches(set map[string]string) bool {
	value := set[m.Name]
	switch m.Op {
	case "=":
		return value == m.Value
	case "!=":
		return value != m.Value
	case "=~":
		return m.re.MatchString(value)
	}
	return !m.re.MatchString(value)
}

// MarshalText writes a matcher as String does.
func (m Matcher) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a matcher as Parse does.
func (m *Matcher) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	*m = parsed
	return err
}

// Matchers choose the sets that each of them chooses.
type Matchers []Matcher

// Matches tells whether all matchers choose a set; none choose every set.
func (all Matchers) Matches(set map[string]string) bool {
	return !slices.ContainsFunc(all, func(m Matcher) bool { return !m.Matches(set) })
}

// String writes matchers as {a="b", c=~"d"}.
func (all Matchers) String() string {
	parts := make([]string, len(all))
	for i, m := range all {
		parts[i] = m.String()
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// ErrAll is why matchers are refused that choose a set without labels: they would choose nearly everything.
var ErrAll = errors.New(`these matchers choose also what has none of the labels: give one that needs a value, ` +
	`such as service_name="checkout"`)

// Choosy fails for matchers that choose the set without labels.
func (all Matchers) Choosy() error {
	if all.Matches(nil) {
		return ErrAll
	}
	return nil
}
