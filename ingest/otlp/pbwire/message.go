// Package pbwire walks over the fields of protobuf messages without building a tree.
package pbwire

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
	WireVarint     = 0
	WireFixed64    = 1
	WireBytes      = 2
	wireStartGroup = 3
	wireEndGroup   = 4
	wireFixed32    = 5
)

// Message walks over the fields of one protobuf message without building a tree. The first error ends the walk and
// stays.
//
//	for f.Next() {
//		switch f.Num {
//		case 1:
//			name = f.Bytes()
//		default:
//			f.Skip()
//		}
//	}
//	return f.Err
//
// Every turn must take the field's value with one of Bytes, Message, Varint, Fixed64, Fixed32, Double, a list or Skip.
type Message struct {
	// B is the whole body up to the end of this message, so that positions are those of the body.
	B []byte
	// Pos is the byte of the body that is read next.
	Pos int
	// Num is the number of the field at hand, Typ its wire type.
	Num int32
	Typ uint8
	// groups is how many groups are open around pos.
	groups int
	// Err is the first error, a *SyntaxError or whatever somebody else has put there.
	Err error
}

// Next reads the tag of the next field. It returns false at the end of the message and after an error.
func (f *Message) Next() bool {
	if f.Pos >= len(f.B) || f.Err != nil {
		return false
	}
	if c := f.B[f.Pos]; c-8 < 0x78 { // the usual tag has one byte: number 1 to 15
		f.Pos++
		f.Num, f.Typ = int32(c>>3), c&7
		return true
	}
	return f.longTag()
}

func (f *Message) longTag() bool {
	tag := f.uvarint()
	f.Num, f.Typ = int32(tag>>3), uint8(tag&7) // 29 bits; what is more is refused here, or skipped as unknown
	if f.Num <= 0 && f.Err == nil {
		f.fail("field number 0 or too large")
	}
	return f.Err == nil
}

// Bytes returns the value of a length-delimited field; it is part of the body.
func (f *Message) Bytes() []byte {
	from, to := f.extent()
	return f.B[from:to:to]
}

// Message returns the fields of a sub-message.
func (f *Message) Message() Message {
	from, to := f.extent()
	return Message{B: f.B[:to], Pos: from, Err: f.Err}
}

// extent reads the length of a length-delimited field and returns where its value lies.
func (f *Message) extent() (from, to int) {
	if f.Typ == WireBytes && f.Pos < len(f.B) {
		if n := int(f.B[f.Pos]); n < 0x80 && n < len(f.B)-f.Pos { // the usual length has one byte
			from = f.Pos + 1
			f.Pos = from + n
			return from, f.Pos
		}
	}
	return f.longExtent()
}

func (f *Message) longExtent() (from, to int) {
	if f.Typ != WireBytes {
		f.failType()
		return f.Pos, f.Pos
	}
	n := f.uvarint()
	if f.Err != nil {
		return f.Pos, f.Pos
	}
	if n > uint64(len(f.B)-f.Pos) {
		f.fail(fmt.Sprintf("length %d of field %d is more than the %d bytes left in its message", n, f.Num,
			len(f.B)-f.Pos))
		return f.Pos, f.Pos
	}
	from = f.Pos
	f.Pos += int(n) // n is at most the length of the body
	return from, f.Pos
}

// Varint reads a base-128 number.
func (f *Message) Varint() uint64 {
	if f.Typ != WireVarint {
		f.failType()
		return 0
	}
	return f.uvarint()
}

// Fixed64 reads a number of 8 bytes.
func (f *Message) Fixed64() uint64 {
	if f.Typ != WireFixed64 {
		f.failType()
		return 0
	}
	return f.take64()
}

// Fixed32 reads a number of 4 bytes.
func (f *Message) Fixed32() uint32 {
	if f.Typ != wireFixed32 {
		f.failType()
		return 0
	}
	return f.take32()
}

func (f *Message) take64() uint64 {
	if len(f.B)-f.Pos < 8 {
		f.failCut()
		return 0
	}
	f.Pos += 8
	return binary.LittleEndian.Uint64(f.B[f.Pos-8:])
}

func (f *Message) take32() uint32 {
	if len(f.B)-f.Pos < 4 {
		f.failCut()
		return 0
	}
	f.Pos += 4
	return binary.LittleEndian.Uint32(f.B[f.Pos-4:])
}

// Skip passes over a field that we don't know. A group (wire types 3 and 4, long deprecated) ends where as many groups
// have ended as have started.
func (f *Message) Skip() {
	for {
		switch f.Typ {
		case WireVarint:
			f.uvarint()
		case WireFixed64:
			f.take64()
		case WireBytes:
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
		if f.groups <= 0 || f.Err != nil {
			return
		}
		if !f.Next() {
			f.failCut()
			return
		}
	}
}

// uvarint reads a base-128 number. Nearly all tags and lengths have one byte.
func (f *Message) uvarint() uint64 {
	if f.Pos < len(f.B) && f.B[f.Pos] < 0x80 {
		f.Pos++
		return uint64(f.B[f.Pos-1])
	}
	return f.longUvarint()
}

func (f *Message) longUvarint() uint64 {
	var n uint64
	for shift := uint(0); shift < 64; shift += 7 {
		if f.Pos >= len(f.B) {
			f.failCut()
			return 0
		}
		c := f.B[f.Pos]
		f.Pos++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	f.fail("number of more than 10 bytes")
	return 0
}

func (f *Message) fail(reason string) {
	if f.groups > 0 {
		reason += " inside of a group"
	}
	if f.Err == nil {
		f.Err = &SyntaxError{Offset: f.Pos, Reason: reason}
	}
}

func (f *Message) failCut() { f.fail("message is cut off") }

func (f *Message) failType() { f.fail(fmt.Sprintf("field %d has wrong wire type %d", f.Num, f.Typ)) }
