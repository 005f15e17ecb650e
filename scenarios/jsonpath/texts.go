package jsonpath

import (
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"edgescope/scenarios/value"
)

// units are the UTF-16 units of a text, in which JavaScript counts.
type units struct {
	text  string
	codes []uint16 // nil for a text of ASCII, whose bytes are its units
}

func unitsOf(text string) units {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return units{text, utf16.Encode([]rune(text))}
		}
	}
	return units{text: text}
}

func (u units) len() int {
	if u.codes == nil {
		return len(u.text)
	}
	return len(u.codes)
}

func (u units) slice(from, to int) string {
	if from >= to {
		return ""
	}
	if u.codes == nil {
		return u.text[from:to]
	}
	return string(utf16.Decode(u.codes[from:to]))
}

func (u units) code(i int) uint16 {
	if u.codes == nil {
		return uint16(u.text[i])
	}
	return u.codes[i]
}

// index is where a part begins that lies so many bytes into the text.
func (u units) index(at int) float64 {
	if at < 0 || u.codes == nil {
		return float64(at)
	}
	return float64(len(utf16.Encode([]rune(u.text[:at]))))
}

type textMethod func(s *scene, u units, args arguments) (any, error)

// textMethods are those of texts. They are a function, since some of them use others.
func textMethods() map[string]function { return textFunctions }

var textFunctions = func() map[string]function {
	all := map[string]function{}
	for _, methods := range []map[string]textMethod{places, searches, changes, patternTexts} {
		for name, f := range methods {
			all[name] = func(s *scene, of any, args arguments) (any, error) {
				return f(s, unitsOf(value.ToString(of)), args)
			}
		}
	}
	return all
}()

// places are the methods that take a part of a text.
var places = map[string]textMethod{
	"at": func(_ *scene, u units, args arguments) (any, error) {
		i := args.whole(0, 0)
		if i < 0 {
			i += float64(u.len())
		}
		if i < 0 || i >= float64(u.len()) {
			return value.Undefined{}, nil
		}
		return u.slice(int(i), int(i)+1), nil
	},
	"charAt": func(_ *scene, u units, args arguments) (any, error) {
		if i := args.whole(0, 0); i >= 0 && i < float64(u.len()) {
			return u.slice(int(i), int(i)+1), nil
		}
		return "", nil
	},
	"charCodeAt": func(_ *scene, u units, args arguments) (any, error) {
		if i := args.whole(0, 0); i >= 0 && i < float64(u.len()) {
			return float64(u.code(int(i))), nil
		}
		return math.NaN(), nil
	},
	"codePointAt": func(_ *scene, u units, args arguments) (any, error) {
		i := args.whole(0, 0)
		if i < 0 || i >= float64(u.len()) {
			return value.Undefined{}, nil
		}
		c := rune(u.code(int(i)))
		if int(i)+1 < u.len() {
			if pair := utf16.DecodeRune(c, rune(u.code(int(i)+1))); pair != utf8.RuneError {
				c = pair
			}
		}
		return float64(c), nil
	},
	"slice": func(_ *scene, u units, args arguments) (any, error) {
		return u.slice(args.place(0, u.len(), 0), args.place(1, u.len(), math.Inf(1))), nil
	},
	"substring": func(_ *scene, u units, args arguments) (any, error) {
		clamp := func(f float64) int { return int(min(max(f, 0), float64(u.len()))) }
		from, to := clamp(args.whole(0, 0)), clamp(args.whole(1, math.Inf(1)))
		return u.slice(min(from, to), max(from, to)), nil
	},
	"substr": func(_ *scene, u units, args arguments) (any, error) {
		from := args.place(0, u.len(), 0)
		return u.slice(from, int(min(float64(from)+max(args.whole(1, math.Inf(1)), 0), float64(u.len())))), nil
	},
}

// searches are the methods that look for a text.
var searches = map[string]textMethod{
	"includes": func(_ *scene, u units, args arguments) (any, error) {
		return strings.Contains(u.slice(args.clamped(1, u, 0), u.len()), args.text(0)), notPattern(args.at(0))
	},
	"startsWith": func(_ *scene, u units, args arguments) (any, error) {
		return strings.HasPrefix(u.slice(args.clamped(1, u, 0), u.len()), args.text(0)), notPattern(args.at(0))
	},
	"endsWith": func(_ *scene, u units, args arguments) (any, error) {
		return strings.HasSuffix(u.slice(0, args.clamped(1, u, math.Inf(1))), args.text(0)), notPattern(args.at(0))
	},
	"indexOf": func(_ *scene, u units, args arguments) (any, error) {
		from := args.clamped(1, u, 0)
		rest := unitsOf(u.slice(from, u.len()))
		at := rest.index(strings.Index(rest.text, args.text(0)))
		if at < 0 {
			return at, nil
		}
		return at + float64(from), nil
	},
	"lastIndexOf": func(_ *scene, u units, args arguments) (any, error) {
		return u.index(strings.LastIndex(u.text, args.text(0))), nil
	},
	"localeCompare": func(_ *scene, u units, args arguments) (any, error) {
		return float64(strings.Compare(u.text, args.text(0))), nil
	},
}

// clamped is an argument as a place in a text; negative ones are 0.
func (a arguments) clamped(i int, u units, missing float64) int {
	return int(min(max(a.whole(i, missing), 0), float64(u.len())))
}

func notPattern(v any) error {
	if _, is := v.(*pattern); is {
		return typeError("First argument to String.prototype.includes must not be a regular expression")
	}
	return nil
}

// changes are the methods that make another text of one.
var changes = map[string]textMethod{
	"toLowerCase":       func(_ *scene, u units, _ arguments) (any, error) { return strings.ToLower(u.text), nil },
	"toLocaleLowerCase": func(_ *scene, u units, _ arguments) (any, error) { return strings.ToLower(u.text), nil },
	"toUpperCase":       func(_ *scene, u units, _ arguments) (any, error) { return upper(u.text), nil },
	"toLocaleUpperCase": func(_ *scene, u units, _ arguments) (any, error) { return upper(u.text), nil },
	"trim":              func(_ *scene, u units, _ arguments) (any, error) { return strings.Trim(u.text, blanks), nil },
	"trimStart":         func(_ *scene, u units, _ arguments) (any, error) { return strings.TrimLeft(u.text, blanks), nil },
	"trimEnd":           func(_ *scene, u units, _ arguments) (any, error) { return strings.TrimRight(u.text, blanks), nil },
	"concat": func(s *scene, u units, args arguments) (any, error) {
		text := u.text
		for i := range args {
			if err := s.meter.room(1, len(text)+sizeOf(args[i])); err != nil {
				return nil, err
			}
			text += args.text(i)
		}
		return text, nil
	},
	"repeat": func(s *scene, u units, args arguments) (any, error) {
		n := args.whole(0, 0)
		if n < 0 || math.IsInf(n, 0) {
			return nil, typeError("RangeError: Invalid count value: " + args.text(0))
		}
		if err := s.meter.room(len(u.text), int(min(n, math.MaxInt32))); err != nil {
			return nil, err
		}
		if u.text == "" {
			return "", nil
		}
		return strings.Repeat(u.text, int(n)), nil
	},
	"padStart": func(s *scene, u units, args arguments) (any, error) {
		fill, err := padding(s, u, args)
		return fill + u.text, err
	},
	"padEnd": func(s *scene, u units, args arguments) (any, error) {
		fill, err := padding(s, u, args)
		return u.text + fill, err
	},
}

// blanks are the characters that trim takes off (ECMA-262, WhiteSpace and LineTerminator).
const blanks = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" +
	"\u2028\u2029\u202f\u205f\u3000\ufeff"

func upper(text string) string { return strings.ReplaceAll(strings.ToUpper(text), "ß", "SS") }

// padding is what fills a text up to a length.
func padding(s *scene, u units, args arguments) (string, error) {
	fill := " "
	if args.given(1) {
		fill = args.text(1)
	}
	missing := args.whole(0, 0) - float64(u.len())
	if missing <= 0 || fill == "" {
		return "", nil
	}
	if err := s.meter.room(1, int(min(missing, math.MaxInt32))); err != nil {
		return "", err
	}
	one := unitsOf(fill)
	all := unitsOf(strings.Repeat(fill, int(missing)/one.len()+1))
	return all.slice(0, int(missing)), nil
}
