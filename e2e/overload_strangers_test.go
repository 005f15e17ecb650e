package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// TestOverloadStrangers lets strangers hold more connections than the collector may have descriptors, on all ports and
// at every stage of a request, and come again whenever they are closed. Others are served meanwhile, and the engines
// find descriptors.
func TestOverloadStrangers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from /proc")
	}
	f := func(files, small, full int) {
		t.Run(fmt.Sprintf("ulimit -n %d", files), func(t *testing.T) {
			o := &overload{T: t, full: os.Getenv("EDGESCOPE_OVERLOAD") == "full", answers: map[int]int{}}
			transport := &http.Transport{DisableKeepAlives: true} // every request finds its way in anew
			o.client = &http.Client{Transport: transport, Timeout: 2 * slowest}
			log := o.startWithin(files)
			o.strangers(o.amount(small, full))
			o.check()
			if text := log.String(); strings.Contains(text, "panic") ||
				strings.Contains(text, "no descriptor is left") {
				t.Errorf("the log tells of descriptors that were missing:\n%.2000s", text)
			}
		})
	}
	f(256, 400, 1000)
	f(4096, 500, 5000)
}

// startWithin starts a collector that may have that many descriptors.
func (o *overload) startWithin(files int) *runtest.Log {
	o.Helper()
	log := &runtest.Log{}
	c, err := e2e.StartProgram(o.Context(), e2e.Command{
		Path: "/bin/sh",
		Args: []string{
			"-c", `ulimit -n "$0"; exec "$@"`, strconv.Itoa(files), filepath.Join(bin, "collector"), "--data-dir",
			o.TempDir(),
			"--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0", "--query-addr", "127.0.0.1:0",
			"--memory-limit", strconv.Itoa(memoryLimit>>20) + "MiB",
		},
		Listeners: []string{"otlp-grpc", "ingest", "query"}, Log: log,
	})
	if err != nil {
		o.Fatalf("start collector: %v\n%s", err, log.String())
	}
	o.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			o.Errorf("stop collector: %v", err)
		}
	})
	o.c = c
	return log
}

// halfRequests are what strangers say before they fall silent, by listener.
var halfRequests = []struct{ listener, begin string }{
	{"ingest", ""},
	{"query", ""},
	{"otlp-grpc", ""},
	{"ingest", "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nX-Slow: "},
	{"query", "GET /select/logsql/query?query=* HTTP/1.1\r\nX-Slow: "},
	{"ingest", "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
		"20000\r\n\r\n{"},
	{"query", "POST /select/logsql/query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000\r\n\r\nquery="},
	{"otlp-grpc", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
	{"ingest", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
	{"ingest", "\x16\x03\x01\x02\x00\x01"},
}

// strangers holds n connections, again and again, while others send and ask.
func (o *overload) strangers(n int) {
	ctx, cancel := context.WithCancel(o.Context())
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { o.stranger(ctx, i) })
	}
	defer all.Wait()
	defer cancel()
	// A good sender may meet a moment when all connections are taken by requests that have just begun. It comes again.
	o.each(4, o.amount(40, 400), func(i int) {
		runtest.Eventually(o.T, func() string { return "no good span is taken among strangers" }, func() bool {
			return o.send("/v1/traces", "", spanBatch(i, 10, nil), 10) == http.StatusOK
		})
	})
	runtest.Eventually(o.T, func() string { return "no question is answered among strangers" }, func() bool {
		_, _, err := runtest.Get(o.Context(), o.c.URL("query")+"/api/edge/v1/overview?range=1h")
		return err == nil
	})
}

// stranger holds one connection until ctx ends.
func (o *overload) stranger(ctx context.Context, i int) {
	half := halfRequests[i%len(halfRequests)]
	for ctx.Err() == nil {
		conn, err := net.Dial("tcp", o.c.Addr(half.listener))
		if err != nil {
			o.Errorf("the port does not accept: %v", err)
			return
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		io.WriteString(conn, half.begin)
		io.Copy(io.Discard, conn) // until it is closed
		conn.Close()
		stop()
		select {
		case <-ctx.Done():
		// strangers hold connections: how fast a machine accepts them is not the question
		case <-time.After(time.Second):
		}
	}
}

// TestOverloadTenants lets 100 tenants send and ask at once. Each has its share: what was acknowledged is there, and
// nobody else's.
func TestOverloadTenants(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the memory of a process is read from /proc")
	}
	const tenants = 100
	token := func(i int) string { return fmt.Sprintf("tenant-%03d-0123456789abcdef", i) }
	var names, tokens strings.Builder
	for i := range tenants {
		fmt.Fprintf(&names, "  - {id: %d, name: t%d}\n", i+1, i)
		fmt.Fprintf(&tokens, "  - {token: %s, tenant: t%d, scopes: [read, write]}\n", token(i), i)
	}
	file := "tenants:\n" + names.String() + "tokens:\n" + tokens.String()
	path := filepath.Join(t.TempDir(), "tokens.yml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ := startCollector(t, t.TempDir(), "--memory-limit", strconv.Itoa(memoryLimit>>20)+"MiB", "--tokens", path)
	transport := &http.Transport{MaxIdleConnsPerHost: tenants}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: 2 * slowest}
	each := make([]*overload, tenants)
	var all sync.WaitGroup
	for i := range each {
		o := &overload{
			T: t, c: c, client: client, full: os.Getenv("EDGESCOPE_OVERLOAD") == "full", token: token(i),
			answers: map[int]int{},
		}
		each[i] = o
		all.Go(func() {
			for batch := range o.amount(4, 40) {
				o.send("/v1/traces", "", spanBatch(i<<10|batch, 200, nil), 200)
			}
			// Each gets something in, however many others there are.
			runtest.Eventually(t, func() string { return "a tenant gets nothing in" }, func() bool {
				return o.send("/v1/traces", "", spanBatch(i<<10|1<<9, 10, nil), 10) == http.StatusOK
			})
		})
	}
	all.Wait()
	for _, o := range each {
		o.kept()
	}
	each[0].check()
}
