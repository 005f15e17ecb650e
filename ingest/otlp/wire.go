package otlp

import (
	"encoding/binary"
	"fmt"
)

// SyntaxError says where a message is no protobuf.
type SyntaxError struct {
	// Offset is the byte at which reading ended, from the start of the whole body.
	Offset int
	Reason string
}

// Error says what is wrong, and where.
func (s *SyntaxError) Error() string {
	return fmt.Sprintf("no protobuf: %s at byte %d", s.Reason, s.Offset)
}

// The wire types of protobuf (protobuf.dev/programming-guides/encoding).
const (
	wireVarint     = 0
	wireFixed64    = 1
	wireBytes      = 2
	wireStartGroup = 3
	wireEndGroup   = 4
	wireFixed32    = 5
)

// fields walks over the fields of one protobuf message without building a tree. The first error ends the walk and stays.
//
//	for f.next() {
//		switch f.num {
//		case 1:
//			name = f.bytes()
//		default:
//			f.skip()
//		}
//	}
//	return f.err
//
// Every turn must take the field's value with one of bytes, message, varint, fixed64, fixed32 or skip.
type fields struct {
	// b is the whole body up to the end of this message, so that positions are those of the body.
	b   []byte
	pos int
	num int32
	typ uint8
	// groups is how many groups are open around pos.
	groups int
	err    error
}

// next reads the tag of the next field. It answers false at the end of the message and after an error.
func (f *fields) next() bool {
	if f.pos >= len(f.b) || f.err != nil {
		return false
	}
	if c := f.b[f.pos]; c-8 < 0x78 { // the usual tag has one byte: number 1 to 15
		f.pos++
		f.num, f.typ = int32(c>>3), c&7
		return true
	}
	return f.longTag()
}

func (f *fields) longTag() bool {
	tag := f.uvarint()
	f.num, f.typ = int32(tag>>3), uint8(tag&7) // 29 bits; what is more is refused here, or skipped as unknown
	if f.num <= 0 && f.err == nil {
		f.fail("field number 0 or too large")
	}
	return f.err == nil
}

// bytes answers the value of a length-delimited field; it is part of the body.
func (f *fields) bytes() []byte {
	from, to := f.extent()
	return f.b[from:to:to]
}

// message answers the fields of a sub-message.
func (f *fields) message() fields {
	from, to := f.extent()
	return fields{b: f.b[:to], pos: from, err: f.err}
}

// extent reads the length of a length-delimited field and answers where its value lies.
func (f *fields) extent() (from, to int) {
	if f.typ == wireBytes && f.pos < len(f.b) {
		if n := int(f.b[f.pos]); n < 0x80 && n < len(f.b)-f.pos { // the usual length has one byte
			from = f.pos + 1
			f.pos = from + n
			return from, f.pos
		}
	}
	return f.longExtent()
}

func (f *fields) longExtent() (from, to int) {
	if f.typ != wireBytes {
		f.failType()
		return f.pos, f.pos
	}
	n := f.uvarint()
	if f.err != nil {
		return f.pos, f.pos
	}
	if n > uint64(len(f.b)-f.pos) {
		f.fail(fmt.Sprintf("length %d of field %d is more than the %d bytes left in its message", n, f.num, len(f.b)-f.pos))
		return f.pos, f.pos
	}
	from = f.pos
	f.pos += int(n) // n is at most the length of the body
	return from, f.pos
}

func (f *fields) varint() uint64 {
	if f.typ != wireVarint {
		f.failType()
		return 0
	}
	return f.uvarint()
}

func (f *fields) fixed64() uint64 {
	if f.typ != wireFixed64 {
		f.failType()
		return 0
	}
	return f.take64()
}

func (f *fields) fixed32() uint32 {
	if f.typ != wireFixed32 {
		f.failType()
		return 0
	}
	return f.take32()
}

func (f *fields) take64() uint64 {
	if len(f.b)-f.pos < 8 {
		f.failCut()
		return 0
	}
	f.pos += 8
	return binary.LittleEndian.Uint64(f.b[f.pos-8:])
}

func (f *fields) take32() uint32 {
	if len(f.b)-f.pos < 4 {
		f.failCut()
		return 0
	}
	f.pos += 4
	return binary.LittleEndian.Uint32(f.b[f.pos-4:])
}

// skip passes over a field that we don't know. A group (wire types 3 and 4, long deprecated) ends where as many groups have
// ended as have started.
func (f *fields) skip() {
	for {
		switch f.typ {
		case wireVarint:
			f.uvarint()
		case wireFixed64:
			f.take64()
		case wireBytes:
			f.extent()
		case wireFixed32:
			f.take32()
		case wireStartGroup:
			f.groups++
		case wireEndGroup:
			f.groups--
		default:
			f.failType()
		}
		if f.groups < 0 {
			f.fail("end of a group that did not start")
		}
		if f.groups <= 0 || f.err != nil {
			return
		}
		if !f.next() {
			f.failCut()
			return
		}
	}
}

// uvarint reads a base-128 number. Nearly all tags and lengths have one byte.
func (f *fields) uvarint() uint64 {
	if f.pos < len(f.b) && f.b[f.pos] < 0x80 {
		f.pos++
		return uint64(f.b[f.pos-1])
	}
	return f.longUvarint()
}

func (f *fields) longUvarint() uint64 {
	var n uint64
	for shift := uint(0); shift < 64; shift += 7 {
		if f.pos >= len(f.b) {
			f.failCut()
			return 0
		}
		c := f.b[f.pos]
		f.pos++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	f.fail("number of more than 10 bytes")
	return 0
}

func (f *fields) fail(reason string) {
	if f.groups > 0 {
		reason += " inside of a group"
	}
	if f.err == nil {
		f.err = &SyntaxError{Offset: f.pos, Reason: reason}
	}
}

func (f *fields) failCut() { f.fail("message is cut off") }

func (f *fields) failType() { f.fail(fmt.Sprintf("field %d has wrong wire type %d", f.num, f.typ)) }
