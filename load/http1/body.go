package http1

import (
	"errors"
	"io"
)

// Body is the body as received, without its chunks. A connection that breaks off inside is io.ErrUnexpectedEOF or an
// error of the network. It is valid until Done.
func (x *Exchange) Body() io.Reader {
	if x.Head.body != nil {
		return &causeReader{x.conn, x.Head.body}
	}
	x.conn.fixed = fixedBody{conn: x.conn, left: x.Head.length}
	return &x.conn.fixed
}

// Discard reads the body to its end and returns its length.
func (x *Exchange) Discard() (int64, error) {
	if x.Head.body != nil {
		return io.Copy(io.Discard, x.Body())
	}
	var n int64
	for left := x.Head.length; left > 0; {
		m, err := x.conn.br.Discard(int(min(left, 1<<30)))
		n, left = n+int64(m), left-int64(m)
		if err != nil {
			return n, x.conn.cut(err)
		}
	}
	return n, nil
}

// Whole reads a body of a length that the head has told, if that is at most limit, and otherwise reads nothing and
// returns false. The bytes are the caller's; an error comes with those that were there.
func (x *Exchange) Whole(limit int64) (body []byte, ok bool, err error) {
	if x.Head.body != nil || x.Head.length > limit {
		return nil, false, nil
	}
	body = make([]byte, x.Head.length)
	n, err := io.ReadFull(x.conn.br, body)
	if err != nil {
		err = x.conn.cut(err)
	}
	return body[:n], true, err
}

// Here tells whether the whole body was there as the head was read.
func (x *Exchange) Here() bool {
	return x.Head.body == nil && x.Head.length <= int64(x.conn.br.Buffered())
}

// cut is the error of a connection that ended inside a body.
func (c *conn) cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.ErrUnexpectedEOF
	}
	return c.cause(err)
}

// fixedBody reads a body whose length the head has told.
type fixedBody struct {
	conn *conn
	left int64
}

func (b *fixedBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.conn.br.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		err = b.conn.cut(err)
	}
	return n, err
}

// causeReader tells what the connection has failed with in place of what that looked like inside a body.
type causeReader struct {
	conn *conn
	body io.Reader
}

func (b *causeReader) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case b.conn.failed != nil:
		return n, b.conn.cut(b.conn.failed)
	default:
		return n, b.conn.cause(err)
	}
}
