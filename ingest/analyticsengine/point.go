package analyticsengine

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"edgescope/internal/jsonwire"
)

// The limits of Analytics Engine: developers.cloudflare.com/analytics/analytics-engine/limits, and measured with
// workerd.
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

	doc jsonwire.Reader
	// text holds what is not as it is sent, of all points of a request.
	text jsonwire.Arena
}

// reset begins another point, in JSON.
func (p *point) reset(record []byte) {
	*p = point{
		indexes: p.indexes[:0], blobs: p.blobs[:0], doubles: p.doubles[:0], interval: "1", doc: p.doc, text: p.text,
	}
	p.doc.Reset(record, &p.text)
}

// maxText bounds the memory in bytes that a point keeps for the texts of the next request.
const maxText = 1 << 20

// forget drops what the point holds of its body, which may be large, and keeps its own memory.
func (p *point) forget() {
	p.reset(nil)
	p.text.Buf = p.text.Buf[:0]
	if cap(p.text.Buf) > maxText {
		p.text.Buf = nil
	}
	clear(p.indexes[:cap(p.indexes)])
	clear(p.blobs[:cap(p.blobs)])
	clear(p.doubles[:cap(p.doubles)])
}

var errNoObject = errors.New("not an object")

// read reads a point from JSON text.
func (p *point) read(record []byte) error {
	p.reset(record)
	if p.doc.Peek() != jsonwire.Object {
		return errNoObject
	}
	for o := p.doc.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		if err := p.member(key); err != nil {
			return err
		}
	}
	p.limit()
	return p.doc.Err
}

// member reads the value of a member.
func (p *point) member(key string) (err error) {
	switch key {
	case "indexes":
		p.indexes, err = p.list(p.indexes[:0], key, text)
	case "blobs":
		p.blobs, err = p.list(p.blobs[:0], key, text)
	case "doubles":
		p.doubles, err = p.list(p.doubles[:0], key, double)
	case "timestamp":
		v := read(&p.doc)
		p.time, p.timed = timestamp(v)
		if !p.timed && v.kind != jsonwire.Null {
			p.dropped = "timestamp not understood"
		}
	case "_sample_interval", "sampleInterval":
		v := read(&p.doc)
		if n, err := strconv.ParseFloat(v.text, 64); err == nil && n >= 1 && !math.IsInf(n, 0) {
			p.interval = v.text
		} else if v.kind != jsonwire.Null {
			p.dropped = "sample interval below 1 or no number"
		}
	default:
		p.doc.Skip()
	}
	return err
}

// list reads the values of one list; null is no list.
func (p *point) list(to []string, key string, coerce func(value) string) ([]string, error) {
	switch p.doc.Peek() {
	case jsonwire.Array, jsonwire.Null:
	default:
		return to, fmt.Errorf("%s is no array", key)
	}
	for list := p.doc.Array(); list.Next(); {
		to = append(to, coerce(read(&p.doc)))
	}
	return to, nil
}

// text coerces a value as writeDataPoint does for indexes and blobs.
func text(v value) string {
	if v.kind == jsonwire.Null {
		return ""
	}
	return blob(v.text)
}

// blob returns bytes as text: as they are if they are UTF-8, else in standard base64.
func blob(b string) string {
	if utf8.ValidString(b) {
		return b
	}
	return base64.StdEncoding.EncodeToString([]byte(b))
}

// double coerces a value as writeDataPoint does for doubles: JavaScript's Number(value). Numbers keep their text,
// unless they are outside of float64.
func double(v value) string {
	switch v.kind {
	case jsonwire.Null:
		return "0"
	case jsonwire.Bool:
		if v.text == "true" {
			return "1"
		}
		return "0"
	case jsonwire.Number, jsonwire.String:
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
