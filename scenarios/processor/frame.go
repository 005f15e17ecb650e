package processor

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// MaxFrame is the largest frame that a worker may send, in bytes.
const MaxFrame = 64 << 20

// errTooLarge is the error of a frame above its bound.
var errTooLarge = errors.New("a message is larger than 64 MiB")

// BeginFrame appends the head of a frame, whose content is appended after it; [EndFrame] completes it.
func BeginFrame(dst []byte, kind byte) []byte { return append(dst, 0, 0, 0, 0, kind) }

// EndFrame sets the length of the frame that begins at the given place of b.
func EndFrame(b []byte, at int) []byte {
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// ReadFrame reads one frame; what it returns is the caller's. At the end of r the error is io.EOF. most is the size from
// which a frame is refused.
func ReadFrame(r io.Reader, most int) (kind byte, content []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:])) - 1
	if n < 0 || n > int64(most) {
		return 0, nil, errTooLarge
	}
	content = make([]byte, n)
	if _, err := io.ReadFull(r, content); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return head[4], content, nil
}

// Sender writes frames: those that come while one is being written go out together. It is safe for concurrent use.
type Sender struct {
	to io.Writer

	mu      sync.Mutex
	pending []byte
	spare   []byte
	writing bool
	err     error
}

// NewSender makes a sender.
func NewSender(to io.Writer) *Sender { return &Sender{to: to} }

// Send appends a frame, whose content is what add appends, and returns when it or what it waits for was written.
func (s *Sender) Send(kind byte, add func(dst []byte) []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	at := len(s.pending)
	s.pending = EndFrame(add(BeginFrame(s.pending, kind)), at)
	if s.writing {
		return nil
	}
	s.writing = true
	for len(s.pending) > 0 && s.err == nil {
		batch := s.pending
		s.pending = s.spare[:0]
		s.mu.Unlock()
		_, err := s.to.Write(batch)
		s.mu.Lock()
		s.err = err
		if s.spare = batch; cap(batch) > maxSpare {
			s.spare = nil
		}
	}
	s.writing = false
	return s.err
}

// maxSpare is the largest buffer that a sender keeps.
const maxSpare = 1 << 20
