package pbwire_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"edgescope/ingest/otlp/pbwire"
)

// fields spells what a message holds, read without knowing it.
func fields(b []byte) (all []string, err error) {
	f := pbwire.Message{B: b}
	for f.Next() {
		from, num, typ := f.Pos, f.Num, f.Typ
		f.Skip()
		all = append(all, fmt.Sprintf("%d/%d:%x", num, typ, b[from:f.Pos]))
	}
	return all, f.Err
}

func TestValuesAreRead(t *testing.T) {
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 300)
	b = protowire.AppendFixed64(protowire.AppendTag(b, 2, protowire.Fixed64Type), math.Float64bits(1.5))
	b = protowire.AppendFixed32(protowire.AppendTag(b, 3, protowire.Fixed32Type), 7)
	b = protowire.AppendString(protowire.AppendTag(b, 4, protowire.BytesType), "text")
	b = protowire.AppendBytes(protowire.AppendTag(b, 5000, protowire.BytesType),
		protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1))
	f := pbwire.Message{B: b}
	var got []any
	for f.Next() {
		switch f.Num {
		case 1:
			got = append(got, f.Varint())
		case 2:
			got = append(got, f.Double())
		case 3:
			got = append(got, f.Fixed32())
		case 4:
			got = append(got, string(f.Bytes()))
		case 5000:
			inner := f.Message()
			for inner.Next() {
				got = append(got, inner.Varint())
			}
		}
	}
	want := []any{uint64(300), 1.5, uint32(7), "text", uint64(1)}
	if !slices.Equal(got, want) || f.Err != nil {
		t.Errorf("got %v, %v, want %v", got, f.Err, want)
	}
}

func TestBrokenMessagesSayWhere(t *testing.T) {
	f := func(message, reason string, offset int) {
		t.Helper()
		_, err := fields([]byte(message))
		var syntax *pbwire.SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != offset || !strings.Contains(syntax.Reason, reason) {
			t.Errorf("%x: %v, want %q at byte %d", message, err, reason, offset)
		}
	}
	f("\x0a\x05ab", "length 5 of field 1 is more than the 2 bytes left", 2)
	f("\x08", "cut off", 1)
	f("\x09\x01", "cut off", 1)
	f("\x00", "field number 0", 1)
	f("\x0e", "wrong wire type 6", 1)
	f("\x0c", "end of a group that did not start", 1)
	f("\x0b\x08\x01", "cut off inside of a group", 3)
	f("\x08"+strings.Repeat("\xff", 10)+"\x01", "number of more than 10 bytes", 11)
}

// FuzzMessage: what google.golang.org/protobuf takes is read alike. Of numbers of ten bytes, and of groups, ours take
// more.
func FuzzMessage(f *testing.F) {
	f.Add([]byte("\x0a\x02ab\x10\x01\x1d\x00\x00\x00\x00"))
	f.Add([]byte("\x0b\x13\x14\x0c"))
	f.Add([]byte("\x80\x80"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := fields(b)
		var want []string
		for rest := b; len(rest) > 0; {
			num, typ, n := protowire.ConsumeTag(rest)
			if n < 0 || typ == protowire.StartGroupType {
				return
			}
			m := protowire.ConsumeFieldValue(num, typ, rest[n:])
			if m < 0 {
				return
			}
			want = append(want, fmt.Sprintf("%d/%d:%x", num, typ, rest[n:n+m]))
			rest = rest[n+m:]
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%x: %v, %v, want %v", b, got, err, want)
		}
	})
}
