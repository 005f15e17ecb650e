package run

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestASlowBodyGivesWay: a request that has been coming for long is cut for a new connection, one with work is not, nor
// one that has just begun.
func TestASlowBodyGivesWay(t *testing.T) {
	f := func(name string, age time.Duration, read, want bool) {
		synctest.Test(t, func(t *testing.T) {
			conns := NewConns(slog.New(slog.DiscardHandler), 1)
			d := conns.listen(nil, "test", 1, false)
			connect := func() *conn {
				here, there := net.Pipe()
				t.Cleanup(func() { here.Close(); there.Close() })
				return &conn{Conn: here, door: d}
			}
			slow := connect()
			if d.admit(slow) != nil {
				t.Fatal("the first connection is too much")
			}
			connState(slow, http.StateActive)
			b := &incoming{ReadCloser: io.NopCloser(strings.NewReader("")), conn: slow}
			slow.note(1, 1)
			if read {
				_, _ = b.Read(make([]byte, 1)) // its end
			}
			time.Sleep(age)
			newest := connect()
			if cut := d.admit(newest); (cut == slow) != want || (cut == newest) == want {
				t.Errorf("%s: the slow one is cut: %v, the new one: %v; want %v, %v", name, cut == slow, cut == newest,
					want, !want)
			}
		})
	}
	f("a body that comes for 6 s", 6*time.Second, false, true)
	f("a body that comes for 4 s", 4*time.Second, false, false)
	f("a body that was read", time.Hour, true, false)
}
