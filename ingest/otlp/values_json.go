package otlp

// jsonAttrs reads a list of attributes that become fields of the row.
func (d *decoder) jsonAttrs(r *jsonReader, p *pairs, limit int) {
	p.reset()
	for list := d.list(r); list.next(); {
		if key, v, ok := d.jsonKeyValue(r, 0); ok {
			putAttr(&d.batch, p, pair{key, v}, limit)
		}
	}
}

// jsonMembers reads a list of attributes that become members of a JSON object.
func (d *decoder) jsonMembers(r *jsonReader, p *pairs, depth int) {
	p.reset()
	for list := d.list(r); list.next(); {
		if key, v, ok := d.jsonKeyValue(r, depth); ok {
			d.putNested(p, key, v)
		}
	}
}

func (d *decoder) jsonKeyValue(r *jsonReader, depth int) (key string, v value, ok bool) {
	if r.peek() != tokObject {
		r.skip()
		d.batch.Warn(warnNoObject)
		return "", value{}, false
	}
	for o := r.object(); ; {
		name, more := o.member()
		if !more {
			return key, v, true
		}
		switch name {
		case "key":
			key = stringValue(r.scalar()).str
		case "value":
			v = d.jsonValue(r, depth)
		default:
			r.skip()
		}
	}
}

// jsonValue reads an AnyValue. Of several alternatives the last one that is not null wins.
func (d *decoder) jsonValue(r *jsonReader, depth int) (v value) {
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return v
		}
		var read value
		switch key {
		case "stringValue", "string_value":
			read = stringValue(r.scalar())
		case "boolValue", "bool_value":
			read = boolValue(r.scalar())
		case "intValue", "int_value":
			read = r.intValue()
		case "doubleValue", "double_value":
			read = doubleValue(r.scalar())
		case "bytesValue", "bytes_value":
			read = d.arena.bytesValue(r.scalar())
		case "arrayValue", "array_value":
			read = d.jsonArray(r, depth)
		case "kvlistValue", "kvlist_value":
			read = d.jsonMap(r, depth)
		default:
			r.skip()
		}
		if read.kind != kindNone {
			v = read
		}
	}
}

// intValue reads an integer, also in the two halves that protobuf.js makes of one.
func (r *jsonReader) intValue() value {
	if r.peek() != tokObject {
		return intValue(r.scalar())
	}
	p := r.parts()
	n, ok := p.long()
	if !ok {
		return value{}
	}
	return value{kind: kindInt, num: n}
}

// jsonArray reads an ArrayValue, {"values":[...]}, into JSON.
func (d *decoder) jsonArray(r *jsonReader, depth int) value {
	if !d.enter(r, depth) {
		return value{}
	}
	v := value{kind: kindJSON, num: uint64(len(d.arena.buf)), str: "[]"}
	d.arena.buf = append(d.arena.buf, v.str...)
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return v
		}
		if key == "values" {
			v = d.jsonElements(r, depth)
		} else {
			r.skip()
		}
	}
}

func (d *decoder) jsonElements(r *jsonReader, depth int) value {
	from := len(d.arena.buf)
	d.arena.buf = append(d.arena.buf, '[')
	n := 0
	for list := d.list(r); list.next(); n++ {
		if n > 0 {
			d.arena.buf = append(d.arena.buf, ',')
		}
		at := len(d.arena.buf)
		d.arena.settle(at, d.jsonValue(r, depth+1))
	}
	d.arena.buf = append(d.arena.buf, ']')
	return value{kind: kindJSON, num: uint64(from), str: d.arena.since(from)} // an offset is not negative
}

// jsonMap reads a KeyValueList, {"values":[{"key","value"}]}, into a JSON object.
func (d *decoder) jsonMap(r *jsonReader, depth int) value {
	if !d.enter(r, depth) {
		return value{}
	}
	from := len(d.arena.buf)
	d.levels[depth].reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return d.endMap(from, depth)
		}
		if key == "values" {
			d.jsonMembers(r, &d.levels[depth], depth+1)
		} else {
			r.skip()
		}
	}
}

// enter tells whether an array or map can be read here; what can't is passed over.
func (d *decoder) enter(r *jsonReader, depth int) bool {
	if r.peek() != tokObject {
		r.skip()
		return false
	}
	if depth >= maxDepth {
		d.batch.Warn(warnDeep)
		r.skip()
		return false
	}
	return true
}
