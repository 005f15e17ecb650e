package otlp

import (
	"bytes"
	"mime"
	"strings"

	"edgescope/ingest/otlp/pbwire"
	"edgescope/internal/jsonwire"
)

// signalOfPath returns the signal that a path names. The last segments decide, so that a prefix, trailing slashes, the
// doubled path of a well-known misconfiguration (/v1/traces/v1/traces) and the singular of OTLP before 0.5 (/v1/trace)
// all lead to the same door.
func signalOfPath(path string) signal {
	path = strings.TrimSuffix(strings.TrimRight(path, "/"), "s")
	for _, s := range otlpSignals {
		if strings.HasSuffix(path, "/v1/"+strings.TrimSuffix(s.String(), "s")) {
			return s
		}
	}
	return signalUnknown
}

// encodingOfType answers the encoding that a content type names.
func encodingOfType(contentType string) (enc Encoding, ok bool) {
	name, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		name, _, _ = strings.Cut(contentType, ";")
		name = strings.ToLower(strings.TrimSpace(name))
	}
	switch name {
	case "application/json":
		return JSON, true
	case "application/x-protobuf", "application/protobuf":
		return Protobuf, true
	}
	return JSON, false
}

// encodingOfBody answers the encoding that the first byte of a body shows.
func encodingOfBody(body []byte) (enc Encoding, ok bool) {
	text := trimStart(body)
	switch {
	case len(text) == 0 || text[0] == '{':
		return JSON, true
	case looksLikeProtobuf(body):
		return Protobuf, true
	}
	return JSON, false
}

// looksLikeProtobuf tells whether a body begins as an export request does: field 1, length-delimited, of a length that fits.
func looksLikeProtobuf(body []byte) bool {
	f := pbwire.Message{B: body}
	if !f.Next() || f.Num != 1 || f.Typ != pbwire.WireBytes {
		return false
	}
	f.Bytes()
	return f.Err == nil
}

func trimStart(body []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(body, jsonwire.ByteOrderMark), " \t\r\n")
}

// sniff answers what a body carries that came to a path without a meaning, and how it is written. Cloudflare's own export
// posts to whatever address was typed, often the bare root; workerd and tail workers do the same.
func sniff(path, contentType string, body []byte) (signal, Encoding) {
	text := trimStart(body)
	if len(text) == 0 {
		return signalUnknown, JSON
	}
	switch text[0] {
	case '{':
		return sniffObject(newSniffer(text)), JSON
	case '[':
		return sniffArray(newSniffer(text)), JSON
	}
	if enc, ok := encodingOfType(contentType); (ok && enc == Protobuf || contentType == "") && looksLikeProtobuf(body) {
		return signalNamed(path), Protobuf
	}
	return signalUnknown, JSON
}

// signalNamed answers the signal whose name is anywhere in the path: /otlp/traces.
func signalNamed(path string) signal {
	for _, s := range otlpSignals {
		if strings.Contains(path, s.String()) {
			return s
		}
	}
	return signalUnknown
}

func newSniffer(text []byte) *jsonwire.Reader {
	r := new(jsonwire.Reader)
	r.Reset(text, new(jsonwire.Arena))
	return r
}

// sniffObject answers by the first key that is known. A document that holds several signals of OTLP is read for all of them.
func sniffObject(r *jsonwire.Reader) signal {
	var schema, dataset bool
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return signalUnknown
		}
		if sig := signalOfResources(key); sig != signalUnknown {
			return sig
		}
		switch key {
		case "spanContext", "eventTimestamp":
			return signalTail
		case "schemaVersion":
			schema = true
		case "dataset":
			dataset = r.Peek() == jsonwire.Array
		}
		if schema && dataset {
			return signalDataPoints
		}
		r.Skip()
	}
}

// sniffArray answers by the keys of the first element.
func sniffArray(r *jsonwire.Reader) signal {
	list := r.Array()
	if !list.Next() || r.Peek() != jsonwire.Object {
		return signalUnknown
	}
	var context, sequence bool
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return signalUnknown
		}
		switch key {
		case "eventTimestamp", "outcome":
			return signalTail
		case "spanContext":
			context = true
		case "sequence":
			sequence = true
		}
		if context && sequence {
			return signalTail
		}
		r.Skip()
	}
}
