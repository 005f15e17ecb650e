package http2

import (
	"errors"
	"fmt"

	wire "golang.org/x/net/http2"
)

// ErrNotSpoken is the error of a server that answers in HTTP/1.
var ErrNotSpoken = errors.New("the server answers in HTTP/1")

// ErrCode is the reason that a frame tells (RFC 9113, section 7).
type ErrCode = wire.ErrCode

// StreamError ends one request: the server has reset its stream (Remote), or has sent what makes no answer.
type StreamError struct {
	Code   ErrCode
	Remote bool
	Reason string // of ours; "" if Remote
}

func (e *StreamError) Error() string {
	if e.Remote {
		return fmt.Sprintf("the server has reset the stream: %s", e.Code)
	}
	return "malformed answer: " + e.Reason
}

// ErrorName is node's name of the error.
func (e *StreamError) ErrorName() string { return "ERR_HTTP2_STREAM_ERROR" }

// ConnectionError ends a connection: the server has broken the protocol.
type ConnectionError struct {
	Code   ErrCode
	Reason string
}

func (e *ConnectionError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Reason) }

// ErrorName is node's name of the error.
func (e *ConnectionError) ErrorName() string { return "ERR_HTTP2_ERROR" }

// GoAwayError ends requests that a server was still to answer when it said that it goes away and closed the connection.
type GoAwayError struct{ Code ErrCode }

func (e *GoAwayError) Error() string {
	return fmt.Sprintf("the server has closed the connection after GOAWAY: %s", e.Code)
}

// ErrorName is node's name of the error.
func (e *GoAwayError) ErrorName() string {
	if e.Code == wire.ErrCodeNo {
		return "ERR_HTTP2_GOAWAY_SESSION"
	}
	return "ERR_HTTP2_SESSION_ERROR"
}

// unprocessed is why a request has not reached anybody who would have looked at it.
type unprocessed struct {
	error
	refused bool // by RST_STREAM
}

func (u unprocessed) Unwrap() error { return u.error }

// errFull is that of a connection whose server has lowered its bound for streams meanwhile.
var errFull = errors.New("the server allows no more streams")

const (
	// maxTries bounds how often a request is sent that one connection after another does not take.
	maxTries = 10
	// maxRefused bounds it for streams that a server refuses although it has told how many it allows.
	maxRefused = 2
)

// again tells whether the request of x may be sent once more, which has failed with err after so many tries. A server
// that takes nothing on a new connection gets no further one.
func (x *Exchange) again(err error, tries int) bool {
	var u unprocessed
	switch {
	case !errors.As(err, &u) || tries >= maxTries:
		return false
	case u.refused:
		return x.early || tries < maxRefused
	default:
		return x.Reused
	}
}
