package otlp

import (
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/values"
)

// proto decodes an export request of that signal (opentelemetry/proto/collector/*/v1). The numbers of fields are those of
// opentelemetry/proto/{trace,logs,metrics}/v1, which are the same down to the records. A field that occurs again merges as
// the OpenTelemetry Collector merges it: lists grow, the last scalar wins, sub-messages are read one over the other, and the
// last of a value's alternatives wins.
func (d *decoder) proto(sig signal, body []byte) error {
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
			d.ProtoAttr(&f, &d.resource, values.MaxResourceKey)
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
			if d.signal == signalMetrics {
				d.ProtoAttr(&f, &d.scope, values.MaxKey)
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
	case signalLogs:
		err = d.protoLog(f)
	case signalMetrics:
		err = d.protoMetric(f)
	default:
		err = d.protoSpan(f)
	}
	if err != nil {
		return err
	}
	return d.room()
}
