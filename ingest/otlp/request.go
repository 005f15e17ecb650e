package otlp

import (
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

// json decodes a request in JSON (OTLP specification, section "JSON Protobuf Encoding"), tolerantly: whatever one value
// is, the record and the batch around it are kept. Of a member that is there twice the last one wins, but all lists of
// records are read, of whatever signal, since each holds what nobody sends again. want is the signal that the request
// should have.
func (d *decoder) json(want Signal, body []byte) error {
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
	sig := SignalOf(key)
	if sig == Unknown {
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
			d.JSONAttrs(r, &d.resource, d.Limits.ResourceKey)
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
			if d.signal == Metrics {
				d.JSONAttrs(r, &d.scope, d.Limits.Key)
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
	case Logs:
		d.jsonLog(r)
	case Metrics:
		d.jsonMetric(r)
	default:
		d.jsonSpan(r)
	}
	d.roomForJSON(r)
}

// proto decodes an export request of that signal (opentelemetry/proto/collector/*/v1). The numbers of fields are those
// of opentelemetry/proto/{trace,logs,metrics}/v1, which are the same down to the records. A field that occurs again
// merges as the OpenTelemetry Collector merges it: lists grow, the last scalar wins, sub-messages are read one over the
// other, and the last of a value's alternatives wins.
func (d *decoder) proto(sig Signal, body []byte) error {
	d.startSignal(sig)
	f := pbwire.Message{B: body}
	for f.Next() {
		switch f.Num {
		case 1:
			f.Err = d.protoResourceRecords(f.Message())
		default:
			f.Skip()
		}
	}
	return malformed(f.Err)
}

func (d *decoder) protoResourceRecords(f pbwire.Message) error {
	first := d.startResource()
	for f.Next() {
		switch f.Num {
		case 1:
			f.Err = d.protoResource(f.Message())
		case 2, 1000: // 1000 is the instrumentation library of before 0.16, which looks the same
			f.Err = d.protoScopeRecords(f.Message())
		case 3:
			f.Bytes()
		default:
			f.Skip()
		}
	}
	d.endResource(first)
	return f.Err
}

func (d *decoder) protoResource(f pbwire.Message) error {
	for f.Next() {
		switch f.Num {
		case 1:
			d.ProtoAttr(&f, &d.resource, d.Limits.ResourceKey)
		case 2:
			f.Varint()
		case 3:
			f.Err = protoEntityRef(f.Message())
		default:
			f.Skip()
		}
	}
	return f.Err
}

// protoEntityRef reads over an entity (opentelemetry/proto/common/v1), of which nothing is kept.
func protoEntityRef(f pbwire.Message) error {
	for f.Next() {
		switch f.Num {
		case 1, 2, 3, 4:
			f.Bytes()
		default:
			f.Skip()
		}
	}
	return f.Err
}

func (d *decoder) protoScopeRecords(f pbwire.Message) error {
	first := d.startScope()
	var name, version string
	for f.Next() {
		switch f.Num {
		case 1:
			f.Err = d.protoScope(f.Message(), &name, &version)
		case 2:
			f.Err = d.protoRecord(f.Message())
		case 3:
			f.Bytes()
		default:
			f.Skip()
		}
	}
	d.endScope(first, name, version)
	return f.Err
}

func (d *decoder) protoScope(f pbwire.Message, name, version *string) error {
	for f.Next() {
		switch f.Num {
		case 1:
			*name = d.Arena.Text(f.Bytes())
		case 2:
			*version = d.Arena.Text(f.Bytes())
		case 3:
			if d.signal == Metrics {
				d.ProtoAttr(&f, &d.scope, d.Limits.Key)
				continue
			}
			d.nested.Reset()
			f.Err = d.ProtoNested(f.Message(), &d.nested)
		case 4:
			f.Varint()
		default:
			f.Skip()
		}
	}
	return f.Err
}

func (d *decoder) protoRecord(f pbwire.Message) (err error) {
	switch d.signal {
	case Logs:
		err = d.protoLog(f)
	case Metrics:
		err = d.protoMetric(f)
	default:
		err = d.protoSpan(f)
	}
	if err != nil {
		return err
	}
	return d.room()
}
