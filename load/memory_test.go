package load_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"edgescope/load"
	"edgescope/load/health"
	"edgescope/load/loadtest"
)

// acceptOnce answers the first request of each connection and then holds it without a goroutine or a buffer, so that it
// adds little to what is measured.
func acceptOnce(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var handlers sync.WaitGroup
	var conns []net.Conn
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
			if _, err := http.ReadRequest(bufio.NewReaderSize(conn, 512)); err == nil {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		}
	})
	t.Cleanup(func() {
		listener.Close()
		handlers.Wait()
		for _, c := range conns {
			c.Close()
		}
	})
	return "http://" + listener.Addr().String()
}

// waitingUsers starts users that send one request over a connection of their own and then think, and returns the bytes
// of memory that each of them costs while it does: heap and stack, the server's end of the connection included.
func waitingUsers(t testing.TB, users int) (each float64) {
	t.Helper()
	script := fmt.Sprintf("config: {target: '%s', phases: [{duration: %d, arrivalCount: %d}]}\nscenarios: [{flow: "+
		"[{get: {url: /}}, {think: 3600}]}]",
		acceptOnce(t), users/2000+1, users)
	runner, err := load.New(loadtest.Plan(t, "", script), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := memory()
	enough := errors.New("all users think")
	ctx, cancel := context.WithCancelCause(t.Context())
	answered := 0
	err = runner.Run(ctx, func(e load.Event) {
		if r, ok := e.(*load.Result); ok && r.Code == 200 {
			if answered++; answered == users {
				each = (memory() - before) / float64(users)
				cancel(enough)
			}
		}
	})
	if !errors.Is(err, enough) {
		t.Fatalf("%d of %d users were answered: %v", answered, users, err)
	}
	return each
}

func memory() float64 {
	runtime.GC()
	runtime.GC() // what the pools of the first held goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// maxPerUser is the budget for a user that waits: 16 KiB.
const maxPerUser = 16 << 10

func TestWaitingUserIsSmall(t *testing.T) {
	const users = 2000
	if files := health.ThisMachine().Files; files > 0 && files < 2*users+100 {
		t.Skipf("%d open files are allowed, the test needs %d", files, 2*users+100)
	}
	if each := waitingUsers(t, users); each > maxPerUser {
		t.Errorf("a waiting user costs %.0f bytes, want at most %d", each, maxPerUser)
	} else {
		t.Logf("a waiting user costs %.0f bytes", each)
	}
}

// BenchmarkWaitingUsers has 100,000 users wait without a connection, since a machine has ports for 28,000 only.
func BenchmarkWaitingUsers(b *testing.B) {
	const users = 100_000
	script := fmt.Sprintf("config: {target: 'http://target.test', phases: [{duration: 2, arrivalCount: %d}]}\n"+
		"scenarios: [{flow: [{think: 3600}]}]", users)
	for b.Loop() {
		runner, err := load.New(loadtest.Plan(b, "", script), load.Options{})
		if err != nil {
			b.Fatal(err)
		}
		before := memory()
		ctx, cancel := context.WithCancel(b.Context())
		started := 0
		var total float64
		err = runner.Run(ctx, func(e load.Event) {
			if _, ok := e.(*load.UserStart); ok {
				if started++; started == users {
					total = memory() - before
					cancel()
				}
			}
		})
		if started != users {
			b.Fatalf("%d of %d users started: %v", started, users, err)
		}
		b.ReportMetric(total/users, "B/user")
		b.ReportMetric(total/(1<<20), "MiB")
	}
}
