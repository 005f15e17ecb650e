package values

import "edgescope/internal/jsonwire"

// JSONAttrs reads a list of attributes that become fields of the row.
func (d *Decoder) JSONAttrs(r *jsonwire.Reader, p *Pairs, limit int) {
	p.Reset()
	for list := d.List(r); list.Next(); {
		if key, v, ok := d.jsonKeyValue(r, 0); ok {
			d.putAttr(p, Pair{key, v}, limit)
		}
	}
}

// JSONMembers reads a list of attributes that become members of a JSON object.
func (d *Decoder) JSONMembers(r *jsonwire.Reader, p *Pairs, depth int) {
	p.Reset()
	for list := d.List(r); list.Next(); {
		if key, v, ok := d.jsonKeyValue(r, depth); ok {
			d.putNested(p, key, v)
		}
	}
}

func (d *Decoder) jsonKeyValue(r *jsonwire.Reader, depth int) (key string, v Value, ok bool) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		d.To.Warn(warnNoObject)
		return "", Value{}, false
	}
	for o := r.Object(); ; {
		name, more := o.Member()
		if !more {
			return key, v, true
		}
		switch name {
		case "key":
			key = StringOf(r.Scalar()).Str
		case "value":
			v = d.JSONValue(r, depth)
		default:
			r.Skip()
		}
	}
}

// JSONValue reads an AnyValue. Of several alternatives the last one that is not null wins.
func (d *Decoder) JSONValue(r *jsonwire.Reader, depth int) (v Value) {
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return v
		}
		var read Value
		switch key {
		case "stringValue", "string_value":
			read = StringOf(r.Scalar())
		case "boolValue", "bool_value":
			read = BoolOf(r.Scalar())
		case "intValue", "int_value":
			read = readInt(r)
		case "doubleValue", "double_value":
			read = DoubleOf(r.Scalar())
		case "bytesValue", "bytes_value":
			read = bytesValue(&d.Arena, r)
		case "arrayValue", "array_value":
			read = d.jsonArray(r, depth)
		case "kvlistValue", "kvlist_value":
			read = d.jsonMap(r, depth)
		default:
			r.Skip()
		}
		if read.Kind != None {
			v = read
		}
	}
}

// readInt reads an integer, also in the two halves that protobuf.js makes of one.
func readInt(r *jsonwire.Reader) Value {
	if r.Peek() != jsonwire.Object {
		return IntOf(r.Scalar())
	}
	p := readParts(r)
	n, ok := p.long()
	if !ok {
		return Value{}
	}
	return Value{Kind: Int, Num: n}
}

// jsonArray reads an ArrayValue, {"values":[...]}, into JSON.
func (d *Decoder) jsonArray(r *jsonwire.Reader, depth int) Value {
	if !d.enter(r, depth) {
		return Value{}
	}
	v := Value{Kind: JSONText, Num: uint64(len(d.Arena.Buf)), Str: "[]"}
	d.Arena.Buf = append(d.Arena.Buf, v.Str...)
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

func (d *Decoder) jsonElements(r *jsonwire.Reader, depth int) Value {
	from := len(d.Arena.Buf)
	d.Arena.Buf = append(d.Arena.Buf, '[')
	n := 0
	for list := d.List(r); list.Next(); n++ {
		if n > 0 {
			d.Arena.Buf = append(d.Arena.Buf, ',')
		}
		at := len(d.Arena.Buf)
		settle(&d.Arena, at, d.JSONValue(r, depth+1))
	}
	d.Arena.Buf = append(d.Arena.Buf, ']')
	return Value{Kind: JSONText, Num: uint64(from), Str: d.Arena.Since(from)} // an offset is not negative
}

// jsonMap reads a KeyValueList, {"values":[{"key","value"}]}, into a JSON object.
func (d *Decoder) jsonMap(r *jsonwire.Reader, depth int) Value {
	if !d.enter(r, depth) {
		return Value{}
	}
	from := len(d.Arena.Buf)
	d.levels[depth].Reset()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return d.endMap(from, depth)
		}
		if key == "values" {
			d.JSONMembers(r, &d.levels[depth], depth+1)
		} else {
			r.Skip()
		}
	}
}

// enter tells whether an array or map can be read here; what can't is passed over.
func (d *Decoder) enter(r *jsonwire.Reader, depth int) bool {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		return false
	}
	if depth >= maxDepth {
		d.To.Warn(warnDeep)
		r.Skip()
		return false
	}
	return true
}

// List begins a list; null is an empty one.
func (d *Decoder) List(r *jsonwire.Reader) jsonwire.Scope {
	if t := r.Peek(); t != jsonwire.Array && t != jsonwire.Null && t != jsonwire.None {
		d.To.Warn(warnNoList)
	}
	return r.Array()
}
