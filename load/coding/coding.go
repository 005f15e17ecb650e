// Package coding undoes the content codings of bodies (RFC 9110, section 8.4), and tells a body that cannot be decoded
// from one that the network has broken off.
package coding

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Accept is what Decode understands, as Accept-Encoding says it, in Artillery's order.
const Accept = "gzip, deflate, br, zstd"

// MaxBody is how much of a decoded body is kept: 64 MiB.
const MaxBody = 64 << 20

// maxCodings bounds a chain of decoders, which would otherwise be as long as a server's header.
const maxCodings = 4

// TooLargeError is that of a body that is longer than MaxBody and should have been kept.
type TooLargeError struct{}

func (TooLargeError) Error() string {
	return "body is longer than 64 MiB and a capture or expectation needs it"
}

// ErrorName is the error's name as a counter has it.
func (e TooLargeError) ErrorName() string { return e.Error() }

// Decode reads a body to its end and undoes the codings of a Content-Encoding header. It returns the decoded length, and
// the body itself only if it is to be kept. The error is that of wire if it has one, *Error for a body that is not what
// its header says, or TooLargeError.
func Decode(wire io.Reader, header string, keep bool) (body []byte, n int64, err error) {
	w := &source{r: wire}
	r, stop, err := decoder(w, header)
	if err != nil {
		return nil, 0, w.cause(err)
	}
	defer stop()
	if !keep {
		n, err = io.Copy(io.Discard, r)
		return nil, n, w.drained(err)
	}
	var buf bytes.Buffer
	n, err = buf.ReadFrom(io.LimitReader(r, MaxBody+1))
	if err == nil && n > MaxBody {
		return buf.Bytes(), n, TooLargeError{}
	}
	return buf.Bytes(), n, w.drained(err)
}

// source is the wire, and remembers what it has failed with.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// cause is why decoding has failed: because of the wire, if that has.
func (s *source) cause(err error) error {
	if s.err != nil {
		return s.err
	}
	return err
}

// drained reads what a decoder has left, so that the next answer of the connection begins where this one ends.
func (s *source) drained(err error) error {
	if err == nil {
		_, err = io.Copy(io.Discard, s)
	}
	return s.cause(err)
}

// decoder stacks the decoders of a header, whose last coding was applied last. An empty body needs none, whatever the
// header says: the answer to HEAD has the header only.
func decoder(wire io.Reader, header string) (r io.Reader, stop func(), err error) {
	stop = func() {}
	if header == "" || strings.EqualFold(header, "identity") {
		return wire, stop, nil
	}
	peeked := bufio.NewReader(wire)
	if _, err := peeked.Peek(1); err != nil {
		return peeked, stop, nil //nolint:nilerr // an empty or broken body: the reader tells it again
	}
	r = peeked
	codings := strings.Split(header, ",")
	if len(codings) > maxCodings {
		return nil, nil, &Error{header, "Z_DATA_ERROR", errors.New("more than 4 codings on top of each other")}
	}
	for i := len(codings) - 1; i >= 0; i-- {
		var release func()
		r, release, err = open(r, strings.ToLower(strings.TrimSpace(codings[i])))
		if err != nil {
			stop()
			return nil, nil, err
		}
		before := stop
		stop = func() { release(); before() }
	}
	return r, stop, nil
}
