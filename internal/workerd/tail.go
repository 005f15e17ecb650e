package workerd

import (
	"io"
	"strings"
	"sync"
)

// maxTail is how many bytes of output are kept for an error message.
const maxTail = 4 << 10

// tail passes output on and keeps the end of it.
type tail struct {
	to io.Writer // may be nil

	mu   sync.Mutex
	last []byte
}

// Write never fails: a log that can't be written must not stop the process.
func (t *tail) Write(b []byte) (int, error) {
	if t.to != nil {
		t.to.Write(b) //nolint:errcheck // see above
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, b...)
	if surplus := len(t.last) - maxTail; surplus > 0 {
		t.last = append(t.last[:0], t.last[surplus:]...)
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.last))
	if text == "" {
		return "it wrote nothing"
	}
	return text
}
