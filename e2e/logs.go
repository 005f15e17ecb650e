package e2e

import (
	"bytes"
	"io"
	"sync"
)

// logs makes writers that write whole lines to one file, from several programs at a time.
type logs struct {
	mu sync.Mutex
	to io.Writer
}

// writer returns one for a program's output; every line of it gets the name in front.
func (l *logs) writer(name string) io.Writer { return &namedLog{logs: l, name: name} }

type namedLog struct {
	*logs
	name string
	part []byte // of a line whose end has not come
}

// Write never fails: a log that can't be written must not stop a program.
func (n *namedLog) Write(b []byte) (int, error) {
	n.part = append(n.part, b...)
	for {
		end := bytes.IndexByte(n.part, '\n')
		if end < 0 {
			return len(b), nil
		}
		n.mu.Lock()
		io.WriteString(n.to, n.name+": "+string(n.part[:end+1]))
		n.mu.Unlock()
		n.part = append(n.part[:0], n.part[end+1:]...)
	}
}
