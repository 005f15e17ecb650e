package door

import (
	"mime"
	"net/http"
	"strings"

	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/records"
	"edgescope/ingest/vercel"
	"edgescope/ingest/workers"
	"edgescope/internal/jsonwire"
)

// kind is what a body is.
type kind uint8

const (
	kindUnknown kind = iota
	kindOTLP
	kindPoint // a data point of workerd's binding
	kindDrain // lines of a log drain of Vercel
	kindTail  // tail events of Workers, or a file of Logpush
)

// String returns what messages call a kind.
func (k kind) String() string {
	return [...]string{"telemetry", "OTLP", "data points of workerd", "lines of a log drain", "tail events"}[k]
}

// recognised is what is known of a body. Signal is of OTLP, encoding also how the answer is to be written.
type recognised struct {
	kind     kind
	signal   otlp.Signal
	encoding otlp.Encoding
	// empty tells that there is no record in it: it could be anybody's.
	empty bool
}

// recognise tells what a body is, from the path, the content type and the body, in this order. Cloudflare's own export
// posts to whatever address was typed, often the bare root; workerd and tail workers do the same. It fails when the
// path names a signal of OTLP and neither the content type nor the body tells the encoding.
func recognise(r *http.Request, body []byte) (recognised, error) {
	contentType := r.Header.Get("Content-Type")
	if signal := signalOfPath(r.URL.Path); signal != otlp.Unknown {
		enc, ok := encodingOfType(contentType)
		if !ok {
			enc, ok = encodingOfBody(body)
		}
		if !ok {
			return recognised{kind: kindOTLP, signal: signal}, errContentType
		}
		return recognised{kind: kindOTLP, signal: signal, encoding: enc}, nil
	}
	is := recogniseJSON(body)
	if is.kind == kindOTLP || is.kind == kindPoint {
		return is, nil
	}
	switch named := kindOfPath(r.URL.Path); {
	case named == kindDrain || is.kind == kindDrain:
		is.kind = kindDrain
	case named != kindUnknown:
		is.kind = named
	}
	if enc, ok := encodingOfType(contentType); is.kind == kindUnknown &&
		(ok && enc == otlp.Protobuf || contentType == "") && looksLikeProtobuf(body) {
		is.encoding = otlp.Protobuf
		if is.signal = signalNamed(r.URL.Path); is.signal != otlp.Unknown {
			is.kind = kindOTLP
		}
	}
	return is, nil
}

// kindOfPath returns what a path says of what is sent to it, whatever the body is.
func kindOfPath(path string) kind {
	path = strings.TrimRight(path, "/")
	switch {
	case strings.HasSuffix(path, "/v1/vercel"):
		return kindDrain
	case strings.HasSuffix(path, "/v1/tail"), strings.HasSuffix(path, "/v1/logpush"):
		return kindTail
	}
	return kindUnknown
}

// recogniseJSON tells what JSON is by the first object in it, alone or first in an array: by the first keys that are
// known. A document that holds several signals of OTLP is read for all of them. Bodies without any record are a tail's
// that saw nothing.
func recogniseJSON(body []byte) recognised {
	object, inArray := records.First(body)
	switch {
	case len(object) == 0 && !inArray, inArray && len(object) > 0 && object[0] == ']':
		return recognised{kind: kindTail, empty: true}
	case len(object) == 0 || object[0] != '{':
		return recognised{}
	}
	var doc jsonwire.Reader
	var text jsonwire.Arena
	m := marks{inArray: inArray, tail: workers.Marks{InArray: inArray}}
	doc.Reset(object, &text)
	for o := doc.Object(); ; doc.Skip() {
		key, ok := o.Member()
		if !ok {
			break
		}
		if is := m.see(key, &doc); is.kind != kindUnknown {
			return is
		}
	}
	if m.tail.Test(object) {
		return recognised{kind: kindTail}
	}
	return recognised{}
}

// marks are what the keys of an object tell so far.
type marks struct {
	inArray bool
	point   analyticsengine.Marks
	drain   vercel.Marks
	tail    workers.Marks
}

// see looks at the next key, before whose value doc is.
func (m *marks) see(key string, doc *jsonwire.Reader) recognised {
	if !m.inArray {
		if signal := otlp.SignalOf(key); signal != otlp.Unknown {
			return recognised{kind: kindOTLP, signal: signal}
		}
		if m.point.See(key, doc.Peek() == jsonwire.Array) {
			return recognised{kind: kindPoint}
		}
	}
	switch {
	case m.drain.See(key):
		return recognised{kind: kindDrain}
	case m.tail.See(key):
		return recognised{kind: kindTail}
	}
	return recognised{}
}

// signalOfPath returns the signal that a path names. The last segments decide, so that a prefix, trailing slashes, the
// doubled path of a well-known misconfiguration (/v1/traces/v1/traces) and the singular of OTLP before 0.5 (/v1/trace)
// all lead to the same door.
func signalOfPath(path string) otlp.Signal {
	path = strings.TrimSuffix(strings.TrimRight(path, "/"), "s")
	for _, s := range otlp.Signals {
		if strings.HasSuffix(path, "/v1/"+strings.TrimSuffix(s.String(), "s")) {
			return s
		}
	}
	return otlp.Unknown
}

// signalNamed returns the signal whose name is anywhere in the path: /otlp/traces.
func signalNamed(path string) otlp.Signal {
	for _, s := range otlp.Signals {
		if strings.Contains(path, s.String()) {
			return s
		}
	}
	return otlp.Unknown
}

// encodingOfType returns the encoding that a content type names.
func encodingOfType(contentType string) (enc otlp.Encoding, ok bool) {
	name, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		name, _, _ = strings.Cut(contentType, ";")
		name = strings.ToLower(strings.TrimSpace(name))
	}
	switch name {
	case "application/json":
		return otlp.JSON, true
	case "application/x-protobuf", "application/protobuf":
		return otlp.Protobuf, true
	}
	return otlp.JSON, false
}

// encodingOfBody returns the encoding that the first byte of a body shows.
func encodingOfBody(body []byte) (enc otlp.Encoding, ok bool) {
	text := records.TrimStart(body)
	switch {
	case len(text) == 0 || text[0] == '{':
		return otlp.JSON, true
	case looksLikeProtobuf(body):
		return otlp.Protobuf, true
	}
	return otlp.JSON, false
}

// looksLikeProtobuf tells whether a body begins as an export request does: field 1, length-delimited, of a length that
// fits.
func looksLikeProtobuf(body []byte) bool {
	f := pbwire.Message{B: body}
	if !f.Next() || f.Num != 1 || f.Typ != pbwire.WireBytes {
		return false
	}
	f.Bytes()
	return f.Err == nil
}
