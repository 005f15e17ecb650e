package query

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"edgescope/edge"
)

// term is one condition on an attribute. A question's filters and its text are both read as terms.
type term struct {
	// key is the short key (region, route, ...), a canonical or other attribute name, or "" for a bare word, which is looked
	// for in span name, route and path.
	key     string
	exclude bool
	// parts are the literal pieces of the value between its stars: one piece is an exact value.
	parts []string
}

// textKeys are the words before the colon beside attribute names, which have a dot or an underscore.
var textKeys = map[string]string{
	KeyService: edge.KeyServiceName, KeyVersion: edge.KeyServiceVersion, KeyRegion: edge.KeyRegion, KeyRoute: edge.KeyRoute,
	KeyStatus: edge.KeyStatus, KeyCold: edge.KeyColdStart, KeyCache: edge.KeyCacheStatus,
	"method": edge.KeyMethod, "outcome": edge.KeyOutcome, "country": edge.KeyCountry, "platform": edge.KeyCloudPlatform,
	"colo": edge.KeyColo, "name": "name", "operation": edge.KeyOperation, "error": edge.KeyErrorType,
}

// parseText reads the filter text q into terms.
//
//	text  = { word }, separated by white space
//	word  = ["-"] [ key ":" ] value
//	value = characters with * for any text, or the same in double quotes, where a \ lets the next character stand for itself
//
// A value of nothing but stars is any value, so key:* is "present" and -key:* "absent"; an empty value in quotes,
// key:"", is absent too.
func parseText(text string) ([]term, error) {
	p := textParser{text: text}
	if len(text) > maxText {
		return nil, p.fail(0, "is longer than 2048 bytes")
	}
	if !utf8.ValidString(text) {
		return nil, p.fail(0, "is not UTF-8")
	}
	var terms []term
	for p.skipSpace(); p.pos < len(p.text); p.skipSpace() {
		t, err := p.word()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	return terms, nil
}

type textParser struct {
	text string
	pos  int
}

func (p *textParser) fail(at int, reason string) error {
	column := utf8.RuneCountInString(p.text[:at]) + 1
	return &ParamError{Key: KeyText, Value: p.text, Column: column, Reason: reason}
}

func (p *textParser) skipSpace() {
	p.pos = len(p.text) - len(strings.TrimLeftFunc(p.text[p.pos:], unicode.IsSpace))
}

func (p *textParser) word() (term, error) {
	var t term
	start := p.pos
	if p.text[p.pos] == '-' {
		t.exclude = true
		p.pos++
	}
	keyAt := p.pos
	if n := keyLength(p.text[p.pos:]); n >= 0 {
		t.key = p.text[p.pos : p.pos+n]
		p.pos += n + 1
		if !knownTextKey(t.key) {
			return t, p.fail(keyAt, "unknown key "+t.key+": use service, version, region, route, status, cold, cache, method, outcome, "+
				`or an attribute's full name such as url.path; text with a colon goes in quotes`)
		}
	}
	valueAt := p.pos
	var err error
	if t.parts, err = p.value(); err != nil {
		return t, err
	}
	if quoted := p.pos > valueAt; len(t.parts) == 1 && t.parts[0] == "" && (t.key == "" || !quoted) {
		return t, p.fail(start, "a value is missing, as in region:GRU")
	}
	if t.key == "" && t.exclude && pattern(t.parts).present() {
		return t, p.fail(start, "excludes everything: name a key, as in -error:*")
	}
	if t.key == KeyStatus {
		t.parts = statusParts(t.parts)
	}
	if reason := t.bad(); reason != "" {
		return t, p.fail(valueAt, reason)
	}
	return t, nil
}

// bad checks exact values of the keys that have few.
func (t *term) bad() string {
	if len(t.parts) != 1 || t.parts[0] == "" || t.key == KeyStatus {
		return ""
	}
	return badFilter(t.key, t.parts[0])
}

// statusParts reads the class 5xx as 5*.
func statusParts(parts []string) []string {
	if class, ok := strings.CutSuffix(parts[0], "xx"); ok && len(parts) == 1 {
		return []string{class, ""}
	}
	return parts
}

// keyLength answers how long the key before a colon is, -1 when the word has none.
func keyLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && i > 0:
			return i
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', isDigit(c), c == '.', c == '_', c == '-':
		default:
			return -1
		}
	}
	return -1
}

func knownTextKey(key string) bool {
	_, ok := textKeys[key]
	return ok || strings.ContainsAny(key, "._") && len(key) <= 128
}

// value reads up to white space, or a quoted text, and splits it at its stars.
func (p *textParser) value() ([]string, error) {
	if strings.HasPrefix(p.text[p.pos:], `"`) {
		return p.quoted()
	}
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, unicode.IsSpace)
	if end < 0 {
		end = len(rest)
	}
	if i := strings.IndexByte(rest[:end], '"'); i >= 0 {
		return nil, p.fail(p.pos+i, `a quote may stand around the whole value only, as in route:"/a b"`)
	}
	p.pos += end
	return strings.Split(rest[:end], "*"), nil
}

func (p *textParser) quoted() ([]string, error) {
	open := p.pos
	var parts []string
	var part strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			if p.pos < len(p.text) && !unicode.IsSpace(rune(p.text[p.pos])) {
				return nil, p.fail(p.pos, "a space must follow the closing quote")
			}
			return append(parts, part.String()), nil
		case c == '\\' && p.pos+1 < len(p.text):
			p.pos++
			part.WriteByte(p.text[p.pos])
		case c == '*':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return nil, p.fail(open, "the quote is not closed")
}
