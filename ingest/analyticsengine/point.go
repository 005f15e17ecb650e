package analyticsengine

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of Analytics Engine: developers.cloudflare.com/analytics/analytics-engine/limits, and measured with workerd.
const (
	maxColumns    = 20 // of blobs and of doubles; here of indexes too
	maxIndexBytes = 96
	maxBlobBytes  = 16_000 // of all blobs together
)

// point is a data point in the shape of writeDataPoint, whatever dialect it came in. All values are texts.
type point struct {
	indexes, blobs, doubles []string
	// timed tells whether the point says its own time, in Unix nanoseconds.
	timed bool
	time  int64
	// interval is the sample interval as text, "1" unless one was sent.
	interval string
	// overLimit says which limit of Analytics Engine the point breaks, "" for none.
	overLimit string
	// dropped tells why something in the point was not understood, "" if all was.
	dropped string
}

func (p *point) reset() {
	*p = point{indexes: p.indexes[:0], blobs: p.blobs[:0], doubles: p.doubles[:0], interval: "1"}
}

// forget drops what the point holds of its body, which may be large, and keeps its own memory.
func (p *point) forget() {
	p.reset()
	clear(p.indexes[:cap(p.indexes)])
	clear(p.blobs[:cap(p.blobs)])
	clear(p.doubles[:cap(p.doubles)])
}

var errNoObject = errors.New("not an object")

// read reads a point from JSON text that is known to be well formed.
func (p *point) read(record string) error {
	s := &scanner{text: record}
	if s.next() != '{' {
		return errNoObject
	}
	p.reset()
	err := s.members(func(key string) error {
		v, err := s.value()
		if err != nil {
			return err
		}
		return p.member(key, v)
	})
	if err != nil {
		return err
	}
	p.limit()
	return nil
}

func (p *point) member(key string, v value) (err error) {
	switch key {
	case "indexes":
		p.indexes, err = column(p.indexes[:0], key, v, text)
	case "blobs":
		p.blobs, err = column(p.blobs[:0], key, v, text)
	case "doubles":
		p.doubles, err = column(p.doubles[:0], key, v, double)
	case "timestamp":
		p.time, p.timed = timestamp(v)
		if !p.timed && v.kind != jsonNull {
			p.dropped = "timestamp not understood"
		}
	case "_sample_interval", "sampleInterval":
		if n, err := strconv.ParseFloat(v.text, 64); err == nil && n >= 1 && !math.IsInf(n, 0) {
			p.interval = v.text
		} else if v.kind != jsonNull {
			p.dropped = "sample interval below 1 or no number"
		}
	}
	return err
}

// column reads the values of one list; null is no list.
func column(to []string, key string, v value, coerce func(value) string) ([]string, error) {
	if v.kind == jsonNull {
		return to, nil
	}
	if v.kind != jsonArray {
		return to, fmt.Errorf("%s is no array", key)
	}
	s := &scanner{text: v.text}
	s.next()
	err := s.elements(func(int) error {
		element, err := s.value()
		to = append(to, coerce(element))
		return err
	})
	return to, err
}

// text coerces a value as writeDataPoint does for indexes and blobs.
func text(v value) string {
	if v.kind == jsonNull {
		return ""
	}
	return blob(v.text)
}

// blob answers bytes as text: as they are if they are UTF-8, else in standard base64.
func blob(b string) string {
	if utf8.ValidString(b) {
		return b
	}
	return base64.StdEncoding.EncodeToString([]byte(b))
}

// double coerces a value as writeDataPoint does for doubles: JavaScript's Number(value). Numbers keep their text, unless
// they are outside of float64.
func double(v value) string {
	switch v.kind {
	case jsonNull:
		return "0"
	case jsonBool:
		if v.text == "true" {
			return "1"
		}
		return "0"
	case jsonNumber, jsonString:
		return numberText(strings.TrimSpace(v.text))
	default:
		return "NaN"
	}
}

// longNumber is the length in bytes beyond which a number is written anew: no float64 needs more.
const longNumber = 32

func numberText(s string) string {
	switch s {
	case "":
		return "0"
	case "Infinity", "+Infinity":
		return "Infinity"
	case "-Infinity":
		return s
	}
	if strings.ContainsAny(s, "xXpP_iInN") {
		return "NaN"
	}
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case math.IsInf(n, 1):
		return "Infinity"
	case math.IsInf(n, -1):
		return "-Infinity"
	case err != nil:
		return "NaN"
	case len(s) > longNumber || s[0] == '+':
		return strconv.FormatFloat(n, 'g', -1, 64)
	default:
		return s
	}
}

// limit finds out which limit the point breaks, and cuts what has no column.
func (p *point) limit() {
	blobs := 0
	for _, b := range p.blobs {
		blobs += len(b)
	}
	switch {
	case len(p.indexes) > 1:
		p.overLimit = "more than 1 index"
	case len(p.indexes) == 1 && len(p.indexes[0]) > maxIndexBytes:
		p.overLimit = fmt.Sprintf("index longer than %d bytes", maxIndexBytes)
	case len(p.blobs) > maxColumns:
		p.overLimit = fmt.Sprintf("more than %d blobs", maxColumns)
	case len(p.doubles) > maxColumns:
		p.overLimit = fmt.Sprintf("more than %d doubles", maxColumns)
	case blobs > maxBlobBytes:
		p.overLimit = fmt.Sprintf("blobs longer than %d bytes together", maxBlobBytes)
	}
	p.indexes = p.indexes[:min(len(p.indexes), maxColumns)]
	p.blobs = p.blobs[:min(len(p.blobs), maxColumns)]
	p.doubles = p.doubles[:min(len(p.doubles), maxColumns)]
}
