package http1_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/load/http1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// serve makes a client whose connections end in a handler, which gets each request on the connection's own goroutine.
// It runs on a fake clock.
func serve(t *testing.T, o http1.Options, handle func(conn net.Conn, path string)) *http1.Client {
	t.Helper()
	var conns sync.WaitGroup
	var client *http1.Client
	o.Dial = func(context.Context, string, string) (http1.Link, error) {
		mine, theirs := net.Pipe()
		conns.Go(func() {
			defer theirs.Close()
			for br := bufio.NewReader(theirs); ; {
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				handle(theirs, r.URL.Path)
			}
		})
		return http1.Link{Conn: mine}, nil
	}
	o.MaxIdle, o.MaxHeader = 10, 1<<20
	client = http1.New(&o)
	t.Cleanup(func() {
		client.Close()
		conns.Wait()
	})
	return client
}

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// ask sends a GET and returns how long it took, and whether on a kept connection.
func ask(
	t *testing.T, client *http1.Client, path string, timeout time.Duration,
) (took time.Duration, reused bool, err error) {
	t.Helper()
	r, err := http1.NewRequest(request("GET", "http://target.test"+path, nil), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &http1.Exchange{Begun: time.Now(), Timeout: timeout}
	if err = client.Do(t.Context(), r, x); err == nil {
		_, err = x.Discard()
		x.Done(err == nil)
	}
	return time.Since(x.Begun), x.Reused, err
}

func TestWhoWaitsLongestIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var served []string
		client := serve(t, http1.Options{MaxConns: 1}, func(conn net.Conn, path string) {
			served = append(served, path)
			time.Sleep(time.Second)
			io.WriteString(conn, answer)
		})
		var users sync.WaitGroup
		var want []string
		for i := range 5 {
			path := fmt.Sprint("/", i)
			want = append(want, path)
			users.Go(func() {
				took, reused, err := ask(t, client, path, time.Minute)
				if err != nil || took != time.Duration(i+1)*time.Second || reused != (i > 0) {
					t.Errorf("%s took %v, reused %v, error %v; want %d s", path, took, reused, err, i+1)
				}
			})
			synctest.Wait()
		}
		users.Wait()
		if diff := cmp.Diff(want, served); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

func TestTimeoutIsExactInEachPhase(t *testing.T) {
	f := func(name, text string, blocked bool) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			client := serve(t, http1.Options{MaxConns: 1}, func(conn net.Conn, path string) {
				if path == "/first" {
					time.Sleep(time.Hour)
				}
				io.WriteString(conn, text)
			})
			var other sync.WaitGroup
			if blocked {
				other.Go(func() { ask(t, client, "/first", 2*time.Hour) })
				synctest.Wait()
			}
			took, _, err := ask(t, client, "/", 3*time.Second)
			if took != 3*time.Second || !errors.Is(err, os.ErrDeadlineExceeded) &&
				!errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: error %v after %v, want a timeout after 3 s", name, err, took)
			}
			other.Wait()
		})
	}
	f("no connection is free", answer, true)
	f("no answer", "", false)
	f("half a status line", "HTTP/1.1 2", false)
	f("half a header", "HTTP/1.1 200 OK\r\nContent", false)
	f("only provisional answers", "HTTP/1.1 103 Early Hints\r\n\r\n", false)
}

// A deadline is set on the connection once and serves several requests: it must not end one that has more time.
func TestDeadlineOfAnEarlierRequestEndsNoLaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := serve(t, http1.Options{}, func(conn net.Conn, path string) {
			if after, err := time.ParseDuration(strings.TrimPrefix(path, "/")); err == nil {
				time.Sleep(after)
				io.WriteString(conn, answer)
			}
		})
		f := func(after, timeout, want time.Duration, wantErr error) {
			t.Helper()
			took, _, err := ask(t, client, "/"+after.String(), timeout)
			if took != want || !errors.Is(err, wantErr) {
				t.Errorf("an answer after %v with %v time: error %v after %v, want %v after %v", after, timeout, err,
					took, wantErr, want)
			}
		}
		f(0, 10*time.Second, 0, nil)
		time.Sleep(9 * time.Second) // the first deadline is a second away
		f(6*time.Second, 10*time.Second, 6*time.Second, nil)
		time.Sleep(20 * time.Second) // it has passed while nobody asked
		f(6*time.Second, 10*time.Second, 6*time.Second, nil)
		f(time.Second, 2*time.Second, time.Second, nil) // a shorter one
		f(5*time.Second, 10*time.Second, 5*time.Second, nil)
		f(time.Minute, 10*time.Second, 10*time.Second, os.ErrDeadlineExceeded)
	})
}

// TestABodyMayTakeItsTime as long as bytes come, and no longer than Longest timeouts. It is given up when nothing has
// come for a timeout, at most a quarter of it late.
func TestABodyMayTakeItsTime(t *testing.T) {
	f := func(name, head, piece string, pieces int, every, want time.Duration, wantErr error) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			client := serve(t, http1.Options{}, func(conn net.Conn, _ string) {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+head+"\r\n\r\n")
				for range pieces {
					time.Sleep(every)
					if _, err := io.WriteString(conn, piece); err != nil {
						return
					}
				}
			})
			took, _, err := ask(t, client, "/", 4*time.Second)
			if !errors.Is(err, wantErr) || took < want || took > want+time.Second {
				t.Errorf("%s: error %v after %v, want %v after %v", name, err, took, wantErr, want)
			}
		})
	}
	const timeout = 4 * time.Second
	const chunked = "Transfer-Encoding: chunked"
	late := os.ErrDeadlineExceeded
	f("slow and steady", "Content-Length: 20", "x", 20, timeout/2, 20*timeout/2, nil)
	f("slow and steady chunks", chunked, "1\r\nx\r\n", 20, timeout-1, 20*(timeout-1)+timeout, late)
	f("nothing at all", "Content-Length: 20", "", 0, 0, timeout, late)
	f("a stall after the first byte", "Content-Length: 20", "x", 1, time.Second, time.Second+timeout, late)
	f("a stall in the middle", "Content-Length: 20", "x", 10, time.Second, 10*time.Second+timeout, late)
	f("a stall until the end", "Connection: close", "x", 3, time.Second, 3*time.Second+timeout, late)
	f("a stall inside of a chunk", chunked, "5\r\nx", 1, time.Second, time.Second+timeout, late)
	f("a stall inside of the trailers", chunked, "0\r\nX: y", 1, time.Second, time.Second+timeout, late)
	f("drops for ever", "Content-Length: 100000", "x", 100000, time.Second, http1.Longest*timeout, late)
}

func TestDialThatFailsFreesItsPlace(t *testing.T) {
	refused := errors.New("refused")
	client := http1.New(&http1.Options{
		MaxConns: 1, MaxIdle: 1, MaxHeader: 1 << 10,
		Dial: func(context.Context, string, string) (http1.Link, error) { return http1.Link{}, refused },
	})
	defer client.Close()
	for range 3 {
		if _, _, err := ask(t, client, "/", time.Minute); !errors.Is(err, refused) {
			t.Fatalf("error %v, want %v", err, refused)
		}
	}
}

func TestSameHeadIsParsedOnce(t *testing.T) {
	s := &server{answer: []byte(answer)}
	defer s.conns.Wait()
	memo := new(http1.Memo)
	first, second := s.byOurs("GET", memo), s.byOurs("GET", memo)
	first.Header["Mark"] = []string{"of the first"}
	if second.Header.Get("Mark") == "" {
		t.Error("the second answer has a header of its own, want that of the first")
	}
	if third := s.byOurs("HEAD", memo); third.Header.Get("Mark") != "" || third.Body != "" {
		t.Error("an answer to HEAD took the head of one to GET, which has a body")
	}
}
