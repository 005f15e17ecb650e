package coding

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// Whatever a server sends, decoding ends, keeps at most what it may, and says which it was: decoded, broken off or no
// such coding.
func FuzzDecodeBody(f *testing.F) {
	f.Add([]byte("plain"), "", true)
	f.Add([]byte("plain"), "identity", false)
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00"),
		"gzip", true)
	f.Add([]byte("\x78\x9c\x03\x00\x00\x00\x00\x01"), "deflate", true)
	f.Add([]byte("\x03\x00"), "deflate", true)
	f.Add([]byte("\x3b"), "br", true)
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00\x99\xe9\xd8\x51"), "zstd", false)
	f.Add([]byte("\x28\xb5\x2f\xfd"), "gzip, zstd", true)
	f.Add([]byte("x"), "gzip,, ,br", true)
	f.Add([]byte("x"), ",,,,,,,,,,", true)
	f.Fuzz(func(t *testing.T, sent []byte, encodings string, keep bool) {
		body, n, err := Decode(bytes.NewReader(sent), encodings, keep)
		if !keep && body != nil || n > MaxBody+1 && keep {
			t.Errorf("%d bytes kept of %d", len(body), n)
		}
		if keep && err == nil && int64(len(body)) != n {
			t.Errorf("%d bytes kept, %d decoded", len(body), n)
		}
		var undecodable *Error
		if err != nil && !errors.As(err, &undecodable) && !errors.Is(err, TooLargeError{}) {
			t.Errorf("%v: want it counted as a decoding error", err)
		}
	})
}

func TestKeptBodiesAreBounded(t *testing.T) {
	endless := io.LimitReader(zeroes{}, MaxBody+10)
	if _, _, err := Decode(endless, "", true); !errors.Is(err, TooLargeError{}) {
		t.Errorf("a body of more than 64 MiB: %v, want %v", err, TooLargeError{})
	}
	if _, n, err := Decode(io.LimitReader(zeroes{}, MaxBody+10), "", false); n != MaxBody+10 || err != nil {
		t.Errorf("a body that is not kept: %d bytes, %v; want all of them counted", n, err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { return len(p), nil }
