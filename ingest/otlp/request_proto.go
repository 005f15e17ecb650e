package otlp

// proto decodes an export request of that signal (opentelemetry/proto/collector/*/v1). The numbers of fields are those of
// opentelemetry/proto/{trace,logs,metrics}/v1, which are the same down to the records. A field that occurs again merges as
// the OpenTelemetry Collector merges it: lists grow, the last scalar wins, sub-messages are read one over the other, and the
// last of a value's alternatives wins.
func (d *decoder) proto(sig signal, body []byte) error {
	d.startSignal(sig)
	f := fields{b: body}
	for f.next() {
		switch f.num {
		case 1:
			f.err = d.protoResourceRecords(f.message())
		default:
			f.skip()
		}
	}
	return malformed(f.err)
}

func (d *decoder) protoResourceRecords(f fields) error {
	first := d.startResource()
	for f.next() {
		switch f.num {
		case 1:
			f.err = d.protoResource(f.message())
		case 2, 1000: // 1000 is the instrumentation library of before 0.16, which looks the same
			f.err = d.protoScopeRecords(f.message())
		case 3:
			f.bytes()
		default:
			f.skip()
		}
	}
	d.endResource(first)
	return f.err
}

func (d *decoder) protoResource(f fields) error {
	for f.next() {
		switch f.num {
		case 1:
			d.protoAttrOf(&f, &d.resource, maxResourceKey)
		case 2:
			f.varint()
		case 3:
			f.err = protoEntityRef(f.message())
		default:
			f.skip()
		}
	}
	return f.err
}

// protoEntityRef reads over an entity (opentelemetry/proto/common/v1), of which nothing is kept.
func protoEntityRef(f fields) error {
	for f.next() {
		switch f.num {
		case 1, 2, 3, 4:
			f.bytes()
		default:
			f.skip()
		}
	}
	return f.err
}

func (d *decoder) protoScopeRecords(f fields) error {
	first := d.startScope()
	var name, version string
	for f.next() {
		switch f.num {
		case 1:
			f.err = d.protoScope(f.message(), &name, &version)
		case 2:
			f.err = d.protoRecord(f.message())
		case 3:
			f.bytes()
		default:
			f.skip()
		}
	}
	d.endScope(first, name, version)
	return f.err
}

func (d *decoder) protoScope(f fields, name, version *string) error {
	for f.next() {
		switch f.num {
		case 1:
			*name = d.arena.Text(f.bytes())
		case 2:
			*version = d.arena.Text(f.bytes())
		case 3:
			if d.signal == signalMetrics {
				d.protoAttrOf(&f, &d.scope, maxKey)
				continue
			}
			d.nested.reset()
			f.err = d.protoNested(f.message(), &d.nested)
		case 4:
			f.varint()
		default:
			f.skip()
		}
	}
	return f.err
}

func (d *decoder) protoRecord(f fields) (err error) {
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
