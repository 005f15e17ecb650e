package otlp

// jsonAttrs reads a list of attributes that become fields of the row.
func (s *spans) jsonAttrs(r *jsonReader, p *pairs, limit int) {
	p.reset()
	for list := s.list(r); list.next(); {
		if key, v, ok := s.jsonKeyValue(r, 0); ok {
			putAttr(&s.batch, p, pair{key, v}, limit)
		}
	}
}

// jsonMembers reads a list of attributes that become members of a JSON object.
func (s *spans) jsonMembers(r *jsonReader, p *pairs, depth int) {
	p.reset()
	for list := s.list(r); list.next(); {
		if key, v, ok := s.jsonKeyValue(r, depth); ok {
			s.putNested(p, key, v)
		}
	}
}

func (s *spans) jsonKeyValue(r *jsonReader, depth int) (key string, v value, ok bool) {
	if r.peek() != tokObject {
		r.skip()
		s.batch.Warn(warnNoObject)
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
			v = s.jsonValue(r, depth)
		default:
			r.skip()
		}
	}
}

// jsonValue reads an AnyValue. Of several alternatives the last one that is not null wins.
func (s *spans) jsonValue(r *jsonReader, depth int) (v value) {
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
			read = intValue(r.scalar())
		case "doubleValue", "double_value":
			read = doubleValue(r.scalar())
		case "bytesValue", "bytes_value":
			read = s.arena.bytesValue(r.scalar())
		case "arrayValue", "array_value":
			read = s.jsonArray(r, depth)
		case "kvlistValue", "kvlist_value":
			read = s.jsonMap(r, depth)
		default:
			r.skip()
		}
		if read.kind != kindNone {
			v = read
		}
	}
}

// jsonArray reads an ArrayValue, {"values":[...]}, into JSON.
func (s *spans) jsonArray(r *jsonReader, depth int) value {
	if !s.enter(r, depth) {
		return value{}
	}
	v := value{kind: kindJSON, num: uint64(len(s.arena.buf)), str: "[]"}
	s.arena.buf = append(s.arena.buf, v.str...)
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return v
		}
		if key == "values" {
			v = s.jsonElements(r, depth)
		} else {
			r.skip()
		}
	}
}

func (s *spans) jsonElements(r *jsonReader, depth int) value {
	from := len(s.arena.buf)
	s.arena.buf = append(s.arena.buf, '[')
	n := 0
	for list := s.list(r); list.next(); n++ {
		if n > 0 {
			s.arena.buf = append(s.arena.buf, ',')
		}
		at := len(s.arena.buf)
		s.arena.settle(at, s.jsonValue(r, depth+1))
	}
	s.arena.buf = append(s.arena.buf, ']')
	return value{kind: kindJSON, num: uint64(from), str: s.arena.since(from)} // an offset is not negative
}

// jsonMap reads a KeyValueList, {"values":[{"key","value"}]}, into a JSON object.
func (s *spans) jsonMap(r *jsonReader, depth int) value {
	if !s.enter(r, depth) {
		return value{}
	}
	from := len(s.arena.buf)
	s.levels[depth].reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return s.endMap(from, depth)
		}
		if key == "values" {
			s.jsonMembers(r, &s.levels[depth], depth+1)
		} else {
			r.skip()
		}
	}
}

// enter tells whether an array or map can be read here; what can't is passed over.
func (s *spans) enter(r *jsonReader, depth int) bool {
	if r.peek() != tokObject {
		r.skip()
		return false
	}
	if depth >= maxDepth {
		s.batch.Warn(warnDeep)
		r.skip()
		return false
	}
	return true
}
