package series

import (
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/internal/jsonwire"
)

// The names of metrics and labels are those that Prometheus tools give to OTLP (OpenTelemetry specification,
// "Prometheus and OpenMetrics Compatibility"): every run of other characters becomes one underscore, the unit and
// _total or _ratio end the name.

// maxLabelValue bounds the value of a label in bytes; a longer one is cut.
const maxLabelValue = 1024

// namer writes names. Its memory is good for one request.
type namer struct {
	arena  jsonwire.Arena
	tokens []string
}

func (n *namer) reset() { n.arena.Buf = n.arena.Buf[:0] }

// metric returns the name of a metric without the suffixes of its series: faas.init_duration in s is
// faas_init_duration_seconds.
func (n *namer) metric(m *Metric) string {
	n.tokens = n.split(n.tokens[:0], m.Name)
	if len(n.tokens) == 0 {
		return ""
	}
	main, per, _ := strings.Cut(m.Unit, "/")
	if unit := n.unit(main, longUnit); unit != "" && !slices.Contains(n.tokens, unit) {
		n.tokens = append(n.tokens, unit)
	}
	if unit := n.unit(per, perUnit); unit != "" && !slices.Contains(n.tokens, unit) {
		n.tokens = append(n.tokens, "per", unit)
	}
	switch {
	case m.Kind == Sum && m.Monotonic:
		n.moveLast("total")
	case m.Kind == Gauge && m.Unit == "1":
		n.moveLast("ratio")
	}
	return n.join()
}

// split appends the parts of a name between characters that a name can't hold.
func (*namer) split(tokens []string, name string) []string {
	for name != "" {
		end := 0
		for end < len(name) && (isAlphanumeric(name[end]) || name[end] == ':') {
			end++
		}
		if end > 0 {
			tokens = append(tokens, name[:end])
		}
		name = name[min(end+1, len(name)):]
	}
	return tokens
}

func (n *namer) join() string {
	from := len(n.arena.Buf)
	if c := n.tokens[0][0]; c >= '0' && c <= '9' {
		n.arena.Buf = append(n.arena.Buf, '_')
	}
	for i, token := range n.tokens {
		if i > 0 {
			n.arena.Buf = append(n.arena.Buf, '_')
		}
		n.arena.Buf = append(n.arena.Buf, token...)
	}
	return n.arena.Since(from)
}

// moveLast makes a token the last one, and the only one of its kind.
func (n *namer) moveLast(token string) {
	n.tokens = slices.DeleteFunc(n.tokens, func(t string) bool { return t == token })
	n.tokens = append(n.tokens, token)
}

// unit returns a unit as names spell it; an annotation such as {request} is none.
func (n *namer) unit(unit string, long func(string) (string, bool)) string {
	unit = strings.TrimSpace(unit)
	if unit == "" || strings.ContainsAny(unit, "{}") {
		return ""
	}
	if word, ok := long(unit); ok {
		return word
	}
	return strings.Trim(n.clean(unit), "_")
}

// clean returns text with one underscore for every run of characters that a label's name can't hold.
func (n *namer) clean(text string) string {
	bad := 0
	for bad < len(text) && inLabel(text[bad]) {
		bad++
	}
	if bad == len(text) {
		return text
	}
	from := len(n.arena.Buf)
	n.arena.Buf = append(n.arena.Buf, text[:bad]...)
	for i := bad; i < len(text); i++ {
		switch c := text[i]; {
		case inLabel(c):
			n.arena.Buf = append(n.arena.Buf, c)
		case len(n.arena.Buf) == from || n.arena.Buf[len(n.arena.Buf)-1] != '_':
			n.arena.Buf = append(n.arena.Buf, '_')
		}
	}
	return n.arena.Since(from)
}

func inLabel(c byte) bool { return isAlphanumeric(c) || c == '_' }

// label returns the name of a label. Names that mean something to the store or to Prometheus stay out of a client's
// reach: they get the prefix exported_, and what begins with an underscore or a digit gets key.
func (n *namer) label(key string) string {
	name := n.clean(key)
	switch name {
	case "le", "quantile", edge.LabelVMRange, edge.LabelTenant, edge.LabelOverflow, labelJob, labelInstance,
		labelResource:
		return n.prefixed("exported_", name)
	}
	if strings.HasPrefix(name, prefixScope) {
		return n.prefixed("exported_", name)
	}
	switch c := name[0]; {
	case c == '_':
		return n.prefixed("key", name)
	case c >= '0' && c <= '9':
		return n.prefixed("key_", name)
	}
	return name
}

func (n *namer) prefixed(prefix, name string) string {
	from := len(n.arena.Buf)
	n.arena.Buf = append(append(n.arena.Buf, prefix...), name...)
	return n.arena.Since(from)
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// longUnit returns the word for a unit of UCUM; "" for one that says nothing.
func longUnit(unit string) (string, bool) {
	word, ok := unitWords[unit]
	return word, ok
}

// perUnit returns the word for a unit behind the stroke.
func perUnit(unit string) (string, bool) {
	word, ok := perWords[unit]
	return word, ok
}

var unitWords = map[string]string{
	"d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
	"ns": "nanoseconds",
	"By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tibibytes",
	"KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes",
	"m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams",
	"Cel": "celsius", "Hz": "hertz", "1": "", "%": "percent",
}

var perWords = map[string]string{
	"s": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year",
}
