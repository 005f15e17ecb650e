package otlp

import (
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

// json decodes a request in JSON (OTLP specification, section "JSON Protobuf Encoding"), tolerantly: whatever one value is, the
// record and the batch around it are kept. Of a member that is there twice the last one wins, but all lists of records are
// read, of whatever signal, since each holds what nobody sends again. want is the signal that the request should have.
func (d *decoder) json(want signal, body []byte) error {
	d.startSignal(want)
	r := &d.text
	r.Reset(body, &d.Arena)
	if r.Empty() {
		return nil // an empty request succeeds
	}
	if t := r.Peek(); t != jsonwire.Object && t != jsonwire.Null {
		r.Fail("want an object with resourceSpans, resourceLogs or resourceMetrics")
		return malformed(r.Err)
	}
	for top := r.Object(); ; {
		key, ok := top.Member()
		if !ok {
			break
		}
		d.jsonTop(r, key)
	}
	r.End()
	return malformed(r.Err)
}

func (d *decoder) jsonTop(r *jsonwire.Reader, key string) {
	sig := signalOfResources(key)
	if sig == signalUnknown {
		r.Skip()
		return
	}
	d.startSignal(sig)
	for list := d.List(r); list.Next(); {
		d.jsonResourceRecords(r)
	}
}

func (d *decoder) jsonResourceRecords(r *jsonwire.Reader) {
	first := d.startResource()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch {
		case key == "resource":
			d.jsonResource(r)
		case signalOfScopes(key) == d.signal:
			for list := d.List(r); list.Next(); {
				d.jsonScopeRecords(r)
			}
		default:
			r.Skip()
		}
	}
	d.endResource(first)
}

func (d *decoder) jsonResource(r *jsonwire.Reader) {
	d.resource.Reset()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return
		}
		if key == "attributes" {
			d.JSONAttrs(r, &d.resource, values.MaxResourceKey)
		} else {
			r.Skip()
		}
	}
}

func (d *decoder) jsonScopeRecords(r *jsonwire.Reader) {
	first := d.startScope()
	var name, version string
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch {
		case key == "scope" || key == "instrumentationLibrary" || key == "instrumentation_library":
			name, version = d.jsonScope(r)
		case signalOfRecords(key) == d.signal:
			for list := d.List(r); list.Next(); {
				d.jsonRecord(r)
			}
		default:
			r.Skip()
		}
	}
	d.endScope(first, name, version)
}

func (d *decoder) jsonScope(r *jsonwire.Reader) (name, version string) {
	d.scope.Reset()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return name, version
		}
		switch key {
		case "name":
			name = values.StringOf(r.Scalar()).Str
		case "version":
			version = values.StringOf(r.Scalar()).Str
		case "attributes":
			if d.signal == signalMetrics {
				d.JSONAttrs(r, &d.scope, values.MaxKey)
			} else {
				r.Skip()
			}
		default:
			r.Skip()
		}
	}
}

func (d *decoder) jsonRecord(r *jsonwire.Reader) {
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
