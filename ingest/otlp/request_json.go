package otlp

import "bytes"

var byteOrderMark = []byte("\xef\xbb\xbf")

// json decodes a request in JSON (OTLP specification, section "JSON Protobuf Encoding"), tolerantly: whatever one value is, the
// record and the batch around it are kept. Of a member that is there twice the last one wins, but all lists of records are
// read, of whatever signal, since each holds what nobody sends again. want is the signal that the request should have.
func (d *decoder) json(want signal, body []byte) error {
	d.startSignal(want)
	d.text = jsonReader{b: bytes.TrimPrefix(body, byteOrderMark), arena: &d.arena, open: d.text.open[:0]}
	r := &d.text
	if r.space(); r.pos == len(r.b) {
		return nil // an empty request succeeds
	}
	if t := r.peek(); t != tokObject && t != tokNull {
		r.fail("want an object with resourceSpans, resourceLogs or resourceMetrics")
		return r.err
	}
	for top := r.object(); ; {
		key, ok := top.member()
		if !ok {
			break
		}
		d.jsonTop(r, key)
	}
	r.end()
	return r.err
}

func (d *decoder) jsonTop(r *jsonReader, key string) {
	sig := signalOfResources(key)
	if sig == signalUnknown {
		r.skip()
		return
	}
	d.startSignal(sig)
	for list := d.list(r); list.next(); {
		d.jsonResourceRecords(r)
	}
}

// list begins a list; null is an empty one.
func (d *decoder) list(r *jsonReader) scope {
	if t := r.peek(); t != tokArray && t != tokNull && t != tokNone {
		d.batch.Warn(warnNoList)
	}
	return r.array()
}

func (d *decoder) jsonResourceRecords(r *jsonReader) {
	first := d.startResource()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch {
		case key == "resource":
			d.jsonResource(r)
		case signalOfScopes(key) == d.signal:
			for list := d.list(r); list.next(); {
				d.jsonScopeRecords(r)
			}
		default:
			r.skip()
		}
	}
	d.endResource(first)
}

func (d *decoder) jsonResource(r *jsonReader) {
	d.resource.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return
		}
		if key == "attributes" {
			d.jsonAttrs(r, &d.resource, maxResourceKey)
		} else {
			r.skip()
		}
	}
}

func (d *decoder) jsonScopeRecords(r *jsonReader) {
	first := d.startScope()
	var name, version string
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch {
		case key == "scope" || key == "instrumentationLibrary" || key == "instrumentation_library":
			name, version = d.jsonScope(r)
		case signalOfRecords(key) == d.signal:
			for list := d.list(r); list.next(); {
				d.jsonRecord(r)
			}
		default:
			r.skip()
		}
	}
	d.endScope(first, name, version)
}

func (d *decoder) jsonScope(r *jsonReader) (name, version string) {
	d.scope.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return name, version
		}
		switch key {
		case "name":
			name = stringValue(r.scalar()).str
		case "version":
			version = stringValue(r.scalar()).str
		case "attributes":
			if d.signal == signalMetrics {
				d.jsonAttrs(r, &d.scope, maxKey)
			} else {
				r.skip()
			}
		default:
			r.skip()
		}
	}
}

func (d *decoder) jsonRecord(r *jsonReader) {
	switch d.signal {
	case signalLogs:
		d.jsonLog(r)
	case signalMetrics:
		d.jsonMetric(r)
	default:
		d.jsonSpan(r)
	}
	d.roomForJSON(r)
}

func (r *jsonReader) id(dst []byte) {
	t, text := r.scalar()
	decodeID(dst, t, text)
}
