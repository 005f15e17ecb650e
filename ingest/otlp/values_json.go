package otlp

import "edgescope/internal/jsonwire"

// jsonAttrs reads a list of attributes that become fields of the row.
func (d *valueDecoder) jsonAttrs(r *jsonwire.Reader, p *pairs, limit int) {
	p.reset()
	for list := d.list(r); list.Next(); {
		if key, v, ok := d.jsonKeyValue(r, 0); ok {
			putAttr(d.to, p, pair{key, v}, limit)
		}
	}
}

// jsonMembers reads a list of attributes that become members of a JSON object.
func (d *valueDecoder) jsonMembers(r *jsonwire.Reader, p *pairs, depth int) {
	p.reset()
	for list := d.list(r); list.Next(); {
		if key, v, ok := d.jsonKeyValue(r, depth); ok {
			d.putNested(p, key, v)
		}
	}
}

func (d *valueDecoder) jsonKeyValue(r *jsonwire.Reader, depth int) (key string, v value, ok bool) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		d.to.Warn(warnNoObject)
		return "", value{}, false
	}
	for o := r.Object(); ; {
		name, more := o.Member()
		if !more {
			return key, v, true
		}
		switch name {
		case "key":
			key = stringValue(r.Scalar()).str
		case "value":
			v = d.jsonValue(r, depth)
		default:
			r.Skip()
		}
	}
}

// jsonValue reads an AnyValue. Of several alternatives the last one that is not null wins.
func (d *valueDecoder) jsonValue(r *jsonwire.Reader, depth int) (v value) {
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return v
		}
		var read value
		switch key {
		case "stringValue", "string_value":
			read = stringValue(r.Scalar())
		case "boolValue", "bool_value":
			read = boolValue(r.Scalar())
		case "intValue", "int_value":
			read = readInt(r)
		case "doubleValue", "double_value":
			read = doubleValue(r.Scalar())
		case "bytesValue", "bytes_value":
			read = bytesValue(&d.arena, r)
		case "arrayValue", "array_value":
			read = d.jsonArray(r, depth)
		case "kvlistValue", "kvlist_value":
			read = d.jsonMap(r, depth)
		default:
			r.Skip()
		}
		if read.kind != kindNone {
			v = read
		}
	}
}

// readInt reads an integer, also in the two halves that protobuf.js makes of one.
func readInt(r *jsonwire.Reader) value {
	if r.Peek() != jsonwire.Object {
		return intValue(r.Scalar())
	}
	p := readParts(r)
	n, ok := p.long()
	if !ok {
		return value{}
	}
	return value{kind: kindInt, num: n}
}

// jsonArray reads an ArrayValue, {"values":[...]}, into JSON.
func (d *valueDecoder) jsonArray(r *jsonwire.Reader, depth int) value {
	if !d.enter(r, depth) {
		return value{}
	}
	v := value{kind: kindJSON, num: uint64(len(d.arena.Buf)), str: "[]"}
	d.arena.Buf = append(d.arena.Buf, v.str...)
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return v
		}
		if key == "values" {
			v = d.jsonElements(r, depth)
		} else {
			r.Skip()
		}
	}
}

func (d *valueDecoder) jsonElements(r *jsonwire.Reader, depth int) value {
	from := len(d.arena.Buf)
	d.arena.Buf = append(d.arena.Buf, '[')
	n := 0
	for list := d.list(r); list.Next(); n++ {
		if n > 0 {
			d.arena.Buf = append(d.arena.Buf, ',')
		}
		at := len(d.arena.Buf)
		settle(&d.arena, at, d.jsonValue(r, depth+1))
	}
	d.arena.Buf = append(d.arena.Buf, ']')
	return value{kind: kindJSON, num: uint64(from), str: d.arena.Since(from)} // an offset is not negative
}

// jsonMap reads a KeyValueList, {"values":[{"key","value"}]}, into a JSON object.
func (d *valueDecoder) jsonMap(r *jsonwire.Reader, depth int) value {
	if !d.enter(r, depth) {
		return value{}
	}
	from := len(d.arena.Buf)
	d.levels[depth].reset()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return d.endMap(from, depth)
		}
		if key == "values" {
			d.jsonMembers(r, &d.levels[depth], depth+1)
		} else {
			r.Skip()
		}
	}
}

// enter tells whether an array or map can be read here; what can't is passed over.
func (d *valueDecoder) enter(r *jsonwire.Reader, depth int) bool {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		return false
	}
	if depth >= maxDepth {
		d.to.Warn(warnDeep)
		r.Skip()
		return false
	}
	return true
}

// list begins a list; null is an empty one.
func (d *valueDecoder) list(r *jsonwire.Reader) jsonwire.Scope {
	if t := r.Peek(); t != jsonwire.Array && t != jsonwire.Null && t != jsonwire.None {
		d.to.Warn(warnNoList)
	}
	return r.Array()
}
